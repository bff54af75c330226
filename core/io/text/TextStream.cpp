#include "core/io/text/TextStream.h"

#include "core/io/Utf8.h"
#include "core/io/text/TextDecoding.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <vector>

namespace orrery {
namespace {

constexpr std::size_t pieceSize = 256u << 10;
constexpr std::size_t longestLine = 256u << 20;
/// gzip cannot do better than about 1032 : 1, so text beyond this is a bomb.
constexpr std::uint64_t largestRatio = 1000;
constexpr std::uint64_t harmlessSize = 256u << 20;
constexpr std::uint64_t mostBlanks = 8u << 20;

}  // namespace

class TextStream::Inflater {
 public:
  Inflater() { m_ready = inflateInit2(&m_stream, 16 + MAX_WBITS) == Z_OK; }
  ~Inflater() { inflateEnd(&m_stream); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  std::size_t read(TextStream& owner, char* target, std::size_t count)
  {
    const ByteSource& source = owner.m_source;
    if (!m_ready)
      source.fail("cannot be unpacked: zlib has no memory");
    m_stream.next_out = reinterpret_cast<Bytef*>(target);
    m_stream.avail_out = static_cast<uInt>(count);
    while (m_stream.avail_out > 0 && !m_done) {
      if (m_stream.avail_in == 0 && !refill(owner)) {
        if (m_insideMember)
          source.fail("the gzip data end too early, after " + displayBytes(source.size()));
        m_done = true;
        break;
      }
      step(source);
    }
    const std::size_t got = count - m_stream.avail_out;
    m_unpacked += got;
    if (m_unpacked > harmlessSize && m_unpacked / largestRatio > source.size())
      source.fail("unpacks to more than " + std::to_string(largestRatio) + " times its " +
                  displayBytes(source.size()) + " (a gzip bomb)");
    return got;
  }

 private:
  bool refill(TextStream& owner)
  {
    m_input.resize(pieceSize);
    m_input.resize(owner.readFile(m_input.data(), m_input.size()));
    m_stream.next_in = reinterpret_cast<Bytef*>(m_input.data());
    m_stream.avail_in = static_cast<uInt>(m_input.size());
    return !m_input.empty();
  }

  void step(const ByteSource& source)
  {
    if (!m_insideMember && m_members > 0) {
      // Zeros may fill the end of the file (tape blocks); anything else begins a further member.
      while (m_stream.avail_in > 0 && *m_stream.next_in == 0) {
        ++m_stream.next_in;
        --m_stream.avail_in;
      }
      if (m_stream.avail_in == 0)
        return;
      inflateReset(&m_stream);
    }
    m_insideMember = true;
    const int status = inflate(&m_stream, Z_NO_FLUSH);
    if (status == Z_STREAM_END) {
      m_insideMember = false;
      ++m_members;
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      source.fail(std::string("the gzip data are damaged: ") +
                  (m_stream.msg ? m_stream.msg : "unknown fault"));
    }
  }

  z_stream m_stream{};
  std::vector<char> m_input;
  std::uint64_t m_unpacked = 0;
  std::int64_t m_members = 0;
  bool m_ready = false;
  bool m_insideMember = false;
  bool m_done = false;
};

TextStream::TextStream(const std::filesystem::path& path) : m_source(path)
{
  const std::vector<std::byte> head = m_source.readUpTo(0, 2);
  if (head.size() == 2 && head[0] == std::byte{0x1F} && head[1] == std::byte{0x8B})
    m_inflater = std::make_unique<Inflater>();
}

TextStream::~TextStream() = default;

std::size_t TextStream::readFile(char* target, std::size_t count)
{
  const std::uint64_t left = m_source.size() - m_offset;
  const auto some = static_cast<std::size_t>(std::min<std::uint64_t>(left, count));
  m_source.read(m_offset, target, some);
  m_offset += some;
  return some;
}

std::size_t TextStream::readUnpacked(char* target, std::size_t count)
{
  return m_inflater ? m_inflater->read(*this, target, count) : readFile(target, count);
}

void TextStream::detectEncoding()
{
  char head[3];
  std::size_t size = 0;
  while (size < sizeof head) {
    const std::size_t got = readUnpacked(head + size, sizeof head - size);
    if (got == 0)
      break;
    size += got;
  }
  const std::string_view start(head, size);
  m_encoding = Encoding::Utf8;
  if (start == utf8Mark)
    return;
  if (start.starts_with("\xFF\xFE"))
    m_encoding = Encoding::Utf16Little;
  else if (start.starts_with("\xFE\xFF"))
    m_encoding = Encoding::Utf16Big;
  (m_encoding == Encoding::Utf8 ? m_pending : m_half) =
      start.substr(m_encoding == Encoding::Utf8 ? 0 : 2);
}

void TextStream::convertUtf16()
{
  const std::size_t kept = m_half.size();
  m_half.resize(kept + pieceSize);
  const std::size_t got = readUnpacked(m_half.data() + kept, pieceSize);
  m_half.resize(kept + got);
  const bool ended = got == 0;
  const auto unit = [&](std::size_t at) {
    const auto a = static_cast<unsigned char>(m_half[at]);
    const auto b = static_cast<unsigned char>(m_half[at + 1]);
    return static_cast<char32_t>(m_encoding == Encoding::Utf16Little ? a | (b << 8) : (a << 8) | b);
  };
  std::size_t at = 0;
  for (; at + 2 <= m_half.size(); at += 2) {
    char32_t point = unit(at);
    if (point >= 0xD800 && point < 0xDC00) {
      if (at + 4 > m_half.size() && !ended)
        break;
      const char32_t low = at + 4 <= m_half.size() ? unit(at + 2) : 0;
      const bool pair = low >= 0xDC00 && low < 0xE000;
      point = pair ? 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00) : 0xFFFD;
      at += pair ? 2 : 0;
    } else if (point >= 0xDC00 && point < 0xE000) {
      point = 0xFFFD;
    }
    appendUtf8(m_pending, point);
  }
  m_half.erase(0, at);
  if (ended && !m_half.empty()) {
    appendUtf8(m_pending, 0xFFFD);
    m_half.clear();
  }
}

std::size_t TextStream::read(char* target, std::size_t count)
{
  if (m_encoding == Encoding::Unknown)
    detectEncoding();
  if (m_pendingAt == m_pending.size()) {
    m_pending.clear();
    m_pendingAt = 0;
    if (m_encoding == Encoding::Utf8)
      return readUnpacked(target, count);
    convertUtf16();
    if (m_pending.empty() && !m_half.empty())
      convertUtf16();
  }
  const std::size_t some = std::min(count, m_pending.size() - m_pendingAt);
  std::memcpy(target, m_pending.data() + m_pendingAt, some);
  m_pendingAt += some;
  return some;
}

bool LineReader::next(std::string& line)
{
  line.clear();
  std::size_t searched = m_at;
  for (;;) {
    const std::size_t end = m_buffer.find('\n', searched);
    if (end != std::string::npos) {
      line.assign(m_buffer, m_at, end - m_at);
      m_at = end + 1;
      break;
    }
    if (m_ended) {
      if (m_at == m_buffer.size())
        return false;
      line.assign(m_buffer, m_at);
      m_at = m_buffer.size();
      break;
    }
    if (m_buffer.size() - m_at > longestLine)
      m_stream.source().fail("line " + std::to_string(m_number + 1) + " is longer than " +
                             displayBytes(longestLine));
    m_buffer.erase(0, m_at);
    m_at = 0;
    const std::size_t before = m_buffer.size();
    m_buffer.resize(before + std::max(pieceSize, before));
    const std::size_t got = m_stream.read(m_buffer.data() + before, m_buffer.size() - before);
    m_buffer.resize(before + got);
    m_ended = got == 0;
    searched = before;
  }
  ++m_number;
  if (!line.empty() && line.back() == '\r')
    line.pop_back();
  return true;
}

TextStreamBuffer::TextStreamBuffer(TextStream& stream) : m_stream(stream)
{
  setg(m_buffer.data(), m_buffer.data(), m_buffer.data());
}

TextStreamBuffer::int_type TextStreamBuffer::underflow()
{
  if (gptr() < egptr())
    return traits_type::to_int_type(*gptr());
  countLines(m_buffer.size());
  m_counted = 0;
  m_bytesBefore += m_buffer.size();
  m_buffer.resize(pieceSize);
  m_buffer.resize(m_stream.read(m_buffer.data(), m_buffer.size()));
  // Parsers keep the text of the token they are in, blanks before it included.
  const bool isBlank = m_buffer.find_first_not_of(" \t\r\n") == std::string::npos;
  m_blanks = isBlank ? m_blanks + m_buffer.size() : 0;
  if (m_blanks > mostBlanks)
    m_stream.source().fail("holds " + displayBytes(mostBlanks) +
                           " of blanks in a row before byte " + std::to_string(m_bytesBefore) +
                           ", nobody writes that");
  setg(m_buffer.data(), m_buffer.data(), m_buffer.data() + m_buffer.size());
  return m_buffer.empty() ? traits_type::eof() : traits_type::to_int_type(*gptr());
}

void TextStreamBuffer::countLines(std::size_t end)
{
  if (end <= m_counted)
    return;
  m_lines += std::count(m_buffer.begin() + static_cast<std::ptrdiff_t>(m_counted),
                        m_buffer.begin() + static_cast<std::ptrdiff_t>(end), '\n');
  m_counted = end;
}

std::int64_t TextStreamBuffer::line()
{
  const std::ptrdiff_t taken = gptr() - eback();
  countLines(taken > 0 ? static_cast<std::size_t>(taken - 1) : 0);
  return m_lines + 1;
}

std::uint64_t TextStreamBuffer::byte() const
{
  return m_bytesBefore + static_cast<std::uint64_t>(gptr() - eback());
}

}  // namespace orrery
