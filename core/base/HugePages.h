// Memory that is touched for the first time all at once.
#pragma once

#include <cstddef>

namespace orrery {

/// Asks for huge pages (2 MiB) in the whole ones within @p memory, before its first touch: an
/// ordinary page fault for every 4 kB costs more than what is then done with most large arrays.
/// Only advice: where the system has no huge pages, nothing changes.
void adviseHugePages(void* memory, std::size_t bytes);

/// The same for an Eigen matrix or vector just resized.
template <typename Matrix>
void adviseHugePages(Matrix& matrix)
{
  adviseHugePages(matrix.data(),
                  static_cast<std::size_t>(matrix.size()) * sizeof(typename Matrix::Scalar));
}

}  // namespace orrery
