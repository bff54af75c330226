#include "core/io/hdf5/MatrixDecoding.h"

#include "core/base/Parallel.h"
#include "core/io/ParallelRead.h"
#include "core/io/hdf5/LargeChunk.h"
#include "core/io/reader/ChunkFilters.h"

#include <algorithm>
#include <atomic>
#include <utility>

namespace orrery {
namespace {

using reader::FrameKind;
using reader::Layout;
using reader::MatrixPlan;
using reader::PlannedChunk;

/// Work space for undoing chunks, over all threads, beside a matrix that is small itself.
constexpr std::uint64_t smallWorkSpace = std::uint64_t{48} << 20;

/// Stored chunks that are taken over from the helper before they are undone together.
constexpr std::size_t batchBytes = std::size_t{16} << 20;

/// A rectangle of elements in memory, `stride` elements from row to row, and its place in the
/// file's array.
struct Rectangle {
  const std::byte* elements = nullptr;
  std::int64_t stride = 0;
  std::int64_t row = 0, rows = 0, column = 0, columns = 0;
};

/// The matrix that is being filled. Rectangles that do not overlap may be placed by several
/// threads.
class Target {
 public:
  Target(const MatrixPlan& plan, const ElementFormat& format, FeatureAxis axis)
      : m_rows(static_cast<std::int64_t>(plan.rows)),
        m_columns(static_cast<std::int64_t>(plan.columns)),
        m_format(format),
        m_elementBytes(static_cast<std::int64_t>(elementSize(format.kind))),
        m_axis(axis),
        m_matrix(axis == FeatureAxis::Rows ? allocateMatrix(m_columns, m_rows)
                                           : allocateMatrix(m_rows, m_columns))
  {
  }

  void place(const Rectangle& part)
  {
    if (m_axis == FeatureAxis::Rows)
      placeStraight(part);
    else
      placeTurned(part);
  }

  /// Bytes of a chunk of float32 whose first element has its place at (@p row, @p column) and whose
  /// rows have @p width elements. What lies outside the matrix is dropped.
  void placeBytes(const ChunkRun& run, std::int64_t row, std::int64_t column, std::int64_t width)
  {
    auto* bytes = reinterpret_cast<std::byte*>(m_matrix.data());
    const auto first = static_cast<std::int64_t>(run.plane < 0 ? run.first / 4 : run.first);
    std::int64_t byte = run.plane < 0 ? static_cast<std::int64_t>(run.first % 4) : run.plane;
    std::int64_t r = row + first / width, c = first % width;
    for (const std::byte value : run.bytes) {
      if (r < m_rows && column + c < m_columns) {
        const std::int64_t element =
            m_axis == FeatureAxis::Rows ? r * m_columns + column + c : (column + c) * m_rows + r;
        bytes[4 * element + byte] = value;
      }
      if (run.plane < 0 && ++byte < 4)
        continue;
      byte = std::max(run.plane, 0);
      if (++c == width) {
        c = 0;
        ++r;
      }
    }
  }

  void fill(std::int64_t row, std::int64_t rows, std::int64_t column, std::int64_t columns,
            float value)
  {
    if (m_axis == FeatureAxis::Rows)
      m_matrix.block(column, row, columns, rows).setConstant(value);
    else
      m_matrix.block(row, column, rows, columns).setConstant(value);
  }

  [[nodiscard]] std::int64_t rows() const { return m_rows; }
  [[nodiscard]] std::int64_t columns() const { return m_columns; }
  [[nodiscard]] std::int64_t elementBytes() const { return m_elementBytes; }
  [[nodiscard]] std::int64_t overflowed() const { return m_overflowed; }
  [[nodiscard]] FeatureMatrix takeMatrix() { return std::move(m_matrix); }

 private:
  void placeStraight(const Rectangle& part)
  {
    std::int64_t overflowed = 0;
    for (std::int64_t i = 0; i < part.rows; ++i)
      overflowed += convertToFloat(m_format, part.elements + i * part.stride * m_elementBytes,
                                   part.columns, m_matrix.col(part.row + i).data() + part.column);
    m_overflowed += overflowed;
  }

  void placeTurned(const Rectangle& part)
  {
    // A tile is converted row by row and written column by column: both stay in the first cache.
    constexpr std::int64_t tileRows = 64, tileColumns = 64;
    float tile[tileRows * tileColumns];
    std::int64_t overflowed = 0;
    for (std::int64_t top = 0; top < part.rows; top += tileRows)
      for (std::int64_t left = 0; left < part.columns; left += tileColumns) {
        const std::int64_t height = std::min(tileRows, part.rows - top);
        const std::int64_t width = std::min(tileColumns, part.columns - left);
        for (std::int64_t i = 0; i < height; ++i)
          overflowed += convertToFloat(
              m_format, part.elements + ((top + i) * part.stride + left) * m_elementBytes, width,
              tile + i * tileColumns);
        for (std::int64_t j = 0; j < width; ++j) {
          float* feature = m_matrix.col(part.column + left + j).data() + part.row + top;
          for (std::int64_t i = 0; i < height; ++i)
            feature[i] = tile[i * tileColumns + j];
        }
      }
    m_overflowed += overflowed;
  }

  std::int64_t m_rows;
  std::int64_t m_columns;
  ElementFormat m_format;
  std::int64_t m_elementBytes;
  FeatureAxis m_axis;
  FeatureMatrix m_matrix;
  std::atomic<std::int64_t> m_overflowed{0};
};

/// The grid of chunks: which cell a chunk is, and which have been seen.
class ChunkGrid {
 public:
  explicit ChunkGrid(const MatrixPlan& plan)
      : m_chunkRows(plan.chunkRows),
        m_chunkColumns(plan.chunkColumns),
        m_across((plan.columns + plan.chunkColumns - 1) / plan.chunkColumns),
        m_seen(((plan.rows + plan.chunkRows - 1) / plan.chunkRows) * m_across, false)
  {
  }

  /// False if there is no such cell or it was seen before.
  bool mark(const PlannedChunk& chunk)
  {
    const std::uint64_t row = chunk.row / m_chunkRows, column = chunk.column / m_chunkColumns;
    if (chunk.row % m_chunkRows != 0 || chunk.column % m_chunkColumns != 0 || column >= m_across ||
        row >= m_seen.size() / m_across || m_seen[row * m_across + column])
      return false;
    m_seen[row * m_across + column] = true;
    return true;
  }

  [[nodiscard]] std::int64_t cells() const { return static_cast<std::int64_t>(m_seen.size()); }

  template <typename Visit>
  std::int64_t forEachMissing(const Visit& visit) const
  {
    std::int64_t missing = 0;
    for (std::size_t cell = 0; cell < m_seen.size(); ++cell) {
      if (m_seen[cell])
        continue;
      ++missing;
      visit(static_cast<std::int64_t>(cell / m_across * m_chunkRows),
            static_cast<std::int64_t>(cell % m_across * m_chunkColumns));
    }
    return missing;
  }

 private:
  std::uint64_t m_chunkRows, m_chunkColumns, m_across;
  std::vector<bool> m_seen;
};

class Decoding {
 public:
  Decoding(const ByteSource& source, ReaderProcess& helper, const std::string& dataset,
           const MatrixPlan& plan, const ElementFormat& format, FeatureAxis axis,
           const Progress& progress)
      : m_source(source),
        m_helper(helper),
        m_dataset(dataset),
        m_plan(plan),
        m_progress(progress),
        m_target(plan, format, axis)
  {
  }

  DecodedMatrix run()
  {
    DecodedMatrix result;
    result.fillValue = m_plan.fillValue;
    if (m_plan.layout == Layout::Blocks)
      takeBlocks();
    else
      takeChunks(result);
    result.overflowed = m_target.overflowed();
    result.matrix = m_target.takeMatrix();
    return result;
  }

 private:
  [[noreturn]] void failOnChunk(const PlannedChunk& chunk, const std::string& problem) const
  {
    m_source.fail("dataset '" + displayText(m_dataset) + "' cannot be read: the chunk at row " +
                  std::to_string(chunk.row) + ", column " + std::to_string(chunk.column) +
                  " is damaged: " + problem);
  }

  void takeBlocks()
  {
    std::int64_t done = 0;
    const std::int64_t total = m_target.rows() * m_target.columns();
    ReaderProcess::Frame frame;
    while (m_helper.next(frame)) {
      if (frame.kind != FrameKind::Block)
        m_helper.failOnAnswer("unexpected answer");
      reader::MessageReader message(frame.payload);
      const reader::Block block = readBlock(message);
      if (block.rows > m_plan.rows || block.row > m_plan.rows - block.rows ||
          block.columns > m_plan.columns || block.column > m_plan.columns - block.columns ||
          message.rest().size() !=
              block.rows * block.columns * static_cast<std::uint64_t>(m_target.elementBytes()))
        m_helper.failOnAnswer("a block outside the matrix");
      m_target.place({message.rest().data(), static_cast<std::int64_t>(block.columns),
                      static_cast<std::int64_t>(block.row), static_cast<std::int64_t>(block.rows),
                      static_cast<std::int64_t>(block.column),
                      static_cast<std::int64_t>(block.columns)});
      done += static_cast<std::int64_t>(block.rows * block.columns);
      m_progress.update(std::min(done, total), total);
    }
    if (done != total)
      m_helper.failOnAnswer("the answer does not cover the matrix");
  }

  void takeChunks(DecodedMatrix& result)
  {
    ChunkGrid grid(m_plan);
    result.chunks = grid.cells();
    if (m_plan.layout == Layout::Chunks)
      readPlannedChunks(grid);
    else
      takeRawChunks(grid);
    const auto fill = static_cast<float>(m_plan.fillValue);
    result.missingChunks = grid.forEachMissing([&](std::int64_t row, std::int64_t column) {
      m_target.fill(row, clippedRows(row), column, clippedColumns(column), fill);
    });
  }

  void readPlannedChunks(ChunkGrid& grid)
  {
    std::vector<PlannedChunk> chunks;
    ReaderProcess::Frame frame;
    while (m_helper.next(frame)) {
      if (frame.kind != FrameKind::Chunks)
        m_helper.failOnAnswer("unexpected answer");
      reader::MessageReader message(frame.payload);
      while (!message.rest().empty()) {
        chunks.push_back(readChunk(message));
        checkChunk(chunks.back(), grid);
      }
    }
    // In the order of the file, which is kinder to disks.
    std::sort(chunks.begin(), chunks.end(), [](const PlannedChunk& a, const PlannedChunk& b) {
      return std::pair(a.offset, a.row) < std::pair(b.offset, b.row);
    });
    if (2 * chunkBytes() > workSpace() && canStream(m_plan)) {
      for (const PlannedChunk& chunk : chunks)
        streamPlannedChunk(chunk);
      return;
    }
    decodeAll(chunks.size(), [&](std::size_t i, reader::ChunkDecoder& decoder) -> PlannedChunk& {
      const auto room = decoder.input(chunks[i].bytes);
      m_source.read(chunks[i].offset, room.data(), room.size());
      return chunks[i];
    });
  }

  /// Of a chunk that is too large for the work space.
  void streamPlannedChunk(const PlannedChunk& chunk)
  {
    std::string problem;
    const bool sound = streamChunk(
        m_plan.filters, chunk.skippedFilters, chunk.bytes, chunkBytes(),
        [&](std::uint64_t offset, std::span<std::byte> target) {
          m_progress.checkStopped();
          m_source.read(chunk.offset + offset, target.data(), target.size());
        },
        [&](const ChunkRun& run) {
          m_target.placeBytes(run, static_cast<std::int64_t>(chunk.row),
                              static_cast<std::int64_t>(chunk.column),
                              static_cast<std::int64_t>(m_plan.chunkColumns));
        },
        problem);
    if (!sound)
      failOnChunk(chunk, problem);
    m_progress.update(++m_chunksDone, chunksInGrid());
  }

  void takeRawChunks(ChunkGrid& grid)
  {
    std::vector<PlannedChunk> chunks;
    std::vector<std::vector<std::byte>> stored;
    std::size_t bytes = 0;
    const auto decodeBatch = [&] {
      decodeAll(chunks.size(), [&](std::size_t i, reader::ChunkDecoder& decoder) -> PlannedChunk& {
        const auto room = decoder.input(chunks[i].bytes);
        std::copy(stored[i].begin(), stored[i].end(), room.begin());
        return chunks[i];
      });
      chunks.clear();
      stored.clear();
      bytes = 0;
    };
    ReaderProcess::Frame frame;
    while (m_helper.next(frame)) {
      if (frame.kind != FrameKind::RawChunk)
        m_helper.failOnAnswer("unexpected answer");
      reader::MessageReader message(frame.payload);
      chunks.push_back(readChunk(message));
      if (chunks.back().bytes != message.rest().size())
        m_helper.failOnAnswer("a chunk of another length");
      checkChunk(chunks.back(), grid);
      stored.emplace_back(message.rest().begin(), message.rest().end());
      bytes += stored.back().size();
      if (bytes >= batchBytes)
        decodeBatch();
    }
    decodeBatch();
  }

  void checkChunk(const PlannedChunk& chunk, ChunkGrid& grid) const
  {
    if (!grid.mark(chunk))
      failOnChunk(chunk, "it lies outside the array or is listed twice");
    if (chunk.bytes > reader::ChunkDecoder(m_plan.filters, chunkBytes()).largestStored())
      failOnChunk(chunk, "it stores " + std::to_string(chunk.bytes) + " bytes for " +
                             std::to_string(chunkBytes()) + " bytes of values");
  }

  /// Undoes @p count chunks, fetched by @p fetch(index, decoder), on as many threads as the work
  /// space allows.
  template <typename Fetch>
  void decodeAll(std::size_t count, const Fetch& fetch)
  {
    const auto lanes = static_cast<std::int64_t>(std::clamp<std::uint64_t>(
        workSpace() / (2 * chunkBytes() + 1), 1, static_cast<std::uint64_t>(threadCount())));
    std::atomic<std::size_t> next{0};
    parallelFor(lanes, 1, [&](std::int64_t, std::int64_t) {
      reader::ChunkDecoder decoder(m_plan.filters, chunkBytes());
      for (;;) {
        const std::size_t i = next++;
        if (i >= count)
          return;
        try {
          place(fetch(i, decoder), decoder);
          m_progress.update(++m_chunksDone, chunksInGrid());
        } catch (...) {
          next = count;
          throw;
        }
      }
    });
  }

  void place(const PlannedChunk& chunk, reader::ChunkDecoder& decoder)
  {
    std::string problem;
    const auto values = decoder.decode(chunk.skippedFilters, problem);
    if (values.empty())
      failOnChunk(chunk, problem);
    const auto row = static_cast<std::int64_t>(chunk.row);
    const auto column = static_cast<std::int64_t>(chunk.column);
    m_target.place({values.data(), static_cast<std::int64_t>(m_plan.chunkColumns), row,
                    clippedRows(row), column, clippedColumns(column)});
  }

  [[nodiscard]] std::uint64_t workSpace() const
  {
    return std::max(smallWorkSpace, m_plan.rows * m_plan.columns * sizeof(float) / 3);
  }
  [[nodiscard]] std::uint64_t chunkBytes() const
  {
    return m_plan.chunkRows * m_plan.chunkColumns *
           static_cast<std::uint64_t>(m_target.elementBytes());
  }
  [[nodiscard]] std::int64_t chunksInGrid() const
  {
    return static_cast<std::int64_t>(
        ((m_plan.rows + m_plan.chunkRows - 1) / m_plan.chunkRows) *
        ((m_plan.columns + m_plan.chunkColumns - 1) / m_plan.chunkColumns));
  }
  [[nodiscard]] std::int64_t clippedRows(std::int64_t row) const
  {
    return std::min(static_cast<std::int64_t>(m_plan.chunkRows), m_target.rows() - row);
  }
  [[nodiscard]] std::int64_t clippedColumns(std::int64_t column) const
  {
    return std::min(static_cast<std::int64_t>(m_plan.chunkColumns), m_target.columns() - column);
  }

  const ByteSource& m_source;
  ReaderProcess& m_helper;
  const std::string& m_dataset;
  const MatrixPlan& m_plan;
  const Progress& m_progress;
  Target m_target;
  std::atomic<std::int64_t> m_chunksDone{0};
};

/// What must hold of a plan before anything is allocated by it.
bool isSound(const MatrixPlan& plan, const std::vector<std::int64_t>& shape, std::uint64_t fileSize)
{
  const auto format = decodableFormat(plan.format);
  if (!format || shape.size() != 2 || plan.rows != static_cast<std::uint64_t>(shape[0]) ||
      plan.columns != static_cast<std::uint64_t>(shape[1]))
    return false;
  std::uint64_t bytes = elementSize(format->kind);
  if (!multiplyChecked(bytes, plan.rows, bytes) || !multiplyChecked(bytes, plan.columns, bytes))
    return false;
  switch (plan.layout) {
    case Layout::Contiguous:
      return plan.offset <= fileSize && bytes <= fileSize - plan.offset;
    case Layout::Chunks:
    case Layout::RawChunks: {
      std::uint64_t chunk = elementSize(format->kind);
      return plan.chunkRows > 0 && plan.chunkColumns > 0 &&
             multiplyChecked(chunk, plan.chunkRows, chunk) &&
             multiplyChecked(chunk, plan.chunkColumns, chunk) && chunk <= reader::maxChunkBytes &&
             reader::isDecodable(plan.filters);
    }
    default:
      return true;
  }
}

}  // namespace

std::optional<ElementFormat> decodableFormat(const reader::ElementFormat& format)
{
  if (!isConvertible(format.kind))
    return std::nullopt;
  return ElementFormat{format.kind, format.bigEndian};
}

DecodedMatrix decodeMatrix(const ByteSource& source, ReaderProcess& helper,
                           const std::string& dataset, const std::vector<std::int64_t>& shape,
                           FeatureAxis axis, const Progress& progress)
{
  try {
    ReaderProcess::Frame frame;
    if (!helper.next(frame) || frame.kind != FrameKind::Plan)
      helper.failOnAnswer("no plan");
    reader::MessageReader message(frame.payload);
    const MatrixPlan plan = readPlan(message);
    if (!isSound(plan, shape, source.size()))
      helper.failOnAnswer("an impossible plan");
    const ElementFormat format = *decodableFormat(plan.format);
    if (plan.layout == Layout::Contiguous) {
      DecodedMatrix result;
      const StoredMatrix stored{plan.offset, shape[0], shape[1], format, axis == FeatureAxis::Rows};
      result.matrix = readMatrixParallel(source, stored, progress, &result.overflowed);
      return result;
    }
    return Decoding(source, helper, dataset, plan, format, axis, progress).run();
  } catch (const reader::ProtocolError& error) {
    helper.failOnAnswer(error.what());
  }
}

}  // namespace orrery
