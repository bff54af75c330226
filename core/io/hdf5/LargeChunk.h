// Chunks too large to be undone beside the matrix: undone in small pieces that go straight to their
// places.
#pragma once

#include "core/io/reader/Protocol.h"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace orrery {

/// True for float32 as it lies in memory with at most a shuffle, then deflate, then a checksum.
[[nodiscard]] bool canStream(const reader::MatrixPlan& plan);

/// A run of a chunk's bytes: from byte `first` of its values on; or, shuffled, byte number `plane`
/// of each element from element `first` on.
struct ChunkRun {
  std::uint64_t first = 0;
  int plane = -1;  ///< −1: not shuffled.
  std::span<const std::byte> bytes;
};

/// Undoes @p storedBytes stored bytes, which @p fetch(offset, target) yields, and hands the
/// @p chunkBytes bytes of values to @p place in order. False, with @p problem, if the chunk is
/// damaged (what was placed until then is worthless).
bool streamChunk(const std::vector<reader::FilterStep>& filters, std::uint32_t skippedFilters,
                 std::uint64_t storedBytes, std::uint64_t chunkBytes,
                 const std::function<void(std::uint64_t, std::span<std::byte>)>& fetch,
                 const std::function<void(const ChunkRun&)>& place, std::string& problem);

}  // namespace orrery
