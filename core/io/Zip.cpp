#include "core/io/Zip.h"

#include "core/base/Error.h"
#include "core/io/Crc32.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>

namespace orrery {
namespace {

constexpr std::uint32_t localSignature = 0x04034B50;
constexpr std::uint32_t entrySignature = 0x02014B50;
constexpr std::uint32_t endSignature = 0x06054B50;
constexpr std::uint32_t end64Signature = 0x06064B50;
constexpr std::uint32_t locator64Signature = 0x07064B50;
constexpr std::size_t localSize = 30;
constexpr std::size_t entrySize = 46;
constexpr std::size_t endSize = 22;
constexpr std::size_t end64Size = 56;
constexpr std::size_t locator64Size = 20;
constexpr std::uint32_t none32 = 0xFFFFFFFF;

/// What would fill the memory from next to nothing: deflate itself reaches 1032 : 1.
constexpr std::uint64_t suspiciousRatio = 1000;
constexpr std::uint64_t suspiciousSize = std::uint64_t{256} << 20;

template <typename Word>
Word wordAt(const std::byte* bytes)
{
  Word word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

std::uint16_t u16(const std::byte* bytes)
{
  return wordAt<std::uint16_t>(bytes);
}
std::uint32_t u32(const std::byte* bytes)
{
  return wordAt<std::uint32_t>(bytes);
}
std::uint64_t u64(const std::byte* bytes)
{
  return wordAt<std::uint64_t>(bytes);
}

const char* methodName(std::uint16_t method)
{
  switch (method) {
    case 9:
      return "deflate64";
    case 12:
      return "bzip2";
    case 14:
      return "lzma";
    case 20:
    case 93:
      return "zstd";
    case 95:
      return "xz";
    case 98:
      return "PPMd";
    default:
      return "an unknown method";
  }
}

/// Replaces the fields that are all ones by those of the zip64 extra field, in its fixed order.
/// False if one is wanted that is not there.
bool applyZip64(const std::byte* extra, std::size_t length, std::uint64_t* size,
                std::uint64_t* storedSize, std::uint64_t* offset)
{
  std::uint64_t* const wanted[] = {size, storedSize, offset};
  const auto isMarked = [](const std::uint64_t* field) { return field && *field == none32; };
  const bool needed = std::any_of(std::begin(wanted), std::end(wanted), isMarked);
  while (needed && length >= 4) {
    const std::uint16_t id = u16(extra);
    const std::size_t bytes = u16(extra + 2);
    if (bytes > length - 4)
      return false;
    if (id == 1) {
      std::size_t at = 0;
      for (std::uint64_t* field : wanted) {
        if (!isMarked(field))
          continue;
        if (at + 8 > bytes)
          return false;
        *field = u64(extra + 4 + at);
        at += 8;
      }
      return true;
    }
    extra += 4 + bytes;
    length -= 4 + bytes;
  }
  return !needed;
}

std::string memberName(const std::string& name)
{
  std::string shown = displayText(name.substr(0, 200));
  return "member '" + (name.size() > 200 ? shown + "…" : shown) + "'";
}

}  // namespace

struct ZipFile::Directory {
  std::uint64_t offset = 0;  ///< In the file.
  std::uint64_t size = 0;
  std::uint64_t count = 0;
  std::uint64_t prefix = 0;  ///< Bytes before the archive, to add to the offsets it states.
};

ZipFile::ZipFile(const std::filesystem::path& path) : m_source(path)
{
  readMembers(findDirectory());
  checkOverlap();
}

void ZipFile::fail(const ZipMember& member, const std::string& message) const
{
  m_source.fail(memberName(member.name) + " " + message);
}

ZipFile::Directory ZipFile::findDirectory() const
{
  const std::size_t window = endSize + 65535;
  const std::uint64_t start = m_source.size() > window ? m_source.size() - window : 0;
  const auto tail = m_source.readUpTo(start, window);
  std::optional<std::size_t> found;
  for (std::size_t at = 0; at + endSize <= tail.size(); ++at) {
    if (u32(tail.data() + at) != endSignature ||
        at + endSize + u16(tail.data() + at + 20) != tail.size())
      continue;
    if (found)
      m_source.fail("is not a complete zip file: it has two end records");
    found = at;
  }
  if (!found)
    m_source.fail("is not a complete zip file: the end record is missing, the file may be cut");
  const std::byte* end = tail.data() + *found;
  Directory directory;
  directory.count = u16(end + 10);
  directory.size = u32(end + 12);
  directory.offset = u32(end + 16);
  std::uint64_t position = start + *found;
  const bool marked =
      directory.count == 0xFFFF || directory.size == none32 || directory.offset == none32;
  const std::uint16_t disk = u16(end + 4);
  if ((disk != 0 && disk != 0xFFFF) || (u16(end + 6) != 0 && u16(end + 6) != 0xFFFF) ||
      u16(end + 8) != u16(end + 10))
    m_source.fail("is not a complete zip file: it is one part of an archive on several disks");
  if (position >= locator64Size) {
    const auto locator = m_source.readUpTo(position - locator64Size, locator64Size);
    if (locator.size() == locator64Size && u32(locator.data()) == locator64Signature) {
      if (u32(locator.data() + 4) != 0 || u32(locator.data() + 16) > 1)
        m_source.fail("is not a complete zip file: it is one part of an archive on several disks");
      position -= locator64Size;
      if (position < end64Size)
        m_source.fail("is not a complete zip file: the zip64 end record is missing");
      // The record stands directly before its locator; the offset in the locator does not know of
      // bytes before the archive.
      position -= end64Size;
      readZip64(position, directory);
    } else if (marked) {
      m_source.fail("is not a complete zip file: the zip64 end record is missing");
    }
  }
  if (directory.size > position)
    m_source.fail("is not a complete zip file: a directory of " + std::to_string(directory.size) +
                  " bytes does not fit before byte " + std::to_string(position));
  const std::uint64_t actual = position - directory.size;
  if (directory.offset > actual)
    m_source.fail("is not a complete zip file: the directory should be at byte " +
                  std::to_string(directory.offset) + ", found at " + std::to_string(actual));
  directory.prefix = actual - directory.offset;
  directory.offset = actual;
  if (directory.count > directory.size / entrySize)
    m_source.fail("is not a complete zip file: " + std::to_string(directory.count) +
                  " members do not fit into a directory of " + std::to_string(directory.size) +
                  " bytes");
  return directory;
}

void ZipFile::readZip64(std::uint64_t endRecord, Directory& directory) const
{
  std::byte record[end64Size];
  m_source.read(endRecord, record, sizeof record);
  if (u32(record) != end64Signature)
    m_source.fail("is not a complete zip file: the zip64 end record is missing");
  if (u32(record + 16) != 0 || u32(record + 20) != 0 || u64(record + 24) != u64(record + 32))
    m_source.fail("is not a complete zip file: it is one part of an archive on several disks");
  directory.count = u64(record + 32);
  directory.size = u64(record + 40);
  directory.offset = u64(record + 48);
}

void ZipFile::readMembers(const Directory& directory)
{
  const auto bytes = m_source.readUpTo(directory.offset, directory.size);
  m_members.reserve(static_cast<std::size_t>(directory.count));
  std::size_t at = 0;
  for (std::uint64_t i = 0; i < directory.count; ++i)
    m_members.push_back(readEntry(bytes, at, directory));
  if (at != bytes.size())
    m_source.fail("has a damaged zip directory: " + std::to_string(bytes.size() - at) +
                  " bytes are left after its " + std::to_string(directory.count) + " members");
}

ZipMember ZipFile::readEntry(const std::vector<std::byte>& bytes, std::size_t& at,
                             const Directory& directory) const
{
  const auto damaged = [&] {
    m_source.fail("has a damaged zip directory at byte " + std::to_string(directory.offset + at));
  };
  if (bytes.size() - at < entrySize || u32(bytes.data() + at) != entrySignature)
    damaged();
  const std::byte* entry = bytes.data() + at;
  const std::size_t nameLength = u16(entry + 28);
  const std::size_t extraLength = u16(entry + 30);
  const std::size_t length = entrySize + nameLength + extraLength + u16(entry + 32);
  if (bytes.size() - at < length)
    damaged();
  ZipMember member;
  const std::uint16_t flags = u16(entry + 8);
  member.name.assign(reinterpret_cast<const char*>(entry + entrySize), nameLength);
  member.method = u16(entry + 10);
  member.crc = u32(entry + 16);
  member.storedSize = u32(entry + 20);
  member.size = u32(entry + 24);
  std::uint64_t offset = u32(entry + 42);
  if (!applyZip64(entry + entrySize + nameLength, extraLength, &member.size, &member.storedSize,
                  &offset))
    damaged();
  if (!addChecked(offset, directory.prefix, member.headerOffset))
    damaged();
  at += length;
  checkLocalHeader(member, flags, directory.offset);
  return member;
}

void ZipFile::checkLocalHeader(ZipMember& member, std::uint16_t flags,
                               std::uint64_t directoryOffset) const
{
  const auto outside = [&] {
    fail(member, "lies outside the archive: " + std::to_string(member.storedSize) +
                     " bytes at byte " + std::to_string(member.headerOffset) +
                     ", the directory begins at " + std::to_string(directoryOffset));
  };
  if (member.headerOffset > directoryOffset || directoryOffset - member.headerOffset < localSize)
    outside();
  std::byte local[localSize];
  m_source.read(member.headerOffset, local, sizeof local);
  if (u32(local) != localSignature)
    fail(member, "has no header at byte " + std::to_string(member.headerOffset));
  const std::size_t nameLength = u16(local + 26);
  const std::size_t extraLength = u16(local + 28);
  member.dataOffset = member.headerOffset + localSize + nameLength + extraLength;
  if (member.dataOffset > directoryOffset ||
      member.storedSize > directoryOffset - member.dataOffset)
    outside();
  const auto rest = m_source.readUpTo(member.headerOffset + localSize, nameLength + extraLength);
  if (rest.size() < nameLength + extraLength)
    outside();
  if (nameLength != member.name.size() ||
      std::memcmp(rest.data(), member.name.data(), nameLength) != 0)
    fail(member, "has another name in its own header than in the directory");
  if (u16(local + 8) != member.method)
    fail(member, "has another compression method in its own header (" +
                     std::to_string(u16(local + 8)) + ") than in the directory (" +
                     std::to_string(member.method) + ")");
  // With a data descriptor the sizes follow the data and the header may leave them out.
  const bool described = (flags & 8) != 0;
  std::uint64_t size = u32(local + 22);
  std::uint64_t storedSize = u32(local + 18);
  if (!applyZip64(rest.data() + nameLength, extraLength, &size, &storedSize, nullptr) && !described)
    fail(member, "has a damaged zip64 field");
  const bool leftOut = described && (storedSize == 0 || storedSize == none32);
  if (!leftOut && (size != member.size || storedSize != member.storedSize))
    fail(member, "has different sizes in the directory (" + std::to_string(member.storedSize) +
                     " bytes, unpacked " + std::to_string(member.size) + ") and in its header (" +
                     std::to_string(storedSize) + ", unpacked " + std::to_string(size) + ")");
  if ((flags & 1) != 0 || member.method == 99)
    member.problem = "is encrypted";
  else if (member.method != 0 && member.method != 8)
    member.problem = std::string("is compressed with ") + methodName(member.method) + " (method " +
                     std::to_string(member.method) + "); only stored and deflated can be read";
  else if (member.isStored() && member.size != member.storedSize)
    fail(member, "is stored but has two sizes: " + std::to_string(member.storedSize) + " and " +
                     std::to_string(member.size) + " bytes");
  else if (member.size > suspiciousSize && member.size / suspiciousRatio > member.storedSize)
    member.problem = "would unpack from " + displayBytes(member.storedSize) + " to " +
                     displayBytes(member.size) + ", which looks like a zip bomb";
}

void ZipFile::checkOverlap() const
{
  std::vector<const ZipMember*> byOffset;
  byOffset.reserve(m_members.size());
  for (const ZipMember& member : m_members)
    byOffset.push_back(&member);
  std::ranges::sort(byOffset, {}, &ZipMember::headerOffset);
  for (std::size_t i = 1; i < byOffset.size(); ++i) {
    const ZipMember& before = *byOffset[i - 1];
    if (before.dataOffset + before.storedSize > byOffset[i]->headerOffset)
      fail(*byOffset[i], "overlaps " + memberName(before.name) + ", which ends at byte " +
                             std::to_string(before.dataOffset + before.storedSize) +
                             "; this one begins at " + std::to_string(byOffset[i]->headerOffset));
  }
}

struct ZipMemberReader::Inflater {
  explicit Inflater(std::size_t inputBytes) : input(inputBytes)
  {
    if (::inflateInit2(&stream, -MAX_WBITS) != Z_OK)
      throw std::bad_alloc();
  }
  ~Inflater() { ::inflateEnd(&stream); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  z_stream stream{};
  std::vector<Bytef> input;
  bool ended = false;
};

ZipMemberReader::ZipMemberReader(const ZipFile& zip, const ZipMember& member,
                                 std::size_t inputBytes)
    : m_zip(zip), m_member(member)
{
  if (!member.problem.empty())
    zip.fail(member, member.problem);
  if (!member.isStored())
    m_inflater = std::make_unique<Inflater>(
        static_cast<std::size_t>(std::clamp<std::uint64_t>(member.storedSize, 1, inputBytes)));
}

ZipMemberReader::~ZipMemberReader() = default;

std::size_t ZipMemberReader::readSome(void* target, std::size_t count)
{
  const auto wanted =
      static_cast<std::size_t>(std::min<std::uint64_t>(count, m_member.size - m_produced));
  const std::size_t got = m_inflater ? readDeflated(target, wanted) : readStored(target, wanted);
  m_crc = crc32Of(m_crc, target, got);
  m_produced += got;
  return got;
}

void ZipMemberReader::read(void* target, std::size_t count)
{
  const std::size_t got = readSome(target, count);
  if (got < count)
    m_zip.fail(m_member, "ends too early: expected " + std::to_string(m_member.size) +
                             " bytes, found " + std::to_string(m_produced));
}

std::size_t ZipMemberReader::readStored(void* target, std::size_t count)
{
  m_zip.source().read(m_member.dataOffset + m_produced, target, count);
  return count;
}

void ZipMemberReader::refill()
{
  z_stream& stream = m_inflater->stream;
  const auto count = static_cast<std::size_t>(
      std::min<std::uint64_t>(m_inflater->input.size(), m_member.storedSize - m_taken));
  m_zip.source().read(m_member.dataOffset + m_taken, m_inflater->input.data(), count);
  m_taken += count;
  stream.next_in = m_inflater->input.data();
  stream.avail_in = static_cast<uInt>(count);
}

std::size_t ZipMemberReader::readDeflated(void* target, std::size_t count)
{
  z_stream& stream = m_inflater->stream;
  std::size_t done = 0;
  while (done < count && !m_inflater->ended) {
    if (stream.avail_in == 0)
      refill();
    const auto room = static_cast<uInt>(std::min<std::size_t>(count - done, 1u << 30));
    stream.next_out = static_cast<Bytef*>(target) + done;
    stream.avail_out = room;
    const int status = ::inflate(&stream, Z_NO_FLUSH);
    done += room - stream.avail_out;
    m_inflater->ended = status == Z_STREAM_END;
    const bool starved = status == Z_BUF_ERROR && m_taken < m_member.storedSize;
    if (status != Z_OK && status != Z_STREAM_END && !starved)
      m_zip.fail(m_member, "has damaged compressed data after " +
                               std::to_string(m_produced + done) + " of " +
                               std::to_string(m_member.size) + " bytes");
  }
  return done;
}

void ZipMemberReader::finish()
{
  std::vector<std::byte> rest(1 << 16);
  while (m_produced < m_member.size && readSome(rest.data(), rest.size()) > 0) {
  }
  if (m_produced < m_member.size)
    m_zip.fail(m_member, "ends too early: expected " + std::to_string(m_member.size) +
                             " bytes, found " + std::to_string(m_produced));
  if (m_inflater) {
    // One byte more than declared is asked for, into a place of its own: there must be none.
    if (readDeflated(rest.data(), 1) > 0)
      m_zip.fail(m_member, "unpacks to more than the " + std::to_string(m_member.size) +
                               " bytes that it declares");
    if (!m_inflater->ended || m_inflater->stream.avail_in > 0 || m_taken < m_member.storedSize)
      m_zip.fail(m_member, "has bytes left over after its compressed data");
  }
  if (m_crc != m_member.crc)
    m_zip.fail(m_member, "is damaged: its check sum differs from the one stored");
}

}  // namespace orrery
