// What the type of a dataset is, for us and for people.
#pragma once

#include "core/io/reader/Protocol.h"

#include <hdf5.h>

#include <string>

namespace orrery::reader {

struct TypeDescription {
  ElementFormat format;
  std::string name;     ///< "float32", "float64 (big endian)", "compound of r, i" …
  std::string problem;  ///< Why such values cannot be read; empty if they can.
};

TypeDescription describeType(hid_t type);

}  // namespace orrery::reader
