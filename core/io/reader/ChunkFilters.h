// Undoing what HDF5's filters did to a chunk. Damaged input gives false or an exact message, never
// a write outside the target: these functions read strangers' bytes.
#pragma once

#include "core/io/reader/Protocol.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

struct libdeflate_decompressor;

namespace orrery::reader {

/// Puts the bytes of elements together again that the shuffle filter sorted by their place in the
/// element. Bytes past the last whole element stay. Same size; the two must not overlap.
void unshuffle(std::span<const std::byte> source, std::uint32_t elementBytes, std::byte* target);

/// HDF5's variant of Fletcher's checksum: big-endian 16-bit words, an odd last byte as the upper
/// half of a word.
class Fletcher32 {
 public:
  /// All pieces but the last must have an even number of bytes.
  void add(std::span<const std::byte> bytes);
  /// Whether it is the checksum stored in these four bytes.
  [[nodiscard]] bool matches(std::span<const std::byte, 4> stored) const;

 private:
  std::uint32_t m_sum = 0;
  std::uint32_t m_sumOfSums = 0;
};

/// LZF (Lehmann's format as h5py stores it). True if @p target is filled exactly.
bool decompressLzf(std::span<const std::byte> source, std::span<std::byte> target);

/// Undoes zlib streams, one after another.
class Inflater {
 public:
  Inflater();

  /// True if @p target is filled exactly; otherwise @p problem says what is wrong.
  bool inflate(std::span<const std::byte> source, std::span<std::byte> target,
               std::string& problem);

 private:
  std::unique_ptr<libdeflate_decompressor, void (*)(libdeflate_decompressor*)> m_decompressor;
};

/// True for the pipelines that ChunkDecoder undoes: shuffle and checksum in any order, then at most
/// one compressor, then checksums only (so that every size between two filters is known).
bool isDecodable(std::span<const FilterStep> filters);

/// Undoes a filter pipeline on one chunk after another, with buffers that are kept.
class ChunkDecoder {
 public:
  /// @p chunkBytes: what a whole chunk takes undone.
  ChunkDecoder(std::vector<FilterStep> filters, std::uint64_t chunkBytes);

  /// The most that a stored chunk may take: filters may grow data that do not compress, a little.
  [[nodiscard]] std::uint64_t largestStored() const;

  /// The room for a stored chunk of @p bytes; valid until the next call.
  std::span<std::byte> input(std::uint64_t bytes);

  /// Undoes the filters on what was put into input(): all but those whose bit is set in
  /// @p skipped. The result, valid until the next call, is empty if the chunk is damaged, and @p
  /// problem says how.
  std::span<const std::byte> decode(std::uint32_t skipped, std::string& problem);

 private:
  bool undo(const FilterStep& step, std::uint64_t sizeBefore, std::string& problem);

  std::vector<FilterStep> m_filters;
  Inflater m_inflater;
  std::uint64_t m_chunkBytes;
  std::vector<std::byte> m_current;
  std::vector<std::byte> m_next;
  std::size_t m_size = 0;  ///< Bytes of m_current in use.
};

}  // namespace orrery::reader
