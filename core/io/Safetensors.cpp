#include "core/base/Error.h"
#include "core/io/BoundedJson.h"
#include "core/io/Npy.h"
#include "core/io/ParallelRead.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace orrery {
namespace {

constexpr std::uint64_t longestHeader = 100'000'000;

struct Dtype {
  std::string_view name;
  std::uint64_t bits;
  std::optional<ElementKind> kind;  ///< Unset: known, but nothing that we read.
};

constexpr Dtype dtypes[] = {{"F32", 32, ElementKind::Float32},
                            {"BF16", 16, ElementKind::BFloat16},
                            {"F16", 16, ElementKind::Float16},
                            {"F64", 64, ElementKind::Float64},
                            {"I64", 64, ElementKind::Int64},
                            {"I32", 32, ElementKind::Int32},
                            {"I16", 16, ElementKind::Int16},
                            {"I8", 8, ElementKind::Int8},
                            {"U64", 64, ElementKind::UInt64},
                            {"U32", 32, ElementKind::UInt32},
                            {"U16", 16, ElementKind::UInt16},
                            {"U8", 8, ElementKind::UInt8},
                            {"BOOL", 8, ElementKind::Boolean},
                            {"F8_E4M3", 8, {}},
                            {"F8_E5M2", 8, {}},
                            {"F8_E8M0", 8, {}},
                            {"F6_E2M3", 6, {}},
                            {"F6_E3M2", 6, {}},
                            {"F4", 4, {}},
                            {"C64", 64, {}}};

struct Entry {
  std::string name;
  std::optional<std::string> dtype;
  std::optional<std::vector<std::int64_t>> shape;
  std::optional<std::vector<std::int64_t>> offsets;
};

std::string shownName(const std::string& name)
{
  return "'" + displayText(name.substr(0, 200)) + (name.size() > 200 ? "…'" : "'");
}

/// Collects the entries of a header while it is parsed.
class HeaderSax : public CheckedSax {
 public:
  explicit HeaderSax(const FailFunction& failFunction) : CheckedSax(failFunction, "its header", 8)
  {
  }

  std::vector<Entry> entries;
  std::map<std::string, std::string> metadata;

  bool key(string_t& value) override
  {
    CheckedSax::key(value);
    if (depth() == 1) {
      m_inMetadata = value == "__metadata__";
      if (!m_inMetadata)
        entries.push_back({value, {}, {}, {}});
    } else if (depth() == 2) {
      m_field = value;
    }
    return true;
  }

  bool start_object(std::size_t elements) override
  {
    if (depth() == 2)
      refuseMetadata();
    if (m_list || (depth() == 2 && isKnownField()))
      wrong("an object");
    return CheckedSax::start_object(elements);
  }

  bool start_array(std::size_t elements) override
  {
    if (depth() == 0)
      fail("its header is not a JSON object");
    if (depth() == 1)
      fail("its header has a list where the entry " + owner() + " should be an object");
    if (depth() == 2)
      startList();
    else if (depth() == 3 && m_list)
      wrong("a list in a list");
    return CheckedSax::start_array(elements);
  }

  bool end_array() override
  {
    CheckedSax::end_array();
    if (depth() == 2)
      m_list = nullptr;
    return true;
  }

  bool string(string_t& value) override
  {
    refuseBare("a text");
    if (depth() == 2 && m_inMetadata)
      metadata[m_field] = value;
    else if (depth() == 2 && m_field == "dtype")
      entries.back().dtype = value;
    else if (m_list || (depth() == 2 && isKnownField()))
      wrong("the text \"" + displayText(value.substr(0, 40)) + "\"");
    return true;
  }

  bool number_unsigned(number_unsigned_t value) override
  {
    refuseBare("a number");
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      return other(std::to_string(value));
    if (m_list && depth() == 3)
      m_list->push_back(static_cast<std::int64_t>(value));
    else
      other(std::to_string(value));
    return true;
  }

  bool number_integer(number_integer_t value) override { return other(std::to_string(value)); }
  bool number_float(number_float_t, const string_t& text) override
  {
    return other(displayText(text.substr(0, 40)));
  }
  bool boolean(bool value) override { return other(value ? "true" : "false"); }
  bool null() override { return other("null"); }

 private:
  /// Whatever is no text, list or plain number.
  bool other(const std::string& value)
  {
    refuseBare(value);
    if (m_list || (depth() == 2 && isKnownField()))
      wrong(value);
    return true;
  }

  void refuseBare(const std::string& value)
  {
    if (depth() == 0)
      fail("its header is not a JSON object");
    if (depth() == 1)
      fail("its header has " + value + " where the entry " + owner() + " should be an object");
    if (depth() == 2 && m_inMetadata && value != "a text")
      refuseMetadata();
  }

  void refuseMetadata() const
  {
    if (m_inMetadata)
      fail("its header has metadata " + shownName(m_field) + " that is not text");
  }

  void startList()
  {
    refuseMetadata();
    Entry& entry = entries.back();
    if (m_field == "shape")
      m_list = &entry.shape.emplace();
    // An early version of the format's description called the key "offsets".
    else if (m_field == "data_offsets" || m_field == "offsets")
      m_list = &entry.offsets.emplace();
    else if (m_field == "dtype")
      wrong("a list");
  }

  [[nodiscard]] bool isKnownField() const
  {
    return !m_inMetadata && (m_field == "dtype" || m_field == "shape" ||
                             m_field == "data_offsets" || m_field == "offsets");
  }

  [[nodiscard]] std::string owner() const
  {
    return m_inMetadata || entries.empty() ? "'__metadata__'" : shownName(entries.back().name);
  }

  [[noreturn]] void wrong(const std::string& value) const
  {
    fail("tensor " + owner() + " has " + value + " in its " + m_field);
  }

  bool m_inMetadata = false;
  std::string m_field;
  std::vector<std::int64_t>* m_list = nullptr;
};

struct Tensor {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::optional<ElementFormat> format;
};

class SafetensorsFile : public TensorFile {
 public:
  explicit SafetensorsFile(const std::filesystem::path& path) : m_source(path)
  {
    if (m_source.size() < 8)
      m_source.fail("is cut short: a safetensors file begins with 8 bytes, found " +
                    std::to_string(m_source.size()));
    std::uint64_t length = 0;
    m_source.read(0, &length, sizeof length);
    if (length > longestHeader)
      m_source.fail("claims a header of " + std::to_string(length) +
                    " bytes, more than the 100000000 allowed");
    if (length > m_source.size() - 8)
      m_source.fail("is cut short: the header claims " + std::to_string(length) + " bytes, found " +
                    std::to_string(m_source.size() - 8));
    m_dataOffset = 8 + length;
    readHeader(static_cast<std::size_t>(length));
    checkRanges();
  }

  [[nodiscard]] std::string formatName() const override { return "safetensors"; }
  [[nodiscard]] const std::vector<TensorInfo>& tensors() const override { return m_tensors; }
  [[nodiscard]] const std::map<std::string, std::string>& metadata() const override
  {
    return m_metadata;
  }
  [[nodiscard]] const std::vector<std::string>& notes() const override { return m_notes; }

  FeatureMatrix readMatrix(const TensorInfo& tensor, FeatureAxis axis, const Progress& progress,
                           std::int64_t* overflowed) override
  {
    return readMatrixParallel(m_source, matrixOf(tensor, axis), progress, overflowed);
  }

  void readBlocks(const TensorInfo& tensor, FeatureAxis axis, const Progress& progress,
                  const TakeBlock& take) override
  {
    readBlocksParallel(m_source, matrixOf(tensor, axis), progress, take);
  }

  std::vector<double> readNumbers(const TensorInfo& tensor, const Progress& progress) override
  {
    const Tensor& place = find(tensor);
    NpyHeader layout;
    layout.shape = tensor.shape;
    layout.format = place.format;
    layout.itemSize = elementSize(place.format->kind);
    layout.elements = (place.end - place.begin) / layout.itemSize;
    layout.dataOffset = m_dataOffset + place.begin;
    return readNpyNumbers(
        layout,
        [this](std::uint64_t offset, void* target, std::size_t count) {
          m_source.read(offset, target, count);
        },
        progress);
  }

  std::vector<std::string> readStrings(const TensorInfo& tensor, const Progress&) override
  {
    m_source.fail("tensor " + shownName(tensor.name) +
                  " is not a list of texts (safetensors holds numbers only)");
  }

 private:
  void readHeader(std::size_t length)
  {
    std::string text(length, '\0');
    m_source.read(8, text.data(), length);
    const FailFunction fail = [this](const std::string& message) { m_source.fail(message); };
    // Also keeps out a byte order mark, which the JSON parser would let pass.
    if (text.empty() || text.front() != '{')
      m_source.fail("is not a safetensors file: its header is not a JSON object (byte 8)");
    HeaderSax sax(fail);
    nlohmann::json::sax_parse(text, &sax);
    m_metadata = std::move(sax.metadata);
    m_tensors.reserve(sax.entries.size());
    for (Entry& entry : sax.entries)
      addTensor(std::move(entry));
  }

  void addTensor(Entry entry)
  {
    const auto fail = [&](const std::string& message) {
      m_source.fail("tensor " + shownName(entry.name) + " " + message);
    };
    if (!entry.dtype || !entry.shape || !entry.offsets)
      fail(std::string("has no ") + (!entry.dtype   ? "dtype"
                                     : !entry.shape ? "shape"
                                                    : "data_offsets"));
    if (entry.offsets->size() != 2)
      fail("has " + std::to_string(entry.offsets->size()) + " data_offsets, expected 2");
    const auto begin = static_cast<std::uint64_t>((*entry.offsets)[0]);
    const auto end = static_cast<std::uint64_t>((*entry.offsets)[1]);
    const std::uint64_t dataSize = m_source.size() - m_dataOffset;
    if (begin > end)
      fail("has reversed offsets: from " + std::to_string(begin) + " to " + std::to_string(end));
    if (end > dataSize)
      fail("lies outside the file: it ends at byte " + std::to_string(end) +
           " of the data, found " + std::to_string(dataSize) + " bytes of data");
    const auto dtype = std::ranges::find(dtypes, std::string_view(*entry.dtype), &Dtype::name);
    if (dtype == std::end(dtypes))
      fail("is of the unknown type '" + displayText(entry.dtype->substr(0, 40)) + "'");
    checkSize(entry, dtype->bits, end - begin);

    TensorInfo info;
    info.name = std::move(entry.name);
    info.shape = std::move(*entry.shape);
    info.storedBytes = end - begin;
    Tensor place{begin, end, {}};
    if (dtype->kind) {
      place.format = ElementFormat{*dtype->kind};
      info.type = elementType(*dtype->kind);
      info.typeName = elementName(*place.format);
    } else {
      info.typeName = *entry.dtype;
      info.problem = "is of type " + *entry.dtype +
                     ", which cannot be read; save it as float16, bfloat16 or float32";
    }
    m_places.emplace(info.name, place);
    m_tensors.push_back(std::move(info));
  }

  void checkSize(const Entry& entry, std::uint64_t bits, std::uint64_t found) const
  {
    std::uint64_t elements = 1;
    bool fits = true;
    for (const std::int64_t length : *entry.shape)
      fits = fits && multiplyChecked(elements, static_cast<std::uint64_t>(length), elements);
    std::uint64_t total = 0;
    fits = fits && multiplyChecked(elements, bits, total);
    if (!fits)
      m_source.fail("tensor " + shownName(entry.name) + " has an impossible shape " +
                    shapeText(*entry.shape).substr(0, 200) + ": its size in bytes does not fit");
    const std::uint64_t expected = total / 8 + (total % 8 != 0 ? 1 : 0);
    if (expected != found)
      m_source.fail("tensor " + shownName(entry.name) + " of shape " +
                    shapeText(*entry.shape).substr(0, 200) + " and type " + *entry.dtype +
                    " needs " + std::to_string(expected) + " bytes, its offsets give " +
                    std::to_string(found));
  }

  /// The format wants the data to be covered without gap, overlap or rest.
  void checkRanges() const
  {
    std::vector<std::pair<const Tensor*, const std::string*>> order;
    order.reserve(m_places.size());
    for (const auto& [name, place] : m_places)
      order.emplace_back(&place, &name);
    std::ranges::sort(order, [](const auto& a, const auto& b) {
      return std::tie(a.first->begin, a.first->end, *a.second) <
             std::tie(b.first->begin, b.first->end, *b.second);
    });
    std::uint64_t reached = 0;
    for (const auto& [place, name] : order) {
      if (place->begin != reached)
        m_source.fail("tensor " + shownName(*name) + " begins at byte " +
                      std::to_string(place->begin) + " of the data, " +
                      (place->begin < reached ? "overlapping the tensor before, which ends at "
                                              : "leaving a hole after byte ") +
                      std::to_string(reached));
      reached = place->end;
    }
    const std::uint64_t dataSize = m_source.size() - m_dataOffset;
    if (reached != dataSize)
      m_source.fail("has bytes left over, which the format forbids: its tensors end at byte " +
                    std::to_string(reached) + " of the data, found " + std::to_string(dataSize) +
                    " bytes");
  }

  StoredMatrix matrixOf(const TensorInfo& tensor, FeatureAxis axis) const
  {
    const Tensor& place = find(tensor);
    if (!tensor.isMatrix())
      m_source.fail("tensor " + shownName(tensor.name) + " is not two-dimensional but " +
                    shapeText(tensor.shape));
    StoredMatrix stored;
    stored.offset = m_dataOffset + place.begin;
    stored.slow = tensor.shape[0];
    stored.fast = tensor.shape[1];
    stored.format = *place.format;
    stored.featuresAreSlow = axis == FeatureAxis::Rows;
    return stored;
  }

  const Tensor& find(const TensorInfo& tensor) const
  {
    const auto found = m_places.find(tensor.name);
    if (found == m_places.end())
      m_source.fail("has no tensor " + shownName(tensor.name));
    if (!found->second.format)
      m_source.fail("tensor " + shownName(tensor.name) + " " + tensor.problem);
    return found->second;
  }

  ByteSource m_source;
  std::uint64_t m_dataOffset = 0;
  std::vector<TensorInfo> m_tensors;
  std::unordered_map<std::string, Tensor> m_places;
  std::map<std::string, std::string> m_metadata;
  std::vector<std::string> m_notes;
};

}  // namespace

std::unique_ptr<TensorFile> openSafetensors(const std::filesystem::path& path)
{
  return std::make_unique<SafetensorsFile>(path);
}

}  // namespace orrery
