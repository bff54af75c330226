#include "core/base/Error.h"
#include "core/io/ByteSource.h"
#include "core/io/Utf8.h"
#include "core/io/results/ResultFormats.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <set>

namespace orrery {
namespace {

static_assert(std::endian::native == std::endian::little,
              "arrays are written as they lie in memory");

/// Texts of one array are padded to the longest of them; beyond this they are kept as bytes.
constexpr std::uint64_t mostPaddedText = 256u << 20;

template <typename Number>
constexpr const char* typeCode()
{
  if constexpr (std::is_same_v<Number, float>)
    return "<f4";
  else if constexpr (std::is_same_v<Number, double>)
    return "<f8";
  else if constexpr (std::is_same_v<Number, std::int32_t>)
    return "<i4";
  else
    return "<i8";
}

std::string shapeText(const std::vector<std::int64_t>& shape)
{
  std::string text = "(";
  for (const std::int64_t length : shape)
    text += std::to_string(length) + ", ";
  if (shape.size() > 1)
    text.erase(text.size() - 2);
  else if (shape.size() == 1)
    text.pop_back();
  return text + ")";
}

/// Format version 1.0: magic, length, header padded so that the data begin at a multiple of 64.
std::string header(const std::string& type, const std::vector<std::int64_t>& shape)
{
  std::string text =
      "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shapeText(shape) + ", }";
  constexpr std::size_t before = 10;
  const std::size_t padded = (before + text.size() + 1 + 63) / 64 * 64;
  text.append(padded - before - text.size() - 1, ' ');
  text += '\n';
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(text.size() & 0xFF);
  bytes += static_cast<char>(text.size() >> 8);
  return bytes + text;
}

template <typename Number>
std::string numbersNpy(const std::vector<std::int64_t>& shape, const std::vector<Number>& values)
{
  std::string bytes = header(typeCode<Number>(), shape);
  bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(Number));
  return bytes;
}

std::u32string decoded(const std::string& text)
{
  std::int64_t ignored = 0;
  const std::string sound = repairUtf8(text, ignored);
  std::u32string points;
  for (std::string_view rest = sound; !rest.empty();) {
    char32_t point = 0;
    rest.remove_prefix(std::max<std::size_t>(1, decodeUtf8(rest, point)));
    points += point;
  }
  return points;
}

std::string textsNpy(const std::vector<std::int64_t>& shape, const std::vector<std::string>& texts)
{
  std::size_t longest = 1;
  for (const std::string& text : texts)
    longest = std::max(longest, decoded(text).size());
  std::string bytes = header("<U" + std::to_string(longest), shape);
  const std::size_t begin = bytes.size();
  bytes.resize(begin + texts.size() * longest * sizeof(char32_t), '\0');
  char* target = bytes.data() + begin;
  for (const std::string& text : texts) {
    const std::u32string points = decoded(text);
    std::copy_n(reinterpret_cast<const char*>(points.data()), points.size() * sizeof(char32_t),
                target);
    target += longest * sizeof(char32_t);
  }
  return bytes;
}

std::string arrayNpy(const ResultArray& array)
{
  return std::visit(
      [&](const auto& values) {
        using Value = typename std::decay_t<decltype(values)>::value_type;
        if constexpr (std::is_same_v<Value, std::string>)
          return textsNpy(array.shape, values);
        else
          return numbersNpy(array.shape, values);
      },
      array.values);
}

void appendInteger(std::string& target, std::uint64_t value, int bytes)
{
  for (int i = 0; i < bytes; ++i)
    target += static_cast<char>((value >> (8 * i)) & 0xFF);
}

/// A zip archive of stored members. Sizes and places past 4 GiB go into zip64 records; where none
/// are needed none are written, so that every reader opens it.
class ZipWriter {
 public:
  void add(const std::string& name, const std::string& data)
  {
    if (name.size() > 0xFFFF)
      throw Error("The name of the result '" + displayText(name.substr(0, 40)) + "…' is too long");
    Member member;
    member.name = name;
    member.size = data.size();
    member.offset = m_bytes.size();
    uLong sum = ::crc32(0, nullptr, 0);
    for (std::size_t at = 0; at < data.size(); at += 1u << 30)
      sum = ::crc32(sum, reinterpret_cast<const Bytef*>(data.data() + at),
                    static_cast<uInt>(std::min<std::size_t>(data.size() - at, 1u << 30)));
    member.checksum = static_cast<std::uint32_t>(sum);
    appendInteger(m_bytes, 0x04034B50, 4);
    appendCommon(member, member.isLarge());
    std::string extra;
    if (member.isLarge()) {
      appendInteger(extra, 1, 2);
      appendInteger(extra, 16, 2);
      appendInteger(extra, member.size, 8);
      appendInteger(extra, member.size, 8);
    }
    appendInteger(m_bytes, extra.size(), 2);
    m_bytes += name + extra + data;
    m_members.push_back(std::move(member));
  }

  std::string finish()
  {
    const std::uint64_t begin = m_bytes.size();
    for (const Member& member : m_members)
      appendDirectoryEntry(member);
    const std::uint64_t size = m_bytes.size() - begin;
    if (m_members.size() >= 0xFFFF || begin >= limit || size >= limit)
      appendZip64End(begin, size);
    appendInteger(m_bytes, 0x06054B50, 4);
    appendInteger(m_bytes, 0, 4);
    appendInteger(m_bytes, std::min<std::uint64_t>(m_members.size(), 0xFFFF), 2);
    appendInteger(m_bytes, std::min<std::uint64_t>(m_members.size(), 0xFFFF), 2);
    appendInteger(m_bytes, std::min(size, limit), 4);
    appendInteger(m_bytes, std::min(begin, limit), 4);
    appendInteger(m_bytes, 0, 2);
    return std::move(m_bytes);
  }

 private:
  static constexpr std::uint64_t limit = 0xFFFFFFFF;

  struct Member {
    std::string name;
    std::uint64_t size = 0;
    std::uint64_t offset = 0;
    std::uint32_t checksum = 0;
    [[nodiscard]] bool isLarge() const { return size >= limit; }
  };

  /// Version to length of the name, which both kinds of header have.
  void appendCommon(const Member& member, bool large)
  {
    appendInteger(m_bytes, large ? 45 : 20, 2);
    appendInteger(m_bytes, 0x0800, 2);  // names are UTF-8
    appendInteger(m_bytes, 0, 2);       // stored
    // 1 January 1980: the same result gives the same bytes whenever it is saved.
    appendInteger(m_bytes, 0, 2);
    appendInteger(m_bytes, 0x21, 2);
    appendInteger(m_bytes, member.checksum, 4);
    appendInteger(m_bytes, std::min(member.size, limit), 4);
    appendInteger(m_bytes, std::min(member.size, limit), 4);
    appendInteger(m_bytes, member.name.size(), 2);
  }

  void appendDirectoryEntry(const Member& member)
  {
    const bool far = member.offset >= limit;
    std::string extra;
    if (member.isLarge() || far) {
      appendInteger(extra, 1, 2);
      appendInteger(extra, (member.isLarge() ? 16u : 0u) + (far ? 8u : 0u), 2);
      if (member.isLarge()) {
        appendInteger(extra, member.size, 8);
        appendInteger(extra, member.size, 8);
      }
      if (far)
        appendInteger(extra, member.offset, 8);
    }
    appendInteger(m_bytes, 0x02014B50, 4);
    appendInteger(m_bytes, (3u << 8) | (extra.empty() ? 20u : 45u), 2);  // made on Unix
    appendCommon(member, !extra.empty());
    appendInteger(m_bytes, extra.size(), 2);
    appendInteger(m_bytes, 0, 2);               // no comment
    appendInteger(m_bytes, 0, 2);               // first disk
    appendInteger(m_bytes, 0, 2);               // binary
    appendInteger(m_bytes, 0100644u << 16, 4);  // a regular file, rw-r--r--
    appendInteger(m_bytes, std::min(member.offset, limit), 4);
    m_bytes += member.name + extra;
  }

  void appendZip64End(std::uint64_t begin, std::uint64_t size)
  {
    const std::uint64_t record = m_bytes.size();
    appendInteger(m_bytes, 0x06064B50, 4);
    appendInteger(m_bytes, 44, 8);
    appendInteger(m_bytes, 45, 2);
    appendInteger(m_bytes, 45, 2);
    appendInteger(m_bytes, 0, 8);
    appendInteger(m_bytes, m_members.size(), 8);
    appendInteger(m_bytes, m_members.size(), 8);
    appendInteger(m_bytes, size, 8);
    appendInteger(m_bytes, begin, 8);
    appendInteger(m_bytes, 0x07064B50, 4);
    appendInteger(m_bytes, 0, 4);
    appendInteger(m_bytes, record, 8);
    appendInteger(m_bytes, 1, 4);
  }

  std::string m_bytes;
  std::vector<Member> m_members;
};

/// Texts whose longest is so long that padding all to it would swell the file: UTF-8 bytes and
/// where each text begins in them (n + 1 places).
void addLongTexts(ZipWriter& zip, const ResultArray& array, const std::vector<std::string>& texts)
{
  std::string bytes;
  std::vector<std::int64_t> places = {0};
  for (const std::string& text : texts) {
    bytes += text;
    places.push_back(static_cast<std::int64_t>(bytes.size()));
  }
  zip.add(array.name + ".utf8.npy",
          header("|u1", {static_cast<std::int64_t>(bytes.size())}) + bytes);
  zip.add(array.name + ".places.npy",
          numbersNpy({static_cast<std::int64_t>(places.size())}, places));
}

bool isTooLongToPad(const std::vector<std::string>& texts)
{
  std::uint64_t longest = 0, padded = 0;
  for (const std::string& text : texts)
    longest = std::max<std::uint64_t>(longest, text.size());
  return !multiplyChecked(longest * sizeof(char32_t), texts.size(), padded) ||
         padded > mostPaddedText;
}

}  // namespace

std::string npyBytes(const ResultTable& table)
{
  for (const ResultArray& array : table.arrays)
    if (!std::holds_alternative<std::vector<std::string>>(array.values))
      return arrayNpy(array);
  throw Error("There are no numbers to save as .npy; take .npz, .h5, .csv or .json");
}

std::string npzBytes(const ResultTable& table)
{
  ZipWriter zip;
  std::set<std::string> names;
  for (const ResultArray& array : table.arrays) {
    if (!names.insert(array.name).second)
      throw Error("Two results have the name '" + displayText(array.name) + "'");
    const auto* const texts = std::get_if<std::vector<std::string>>(&array.values);
    if (texts && isTooLongToPad(*texts))
      addLongTexts(zip, array, *texts);
    else
      zip.add(array.name + ".npy", arrayNpy(array));
  }
  zip.add("__options__.npy", textsNpy({}, {optionsJson(table)}));
  return zip.finish();
}

}  // namespace orrery
