// From the helper's plan to a matrix: the bytes are read here, on all threads; chunks are undone
// here too, and only what the HDF5 library alone understands comes from the helper as values.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"
#include "core/io/ByteSource.h"
#include "core/io/Elements.h"
#include "core/io/TensorFile.h"
#include "core/io/hdf5/ReaderProcess.h"
#include "core/io/reader/Protocol.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace orrery {

/// The helper's element formats that we can convert ourselves.
[[nodiscard]] std::optional<ElementFormat> decodableFormat(const reader::ElementFormat& format);

/// Chunks that were never written; they read as the fill value.
struct MissingChunks {
  std::int64_t count = 0;
  std::int64_t all = 0;  ///< Chunks of the whole grid, if the dataset is chunked.
};

struct DecodedMatrix {
  FeatureMatrix matrix;         ///< d × n.
  std::int64_t overflowed = 0;  ///< float64 that became infinite.
  MissingChunks missing;
  double fillValue = 0.0;
};

/// Reads the answer to a Matrix request. @p shape is what the listing said of it: the plan must
/// agree. Peak memory: the matrix, and work space of at most a few chunks. Throws Error, naming
/// dataset and chunk, at any damage.
DecodedMatrix decodeMatrix(const ByteSource& source, ReaderProcess& helper,
                           const std::string& dataset, const std::vector<std::int64_t>& shape,
                           FeatureAxis axis, const Progress& progress);

/// The same for TensorFile::readBlocks: chunked matrices in bands of whole rows of chunks, of some
/// 8 MiB or one row, others that the helper must read as one block.
MissingChunks decodeBlocks(const ByteSource& source, ReaderProcess& helper,
                           const std::string& dataset, const std::vector<std::int64_t>& shape,
                           FeatureAxis axis, const Progress& progress, const TakeBlock& take);

}  // namespace orrery
