// Vectors that are no features: probes, steering vectors, directions found elsewhere.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace orrery {

struct VectorSet {
  FeatureMatrix vectors;           ///< d × m, finite, none of them zero.
  std::vector<std::string> names;  ///< m: of the arrays, the words of the file, or "STEM 3".
  std::vector<std::string> notes;  ///< What was left out or turned, one sentence each.
};

/// Reads every vector of @p dimensions numbers that the file holds: from .npy, .npz, .safetensors
/// and HDF5 all arrays of one dimension (one vector each, named as they are) and of two (a vector
/// per row, or per column where only the columns have that length); from everything else what
/// readDictionary() reads, a vector per feature. At most @p most vectors are taken, and the rest
/// is noted. Vectors that are zero or not finite are left out and noted. Throws Error, naming both
/// numbers, if none has this length.
VectorSet readVectors(const std::filesystem::path& path, std::int64_t dimensions,
                      std::int64_t most = 4096, const Progress& progress = {});

}  // namespace orrery
