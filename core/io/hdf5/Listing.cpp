#include "core/io/hdf5/Listing.h"

#include "core/io/Elements.h"
#include "core/io/Hdf5File.h"
#include "core/io/Utf8.h"
#include "core/io/hdf5/MatrixDecoding.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

namespace orrery {
namespace {

using reader::FrameKind;
using reader::ListedObject;
using reader::ObjectKind;

/// Attributes of groups are handed down to what is in them until they take so much in all.
constexpr std::size_t maxInheritedBytes = std::size_t{8} << 20;

/// Everything the helper says, as it says it.
struct Heard {
  std::vector<ListedObject> objects;
  std::vector<std::string> notes;
};

Heard listen(const ByteSource& source, const ReaderLimits& limits, const Progress& progress)
{
  ReaderProcess helper(source, reader::Request{}, limits, progress);
  Heard heard;
  std::size_t bytes = 0;
  ReaderProcess::Frame frame;
  try {
    while (helper.next(frame)) {
      bytes += frame.payload.size();
      reader::MessageReader message(frame.payload);
      if (bytes > 2 * reader::maxListingBytes || heard.objects.size() > 2 * reader::maxObjects)
        helper.failOnAnswer("an endless listing");
      if (frame.kind == FrameKind::Object)
        heard.objects.push_back(readObject(message));
      else if (frame.kind == FrameKind::Note)
        heard.notes.push_back(message.text(reader::maxNameBytes));
      else
        helper.failOnAnswer("unexpected answer");
    }
  } catch (const reader::ProtocolError& error) {
    helper.failOnAnswer(error.what());
  }
  return heard;
}

std::string parentOf(const std::string& name)
{
  const std::size_t slash = name.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : name.substr(0, slash);
}

std::string leafOf(const std::string& name)
{
  return name.substr(name.rfind('/') + 1);
}

std::string below(const std::string& group, const std::string& name)
{
  return group == "/" ? "/" + name : group + "/" + name;
}

ElementType typeOf(const reader::ElementFormat& format)
{
  if (const auto decodable = decodableFormat(format))
    return elementType(decodable->kind);
  switch (format.kind) {
    case reader::ElementKind::OtherFloat:
      return ElementType::Float64;
    case reader::ElementKind::OtherNumber:
      return ElementType::Integer;
    case reader::ElementKind::Text:
      return ElementType::Text;
    default:
      return ElementType::Other;
  }
}

/// "[500, 300]" as an attribute of ours tells it.
std::optional<std::vector<std::int64_t>> shapeFromText(std::string_view text)
{
  std::vector<std::int64_t> shape;
  if (text.size() < 2 || text.front() != '[' || text.back() != ']')
    return std::nullopt;
  text = text.substr(1, text.size() - 2);
  while (!text.empty()) {
    std::int64_t size = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
    if (error != std::errc() || size < 0)
      return std::nullopt;
    shape.push_back(size);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.starts_with(", "))
      text.remove_prefix(2);
    else if (!text.empty())
      return std::nullopt;
  }
  return shape;
}

class ListingBuilder {
 public:
  explicit ListingBuilder(Heard heard) : m_heard(std::move(heard))
  {
    m_listing.notes = std::move(m_heard.notes);
    for (ListedObject& object : m_heard.objects) {
      if (object.kind != ObjectKind::Group)
        continue;
      std::map<std::string, std::string>& attributes = m_groups[object.name];
      for (auto& [name, value] : object.attributes)
        attributes.emplace(repaired(name), repaired(value));
    }
    if (const auto root = m_groups.find("/"); root != m_groups.end())
      m_listing.metadata = root->second;
  }

  Hdf5Listing build()
  {
    for (const ListedObject& object : m_heard.objects)
      if (object.kind != ObjectKind::Group)
        addTensor(object);
    for (const auto& [name, attributes] : m_groups) {
      addSparse(name, attributes);
      addCategorical(name, attributes);
    }
    mapOldCategories();
    const auto encoding = m_listing.metadata.find("encoding-type");
    if ((encoding != m_listing.metadata.end() && encoding->second == "anndata") ||
        (find("/X") && (m_groups.contains("/obs") || find("/obs")) &&
         (m_groups.contains("/var") || find("/var"))))
      m_listing.formatName = "HDF5 (AnnData)";
    if (m_attributesCut)
      m_listing.notes.emplace_back(
          "attributes of groups are not shown everywhere: there are too many");
    return std::move(m_listing);
  }

 private:
  static std::string repaired(const std::string& text)
  {
    std::int64_t ignored = 0;
    return repairUtf8(text, ignored);
  }

  TensorInfo* find(const std::string& name)
  {
    const auto found = std::find_if(m_listing.tensors.begin(), m_listing.tensors.end(),
                                    [&](const TensorInfo& info) { return info.name == name; });
    return found == m_listing.tensors.end() ? nullptr : &*found;
  }

  const TensorInfo* readable(const std::string& name, bool number)
  {
    const auto index = m_index.find(name);
    if (index == m_index.end())
      return nullptr;
    const TensorInfo& info = m_listing.tensors[index->second];
    const bool isNumber = info.type != ElementType::Text && info.type != ElementType::Other;
    return info.problem.empty() && info.shape.size() == 1 && isNumber == number ? &info : nullptr;
  }

  void inherit(TensorInfo& info)
  {
    for (std::string group = parentOf(info.name);; group = parentOf(group)) {
      if (const auto found = m_groups.find(group); found != m_groups.end()) {
        for (const auto& [name, value] : found->second) {
          if (m_inheritedBytes + name.size() + value.size() > maxInheritedBytes) {
            m_attributesCut = true;
            return;
          }
          if (info.attributes.emplace(name, value).second)
            m_inheritedBytes += name.size() + value.size();
        }
      }
      if (group == "/")
        return;
    }
  }

  void add(TensorInfo info, Hdf5Entry entry)
  {
    inherit(info);
    if (!m_listing.entries.emplace(info.name, std::move(entry)).second)
      return;
    m_index.emplace(info.name, m_listing.tensors.size());
    m_listing.tensors.push_back(std::move(info));
  }

  void addTensor(const ListedObject& object)
  {
    TensorInfo info;
    info.name = object.name;
    info.aliasOf = object.aliasOf;
    for (const std::uint64_t size : object.shape)
      info.shape.push_back(static_cast<std::int64_t>(
          std::min<std::uint64_t>(size, std::numeric_limits<std::int64_t>::max())));
    info.type = typeOf(object.format);
    info.typeName = repaired(object.typeName);
    info.storedBytes = object.storedBytes;
    info.problem = repaired(object.problem);
    for (const auto& [name, value] : object.attributes)
      info.attributes.emplace(repaired(name), repaired(value));
    Hdf5Entry entry;
    entry.address = object.address;
    entry.format = object.format;
    entry.offset = object.offset;
    add(std::move(info), std::move(entry));
  }

  /// AnnData's csr_matrix and csc_matrix (and the same as versions before 0.7 marked them).
  void addSparse(const std::string& group, const std::map<std::string, std::string>& attributes)
  {
    const auto value = [&](const char* name) {
      const auto found = attributes.find(name);
      return found == attributes.end() ? std::string() : found->second;
    };
    std::string encoding = value("encoding-type");
    std::string shapeText = value("shape");
    if (const std::string old = value("h5sparse_format"); encoding.empty() && !old.empty()) {
      encoding = old + "_matrix";
      shapeText = value("h5sparse_shape");
    }
    if (encoding != "csr_matrix" && encoding != "csc_matrix")
      return;
    Hdf5Entry entry;
    entry.kind = Hdf5Entry::Kind::Sparse;
    entry.compressedRows = encoding == "csr_matrix";
    entry.pointers = below(group, "indptr");
    entry.indices = below(group, "indices");
    entry.values = below(group, "data");
    const auto shape = shapeFromText(shapeText);
    const TensorInfo* pointers = readable(entry.pointers, true);
    const TensorInfo* indices = readable(entry.indices, true);
    const TensorInfo* values = readable(entry.values, true);
    TensorInfo info;
    info.name = group;
    info.attributes = attributes;
    if (values) {
      info.type = values->type;
      info.typeName =
          values->typeName + ", sparse (" + (entry.compressedRows ? "CSR" : "CSC") + ")";
      info.storedBytes = values->storedBytes;
    }
    if (!shape || shape->size() != 2 || !pointers || !indices || !values) {
      info.problem = "is a sparse matrix without all of its parts";
      return add(std::move(info), std::move(entry));
    }
    info.shape = *shape;
    info.storedBytes += indices->storedBytes + pointers->storedBytes;
    const std::int64_t lines = (*shape)[entry.compressedRows ? 0 : 1];
    std::uint64_t bytes = sizeof(float);
    const bool countable = multiplyChecked(bytes, static_cast<std::uint64_t>((*shape)[0]), bytes) &&
                           multiplyChecked(bytes, static_cast<std::uint64_t>((*shape)[1]), bytes);
    if (pointers->shape[0] == 0 || pointers->shape[0] - 1 != lines ||
        indices->shape != values->shape)
      info.problem = "is a sparse matrix whose parts do not fit each other";
    else if (!countable || bytes > maxDenseBytes)
      info.problem = "is sparse with " + std::to_string(values->shape[0]) +
                     " stored values; spread out it would take " +
                     (countable ? displayBytes(bytes) : "more bytes than can be counted") +
                     ", above the limit of " + displayBytes(maxDenseBytes);
    add(std::move(info), std::move(entry));
  }

  void addCategorical(const std::string& group,
                      const std::map<std::string, std::string>& attributes)
  {
    const auto encoding = attributes.find("encoding-type");
    if (encoding == attributes.end() || encoding->second != "categorical")
      return;
    Hdf5Entry entry;
    entry.kind = Hdf5Entry::Kind::Categories;
    entry.codes = below(group, "codes");
    entry.categories = below(group, "categories");
    const TensorInfo* codes = readable(entry.codes, true);
    if (!codes || !readable(entry.categories, false))
      return;
    TensorInfo info;
    info.name = group;
    info.shape = codes->shape;
    info.type = ElementType::Text;
    info.typeName = "categories (" + codes->typeName + ")";
    info.storedBytes = codes->storedBytes;
    add(std::move(info), std::move(entry));
  }

  /// AnnData before 0.8: the codes are the column, the texts lie beside it in __categories.
  void mapOldCategories()
  {
    for (TensorInfo& info : m_listing.tensors) {
      const std::string categories =
          below(below(parentOf(info.name), "__categories"), leafOf(info.name));
      if (info.type != ElementType::Integer || info.shape.size() != 1 || !info.problem.empty() ||
          !readable(categories, false))
        continue;
      Hdf5Entry& entry = m_listing.entries.at(info.name);
      Hdf5Entry codes = entry;
      const std::string hidden = info.name + "/codes";
      if (!m_listing.entries.emplace(hidden, std::move(codes)).second)
        continue;
      entry.kind = Hdf5Entry::Kind::Categories;
      entry.codes = hidden;
      entry.categories = categories;
      info.type = ElementType::Text;
      info.typeName = "categories (" + info.typeName + ")";
    }
  }

  Heard m_heard;
  Hdf5Listing m_listing;
  std::map<std::string, std::map<std::string, std::string>> m_groups;  ///< Attributes by name.
  std::map<std::string, std::size_t> m_index;                          ///< Of tensors, by name.
  std::size_t m_inheritedBytes = 0;
  bool m_attributesCut = false;
};

}  // namespace

Hdf5Listing listHdf5(const ByteSource& source, const ReaderLimits& limits, const Progress& progress)
{
  return ListingBuilder(listen(source, limits, progress)).build();
}

}  // namespace orrery
