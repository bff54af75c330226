#include "core/base/HugePages.h"

#include <sys/mman.h>

#include <cstdint>

namespace orrery {

void adviseHugePages(void* memory, std::size_t bytes)
{
  constexpr std::uintptr_t hugePage = std::uintptr_t{2} << 20;
  const auto begin = (reinterpret_cast<std::uintptr_t>(memory) + hugePage - 1) & ~(hugePage - 1);
  const auto end = (reinterpret_cast<std::uintptr_t>(memory) + bytes) & ~(hugePage - 1);
  if (begin < end)
    ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
}

}  // namespace orrery
