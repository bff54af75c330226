// Other people's HDF5. The HDF5 library never runs in the program: the helper orrery-reader opens
// the file (no plug-ins, no link to another file followed, limits on time and memory), lists it and
// says where the bytes of a matrix lie; the program reads and undoes them itself on all threads. A
// crash of the library is a sentence.
#pragma once

#include "core/io/TensorFile.h"
#include "core/io/hdf5/ReaderProcess.h"

#include <filesystem>
#include <memory>

namespace orrery {

/// The largest matrix, as float32, that a sparse one (AnnData's CSR or CSC) is spread out to.
inline constexpr std::uint64_t maxDenseBytes = std::uint64_t{2} << 30;

/// openHdf5 with limits of one's own, for tests and scripts. What is listed:
/// - every dataset, with the attributes of it and of its groups (the nearest wins), readable or
/// with
///   the reason why not; soft and second hard links as aliases;
/// - AnnData's sparse matrices as the matrix they stand for, under the group's name, and its
///   categorical columns as texts;
/// - links to other files, which are never followed.
std::unique_ptr<TensorFile> openHdf5(const std::filesystem::path& path, const ReaderLimits& limits,
                                     const Progress& progress);

}  // namespace orrery
