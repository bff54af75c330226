// How a dataset is stored, and whether it can be read at all.
#pragma once

#include "core/io/reader/ElementTypes.h"
#include "core/io/reader/Protocol.h"

#include <hdf5.h>

#include <cstdint>
#include <string>
#include <vector>

namespace orrery::reader {

struct DatasetFacts {
  std::vector<std::uint64_t> shape;
  TypeDescription type;
  H5D_layout_t layout = H5D_LAYOUT_ERROR;
  std::uint64_t storedBytes = 0;
  std::uint64_t elements = 0;
  std::vector<std::uint64_t> chunk;   ///< Chunked layouts: shape of a chunk.
  std::uint64_t chunkBytes = 0;       ///< As values, before filters.
  std::vector<FilterStep> filters;    ///< All of them, if they are known to us.
  bool programUndoesFilters = false;  ///< Filters and type are such that the library is not needed.
  std::uint64_t offset = 0;           ///< Contiguous: where in the file.
  std::string problem;                ///< Why it cannot be read; empty if it can.
};

/// Looks at everything about an open dataset without reading a value. Never opens another file:
/// datasets over other files are recognised by their creation properties first.
/// @p fileSize: what the file really has.
DatasetFacts examineDataset(hid_t dataset, std::uint64_t fileSize);

/// Makes h5py's LZF known to the library, for datasets that it must read itself.
void registerLzf();

}  // namespace orrery::reader
