#include "core/base/HugePages.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace orrery {

namespace {
constexpr std::uintptr_t hugePage = std::uintptr_t{2} << 20;
}

void adviseHugePages(void* memory, std::size_t bytes)
{
  const auto begin = (reinterpret_cast<std::uintptr_t>(memory) + hugePage - 1) & ~(hugePage - 1);
  const auto end = (reinterpret_cast<std::uintptr_t>(memory) + bytes) & ~(hugePage - 1);
  if (begin < end)
    ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
}

void* allocateHugePages(std::size_t bytes)
{
  bytes = std::max<std::size_t>((bytes + hugePage - 1) & ~(hugePage - 1), hugePage);
  void* memory = std::aligned_alloc(hugePage, bytes);
  if (memory == nullptr)
    throw std::bad_alloc();
  adviseHugePages(memory, bytes);
  return memory;
}

}  // namespace orrery
