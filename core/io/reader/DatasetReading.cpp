#include "core/io/reader/DatasetReading.h"

#include "core/io/reader/Attributes.h"
#include "core/io/reader/ChunkFilters.h"
#include "core/io/reader/DatasetLayout.h"
#include "core/io/reader/Handles.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <optional>
#include <vector>

namespace orrery::reader {
namespace {

/// Up to here the library's own listing of chunks is quick enough: before 1.14 it walks the whole
/// index again for every one.
constexpr hsize_t maxPlannedChunks = 1024;

class Dataset {
 public:
  Dataset(hid_t file, std::uint64_t fileSize, const Request& request)
      : m_name("dataset '" + request.name + "' "),
        m_id(H5Oopen_by_addr(file, request.address), H5Oclose)
  {
    if (!m_id.valid() || H5Iget_type(m_id.id()) != H5I_DATASET)
      failWithStack(m_name + "cannot be opened");
    facts = examineDataset(m_id.id(), fileSize);
    if (!facts.problem.empty())
      throw Failure(m_name + facts.problem);
  }

  [[nodiscard]] hid_t id() const { return m_id.id(); }
  [[nodiscard]] const std::string& name() const { return m_name; }

  DatasetFacts facts;

 private:
  std::string m_name;
  Handle m_id;
};

/// The two axes of a matrix: all there are, or those of three that are not the only one of length
/// one. Throws Failure if the dataset is no matrix.
std::array<std::size_t, 2> matrixAxes(const Dataset& dataset)
{
  const std::vector<std::uint64_t>& shape = dataset.facts.shape;
  if (shape.size() == 2)
    return {0, 1};
  if (shape.size() == 3 && std::count(shape.begin(), shape.end(), std::uint64_t{1}) == 1) {
    const std::size_t single =
        static_cast<std::size_t>(std::find(shape.begin(), shape.end(), 1u) - shape.begin());
    return {single == 0 ? 1u : 0u, single == 2 ? 1u : 2u};
  }
  throw Failure(dataset.name() + "has " + std::to_string(shape.size()) + " axes instead of 2");
}

/// The type in memory that the library converts to where we do not decode ourselves.
struct MemoryType {
  hid_t type;
  ElementFormat format;
};

MemoryType memoryType(ElementKind kind)
{
  constexpr bool big = std::endian::native == std::endian::big;
  switch (kind) {
    case ElementKind::Boolean:
      return {H5T_NATIVE_SCHAR, {ElementKind::Int8, false, 1}};
    case ElementKind::Float16:
    case ElementKind::BFloat16:
    case ElementKind::Float32:
      return {H5T_NATIVE_FLOAT, {ElementKind::Float32, big, 4}};
    default:
      return {H5T_NATIVE_DOUBLE, {ElementKind::Float64, big, 8}};
  }
}

bool isNumber(ElementKind kind)
{
  return kind != ElementKind::Text && kind != ElementKind::Other && kind != ElementKind::Count;
}

/// A rectangle of any rank through the library, into @p buffer.
void readRectangle(const Dataset& dataset, hid_t memory, const std::vector<hsize_t>& start,
                   const std::vector<hsize_t>& count, void* buffer)
{
  const Handle space(H5Dget_space(dataset.id()), H5Sclose);
  // Of the same rank: otherwise the library walks chunks element by element.
  const Handle target(count.empty()
                          ? H5Screate(H5S_SCALAR)
                          : H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr),
                      H5Sclose);
  const bool selected =
      count.empty() || H5Sselect_hyperslab(space.id(), H5S_SELECT_SET, start.data(), nullptr,
                                           count.data(), nullptr) >= 0;
  if (!selected ||
      H5Dread(dataset.id(), memory, target.id(), space.id(), H5P_DEFAULT, buffer) < 0) {
    std::string where;
    for (const hsize_t index : start)
      where += (where.empty() ? "" : ", ") + std::to_string(index);
    const std::string chunk =
        dataset.facts.layout == H5D_CHUNKED ? ", the chunk at [" + where + "]," : "";
    failWithStack(dataset.name().substr(0, dataset.name().size() - 1) + chunk +
                  " cannot be read: it is damaged");
  }
}

/// Bool enumerations are read as they are, not converted: the library has no way from them to
/// numbers.
hid_t transferType(const Dataset& dataset, const MemoryType& memory, const Handle& fileType)
{
  return dataset.facts.type.format.kind == ElementKind::Boolean ? fileType.id() : memory.type;
}

/// Sends a rectangle that has been read, in slices that fit frames.
void sendRectangle(const Block& whole, const char* values, std::uint64_t element, const Send& send)
{
  const std::uint64_t widest = std::max<std::uint64_t>(1, blockBytes / element);
  const std::uint64_t width = std::min(widest, whole.columns);
  const std::uint64_t height = std::max<std::uint64_t>(1, widest / width);
  for (std::uint64_t top = 0; top < whole.rows; top += height)
    for (std::uint64_t left = 0; left < whole.columns; left += width) {
      const Block block{whole.row + top, std::min(height, whole.rows - top), whole.column + left,
                        std::min(width, whole.columns - left)};
      MessageWriter writer;
      write(writer, block);
      for (std::uint64_t i = 0; i < block.rows; ++i)
        writer.raw(values + ((top + i) * whole.columns + left) * element, block.columns * element);
      send(FrameKind::Block, writer.bytes());
    }
}

void sendBlocks(const Dataset& dataset, const Send& send, const MatrixPlan& plan)
{
  const auto axes = matrixAxes(dataset);
  std::vector<hsize_t> start(dataset.facts.shape.size(), 0);
  std::vector<hsize_t> count(dataset.facts.shape.size(), 1);
  const Handle fileType(H5Dget_type(dataset.id()), H5Tclose);
  const MemoryType memory = memoryType(dataset.facts.type.format.kind);
  const std::uint64_t element = memory.format.bytes;
  // Rectangles of whole chunks, wider first, so that each chunk is undone once.
  std::uint64_t rows = std::min(plan.chunkRows, plan.rows);
  std::uint64_t columns = std::min(plan.chunkColumns, plan.columns);
  if (columns * rows * element <= blockBytes) {
    columns = std::min(plan.columns, columns * (blockBytes / (columns * rows * element)));
    if (columns == plan.columns)
      rows = std::min(plan.rows, rows * (blockBytes / (columns * rows * element)));
  }
  std::vector<char> values;
  for (std::uint64_t row = 0; row < plan.rows; row += rows)
    for (std::uint64_t column = 0; column < plan.columns; column += columns) {
      const Block block{row, std::min(rows, plan.rows - row), column,
                        std::min(columns, plan.columns - column)};
      values.resize(block.rows * block.columns * element);
      start[axes[0]] = row;
      start[axes[1]] = column;
      count[axes[0]] = block.rows;
      count[axes[1]] = block.columns;
      readRectangle(dataset, transferType(dataset, memory, fileType), start, count, values.data());
      sendRectangle(block, values.data(), element, send);
    }
}

struct ChunkList {
  const std::vector<std::uint64_t>& shape;
  std::array<std::size_t, 2> axes;
  std::vector<PlannedChunk> chunks;

  void add(const hsize_t* offset, unsigned skipped, haddr_t address, hsize_t size)
  {
    // Of datasets that can grow, the index may know chunks outside of the present shape.
    for (std::size_t axis = 0; axis < shape.size(); ++axis)
      if (offset[axis] >= shape[axis])
        return;
    if (address == HADDR_UNDEF)
      return;
    chunks.push_back({offset[axes[0]], offset[axes[1]], address, size, skipped});
  }
};

#if H5_VERSION_GE(1, 14, 0)
int collectChunk(const hsize_t* offset, unsigned skipped, haddr_t address, hsize_t size,
                 void* target)
{
  static_cast<ChunkList*>(target)->add(offset, skipped, address, size);
  return 0;
}
#endif

/// Where all chunks lie; nothing if that is not known quickly.
std::optional<std::vector<PlannedChunk>> locateChunks(const Dataset& dataset)
{
  ChunkList list{dataset.facts.shape, matrixAxes(dataset), {}};
#if H5_VERSION_GE(1, 14, 0)
  if (H5Dchunk_iter(dataset.id(), H5P_DEFAULT, collectChunk, &list) < 0)
    return std::nullopt;
#else
  const Handle space(H5Dget_space(dataset.id()), H5Sclose);
  hsize_t count = 0;
  if (H5Dget_num_chunks(dataset.id(), space.id(), &count) < 0 || count > maxPlannedChunks)
    return std::nullopt;
  for (hsize_t i = 0; i < count; ++i) {
    hsize_t offset[3] = {};
    unsigned skipped = 0;
    haddr_t address = HADDR_UNDEF;
    hsize_t size = 0;
    if (H5Dget_chunk_info(dataset.id(), space.id(), i, offset, &skipped, &address, &size) < 0)
      return std::nullopt;
    list.add(offset, skipped, address, size);
  }
#endif
  return std::move(list.chunks);
}

/// Chunks are reported relative to the superblock by some versions of the library and absolute by
/// others; in files with a user block that makes a difference. The first chunk, read both ways,
/// tells.
bool makeAbsolute(hid_t file, const Dataset& dataset, std::vector<PlannedChunk>& chunks)
{
  const Handle properties(H5Fget_create_plist(file), H5Pclose);
  hsize_t userBlock = 0;
  if (H5Pget_userblock(properties.id(), &userBlock) < 0)
    return false;
  if (userBlock == 0 || chunks.empty())
    return true;
  const PlannedChunk& first = chunks.front();
  if (first.bytes > maxChunkBytes)
    return false;
  hsize_t offset[3] = {};
  const auto axes = matrixAxes(dataset);
  offset[axes[0]] = first.row;
  offset[axes[1]] = first.column;
  std::vector<char> byLibrary(first.bytes), byUs(first.bytes);
  std::uint32_t skipped = 0;
  if (H5Dread_chunk(dataset.id(), H5P_DEFAULT, offset, &skipped, byLibrary.data()) < 0)
    return false;
  for (const hsize_t base : {hsize_t{0}, userBlock}) {
    const auto position = static_cast<off_t>(first.offset + base);
    const ssize_t got = ::pread(fileDescriptor, byUs.data(), byUs.size(), position);
    if (got == static_cast<ssize_t>(byUs.size()) && byUs == byLibrary) {
      for (PlannedChunk& chunk : chunks)
        chunk.offset += base;
      return true;
    }
  }
  return false;
}

void sendChunkList(const std::vector<PlannedChunk>& chunks, const Send& send)
{
  const std::size_t perFrame = maxFrameBytes / plannedChunkBytes;
  for (std::size_t i = 0; i < chunks.size(); i += perFrame) {
    MessageWriter writer;
    for (std::size_t j = i; j < std::min(i + perFrame, chunks.size()); ++j)
      write(writer, chunks[j]);
    send(FrameKind::Chunks, writer.bytes());
  }
}

/// Every chunk of the grid that exists, as stored.
void sendRawChunks(const Dataset& dataset, const MatrixPlan& plan, const Send& send)
{
  const std::uint64_t largest =
      ChunkDecoder(plan.filters, dataset.facts.chunkBytes).largestStored();
  const auto axes = matrixAxes(dataset);
  std::vector<char> bytes;
  for (std::uint64_t row = 0; row < plan.rows; row += plan.chunkRows)
    for (std::uint64_t column = 0; column < plan.columns; column += plan.chunkColumns) {
      hsize_t offset[3] = {};
      offset[axes[0]] = row;
      offset[axes[1]] = column;
      hsize_t size = 0;
      if (H5Dget_chunk_storage_size(dataset.id(), offset, &size) < 0 || size == 0)
        continue;
      PlannedChunk chunk{row, column, 0, size, 0};
      if (size > largest || size + plannedChunkBytes > maxFrameBytes)
        throw Failure(dataset.name() + "has a chunk of an impossible size at row " +
                      std::to_string(row) + ", column " + std::to_string(column));
      bytes.resize(size);
      if (H5Dread_chunk(dataset.id(), H5P_DEFAULT, offset, &chunk.skippedFilters, bytes.data()) < 0)
        failWithStack(dataset.name() + "cannot be read: its chunk at row " + std::to_string(row) +
                      ", column " + std::to_string(column) + " is damaged");
      MessageWriter writer;
      write(writer, chunk);
      writer.raw(bytes.data(), bytes.size());
      send(FrameKind::RawChunk, writer.bytes());
    }
  H5Eclear2(H5E_DEFAULT);
}

double fillValue(const Dataset& dataset)
{
  const Handle properties(H5Dget_create_plist(dataset.id()), H5Pclose);
  double value = 0.0;
  H5D_fill_value_t kind = H5D_FILL_VALUE_UNDEFINED;
  if (dataset.facts.type.format.kind == ElementKind::Boolean ||
      H5Pfill_value_defined(properties.id(), &kind) < 0 || kind != H5D_FILL_VALUE_USER_DEFINED ||
      H5Pget_fill_value(properties.id(), H5T_NATIVE_DOUBLE, &value) < 0)
    return 0.0;
  return value;
}

MatrixPlan planOf(const Dataset& dataset)
{
  const DatasetFacts& facts = dataset.facts;
  MatrixPlan plan;
  const auto [rowAxis, columnAxis] = matrixAxes(dataset);
  plan.rows = facts.shape[rowAxis];
  plan.columns = facts.shape[columnAxis];
  plan.format = facts.type.format;
  plan.filters = facts.filters;
  plan.fillValue = fillValue(dataset);
  const bool decodable =
      plan.format.kind != ElementKind::OtherFloat && plan.format.kind != ElementKind::OtherNumber;
  if (facts.layout == H5D_CONTIGUOUS && decodable) {
    plan.layout = Layout::Contiguous;
    plan.offset = facts.offset;
  }
  if (facts.layout == H5D_CHUNKED) {
    plan.chunkRows = facts.chunk[rowAxis];
    plan.chunkColumns = facts.chunk[columnAxis];
    // A chunk may be longer than the dropped axis of length one; then the library picks its part.
    const bool isFlat =
        plan.chunkRows * plan.chunkColumns * facts.type.format.bytes == facts.chunkBytes;
    if (decodable && facts.programUndoesFilters && isFlat)
      plan.layout = Layout::RawChunks;
  } else {
    plan.chunkRows = 1;
    plan.chunkColumns = plan.columns;
  }
  return plan;
}

}  // namespace

void sendMatrix(hid_t file, std::uint64_t fileSize, const Request& request, const Send& send)
{
  const Dataset dataset(file, fileSize, request);
  if (!isNumber(dataset.facts.type.format.kind))
    throw Failure(dataset.name() + "holds no numbers but " + dataset.facts.type.name);

  MatrixPlan plan = planOf(dataset);
  std::vector<PlannedChunk> chunks;
  if (plan.layout == Layout::RawChunks) {
    if (auto located = locateChunks(dataset); located && makeAbsolute(file, dataset, *located)) {
      plan.layout = Layout::Chunks;
      chunks = std::move(*located);
    } else if (dataset.facts.chunkBytes > blockBytes ||
               dataset.facts.elements / (plan.chunkRows * plan.chunkColumns) > (1u << 20)) {
      plan.layout = Layout::Blocks;
    }
    H5Eclear2(H5E_DEFAULT);
  }
  if (plan.layout == Layout::Blocks)
    plan.format = memoryType(dataset.facts.type.format.kind).format;
  MessageWriter writer;
  write(writer, plan);
  send(FrameKind::Plan, writer.bytes());
  if (plan.layout == Layout::Chunks)
    sendChunkList(chunks, send);
  else if (plan.layout == Layout::RawChunks)
    sendRawChunks(dataset, plan, send);
  else if (plan.layout == Layout::Blocks)
    sendBlocks(dataset, send, plan);
}

namespace {

/// Calls @p visit(start, count) for rectangles of at most @p most elements that cover @p shape in C
/// order: whole along the last axes, a run along one, single indices before it.
template <typename Visit>
void forEachRun(const std::vector<std::uint64_t>& shape, std::uint64_t most, const Visit& visit)
{
  const std::size_t rank = shape.size();
  std::vector<hsize_t> start(rank, 0), count(rank, 1);
  if (std::any_of(shape.begin(), shape.end(), [](std::uint64_t size) { return size == 0; }))
    return;
  std::size_t axis = rank;
  std::uint64_t inner = 1;  // Elements of the axes after `axis`.
  while (axis > 0 && shape[axis - 1] <= most / inner) {
    --axis;
    inner *= shape[axis];
    count[axis] = shape[axis];
  }
  if (axis == 0)
    return visit(start, count);
  --axis;
  const std::uint64_t run = std::max<std::uint64_t>(1, most / inner);
  for (;;) {
    count[axis] = std::min<std::uint64_t>(run, shape[axis] - start[axis]);
    visit(start, count);
    start[axis] += count[axis];
    for (std::size_t i = axis + 1; i-- > 0 && start[i] == shape[i];) {
      if (i == 0)
        return;
      start[i] = 0;
      ++start[i - 1];
    }
  }
}

std::uint64_t product(const std::vector<hsize_t>& sizes)
{
  std::uint64_t result = 1;
  for (const hsize_t size : sizes)
    result *= size;
  return result;
}

}  // namespace

void sendNumbers(hid_t file, std::uint64_t fileSize, const Request& request, const Send& send)
{
  const Dataset dataset(file, fileSize, request);
  if (!isNumber(dataset.facts.type.format.kind))
    throw Failure(dataset.name() + "holds no numbers but " + dataset.facts.type.name);
  const bool boolean = dataset.facts.type.format.kind == ElementKind::Boolean;
  const Handle fileType(H5Dget_type(dataset.id()), H5Tclose);
  std::uint64_t done = 0;
  std::vector<double> values;
  std::vector<signed char> bytes;
  // Of a list, a whole chunk at least: it may be too large for the library's cache.
  std::uint64_t most = blockBytes / sizeof(double);
  if (dataset.facts.chunk.size() == 1)
    most = std::max(most, dataset.facts.chunk[0]);
  forEachRun(dataset.facts.shape, most,
             [&](const std::vector<hsize_t>& start, const std::vector<hsize_t>& count) {
               values.resize(product(count));
               if (boolean) {
                 bytes.resize(values.size());
                 readRectangle(dataset, fileType.id(), start, count, bytes.data());
                 std::transform(bytes.begin(), bytes.end(), values.begin(),
                                [](signed char value) { return value ? 1.0 : 0.0; });
               } else {
                 readRectangle(dataset, H5T_NATIVE_DOUBLE, start, count, values.data());
               }
               sendRectangle(Block{0, 1, done, values.size()},
                             reinterpret_cast<const char*>(values.data()), sizeof(double), send);
               done += values.size();
             });
}

void sendStrings(hid_t file, std::uint64_t fileSize, const Request& request, const Send& send)
{
  const Dataset dataset(file, fileSize, request);
  if (dataset.facts.type.format.kind != ElementKind::Text)
    throw Failure(dataset.name() + "holds no texts but " + dataset.facts.type.name);
  const Handle type(H5Dget_type(dataset.id()), H5Tclose);
  const bool variable = H5Tis_variable_str(type.id()) > 0;
  const std::size_t bytes = H5Tget_size(type.id());
  const std::uint64_t most = std::clamp<std::uint64_t>(blockBytes / bytes, 1, 4096);
  std::vector<char> buffer;
  forEachRun(dataset.facts.shape, most,
             [&](const std::vector<hsize_t>& start, const std::vector<hsize_t>& count) {
               const std::uint64_t points = product(count);
               buffer.assign(points * bytes, '\0');
               readRectangle(dataset, type.id(), start, count, buffer.data());
               std::vector<std::string> texts = textsFromBuffer(type.id(), buffer.data(), points);
               if (variable) {
                 const hsize_t size = points;
                 const Handle space(H5Screate_simple(1, &size, nullptr), H5Sclose);
                 H5Dvlen_reclaim(type.id(), space.id(), H5P_DEFAULT, buffer.data());
               }
               MessageWriter writer;
               for (const std::string& text : texts) {
                 if (text.size() > maxFrameBytes / 2)
                   throw Failure(dataset.name() + "has a text of " + std::to_string(text.size()) +
                                 " bytes, above the limit of " + std::to_string(maxFrameBytes / 2));
                 if (writer.bytes().size() + text.size() > maxFrameBytes / 2) {
                   send(FrameKind::Strings, writer.bytes());
                   writer = MessageWriter();
                 }
                 writer.text(text);
               }
               send(FrameKind::Strings, writer.bytes());
             });
}

}  // namespace orrery::reader
