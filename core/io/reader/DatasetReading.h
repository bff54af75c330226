// The values of one dataset, on their way to the program.
#pragma once

#include "core/io/reader/Protocol.h"

#include <hdf5.h>

#include <cstdint>
#include <functional>
#include <string>

namespace orrery::reader {

/// Sends one frame.
using Send = std::function<void(FrameKind, const std::string&)>;

/// A matrix: a plan, and where the program cannot read the bytes by itself, its chunks or blocks.
/// Throws Failure if the dataset is none or cannot be read.
void sendMatrix(hid_t file, std::uint64_t fileSize, const Request& request, const Send& send);

/// All elements of a numeric dataset in C order, as blocks of doubles.
void sendNumbers(hid_t file, std::uint64_t fileSize, const Request& request, const Send& send);

/// All elements of a dataset of texts in C order.
void sendStrings(hid_t file, std::uint64_t fileSize, const Request& request, const Send& send);

}  // namespace orrery::reader
