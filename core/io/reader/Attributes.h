// Attributes as text, bounded in number and length.
#pragma once

#include "core/io/reader/Protocol.h"

#include <hdf5.h>

#include <string>
#include <vector>

namespace orrery::reader {

/// Those of @p object that are numbers, booleans or text: one value as it is, several as
/// "[a, b, c]". Others, and those that cannot be read, are left out.
Attributes readAttributes(hid_t object);

/// The texts of @p count elements in @p buffer, which the library has filled: pointers for texts of
/// variable length, padded bytes otherwise.
std::vector<std::string> textsFromBuffer(hid_t type, const void* buffer, std::size_t count);

}  // namespace orrery::reader
