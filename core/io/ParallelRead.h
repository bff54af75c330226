// Large arrays from a file into memory on all threads, turned and converted on the way.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"
#include "core/io/ByteSource.h"
#include "core/io/Elements.h"
#include "core/io/TensorFile.h"

#include <cstddef>
#include <cstdint>
#include <functional>

namespace orrery {

/// An uninitialised d × n matrix on huge pages where the system has them (asked for before the
/// first touch: an ordinary page fault for every 4 kB costs more than reading them). Throws
/// std::bad_alloc.
[[nodiscard]] FeatureMatrix allocateMatrix(std::int64_t dimensions, std::int64_t features);

/// Reads @p count bytes at @p offset in pieces of 4 MiB on all threads. If @p crc is given, it gets
/// the CRC-32 of the bytes.
void readParallel(const ByteSource& source, std::uint64_t offset, void* target, std::uint64_t count,
                  const Progress& progress, std::uint32_t* crc = nullptr);

/// Where a 2-D array lies: `slow` rows of `fast` elements each, one after the other.
struct StoredMatrix {
  std::uint64_t offset = 0;
  std::int64_t slow = 0;
  std::int64_t fast = 0;
  ElementFormat format;
  /// Each slow row is one feature; otherwise each fast column is, and the matrix is turned.
  bool featuresAreSlow = true;

  [[nodiscard]] std::int64_t features() const { return featuresAreSlow ? slow : fast; }
  [[nodiscard]] std::int64_t dimensions() const { return featuresAreSlow ? fast : slow; }
};

/// Reads a stored matrix as d × n. Besides the result it needs a few MiB for each thread. @p crc
/// as above; @p overflowed is increased by the number of float64 that do not fit.
[[nodiscard]] FeatureMatrix readMatrixParallel(const ByteSource& source, const StoredMatrix& matrix,
                                               const Progress& progress,
                                               std::int64_t* overflowed = nullptr,
                                               std::uint32_t* crc = nullptr);

/// The same where the bytes come one after the other (a compressed member): @p next(target, count)
/// yields the next @p count bytes. Offset is not used.
[[nodiscard]] FeatureMatrix readMatrixInOrder(
    const std::function<void(void* target, std::size_t count)>& next, const StoredMatrix& matrix,
    const Progress& progress, std::int64_t* overflowed = nullptr);

/// Reads a stored matrix in blocks of some 4 MiB (see TensorFile::readBlocks), one after the other,
/// each on all threads. Memory: one block.
void readBlocksParallel(const ByteSource& source, const StoredMatrix& matrix,
                        const Progress& progress, const TakeBlock& take,
                        std::uint32_t* crc = nullptr);

/// The same where the bytes come one after the other.
void readBlocksInOrder(const std::function<void(void* target, std::size_t count)>& next,
                       const StoredMatrix& matrix, const Progress& progress, const TakeBlock& take);

}  // namespace orrery
