#include "core/io/reader/ElementTypes.h"

#include "core/io/reader/Handles.h"

#include <memory>
#include <string_view>

namespace orrery::reader {
namespace {

/// How the bits of a float lie: what tells the IEEE formats and bfloat16 from all others.
struct FloatBits {
  std::size_t bytes = 0, precision = 0, sign = 0, exponent = 0, exponentSize = 0, mantissa = 0,
              mantissaSize = 0, bias = 0;
  bool operator==(const FloatBits&) const = default;
};

struct KnownFloat {
  FloatBits bits;
  ElementKind kind;
  const char* name;
};

constexpr KnownFloat knownFloats[] = {
    {{2, 16, 15, 10, 5, 0, 10, 15}, ElementKind::Float16, "float16"},
    {{2, 16, 15, 7, 8, 0, 7, 127}, ElementKind::BFloat16, "bfloat16"},
    {{4, 32, 31, 23, 8, 0, 23, 127}, ElementKind::Float32, "float32"},
    {{8, 64, 63, 52, 11, 0, 52, 1023}, ElementKind::Float64, "float64"},
};

std::string withOrder(std::string name, H5T_order_t order, std::size_t bytes)
{
  return order == H5T_ORDER_BE && bytes > 1 ? name + " (big endian)" : name;
}

TypeDescription describeFloat(hid_t type)
{
  TypeDescription result;
  FloatBits bits;
  bits.bytes = H5Tget_size(type);
  bits.precision = H5Tget_precision(type);
  bits.bias = H5Tget_ebias(type);
  const bool known = H5Tget_fields(type, &bits.sign, &bits.exponent, &bits.exponentSize,
                                   &bits.mantissa, &bits.mantissaSize) >= 0;
  const H5T_order_t order = H5Tget_order(type);
  const bool plain = known && H5Tget_offset(type) == 0 && H5Tget_norm(type) == H5T_NORM_IMPLIED &&
                     (order == H5T_ORDER_LE || order == H5T_ORDER_BE);
  result.format.bytes = static_cast<std::uint32_t>(bits.bytes);
  result.format.bigEndian = order == H5T_ORDER_BE;
  if (plain) {
    for (const KnownFloat& candidate : knownFloats) {
      if (candidate.bits == bits) {
        result.format.kind = candidate.kind;
        result.name = withOrder(candidate.name, order, bits.bytes);
        return result;
      }
    }
  }
  result.name = withOrder("float of " + std::to_string(bits.precision) + " bits (" +
                              std::to_string(bits.exponentSize) + " exponent, " +
                              std::to_string(bits.mantissaSize) + " mantissa)",
                          order, bits.bytes);
  // The 8-bit formats in use give their largest exponents other meanings than the library does.
  if (!known || bits.bytes < 2 || bits.bytes > 16 || bits.exponentSize > 15)
    result.problem = "is of a type that cannot be read: " + result.name;
  else
    result.format.kind = ElementKind::OtherFloat;
  return result;
}

TypeDescription describeInteger(hid_t type)
{
  TypeDescription result;
  const std::size_t bytes = H5Tget_size(type);
  const std::size_t precision = H5Tget_precision(type);
  const bool isSigned = H5Tget_sign(type) == H5T_SGN_2;
  const H5T_order_t order = H5Tget_order(type);
  result.format.bytes = static_cast<std::uint32_t>(bytes);
  result.format.bigEndian = order == H5T_ORDER_BE;
  result.name = withOrder((isSigned ? "int" : "uint") + std::to_string(precision), order, bytes);
  if (bytes == 0 || bytes > 8) {
    result.problem =
        "is of a type that cannot be read: integer of " + std::to_string(precision) + " bits";
    return result;
  }
  const bool plain = precision == 8 * bytes && H5Tget_offset(type) == 0 &&
                     (order == H5T_ORDER_LE || order == H5T_ORDER_BE || bytes == 1);
  if (!plain) {
    result.format.kind = ElementKind::OtherNumber;
  } else if (bytes == 1) {
    result.format.kind = isSigned ? ElementKind::Int8 : ElementKind::UInt8;
  } else if (bytes == 2) {
    result.format.kind = isSigned ? ElementKind::Int16 : ElementKind::UInt16;
  } else if (bytes == 4) {
    result.format.kind = isSigned ? ElementKind::Int32 : ElementKind::UInt32;
  } else if (bytes == 8) {
    result.format.kind = isSigned ? ElementKind::Int64 : ElementKind::UInt64;
  } else {
    result.format.kind = ElementKind::OtherNumber;
  }
  return result;
}

std::string memberName(hid_t type, unsigned index)
{
  const std::unique_ptr<char, herr_t (*)(void*)> name(H5Tget_member_name(type, index),
                                                      H5free_memory);
  return name ? std::string(name.get()).substr(0, 40) : "?";
}

bool isBooleanEnumeration(hid_t type)
{
  if (H5Tget_size(type) != 1 || H5Tget_nmembers(type) != 2)
    return false;
  for (unsigned i = 0; i < 2; ++i) {
    signed char value = -1;
    const std::string name = memberName(type, i);
    if (H5Tget_member_value(type, i, &value) < 0 || (value != 0 && value != 1) ||
        name != (value ? "TRUE" : "FALSE"))
      return false;
  }
  return true;
}

TypeDescription refused(const std::string& name)
{
  TypeDescription result;
  result.name = name;
  result.problem = "is of a type that cannot be read: " + name;
  return result;
}

TypeDescription describeEnumeration(hid_t type)
{
  if (isBooleanEnumeration(type)) {
    TypeDescription result;
    result.format = {ElementKind::Boolean, false, 1};
    result.name = "bool (enumeration)";
    return result;
  }
  return refused("enumeration of " + std::to_string(H5Tget_nmembers(type)) + " names");
}

TypeDescription describeCompound(hid_t type)
{
  const int members = H5Tget_nmembers(type);
  std::string names;
  for (int i = 0; i < members && i < 6; ++i)
    names += (i ? ", " : "") + memberName(type, static_cast<unsigned>(i));
  if (members > 6)
    names += ", …";
  if (names == "r, i")
    return refused("complex number (compound of r, i)");
  return refused("compound of " + names);
}

TypeDescription describeText(hid_t type)
{
  TypeDescription result;
  const bool variable = H5Tis_variable_str(type) > 0;
  const std::size_t bytes = H5Tget_size(type);
  result.format = {ElementKind::Text, false, static_cast<std::uint32_t>(bytes)};
  result.name = variable ? "text" : "text of " + std::to_string(bytes) + " bytes";
  if (!variable && (bytes == 0 || bytes > maxFrameBytes / 2))
    result.problem = "is of a type that cannot be read: " + result.name;
  return result;
}

}  // namespace

TypeDescription describeType(hid_t type)
{
  switch (H5Tget_class(type)) {
    case H5T_FLOAT:
      return describeFloat(type);
    case H5T_INTEGER:
      return describeInteger(type);
    case H5T_ENUM:
      return describeEnumeration(type);
    case H5T_STRING:
      return describeText(type);
    case H5T_COMPOUND:
      return describeCompound(type);
    case H5T_BITFIELD:
      return refused("bit field of " + std::to_string(H5Tget_precision(type)) + " bits");
    case H5T_OPAQUE:
      return refused("opaque bytes");
    case H5T_REFERENCE:
      return refused("reference to other objects");
    case H5T_VLEN:
      return refused("lists of variable length");
    case H5T_ARRAY:
      return refused("array inside each element");
    case H5T_TIME:
      return refused("time");
    default:
      return refused("unknown type");
  }
}

}  // namespace orrery::reader
