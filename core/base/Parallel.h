// Loops over all cores whose result does not depend on how many there are.
#pragma once

#include <cstdint>
#include <functional>

namespace orrery {

/// Threads that parallelFor uses, the calling one included. Starts as the number of processors the
/// process may run on; `--threads` sets it. BLAS and LAPACK run on one thread each, always (their
/// own threading changes the bits of results): the first call sees to it.
int threadCount();
void setThreadCount(int count);

/// Calls @p work(begin, end) for consecutive ranges of [0, count) of @p chunk elements (the last
/// may be shorter), in any order, on threadCount() threads, and returns when all are done. The
/// ranges depend on @p count and @p chunk only: a body that writes to its own range, or to a slot
/// of its own (begin / chunk) that the caller then sums in order, gives the same bits for any
/// number of threads. The first exception of a body is rethrown here after the others have ended;
/// no new range is begun after it. May be called from several threads at once and from inside a
/// body (the inner loop then shares the free threads).
void parallelFor(std::int64_t count, std::int64_t chunk,
                 const std::function<void(std::int64_t begin, std::int64_t end)>& work);

}  // namespace orrery
