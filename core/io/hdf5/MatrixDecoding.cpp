#include "core/io/hdf5/MatrixDecoding.h"

#include "core/base/Parallel.h"
#include "core/io/ParallelRead.h"
#include "core/io/hdf5/LargeChunk.h"
#include "core/io/reader/ChunkFilters.h"

#include <algorithm>
#include <atomic>
#include <span>
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

/// What reading a dataset needs to know of it.
struct Dataset {
  const ByteSource& source;
  ReaderProcess& helper;
  const std::string& name;
  const MatrixPlan& plan;  ///< Of the whole.
  ElementFormat format;
  FeatureAxis axis;

  [[noreturn]] void failOnChunk(const PlannedChunk& chunk, const std::string& problem) const
  {
    source.fail("dataset '" + displayText(name) + "' cannot be read: the chunk at row " +
                std::to_string(chunk.row) + ", column " + std::to_string(chunk.column) +
                " is damaged: " + problem);
  }

  [[nodiscard]] std::uint64_t chunkBytes() const
  {
    return plan.chunkRows * plan.chunkColumns *
           static_cast<std::uint64_t>(elementSize(format.kind));
  }

  void checkChunk(const PlannedChunk& chunk, ChunkGrid& grid) const
  {
    if (!grid.mark(chunk))
      failOnChunk(chunk, "it lies outside the array or is listed twice");
    if (chunk.bytes > reader::ChunkDecoder(plan.filters, chunkBytes()).largestStored())
      failOnChunk(chunk, "it stores " + std::to_string(chunk.bytes) + " bytes for " +
                             std::to_string(chunkBytes()) + " bytes of values");
  }

  /// The helper's list of all chunks.
  [[nodiscard]] std::vector<PlannedChunk> takePlannedChunks(ChunkGrid& grid) const
  {
    std::vector<PlannedChunk> chunks;
    ReaderProcess::Frame frame;
    while (helper.next(frame)) {
      if (frame.kind != FrameKind::Chunks)
        helper.failOnAnswer("unexpected answer");
      reader::MessageReader message(frame.payload);
      while (!message.rest().empty()) {
        chunks.push_back(readChunk(message));
        checkChunk(chunks.back(), grid);
      }
    }
    return chunks;
  }

  /// Calls @p take(chunk, bytes) for every chunk that the helper sends, row by row.
  template <typename Take>
  void forEachRawChunk(ChunkGrid& grid, const Take& take) const
  {
    ReaderProcess::Frame frame;
    while (helper.next(frame)) {
      if (frame.kind != FrameKind::RawChunk)
        helper.failOnAnswer("unexpected answer");
      reader::MessageReader message(frame.payload);
      const PlannedChunk chunk = readChunk(message);
      if (chunk.bytes != message.rest().size())
        helper.failOnAnswer("a chunk of another length");
      checkChunk(chunk, grid);
      take(chunk, message.rest());
    }
  }
};

class Decoding {
 public:
  /// Of the whole, or of a band: @p plan differs in its rows, which begin at @p firstRow.
  Decoding(const Dataset& dataset, const MatrixPlan& plan, std::int64_t firstRow,
           const Progress& progress)
      : m_dataset(dataset),
        m_plan(plan),
        m_firstRow(firstRow),
        m_progress(progress),
        m_target(plan, dataset.format, dataset.axis)
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

  /// The band's chunks: where they lie, or with their @p stored bytes.
  DecodedMatrix run(std::vector<PlannedChunk> chunks,
                    const std::vector<std::vector<std::byte>>& stored)
  {
    ChunkGrid grid(m_plan);
    DecodedMatrix result;
    result.missing.all = grid.cells();
    for (PlannedChunk& chunk : chunks) {
      chunk.row -= static_cast<std::uint64_t>(m_firstRow);
      grid.mark(chunk);
    }
    if (m_plan.layout == Layout::Chunks)
      decodePlanned(chunks);
    else
      decodeStored(chunks, stored);
    fillMissing(grid, result);
    result.matrix = m_target.takeMatrix();
    return result;
  }

 private:
  void takeBlocks()
  {
    std::int64_t done = 0;
    const std::int64_t total = m_target.rows() * m_target.columns();
    ReaderProcess::Frame frame;
    while (m_dataset.helper.next(frame)) {
      if (frame.kind != FrameKind::Block)
        m_dataset.helper.failOnAnswer("unexpected answer");
      reader::MessageReader message(frame.payload);
      const reader::Block block = readBlock(message);
      if (block.rows > m_plan.rows || block.row > m_plan.rows - block.rows ||
          block.columns > m_plan.columns || block.column > m_plan.columns - block.columns ||
          message.rest().size() !=
              block.rows * block.columns * static_cast<std::uint64_t>(m_target.elementBytes()))
        m_dataset.helper.failOnAnswer("a block outside the matrix");
      m_target.place({message.rest().data(), static_cast<std::int64_t>(block.columns),
                      static_cast<std::int64_t>(block.row), static_cast<std::int64_t>(block.rows),
                      static_cast<std::int64_t>(block.column),
                      static_cast<std::int64_t>(block.columns)});
      done += static_cast<std::int64_t>(block.rows * block.columns);
      m_progress.update(std::min(done, total), total);
    }
    if (done != total)
      m_dataset.helper.failOnAnswer("the answer does not cover the matrix");
  }

  void takeChunks(DecodedMatrix& result)
  {
    ChunkGrid grid(m_plan);
    result.missing.all = grid.cells();
    if (m_plan.layout == Layout::Chunks)
      decodePlanned(m_dataset.takePlannedChunks(grid));
    else
      takeRawChunks(grid);
    fillMissing(grid, result);
  }

  void fillMissing(const ChunkGrid& grid, DecodedMatrix& result)
  {
    const auto fill = static_cast<float>(m_plan.fillValue);
    result.missing.count = grid.forEachMissing([&](std::int64_t row, std::int64_t column) {
      m_target.fill(row, clippedRows(row), column, clippedColumns(column), fill);
    });
  }

  void decodePlanned(std::vector<PlannedChunk> chunks)
  {
    // In the order of the file, which is kinder to disks.
    std::sort(chunks.begin(), chunks.end(), [](const PlannedChunk& a, const PlannedChunk& b) {
      return std::pair(a.offset, a.row) < std::pair(b.offset, b.row);
    });
    if (2 * m_dataset.chunkBytes() > workSpace() && canStream(m_plan)) {
      for (const PlannedChunk& chunk : chunks)
        streamPlannedChunk(chunk);
      return;
    }
    decodeAll(chunks.size(), [&](std::size_t i, reader::ChunkDecoder& decoder) -> PlannedChunk& {
      const auto room = decoder.input(chunks[i].bytes);
      m_dataset.source.read(chunks[i].offset, room.data(), room.size());
      return chunks[i];
    });
  }

  void decodeStored(const std::vector<PlannedChunk>& chunks,
                    const std::vector<std::vector<std::byte>>& stored)
  {
    decodeAll(chunks.size(),
              [&](std::size_t i, reader::ChunkDecoder& decoder) -> const PlannedChunk& {
                const auto room = decoder.input(chunks[i].bytes);
                std::copy(stored[i].begin(), stored[i].end(), room.begin());
                return chunks[i];
              });
  }

  [[noreturn]] void failOnChunk(PlannedChunk chunk, const std::string& problem) const
  {
    chunk.row += static_cast<std::uint64_t>(m_firstRow);
    m_dataset.failOnChunk(chunk, problem);
  }

  /// Of a chunk that is too large for the work space.
  void streamPlannedChunk(const PlannedChunk& chunk)
  {
    std::string problem;
    const bool sound = streamChunk(
        m_plan.filters, chunk.skippedFilters, chunk.bytes, m_dataset.chunkBytes(),
        [&](std::uint64_t offset, std::span<std::byte> target) {
          m_progress.checkStopped();
          m_dataset.source.read(chunk.offset + offset, target.data(), target.size());
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
      decodeStored(chunks, stored);
      chunks.clear();
      stored.clear();
      bytes = 0;
    };
    m_dataset.forEachRawChunk(grid, [&](const PlannedChunk& chunk, const auto& values) {
      chunks.push_back(chunk);
      stored.emplace_back(values.begin(), values.end());
      bytes += values.size();
      if (bytes >= batchBytes)
        decodeBatch();
    });
    decodeBatch();
  }

  /// Undoes @p count chunks, fetched by @p fetch(index, decoder), on as many threads as the work
  /// space allows.
  template <typename Fetch>
  void decodeAll(std::size_t count, const Fetch& fetch)
  {
    const auto lanes = static_cast<std::int64_t>(
        std::clamp<std::uint64_t>(workSpace() / (2 * m_dataset.chunkBytes() + 1), 1,
                                  static_cast<std::uint64_t>(threadCount())));
    std::atomic<std::size_t> next{0};
    parallelFor(lanes, 1, [&](std::int64_t, std::int64_t) {
      reader::ChunkDecoder decoder(m_plan.filters, m_dataset.chunkBytes());
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

  const Dataset& m_dataset;
  const MatrixPlan& m_plan;
  std::int64_t m_firstRow;
  const Progress& m_progress;
  Target m_target;
  std::atomic<std::int64_t> m_chunksDone{0};
};

/// The matrix band by band of whole rows of chunks.
class Bands {
 public:
  Bands(const Dataset& dataset, const Progress& progress, const TakeBlock& take)
      : m_dataset(dataset), m_progress(progress), m_take(take)
  {
    const MatrixPlan& plan = dataset.plan;
    const std::uint64_t across = std::max<std::uint64_t>(1, plan.columns * sizeof(float));
    const std::uint64_t wanted = std::max<std::uint64_t>(1, bandBytes / across);
    m_height = std::max<std::uint64_t>(1, wanted / plan.chunkRows) * plan.chunkRows;
  }

  MissingChunks run()
  {
    ChunkGrid grid(m_dataset.plan);
    m_missing.all = grid.cells();
    if (m_dataset.plan.layout == Layout::Chunks) {
      std::vector<PlannedChunk> chunks = m_dataset.takePlannedChunks(grid);
      std::stable_sort(chunks.begin(), chunks.end(),
                       [](const PlannedChunk& a, const PlannedChunk& b) { return a.row < b.row; });
      for (const PlannedChunk& chunk : chunks)
        add(chunk, {});
    } else {
      m_dataset.forEachRawChunk(grid, [&](const PlannedChunk& chunk,
                                          std::span<const std::byte> bytes) { add(chunk, bytes); });
    }
    while (m_begin < m_dataset.plan.rows)
      finishBand();
    return m_missing;
  }

 private:
  /// Values of a band; each hands on some more than the blocks of other containers, since chunks
  /// are undone by all threads together.
  static constexpr std::uint64_t bandBytes = std::uint64_t{8} << 20;

  void add(const PlannedChunk& chunk, std::span<const std::byte> bytes)
  {
    if (chunk.row < m_begin)
      m_dataset.helper.failOnAnswer("chunks out of order");
    while (chunk.row >= m_begin + m_height)
      finishBand();
    m_chunks.push_back(chunk);
    m_stored.emplace_back(bytes.begin(), bytes.end());
  }

  void finishBand()
  {
    MatrixPlan part = m_dataset.plan;
    part.rows = std::min(m_height, m_dataset.plan.rows - m_begin);
    const auto first = static_cast<std::int64_t>(m_begin);
    const Progress within(m_progress.stopToken(), {});
    DecodedMatrix band =
        Decoding(m_dataset, part, first, within).run(std::move(m_chunks), m_stored);
    m_chunks.clear();
    m_stored.clear();
    m_missing.count += band.missing.count;
    m_begin += part.rows;
    m_take(m_dataset.axis == FeatureAxis::Rows ? MatrixBlock{0, first, std::move(band.matrix)}
                                               : MatrixBlock{first, 0, std::move(band.matrix)});
    m_progress.update(static_cast<std::int64_t>(m_begin),
                      static_cast<std::int64_t>(m_dataset.plan.rows));
  }

  const Dataset& m_dataset;
  const Progress& m_progress;
  const TakeBlock& m_take;
  std::uint64_t m_height = 1;  ///< Of a band.
  std::uint64_t m_begin = 0;   ///< Of the band that is gathered.
  std::vector<PlannedChunk> m_chunks;
  std::vector<std::vector<std::byte>> m_stored;
  MissingChunks m_missing;
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

namespace {

/// The helper's plan, checked.
MatrixPlan takePlan(const ByteSource& source, ReaderProcess& helper,
                    const std::vector<std::int64_t>& shape)
{
  ReaderProcess::Frame frame;
  if (!helper.next(frame) || frame.kind != FrameKind::Plan)
    helper.failOnAnswer("no plan");
  reader::MessageReader message(frame.payload);
  MatrixPlan plan = readPlan(message);
  if (!isSound(plan, shape, source.size()))
    helper.failOnAnswer("an impossible plan");
  return plan;
}

}  // namespace

DecodedMatrix decodeMatrix(const ByteSource& source, ReaderProcess& helper,
                           const std::string& dataset, const std::vector<std::int64_t>& shape,
                           FeatureAxis axis, const Progress& progress)
{
  try {
    const MatrixPlan plan = takePlan(source, helper, shape);
    const ElementFormat format = *decodableFormat(plan.format);
    if (plan.layout == Layout::Contiguous) {
      DecodedMatrix result;
      const StoredMatrix stored{plan.offset, shape[0], shape[1], format, axis == FeatureAxis::Rows};
      result.matrix = readMatrixParallel(source, stored, progress, &result.overflowed);
      return result;
    }
    const Dataset read{source, helper, dataset, plan, format, axis};
    return Decoding(read, plan, 0, progress).run();
  } catch (const reader::ProtocolError& error) {
    helper.failOnAnswer(error.what());
  }
}

MissingChunks decodeBlocks(const ByteSource& source, ReaderProcess& helper,
                           const std::string& dataset, const std::vector<std::int64_t>& shape,
                           FeatureAxis axis, const Progress& progress, const TakeBlock& take)
{
  try {
    const MatrixPlan plan = takePlan(source, helper, shape);
    const ElementFormat format = *decodableFormat(plan.format);
    const Dataset read{source, helper, dataset, plan, format, axis};
    switch (plan.layout) {
      case Layout::Contiguous:
        readBlocksParallel(source,
                           {plan.offset, shape[0], shape[1], format, axis == FeatureAxis::Rows},
                           progress, take);
        return {};
      case Layout::Chunks:
      case Layout::RawChunks:
        return Bands(read, progress, take).run();
      default:
        take({0, 0, Decoding(read, plan, 0, progress).run().matrix});
        return {};
    }
  } catch (const reader::ProtocolError& error) {
    helper.failOnAnswer(error.what());
  }
}

}  // namespace orrery
