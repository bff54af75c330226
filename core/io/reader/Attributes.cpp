#include "core/io/reader/Attributes.h"

#include "core/io/reader/ElementTypes.h"
#include "core/io/reader/Handles.h"

#include <charconv>
#include <cstring>
#include <optional>

namespace orrery::reader {
namespace {

constexpr hssize_t maxValues = 256;

template <typename T>
std::string numberText(T value)
{
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  return std::string(buffer, end);
}

template <typename T>
bool appendNumbers(hid_t attribute, hid_t memoryType, std::size_t count,
                   std::vector<std::string>& values)
{
  std::vector<T> numbers(count);
  if (H5Aread(attribute, memoryType, numbers.data()) < 0)
    return false;
  for (const T value : numbers)
    values.push_back(numberText(value));
  return true;
}

bool appendBooleans(hid_t attribute, hid_t type, std::size_t count,
                    std::vector<std::string>& values)
{
  std::vector<signed char> bytes(count);
  if (H5Aread(attribute, type, bytes.data()) < 0)
    return false;
  for (const signed char value : bytes)
    values.emplace_back(value ? "true" : "false");
  return true;
}

bool appendTexts(hid_t attribute, hid_t type, hid_t space, std::size_t count,
                 std::vector<std::string>& values)
{
  const std::size_t bytes = H5Tget_size(type);
  if (bytes == 0 || bytes > (1u << 20) / count)
    return false;
  std::vector<char> buffer(bytes * count);
  if (H5Aread(attribute, type, buffer.data()) < 0)
    return false;
  values = textsFromBuffer(type, buffer.data(), count);
  if (H5Tis_variable_str(type) > 0)
    H5Dvlen_reclaim(type, space, H5P_DEFAULT, buffer.data());
  return true;
}

std::optional<std::string> attributeText(hid_t object, const char* name)
{
  const Handle attribute(H5Aopen(object, name, H5P_DEFAULT), H5Aclose);
  if (!attribute.valid())
    return std::nullopt;
  const Handle type(H5Aget_type(attribute.id()), H5Tclose);
  const Handle space(H5Aget_space(attribute.id()), H5Sclose);
  if (!type.valid() || !space.valid())
    return std::nullopt;
  const hssize_t points = H5Sget_simple_extent_npoints(space.id());
  if (points < 1 || points > maxValues)
    return std::nullopt;
  const auto count = static_cast<std::size_t>(points);

  std::vector<std::string> values;
  const TypeDescription described = describeType(type.id());
  bool done = false;
  switch (described.format.kind) {
    case ElementKind::Float16:
    case ElementKind::BFloat16:
    case ElementKind::Float32:
      done = appendNumbers<float>(attribute.id(), H5T_NATIVE_FLOAT, count, values);
      break;
    case ElementKind::Float64:
    case ElementKind::OtherFloat:
      done = appendNumbers<double>(attribute.id(), H5T_NATIVE_DOUBLE, count, values);
      break;
    case ElementKind::UInt64:
      done = appendNumbers<std::uint64_t>(attribute.id(), H5T_NATIVE_UINT64, count, values);
      break;
    case ElementKind::Boolean:
      done = appendBooleans(attribute.id(), type.id(), count, values);
      break;
    case ElementKind::Text:
      done = appendTexts(attribute.id(), type.id(), space.id(), count, values);
      break;
    case ElementKind::Other:
    case ElementKind::Count:
      break;
    default:
      done = appendNumbers<std::int64_t>(attribute.id(), H5T_NATIVE_INT64, count, values);
      break;
  }
  if (!done)
    return std::nullopt;
  if (H5Sget_simple_extent_ndims(space.id()) == 0)
    return values.front().substr(0, maxAttributeBytes);
  std::string text = "[";
  for (std::size_t i = 0; i < values.size() && text.size() < maxAttributeBytes; ++i)
    text += (i ? ", " : "") + values[i].substr(0, maxAttributeBytes);
  return text.substr(0, maxAttributeBytes) + "]";
}

struct Collector {
  Attributes attributes;
};

herr_t collect(hid_t object, const char* name, const H5A_info_t*, void* target)
{
  auto& attributes = static_cast<Collector*>(target)->attributes;
  if (attributes.size() >= maxAttributes)
    return 1;
  if (name && std::strlen(name) <= 256) {
    if (auto text = attributeText(object, name))
      attributes.emplace_back(name, std::move(*text));
  }
  return 0;
}

}  // namespace

std::vector<std::string> textsFromBuffer(hid_t type, const void* buffer, std::size_t count)
{
  std::vector<std::string> texts;
  texts.reserve(count);
  if (H5Tis_variable_str(type) > 0) {
    const auto* pointers = static_cast<const char* const*>(buffer);
    for (std::size_t i = 0; i < count; ++i)
      texts.emplace_back(pointers[i] ? pointers[i] : "");
    return texts;
  }
  const std::size_t bytes = H5Tget_size(type);
  const H5T_str_t padding = H5Tget_strpad(type);
  const auto* data = static_cast<const char*>(buffer);
  for (std::size_t i = 0; i < count; ++i) {
    std::string text(data + i * bytes, bytes);
    if (padding == H5T_STR_SPACEPAD)
      text.erase(text.find_last_not_of(' ') + 1);
    else
      text.resize(std::strlen(text.c_str()));
    texts.push_back(std::move(text));
  }
  return texts;
}

Attributes readAttributes(hid_t object)
{
  Collector collector;
  H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, collect, &collector);
  H5Eclear2(H5E_DEFAULT);
  return std::move(collector.attributes);
}

}  // namespace orrery::reader
