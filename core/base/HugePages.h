// Memory that is touched for the first time all at once.
#pragma once

#include <Eigen/Core>

#include <cstddef>
#include <cstdlib>
#include <memory>

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

/// Memory for std::free that begins a huge page, advised. Throws std::bad_alloc.
void* allocateHugePages(std::size_t bytes);

/// Numbers without a value yet that begin a huge page, and so a line of any cache.
template <typename Scalar>
class HugeBuffer {
 public:
  explicit HugeBuffer(Eigen::Index count)
      : m_numbers(static_cast<Scalar*>(
            allocateHugePages(static_cast<std::size_t>(count) * sizeof(Scalar))))
  {
  }

  [[nodiscard]] Scalar* at(Eigen::Index place) { return m_numbers.get() + place; }
  [[nodiscard]] const Scalar* at(Eigen::Index place) const { return m_numbers.get() + place; }

 private:
  struct Free {
    void operator()(Scalar* numbers) const { std::free(numbers); }
  };
  std::unique_ptr<Scalar, Free> m_numbers;
};

}  // namespace orrery
