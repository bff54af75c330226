// A bounded reader of zip archives: believes nothing that it has not compared.
#pragma once

#include "core/io/ByteSource.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace orrery {

struct ZipMember {
  std::string name;  ///< The bytes of the archive; show it through displayText.
  std::uint16_t method = 0;
  std::uint32_t crc = 0;
  std::uint64_t storedSize = 0;  ///< Compressed.
  std::uint64_t size = 0;
  std::uint64_t headerOffset = 0;
  std::uint64_t dataOffset = 0;
  std::string problem;  ///< Why it cannot be read, as the end of a sentence; empty if it can.

  [[nodiscard]] bool isStored() const { return method == 0; }
};

/// An open archive. Opening reads the directory and every member's own header and throws Error if
/// they disagree, point outside, overlap, or if the archive is cut. Accepts zip64, data
/// descriptors, a comment and bytes before the archive. A member is never unpacked to a name.
class ZipFile {
 public:
  explicit ZipFile(const std::filesystem::path& path);

  [[nodiscard]] const ByteSource& source() const { return m_source; }
  [[nodiscard]] const std::vector<ZipMember>& members() const { return m_members; }

  /// "FILE: member 'NAME' MESSAGE".
  [[noreturn]] void fail(const ZipMember& member, const std::string& message) const;

 private:
  struct Directory;
  Directory findDirectory() const;
  void readZip64(std::uint64_t endRecord, Directory& directory) const;
  void readMembers(const Directory& directory);
  ZipMember readEntry(const std::vector<std::byte>& bytes, std::size_t& at,
                      const Directory& directory) const;
  void checkLocalHeader(ZipMember& member, std::uint16_t flags,
                        std::uint64_t directoryOffset) const;
  void checkOverlap() const;

  ByteSource m_source;
  std::vector<ZipMember> m_members;
};

/// The bytes of one member, one after the other, stored or deflated. Never yields more than the
/// size that the directory declares.
class ZipMemberReader {
 public:
  /// @p inputBytes: how much of the archive is read at a time. Throws Error if the member has a
  /// problem. The archive must outlive the reader.
  ZipMemberReader(const ZipFile& zip, const ZipMember& member, std::size_t inputBytes = 1 << 18);
  ~ZipMemberReader();
  ZipMemberReader(const ZipMemberReader&) = delete;
  ZipMemberReader& operator=(const ZipMemberReader&) = delete;

  /// The next @p count bytes; throws Error naming the member if there are fewer or they are
  /// damaged.
  void read(void* target, std::size_t count);
  /// As many as there are, up to @p count.
  std::size_t readSome(void* target, std::size_t count);
  /// Reads on to the end and compares length and check sum; throws Error if they differ.
  void finish();

 private:
  struct Inflater;

  std::size_t readStored(void* target, std::size_t count);
  std::size_t readDeflated(void* target, std::size_t count);
  void refill();

  const ZipFile& m_zip;
  const ZipMember& m_member;
  std::unique_ptr<Inflater> m_inflater;
  std::uint64_t m_taken = 0;     ///< Compressed bytes read from the archive.
  std::uint64_t m_produced = 0;  ///< Bytes handed out.
  std::uint32_t m_crc = 0;
};

}  // namespace orrery
