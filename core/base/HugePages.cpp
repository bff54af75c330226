#include "core/base/HugePages.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace orrery {

namespace {
constexpr std::uintptr_t smallPage = 4096, hugePage = std::uintptr_t{2} << 20;
}

void adviseHugePages(void* memory, std::size_t bytes)
{
  // From the page that the memory begins in: a large block of malloc's begins a mapping, a few
  // bytes before its memory, and the system places large mappings at huge pages. Rounded up, the
  // first would be lost.
  const auto begin = reinterpret_cast<std::uintptr_t>(memory) & ~(smallPage - 1);
  const auto end = (reinterpret_cast<std::uintptr_t>(memory) + bytes) & ~(smallPage - 1);
  if (begin + hugePage <= end)
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
