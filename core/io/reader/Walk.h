// The listing of a file: every name in it, without ever leaving the file.
#pragma once

#include "core/io/reader/Protocol.h"

#include <hdf5.h>

#include <cstdint>
#include <functional>
#include <string>

namespace orrery::reader {

struct WalkReceiver {
  std::function<void(const ListedObject&)> object;
  std::function<void(const std::string&)> note;
};

/// Visits all objects below the root, each once (by its address), groups before what is in them and
/// the names of a group in order. External links are listed and not followed; soft links inside the
/// file are resolved over at most 16 of them. Ends, with a note, at the caps on number and depth.
void walkFile(hid_t file, std::uint64_t fileSize, const WalkReceiver& receiver);

}  // namespace orrery::reader
