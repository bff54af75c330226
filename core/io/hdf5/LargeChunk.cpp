#include "core/io/hdf5/LargeChunk.h"

#include "core/io/reader/ChunkFilters.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <optional>
#include <utility>

namespace orrery {
namespace {

using reader::Filter;
using reader::FilterStep;

constexpr std::size_t windowBytes = std::size_t{1} << 20;
constexpr std::uint64_t elementBytes = 4;

/// A zlib stream that is undone window by window.
class InflateStream {
 public:
  InflateStream()
  {
    if (inflateInit(&m_stream) != Z_OK)
      throw std::bad_alloc();
  }
  ~InflateStream() { inflateEnd(&m_stream); }
  InflateStream(const InflateStream&) = delete;
  InflateStream& operator=(const InflateStream&) = delete;

  /// Undoes what it can of @p source into @p target; both are advanced. False if damaged.
  bool advance(std::span<const std::byte>& source, std::span<std::byte>& target)
  {
    // zlib does not write through next_in.
    m_stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(source.data()));
    m_stream.avail_in = static_cast<uInt>(source.size());
    m_stream.next_out = reinterpret_cast<Bytef*>(target.data());
    m_stream.avail_out = static_cast<uInt>(target.size());
    const int result = ::inflate(&m_stream, Z_NO_FLUSH);
    source = source.last(m_stream.avail_in);
    target = target.last(m_stream.avail_out);
    m_ended = result == Z_STREAM_END;
    return m_ended || result == Z_OK || result == Z_BUF_ERROR;
  }
  [[nodiscard]] bool ended() const { return m_ended; }

 private:
  z_stream m_stream{};
  bool m_ended = false;
};

/// Hands values on, cut where a plane of bytes ends.
class Placer {
 public:
  Placer(bool shuffled, std::uint64_t chunkBytes, const std::function<void(const ChunkRun&)>& place)
      : m_shuffled(shuffled), m_chunkBytes(chunkBytes), m_place(place)
  {
  }

  /// False if there is more than the chunk holds.
  bool put(std::span<const std::byte> bytes)
  {
    if (bytes.size() > m_chunkBytes - m_done)
      return false;
    const std::uint64_t count = m_chunkBytes / elementBytes;
    while (m_shuffled && !bytes.empty()) {
      const std::uint64_t plane = m_done / count, first = m_done % count;
      const auto run = bytes.first(std::min<std::uint64_t>(bytes.size(), count - first));
      m_place({first, static_cast<int>(plane), run});
      m_done += run.size();
      bytes = bytes.subspan(run.size());
    }
    if (!bytes.empty())
      m_place({m_done, -1, bytes});
    m_done += bytes.size();
    return true;
  }
  [[nodiscard]] bool complete() const { return m_done == m_chunkBytes; }

 private:
  bool m_shuffled;
  std::uint64_t m_chunkBytes;
  const std::function<void(const ChunkRun&)>& m_place;
  std::uint64_t m_done = 0;
};

/// What is left of a pipeline for one chunk.
struct Steps {
  bool shuffle = false, deflate = false, checksum = false;
};

Steps stepsOf(const std::vector<FilterStep>& filters, std::uint32_t skipped)
{
  Steps steps;
  for (std::size_t i = 0; i < filters.size(); ++i) {
    if ((skipped >> i) & 1u)
      continue;
    steps.shuffle = steps.shuffle || filters[i].filter == Filter::Shuffle;
    steps.deflate = steps.deflate || filters[i].filter == Filter::Deflate;
    steps.checksum = steps.checksum || filters[i].filter == Filter::Fletcher32;
  }
  return steps;
}

}  // namespace

bool canStream(const reader::MatrixPlan& plan)
{
  if (plan.format.kind != reader::ElementKind::Float32 || plan.format.bigEndian)
    return false;
  // Each at most once, in this order.
  int last = 0;
  for (const FilterStep& step : plan.filters) {
    const int place = step.filter == Filter::Shuffle      ? 1
                      : step.filter == Filter::Deflate    ? 2
                      : step.filter == Filter::Fletcher32 ? 3
                                                          : 0;
    if (place <= last || (place == 1 && step.elementBytes != elementBytes))
      return false;
    last = place;
  }
  return true;
}

bool streamChunk(const std::vector<FilterStep>& filters, std::uint32_t skippedFilters,
                 std::uint64_t storedBytes, std::uint64_t chunkBytes,
                 const std::function<void(std::uint64_t, std::span<std::byte>)>& fetch,
                 const std::function<void(const ChunkRun&)>& place, std::string& problem)
{
  const Steps steps = stepsOf(filters, skippedFilters);
  if (steps.checksum && storedBytes < 4) {
    problem = "its checksum is missing";
    return false;
  }
  const std::uint64_t dataBytes = storedBytes - (steps.checksum ? 4 : 0);
  std::vector<std::byte> stored(windowBytes), undone(steps.deflate ? windowBytes : 0);
  Placer placer(steps.shuffle, chunkBytes, place);
  std::optional<InflateStream> stream;
  if (steps.deflate)
    stream.emplace();
  reader::Fletcher32 checksum;
  bool tooMuch = false;
  for (std::uint64_t offset = 0; offset < dataBytes && !tooMuch;) {
    const auto window =
        std::span(stored).first(std::min<std::uint64_t>(windowBytes, dataBytes - offset));
    fetch(offset, window);
    offset += window.size();
    if (steps.checksum)
      checksum.add(window);
    if (!steps.deflate) {
      tooMuch = !placer.put(window);
      continue;
    }
    std::span<const std::byte> rest = window;
    bool more = !stream->ended();
    while (more) {
      std::span<std::byte> room = undone;
      if (!stream->advance(rest, room)) {
        problem = "its compressed data are damaged (deflate)";
        return false;
      }
      tooMuch = !placer.put(std::span(undone).first(undone.size() - room.size()));
      // Room left over means that all input was taken.
      more = room.empty() && !tooMuch && !stream->ended();
    }
  }
  if (tooMuch)
    problem = "it holds more than the " + std::to_string(chunkBytes) + " bytes expected";
  else if (steps.deflate && !stream->ended())
    problem = "its compressed data end early";
  else if (!placer.complete())
    problem = "it holds less than the " + std::to_string(chunkBytes) + " bytes expected";
  else if (steps.checksum) {
    std::byte last[4];
    fetch(dataBytes, last);
    if (checksum.matches(last))
      return true;
    problem = "its checksum is wrong";
  } else {
    return true;
  }
  return false;
}

}  // namespace orrery
