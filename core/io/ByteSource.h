// The one bounded reader that all parsers of strangers' files stand on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace orrery {

/// A regular file opened read-only. Reads by position (pread), never by a map: a file that another
/// process cuts while we read gives an Error, not a SIGBUS. Safe to read from several threads at
/// once.
class ByteSource {
 public:
  /// Throws Error if @p path is missing, unreadable, a folder, a pipe or a device (found out
  /// without blocking).
  explicit ByteSource(std::filesystem::path path);
  ~ByteSource();
  ByteSource(ByteSource&& other) noexcept;
  ByteSource& operator=(ByteSource&& other) noexcept;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return m_path; }
  [[nodiscard]] std::uint64_t size() const { return m_size; }
  [[nodiscard]] std::int64_t modifiedNs() const { return m_modifiedNs; }
  [[nodiscard]] int descriptor() const { return m_descriptor; }

  /// Reads exactly @p count bytes at @p offset into @p target. Throws Error, giving both numbers,
  /// if the file ends before.
  void read(std::uint64_t offset, void* target, std::size_t count) const;
  /// As many as there are, up to @p count: what sniffing needs.
  [[nodiscard]] std::vector<std::byte> readUpTo(std::uint64_t offset, std::size_t count) const;

  /// "NAME: MESSAGE" with the file's name shown safely; what every parser throws.
  [[noreturn]] void fail(const std::string& message) const;

 private:
  std::size_t readSome(std::uint64_t offset, void* target, std::size_t count) const;

  std::filesystem::path m_path;
  std::uint64_t m_size = 0;
  std::int64_t m_modifiedNs = 0;
  int m_descriptor = -1;
};

/// a × b and a + b; false if the result does not fit 64 bits.
[[nodiscard]] bool multiplyChecked(std::uint64_t a, std::uint64_t b, std::uint64_t& product);
[[nodiscard]] bool addChecked(std::uint64_t a, std::uint64_t b, std::uint64_t& sum);

/// The path, or any text of a stranger, for people and terminals: control and
/// bidirectional-override characters and bytes that are not UTF-8 made visible.
[[nodiscard]] std::string displayName(const std::filesystem::path& path);
[[nodiscard]] std::string displayText(const std::string& text);

/// Bytes for people: "960,512 bytes" below a mebibyte, else "144.0 MiB".
[[nodiscard]] std::string displayBytes(std::uint64_t bytes);

}  // namespace orrery
