// What the helper found in a file, put in order for the reader above: attributes handed down from
// groups, AnnData's groups recognised as the arrays they stand for.
#pragma once

#include "core/base/Progress.h"
#include "core/io/ByteSource.h"
#include "core/io/TensorFile.h"
#include "core/io/hdf5/ReaderProcess.h"
#include "core/io/reader/Protocol.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace orrery {

/// How a listed name is read.
struct Hdf5Entry {
  enum class Kind { Dataset, Sparse, Categories };

  Kind kind = Kind::Dataset;
  std::uint64_t address = 0;
  reader::ElementFormat format;
  std::uint64_t offset = 0;  ///< Of values in one piece; otherwise 0.
  /// Sparse: compressed along rows (CSR), otherwise along columns. Its parts are listed too.
  bool compressedRows = true;
  std::string pointers, indices, values;
  /// Categories: texts and the index of each element's own.
  std::string codes, categories;
};

struct Hdf5Listing {
  std::string formatName = "HDF5";
  std::vector<TensorInfo> tensors;
  std::map<std::string, Hdf5Entry> entries;  ///< By name.
  std::map<std::string, std::string> metadata;
  std::vector<std::string> notes;
};

Hdf5Listing listHdf5(const ByteSource& source, const ReaderLimits& limits,
                     const Progress& progress);

}  // namespace orrery
