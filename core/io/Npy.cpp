#include "core/io/Npy.h"

#include "core/io/Utf8.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace orrery {
namespace {

constexpr std::string_view magic = "\x93NUMPY";
constexpr int deepestLiteral = 8;
constexpr std::size_t mostAxes = 32;

using Fail = std::function<void(const std::string&)>;

std::string elided(std::string_view text, std::size_t length = 80)
{
  std::string shown = displayText(std::string(text.substr(0, length)));
  return text.size() > length ? shown + "…" : shown;
}

/// Reads the dictionary literal of a header: three known keys, nothing evaluated.
class LiteralParser {
 public:
  LiteralParser(std::string_view text, std::size_t offset, const Fail& fail)
      : m_text(text), m_offset(offset), m_fail(fail)
  {
  }

  /// Fills what the keys say; descr is left as text.
  void parse(NpyHeader& header, std::string& descr, bool& structured)
  {
    int seen = 0;
    expect('{');
    while (!accept('}')) {
      const std::string key = string();
      expect(':');
      int bit = 0;
      if (key == "descr") {
        bit = 1;
        skipBlanks();
        structured = peek() == '[';
        descr = structured ? literal() : string();
      } else if (key == "fortran_order") {
        bit = 2;
        header.fortranOrder = boolean();
      } else if (key == "shape") {
        bit = 4;
        shape(header.shape);
      } else {
        invalid("unexpected key '" + elided(key) + "'");
      }
      if (seen & bit)
        invalid("key '" + key + "' twice");
      seen |= bit;
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    if (seen != 7)
      invalid("the keys 'descr', 'fortran_order' and 'shape' are not all there");
    skipBlanks();
    if (m_at < m_text.size())
      invalid("text after the dictionary");
  }

  [[nodiscard]] std::string_view shapeAsWritten() const { return m_shape; }

 private:
  [[noreturn]] void invalid(const std::string& why) const
  {
    m_fail("has an invalid header: " + why + " at byte " + std::to_string(m_offset + m_at));
    throw std::logic_error("fail returned");
  }

  [[nodiscard]] char peek() const { return m_at < m_text.size() ? m_text[m_at] : '\0'; }

  void skipBlanks()
  {
    while (m_at < m_text.size() && std::strchr(" \t\r\n", m_text[m_at]) && m_text[m_at] != '\0')
      ++m_at;
  }

  bool accept(char wanted)
  {
    skipBlanks();
    if (m_at >= m_text.size() || m_text[m_at] != wanted)
      return false;
    ++m_at;
    return true;
  }

  void expect(char wanted)
  {
    if (!accept(wanted))
      invalid(std::string("expected '") + wanted + "'");
  }

  std::string string()
  {
    skipBlanks();
    const char quote = peek();
    if (quote != '\'' && quote != '"')
      invalid("expected a quoted text");
    const std::size_t end = m_text.find(quote, m_at + 1);
    if (end == std::string_view::npos)
      invalid("a quoted text without end");
    const std::string_view content = m_text.substr(m_at + 1, end - m_at - 1);
    if (content.find('\\') != std::string_view::npos)
      invalid("a backslash in a quoted text");
    m_at = end + 1;
    return std::string(content);
  }

  bool boolean()
  {
    skipBlanks();
    for (const auto& [word, value] : {std::pair<std::string_view, bool>{"True", true},
                                      std::pair<std::string_view, bool>{"False", false}}) {
      if (m_text.substr(m_at, word.size()) == word) {
        m_at += word.size();
        return value;
      }
    }
    invalid("expected True or False");
  }

  void shape(std::vector<std::int64_t>& target)
  {
    skipBlanks();
    m_shape = m_text.substr(m_at, m_text.find(')', m_at) - m_at + 1);
    expect('(');
    while (!accept(')')) {
      target.push_back(integer());
      if (target.size() > mostAxes)
        invalid("a shape of more than " + std::to_string(mostAxes) + " axes");
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
  }

  std::int64_t integer()
  {
    skipBlanks();
    std::int64_t value = 0;
    const char* const end = m_text.data() + m_text.size();
    const auto [stop, error] = std::from_chars(m_text.data() + m_at, end, value);
    if (error == std::errc::result_out_of_range || (error == std::errc() && value < 0)) {
      m_fail("has an impossible shape " + elided(m_shape));
      throw std::logic_error("fail returned");
    }
    if (error != std::errc())
      invalid("expected a number");
    m_at = static_cast<std::size_t>(stop - m_text.data());
    if (peek() == 'L')  // Written by Python 2.
      ++m_at;
    return value;
  }

  /// Skips a list or tuple of anything, keeping its text.
  std::string literal()
  {
    const std::size_t begin = m_at;
    int depth = 0;
    do {
      skipBlanks();
      const char c = peek();
      if (c == '\'' || c == '"') {
        string();
        continue;
      }
      if (m_at >= m_text.size())
        invalid("a list without end");
      depth += c == '[' || c == '(' ? 1 : c == ']' || c == ')' ? -1 : 0;
      if (depth > deepestLiteral)
        invalid("brackets nested more than " + std::to_string(deepestLiteral) + " deep");
      ++m_at;
    } while (depth > 0);
    return std::string(m_text.substr(begin, m_at - begin));
  }

  std::string_view m_text;
  std::size_t m_offset;
  const Fail& m_fail;
  std::size_t m_at = 0;
  std::string_view m_shape;
};

struct NumberType {
  std::string_view code;
  ElementKind kind;
};

constexpr NumberType numberTypes[] = {
    {"f2", ElementKind::Float16}, {"f4", ElementKind::Float32}, {"f8", ElementKind::Float64},
    {"i1", ElementKind::Int8},    {"i2", ElementKind::Int16},   {"i4", ElementKind::Int32},
    {"i8", ElementKind::Int64},   {"u1", ElementKind::UInt8},   {"u2", ElementKind::UInt16},
    {"u4", ElementKind::UInt32},  {"u8", ElementKind::UInt64},  {"b1", ElementKind::Boolean}};

/// Fills type, sizes and the problem from a descr such as "<f4", or says what is wrong with it.
bool describe(const std::string& descr, NpyHeader& header)
{
  if (descr.size() < 2)
    return false;
  const bool hasOrder = std::strchr("<>|=", descr[0]) != nullptr;
  const bool bigEndian = descr[0] == '>';
  const std::string code = hasOrder ? descr.substr(1) : descr;
  if (code.empty())
    return false;
  if (code[0] == 'O') {
    header.typeName = "Python objects";
    header.problem =
        "holds Python objects (a pickle), which are never loaded; save it as plain numbers";
    return true;
  }
  std::string_view digits = std::string_view(code).substr(1);
  if (code[0] == 'm' || code[0] == 'M')
    digits = digits.substr(0, digits.find('['));
  std::uint64_t size = 0;
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), size);
  if (error != std::errc() || stop != digits.data() + digits.size())
    return false;
  header.itemSize = size;
  for (const NumberType& type : numberTypes) {
    if (code != type.code)
      continue;
    header.format = ElementFormat{type.kind, bigEndian && size > 1};
    header.type = elementType(type.kind);
    header.typeName = elementName(*header.format);
    return true;
  }
  const auto refused = [&](const std::string& name) {
    header.typeName = name;
    header.problem = "is of type " + name + ", which cannot be read as numbers";
    return true;
  };
  switch (code[0]) {
    case 'S':
    case 'a':
    case 'U':
      header.type = ElementType::Text;
      header.text = code[0] == 'U' ? NpyHeader::Text::Utf32 : NpyHeader::Text::Bytes;
      header.bigEndianText = bigEndian;
      header.typeName =
          "text of " + std::to_string(size) + (code[0] == 'U' ? " characters" : " bytes");
      if (size == 0)
        header.problem = "is of texts of length zero";
      return code[0] != 'U' || multiplyChecked(size, 4, header.itemSize);
    case 'c':
      if (size > 64)
        return false;
      return refused("complex" + std::to_string(size * 8));
    case 'f':
      if (size > 64)
        return false;
      return refused("float" + std::to_string(size * 8));
    case 'm':
      return refused("timedelta64");
    case 'M':
      return refused("datetime64");
    case 'V':
      // What NumPy makes of bfloat16: the bytes without the name.
      return refused(size == 2 ? "V2 (two raw bytes; if this was bfloat16, save it as float32)"
                               : "V" + std::to_string(size) + " (raw bytes)");
    default:
      return false;
  }
}

bool countElements(NpyHeader& header)
{
  // Axes of length zero are left out of the product, so that a wild shape is not excused by one.
  std::uint64_t product = 1;
  bool empty = false;
  for (const std::int64_t length : header.shape) {
    empty = empty || length == 0;
    if (length > 0 && !multiplyChecked(product, static_cast<std::uint64_t>(length), product))
      return false;
  }
  std::uint64_t bytes = 0;
  std::uint64_t end = 0;
  if (!multiplyChecked(product, std::max<std::uint64_t>(header.itemSize, 1), bytes) ||
      !addChecked(bytes, header.dataOffset, end) || end > std::uint64_t{1} << 62)
    return false;
  header.elements = empty ? 0 : product;
  header.dataBytes = header.elements * header.itemSize;
  return true;
}

class NpyFile : public TensorFile {
 public:
  explicit NpyFile(const std::filesystem::path& path) : m_source(path)
  {
    const auto start = m_source.readUpTo(0, longestNpyHeader);
    m_header = *parseNpyHeader(start, m_source.size(),
                               [this](const std::string& message) { m_source.fail(message); });
    TensorInfo info = m_header.info("");
    info.storedBytes = m_source.size() - m_header.dataOffset;
    if (info.problem.empty()) {
      if (info.storedBytes < m_header.dataBytes)
        m_source.fail("is cut short: " + shapeText(m_header.shape) + " of " + m_header.typeName +
                      " needs " + std::to_string(m_header.dataBytes) +
                      " bytes after the header, found " + std::to_string(info.storedBytes));
      if (info.storedBytes > m_header.dataBytes)
        m_notes.push_back(displayBytes(info.storedBytes - m_header.dataBytes) +
                          " are left over after the array and were not read.");
      info.storedBytes = m_header.dataBytes;
    }
    m_tensors.push_back(std::move(info));
  }

  [[nodiscard]] std::string formatName() const override { return "NumPy .npy"; }
  [[nodiscard]] const std::vector<TensorInfo>& tensors() const override { return m_tensors; }
  [[nodiscard]] const std::map<std::string, std::string>& metadata() const override
  {
    return m_metadata;
  }
  [[nodiscard]] const std::vector<std::string>& notes() const override { return m_notes; }

  FeatureMatrix readMatrix(const TensorInfo& tensor, FeatureAxis axis, const Progress& progress,
                           std::int64_t* overflowed) override
  {
    return readMatrixParallel(m_source, place(tensor, axis), progress, overflowed);
  }

  void readBlocks(const TensorInfo& tensor, FeatureAxis axis, const Progress& progress,
                  const TakeBlock& take) override
  {
    readBlocksParallel(m_source, place(tensor, axis), progress, take);
  }

  std::vector<double> readNumbers(const TensorInfo&, const Progress& progress) override
  {
    if (!m_header.format)
      m_source.fail("is not an array of numbers but of " + m_header.typeName);
    return readNpyNumbers(m_header, fetch(), progress);
  }

  std::vector<std::string> readStrings(const TensorInfo&, const Progress& progress) override
  {
    if (m_header.text == NpyHeader::Text::None || m_header.shape.size() != 1)
      m_source.fail("is not a list of texts but " + shapeText(m_header.shape) + " of " +
                    m_header.typeName);
    std::int64_t replaced = 0;
    auto texts = readNpyStrings(m_header, fetch(), progress, replaced);
    if (replaced > 0)
      m_notes.push_back(std::to_string(replaced) + " bytes that are not text were replaced.");
    return texts;
  }

 private:
  [[nodiscard]] StoredMatrix place(const TensorInfo& tensor, FeatureAxis axis) const
  {
    if (!tensor.isMatrix() || !m_header.format)
      m_source.fail("is not a two-dimensional array of numbers");
    return m_header.matrix(0, tensor.shape, axis);
  }

  [[nodiscard]] NpyFetch fetch() const
  {
    return [this](std::uint64_t offset, void* target, std::size_t count) {
      m_source.read(offset, target, count);
    };
  }

  ByteSource m_source;
  NpyHeader m_header;
  std::vector<TensorInfo> m_tensors;
  std::map<std::string, std::string> m_metadata;
  std::vector<std::string> m_notes;
};

}  // namespace

TensorInfo NpyHeader::info(const std::string& name) const
{
  TensorInfo result;
  result.name = name;
  result.shape = shape;
  result.type = type;
  result.typeName = typeName;
  result.storedBytes = dataBytes;
  result.problem = problem;
  return result;
}

StoredMatrix NpyHeader::matrix(std::uint64_t arrayOffset,
                               const std::vector<std::int64_t>& rowsByColumns,
                               FeatureAxis axis) const
{
  StoredMatrix stored;
  stored.offset = arrayOffset + dataOffset;
  stored.slow = rowsByColumns[fortranOrder ? 1 : 0];
  stored.fast = rowsByColumns[fortranOrder ? 0 : 1];
  stored.format = format.value();
  stored.featuresAreSlow = (axis == FeatureAxis::Rows) != fortranOrder;
  return stored;
}

std::optional<NpyHeader> parseNpyHeader(std::span<const std::byte> start, std::uint64_t size,
                                        const Fail& fail)
{
  const std::string_view text(reinterpret_cast<const char*>(start.data()), start.size());
  const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(start[i]); };
  if (text.substr(0, magic.size()) != magic.substr(0, std::min(text.size(), magic.size())))
    fail("is not a NumPy array: it does not begin with \\x93NUMPY");
  if (size < 10 || start.size() < 10)
    fail("is cut short: a NumPy header needs at least 10 bytes, found " + std::to_string(size));
  const std::size_t version = byte(6);
  if (version < 1 || version > 3 || byte(7) != 0)
    fail("has an invalid header: unknown .npy version " + std::to_string(version) + "." +
         std::to_string(byte(7)));
  const std::size_t preamble = version == 1 ? 10 : 12;
  if (size < preamble || start.size() < preamble)
    fail("is cut short: a NumPy header needs at least 12 bytes, found " + std::to_string(size));
  std::uint64_t length = byte(8) | byte(9) << 8;
  if (version > 1)
    length |= byte(10) << 16 | byte(11) << 24;
  if (length > longestNpyHeader - preamble)
    fail("has an invalid header: it claims " + std::to_string(length) +
         " bytes, more than the 65536 allowed");
  if (preamble + length > size)
    fail("is cut short: the header claims " + std::to_string(length) + " bytes, found " +
         std::to_string(size - preamble));
  if (preamble + length > start.size())
    return std::nullopt;

  NpyHeader header;
  header.dataOffset = preamble + length;
  std::string descr;
  bool structured = false;
  LiteralParser parser(text.substr(preamble, length), preamble, fail);
  parser.parse(header, descr, structured);
  if (structured) {
    header.typeName = "structured " + elided(descr);
    header.problem =
        "is a structured array " + elided(descr) + "; only arrays of plain numbers can be read";
    return header;
  }
  if (!describe(descr, header))
    fail("has an invalid header: unknown element type '" + elided(descr) + "'");
  if (!countElements(header))
    fail("has an impossible shape " + elided(parser.shapeAsWritten()) +
         ": its size in bytes does not fit");
  return header;
}

std::vector<double> readNpyNumbers(const NpyHeader& header, const NpyFetch& fetch,
                                   const Progress& progress)
{
  constexpr std::uint64_t piece = 1 << 17;
  std::vector<double> values(static_cast<std::size_t>(header.elements));
  std::vector<std::byte> bytes(
      static_cast<std::size_t>(std::min(piece, header.elements) * header.itemSize));
  for (std::uint64_t done = 0; done < header.elements; done += piece) {
    const std::uint64_t count = std::min(piece, header.elements - done);
    fetch(header.dataOffset + done * header.itemSize, bytes.data(),
          static_cast<std::size_t>(count * header.itemSize));
    convertToDouble(*header.format, bytes.data(), static_cast<std::int64_t>(count),
                    values.data() + done);
    progress.update(static_cast<std::int64_t>(done + count),
                    static_cast<std::int64_t>(header.elements));
  }
  if (!header.fortranOrder || header.shape.size() < 2)
    return values;
  // The first axis is the fastest in the file and must become the slowest.
  std::vector<double> turned(values.size());
  std::vector<std::uint64_t> index(header.shape.size(), 0);
  for (const double value : values) {
    std::uint64_t place = 0;
    for (std::size_t axis = 0; axis < index.size(); ++axis)
      place = place * static_cast<std::uint64_t>(header.shape[axis]) + index[axis];
    turned[place] = value;
    for (std::size_t axis = 0; axis < index.size(); ++axis) {
      if (++index[axis] < static_cast<std::uint64_t>(header.shape[axis]))
        break;
      index[axis] = 0;
    }
  }
  return turned;
}

std::vector<std::string> readNpyStrings(const NpyHeader& header, const NpyFetch& fetch,
                                        const Progress& progress, std::int64_t& replaced)
{
  std::vector<std::string> texts;
  std::vector<std::byte> bytes(static_cast<std::size_t>(header.elements > 0 ? header.itemSize : 0));
  texts.reserve(static_cast<std::size_t>(header.elements));
  for (std::uint64_t i = 0; i < header.elements; ++i) {
    fetch(header.dataOffset + i * header.itemSize, bytes.data(), bytes.size());
    std::string text;
    if (header.text == NpyHeader::Text::Bytes) {
      std::string_view raw(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      raw = raw.substr(0, raw.find_last_not_of('\0') + 1);
      text = repairUtf8(raw, replaced);
    } else {
      std::vector<std::uint32_t> points(bytes.size() / 4);
      std::memcpy(points.data(), bytes.data(), bytes.size());
      if (header.bigEndianText)
        std::ranges::transform(points, points.begin(),
                               [](std::uint32_t point) { return __builtin_bswap32(point); });
      while (!points.empty() && points.back() == 0)
        points.pop_back();
      for (const std::uint32_t point : points)
        replaced += appendUtf8(text, point) ? 0 : 1;
    }
    texts.push_back(std::move(text));
    if (i % 1024 == 0)
      progress.update(static_cast<std::int64_t>(i), static_cast<std::int64_t>(header.elements));
  }
  return texts;
}

std::string shapeText(const std::vector<std::int64_t>& shape)
{
  std::string text = "(";
  for (std::size_t i = 0; i < shape.size(); ++i)
    text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
  return text + (shape.size() == 1 ? ",)" : ")");
}

std::unique_ptr<TensorFile> openNpy(const std::filesystem::path& path)
{
  return std::make_unique<NpyFile>(path);
}

}  // namespace orrery
