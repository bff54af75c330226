#include "core/io/ParallelRead.h"

#include "core/base/HugePages.h"
#include "core/base/Parallel.h"
#include "core/io/Crc32.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <memory>
#include <new>
#include <vector>

namespace orrery {
namespace {

constexpr std::int64_t pieceBytes = std::int64_t{2} << 20;
/// Pieces that pass through a buffer, to be converted or turned, are better the size of a cache.
constexpr std::int64_t bufferedPieceBytes = std::int64_t{1} << 20;
/// Read and summed at a time: small enough to be summed out of a core's cache.
constexpr std::size_t summedBytes = std::size_t{1} << 18;
/// A block that is handed on and dropped.
constexpr std::int64_t blockBytes = std::int64_t{4} << 20;

/// Columns turned at a time: with up to 64 rows of them they stay in the first-level cache's
/// neighbourhood, and each write is a run of a feature's neighbouring elements.
constexpr std::int64_t tileColumns = 128;

/// The CRC of pieces that were summed one by one, in order.
class PieceCrc {
 public:
  PieceCrc(std::uint32_t* result, std::int64_t pieces) : m_result(result)
  {
    if (m_result)
      m_pieces.resize(static_cast<std::size_t>(pieces));
  }
  /// Reads a piece and sums it if that is wanted: part by part, while a part is in the cache.
  void read(std::int64_t piece, const ByteSource& source, std::uint64_t offset, void* target,
            std::size_t count)
  {
    if (!m_result) {
      source.read(offset, target, count);
      return;
    }
    std::uint32_t crc = 0;
    for (std::size_t done = 0; done < count; done += summedBytes) {
      std::byte* part = static_cast<std::byte*>(target) + done;
      const std::size_t bytes = std::min(summedBytes, count - done);
      source.read(offset + done, part, bytes);
      crc = crc32Of(crc, part, bytes);
    }
    m_pieces[static_cast<std::size_t>(piece)] = {crc, count};
  }
  void finish() const
  {
    if (!m_result)
      return;
    *m_result = 0;
    for (const auto& [sum, count] : m_pieces)
      *m_result = joinCrc(*m_result, sum, count);
  }

 private:
  std::uint32_t* m_result;
  std::vector<std::pair<std::uint32_t, std::size_t>> m_pieces;
};

/// Counts what is done over all threads.
class SharedProgress {
 public:
  SharedProgress(const Progress& progress, std::int64_t total)
      : m_progress(progress), m_total(total)
  {
  }
  void add(std::int64_t count) { m_progress.update(m_done += count, m_total); }

 private:
  const Progress& m_progress;
  std::int64_t m_total;
  std::atomic<std::int64_t> m_done{0};
};

bool readsStraight(const StoredMatrix& stored)
{
  return stored.featuresAreSlow && stored.format.kind == ElementKind::Float32 &&
         !stored.format.bigEndian;
}

/// Memory that is not zeroed first, and only grows.
struct Buffer {
  std::byte* atLeast(std::size_t wanted)
  {
    if (wanted > capacity) {
      bytes = std::make_unique_for_overwrite<std::byte[]>(wanted);
      capacity = wanted;
    }
    return bytes.get();
  }

  std::unique_ptr<std::byte[]> bytes;
  std::size_t capacity = 0;
};

/// How a stored matrix is cut: pieces of whole rows, or where one row is longer than a piece, of
/// parts of one row. Pieces follow each other in the file.
struct Cut {
  explicit Cut(const StoredMatrix& stored)
  {
    const auto size = static_cast<std::int64_t>(elementSize(stored.format.kind));
    const std::int64_t elements = (readsStraight(stored) ? pieceBytes : bufferedPieceBytes) / size;
    if (stored.fast > elements) {
      parts = (stored.fast + elements - 1) / elements;
      columns = elements;
    } else {
      // A turned matrix wants a cache line of rows in each piece, if that takes no more than 16
      // MiB.
      const std::int64_t fast = std::max<std::int64_t>(stored.fast, 1);
      const std::int64_t fewest =
          stored.featuresAreSlow ? 1 : std::clamp<std::int64_t>(16 * elements / fast, 1, 16);
      rows = std::max(fewest, elements / fast);
      columns = stored.fast;
    }
    pieces = (stored.slow + rows - 1) / rows * parts;
  }

  std::int64_t rows = 1;
  std::int64_t columns = 0;
  std::int64_t parts = 1;
  std::int64_t pieces = 0;
};

struct Piece {
  Piece(const Cut& cut, const StoredMatrix& stored, std::int64_t index)
      : firstRow(index / cut.parts * cut.rows),
        firstColumn(index % cut.parts * cut.columns),
        rows(std::min(cut.rows, stored.slow - firstRow)),
        columns(std::min(cut.columns, stored.fast - firstColumn))
  {
  }
  [[nodiscard]] std::int64_t elements() const { return rows * columns; }

  std::int64_t firstRow, firstColumn, rows, columns;
};

/// Puts the elements of a piece to their places in the turned matrix.
std::int64_t placeTurned(const std::byte* bytes, const Piece& piece, const StoredMatrix& stored,
                         float* target)
{
  const auto size = static_cast<std::int64_t>(elementSize(stored.format.kind));
  constexpr std::int64_t tileRows = 64;
  float tile[tileRows * tileColumns];
  std::int64_t overflowed = 0;
  for (std::int64_t row = 0; row < piece.rows; row += tileRows) {
    const std::int64_t height = std::min(tileRows, piece.rows - row);
    for (std::int64_t column = 0; column < piece.columns; column += tileColumns) {
      const std::int64_t width = std::min(tileColumns, piece.columns - column);
      for (std::int64_t i = 0; i < height; ++i)
        overflowed +=
            convertToFloat(stored.format, bytes + ((row + i) * piece.columns + column) * size,
                           width, tile + i * tileColumns);
      for (std::int64_t j = 0; j < width; ++j) {
        float* feature =
            target + (piece.firstColumn + column + j) * stored.slow + piece.firstRow + row;
        for (std::int64_t i = 0; i < height; ++i)
          feature[i] = tile[i * tileColumns + j];
      }
    }
  }
  return overflowed;
}

/// Reads every piece by @p fetch(piece, target, bytes) straight to its place or through a buffer.
template <typename Fetch>
std::int64_t readPiece(const Cut& cut, const StoredMatrix& stored, std::int64_t index,
                       float* target, Buffer& buffer, const Fetch& fetch)
{
  const Piece piece(cut, stored, index);
  const auto bytes = static_cast<std::size_t>(piece.elements()) * elementSize(stored.format.kind);
  float* place = target + piece.firstRow * stored.fast + piece.firstColumn;
  if (readsStraight(stored)) {
    fetch(piece, place, bytes);
    return 0;
  }
  std::byte* raw = buffer.atLeast(bytes);
  fetch(piece, raw, bytes);
  if (stored.featuresAreSlow)
    return convertToFloat(stored.format, raw, piece.elements(), place);
  return placeTurned(raw, piece, stored, target);
}

/// Cuts a stored matrix into runs of whole rows, has each read by @p read(part) and hands it on.
template <typename Read>
void forEachBlock(const StoredMatrix& stored, const Progress& progress, const TakeBlock& take,
                  const Read& read)
{
  const std::int64_t rowElements = std::max<std::int64_t>(stored.fast, 1);
  const std::int64_t rows = std::max<std::int64_t>(
      1, blockBytes / static_cast<std::int64_t>(sizeof(float)) / rowElements);
  StoredMatrix part = stored;
  for (std::int64_t first = 0; first < stored.slow; first += rows) {
    part.slow = std::min(rows, stored.slow - first);
    part.offset = stored.offset +
                  static_cast<std::uint64_t>(first * stored.fast) * elementSize(stored.format.kind);
    take(stored.featuresAreSlow ? MatrixBlock{0, first, read(part)}
                                : MatrixBlock{first, 0, read(part)});
    progress.update(first + part.slow, stored.slow);
  }
}

}  // namespace

FeatureMatrix allocateMatrix(std::int64_t dimensions, std::int64_t features)
{
  std::uint64_t elements = 0;
  if (dimensions < 0 || features < 0 ||
      !multiplyChecked(static_cast<std::uint64_t>(dimensions), static_cast<std::uint64_t>(features),
                       elements) ||
      elements > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) / 4)
    throw std::bad_alloc();
  FeatureMatrix matrix(dimensions, features);
  adviseHugePages(matrix.data(), static_cast<std::size_t>(elements) * sizeof(float));
  return matrix;
}

void readParallel(const ByteSource& source, std::uint64_t offset, void* target, std::uint64_t count,
                  const Progress& progress, std::uint32_t* crc)
{
  const auto total = static_cast<std::int64_t>(count);
  PieceCrc sum(crc, (total + pieceBytes - 1) / pieceBytes);
  SharedProgress done(progress, total);
  adviseHugePages(target, count);
  parallelFor(total, pieceBytes, [&](std::int64_t begin, std::int64_t end) {
    progress.checkStopped();
    std::byte* place = static_cast<std::byte*>(target) + begin;
    const auto bytes = static_cast<std::size_t>(end - begin);
    sum.read(begin / pieceBytes, source, offset + static_cast<std::uint64_t>(begin), place, bytes);
    done.add(end - begin);
  });
  sum.finish();
}

FeatureMatrix readMatrixParallel(const ByteSource& source, const StoredMatrix& stored,
                                 const Progress& progress, std::int64_t* overflowed,
                                 std::uint32_t* crc)
{
  FeatureMatrix matrix = allocateMatrix(stored.dimensions(), stored.features());
  const Cut cut(stored);
  PieceCrc sum(crc, cut.pieces);
  SharedProgress done(progress, stored.slow * stored.fast);
  std::atomic<std::int64_t> tooLarge{0};
  const auto size = static_cast<std::uint64_t>(elementSize(stored.format.kind));
  parallelFor(cut.pieces, 1, [&](std::int64_t index, std::int64_t) {
    progress.checkStopped();
    Buffer buffer;
    tooLarge += readPiece(cut, stored, index, matrix.data(), buffer,
                          [&](const Piece& piece, void* target, std::size_t bytes) {
                            const auto first = static_cast<std::uint64_t>(
                                piece.firstRow * stored.fast + piece.firstColumn);
                            sum.read(index, source, stored.offset + first * size, target, bytes);
                          });
    done.add(Piece(cut, stored, index).elements());
  });
  sum.finish();
  if (overflowed)
    *overflowed += tooLarge;
  return matrix;
}

FeatureMatrix readMatrixInOrder(const std::function<void(void*, std::size_t)>& next,
                                const StoredMatrix& stored, const Progress& progress,
                                std::int64_t* overflowed)
{
  FeatureMatrix matrix = allocateMatrix(stored.dimensions(), stored.features());
  const Cut cut(stored);
  Buffer buffer;
  std::int64_t tooLarge = 0;
  for (std::int64_t index = 0; index < cut.pieces; ++index) {
    tooLarge +=
        readPiece(cut, stored, index, matrix.data(), buffer,
                  [&](const Piece&, void* target, std::size_t bytes) { next(target, bytes); });
    progress.update(index + 1, cut.pieces);
  }
  if (overflowed)
    *overflowed += tooLarge;
  return matrix;
}

void readBlocksParallel(const ByteSource& source, const StoredMatrix& stored,
                        const Progress& progress, const TakeBlock& take, std::uint32_t* crc)
{
  const Progress within(progress.stopToken(), {});
  if (crc)
    *crc = 0;
  forEachBlock(stored, progress, take, [&](const StoredMatrix& part) {
    std::uint32_t sum = 0;
    FeatureMatrix values = readMatrixParallel(source, part, within, nullptr, crc ? &sum : nullptr);
    if (crc)
      *crc = joinCrc(
          *crc, sum,
          static_cast<std::uint64_t>(part.slow * part.fast) * elementSize(part.format.kind));
    return values;
  });
}

void readBlocksInOrder(const std::function<void(void*, std::size_t)>& next,
                       const StoredMatrix& stored, const Progress& progress, const TakeBlock& take)
{
  const Progress within(progress.stopToken(), {});
  forEachBlock(stored, progress, take,
               [&](const StoredMatrix& part) { return readMatrixInOrder(next, part, within); });
}

}  // namespace orrery
