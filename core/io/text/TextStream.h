// Text files read from front to end: plain or gzip, UTF-8 or UTF-16, in bounded memory.
#pragma once

#include "core/io/ByteSource.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <streambuf>
#include <string>

namespace orrery {

/// Unpacks gzip (several members too) and turns UTF-16 with a mark into UTF-8 on the way; byte
/// order marks are dropped. Throws Error if the compressed data are damaged or cut, or swell beyond
/// 1000 : 1 and 256 MB.
class TextStream {
 public:
  explicit TextStream(const std::filesystem::path& path);
  ~TextStream();
  TextStream(const TextStream&) = delete;
  TextStream& operator=(const TextStream&) = delete;

  /// Up to @p count bytes; 0 at the end.
  std::size_t read(char* target, std::size_t count);
  [[nodiscard]] const ByteSource& source() const { return m_source; }
  [[nodiscard]] bool isCompressed() const { return m_inflater != nullptr; }
  /// How many bytes of the file have been taken, for progress.
  [[nodiscard]] std::uint64_t position() const { return m_offset; }

 private:
  class Inflater;
  enum class Encoding { Unknown, Utf8, Utf16Little, Utf16Big };

  std::size_t readFile(char* target, std::size_t count);
  std::size_t readUnpacked(char* target, std::size_t count);
  void detectEncoding();
  void convertUtf16();

  ByteSource m_source;
  std::uint64_t m_offset = 0;
  std::unique_ptr<Inflater> m_inflater;
  Encoding m_encoding = Encoding::Unknown;
  std::string m_pending;  ///< UTF-8 that is ready to be handed out.
  std::size_t m_pendingAt = 0;
  std::string m_half;  ///< UTF-16 bytes that make no whole character yet.
};

/// Lines of a stream, without their ends (LF or CR LF). A last line feed begins no further line.
class LineReader {
 public:
  explicit LineReader(TextStream& stream) : m_stream(stream) {}

  /// False at the end. Throws Error for a line past 256 MiB.
  bool next(std::string& line);
  /// Of the line that next() gave, from 1.
  [[nodiscard]] std::int64_t number() const { return m_number; }

 private:
  TextStream& m_stream;
  std::string m_buffer;
  std::size_t m_at = 0;
  std::int64_t m_number = 0;
  bool m_ended = false;
};

/// A stream buffer over a text that knows line and byte of the reader's place.
class TextStreamBuffer : public std::streambuf {
 public:
  explicit TextStreamBuffer(TextStream& stream);
  /// Of the last character taken, from 1.
  [[nodiscard]] std::int64_t line();
  [[nodiscard]] std::uint64_t byte() const;

 protected:
  int_type underflow() override;

 private:
  void countLines(std::size_t end);

  TextStream& m_stream;
  std::string m_buffer;
  std::int64_t m_lines = 0;   ///< Ends of lines up to m_counted.
  std::size_t m_counted = 0;  ///< Place in the buffer; each byte is looked at once.
  std::uint64_t m_bytesBefore = 0;
  std::uint64_t m_blanks = 0;  ///< In a row at the end of what was read, in whole pieces.
};

}  // namespace orrery
