#include "core/io/reader/DatasetLayout.h"

#include "core/io/reader/ChunkFilters.h"
#include "core/io/reader/Handles.h"

#include <cstdlib>
#include <limits>
#include <optional>

namespace orrery::reader {
namespace {

/// Ratio and size from which a dataset that stores next to nothing is no dictionary but a bomb:
/// deflate itself cannot do better than 1032 to 1.
constexpr std::uint64_t bombRatio = 1100;
constexpr std::uint64_t bombBytes = 256u << 20;

struct KnownFilter {
  H5Z_filter_t number;
  const char* name;
};

/// Numbers registered with The HDF Group.
constexpr KnownFilter knownFilters[] = {
    {1, "deflate"},
    {2, "shuffle"},
    {3, "fletcher32"},
    {4, "szip"},
    {5, "n-bit"},
    {6, "scale-offset"},
    {305, "LZO"},
    {307, "bzip2"},
    {32000, "LZF"},
    {32001, "Blosc"},
    {32002, "MAFISC"},
    {32003, "Snappy"},
    {32004, "LZ4"},
    {32005, "APAX"},
    {32006, "CBF"},
    {32007, "JPEG-XR"},
    {32008, "bitshuffle"},
    {32009, "SPDP"},
    {32010, "LPC-Rice"},
    {32011, "CCSDS-123"},
    {32012, "JPEG-LS"},
    {32013, "ZFP"},
    {32014, "FPZIP"},
    {32015, "Zstandard"},
    {32016, "B3D"},
    {32017, "SZ"},
    {32018, "FCIDECOMP"},
    {32019, "JPEG"},
    {32021, "Granular BitRound"},
    {32022, "BitGroom"},
    {32023, "Granular BitRound"},
    {32024, "SZ3"},
    {32025, "Delta-Rice"},
    {32026, "Blosc2"},
    {32027, "FLAC"},
    {32028, "SPERR"},
};

std::string filterName(H5Z_filter_t number)
{
  for (const KnownFilter& filter : knownFilters)
    if (filter.number == number)
      return std::to_string(number) + " (" + filter.name + ")";
  return std::to_string(number);
}

std::string bytesText(std::uint64_t bytes)
{
  return std::to_string(bytes) + " bytes";
}

/// Filters, into @p facts; false with facts.problem if one is not available.
bool examineFilters(hid_t properties, DatasetFacts& facts)
{
  const int count = H5Pget_nfilters(properties);
  if (count < 0 || count > 32) {
    facts.problem = "has a damaged list of filters";
    return false;
  }
  bool allOurs = true;
  for (int i = 0; i < count; ++i) {
    unsigned flags = 0, configuration = 0;
    std::size_t values = 8;
    unsigned value[8] = {};
    const H5Z_filter_t number = H5Pget_filter2(properties, static_cast<unsigned>(i), &flags,
                                               &values, value, 0, nullptr, &configuration);
    if (number < 0) {
      facts.problem = "has a damaged list of filters";
      return false;
    }
    const bool ours = number == 1 || number == 2 || number == 3 || number == 32000;
    if (!ours && H5Zfilter_avail(number) <= 0) {
      facts.problem = "is stored with HDF5 filter " + filterName(number) +
                      ", which is not available here; store it again with gzip or without a filter";
      return false;
    }
    allOurs = allOurs && ours;
    if (ours)
      facts.filters.push_back(
          {static_cast<Filter>(number), number == 2 && values > 0 ? value[0] : 1});
  }
  facts.programUndoesFilters = allOurs && isDecodable(facts.filters);
  return true;
}

bool examineChunks(hid_t properties, DatasetFacts& facts)
{
  hsize_t sizes[H5S_MAX_RANK] = {};
  const int rank = H5Pget_chunk(properties, H5S_MAX_RANK, sizes);
  if (rank < 0 || static_cast<std::size_t>(rank) != facts.shape.size()) {
    facts.problem = "has chunks whose shape does not fit its own";
    return false;
  }
  facts.chunkBytes = facts.type.format.bytes;
  for (int i = 0; i < rank; ++i) {
    facts.chunk.push_back(sizes[i]);
    if (sizes[i] == 0 || __builtin_mul_overflow(facts.chunkBytes, sizes[i], &facts.chunkBytes)) {
      facts.problem = "has chunks of an impossible shape";
      return false;
    }
  }
  if (facts.chunkBytes > maxChunkBytes) {
    facts.problem = "is stored in chunks of " + bytesText(facts.chunkBytes) +
                    ", above the limit of " + bytesText(maxChunkBytes);
    return false;
  }
  unsigned options = 0;
  if (H5Pget_chunk_opts(properties, &options) < 0 || options != 0)
    facts.programUndoesFilters = false;  // Chunks at the edge may be unfiltered without saying so.
  return true;
}

void examineContiguous(hid_t dataset, std::uint64_t declared, std::uint64_t fileSize,
                       DatasetFacts& facts)
{
  const haddr_t offset = H5Dget_offset(dataset);
  if (offset == HADDR_UNDEF) {
    facts.storedBytes = 0;
    return;
  }
  facts.offset = offset;
  if (facts.storedBytes < declared)
    facts.problem =
        "declares " + bytesText(declared) + " but stores only " + bytesText(facts.storedBytes);
  else if (offset > fileSize || declared > fileSize - offset)
    facts.problem = "should have " + bytesText(declared) + " at byte " + std::to_string(offset) +
                    ", but the file ends at byte " + std::to_string(fileSize);
}

void examineStorage(hid_t dataset, std::uint64_t fileSize, DatasetFacts& facts)
{
  facts.storedBytes = H5Dget_storage_size(dataset);
  std::uint64_t declared = 0;
  if (__builtin_mul_overflow(facts.elements, std::uint64_t{facts.type.format.bytes}, &declared)) {
    facts.problem = "declares more bytes than a file can have";
    return;
  }
  if (facts.layout == H5D_CONTIGUOUS)
    examineContiguous(dataset, declared, fileSize, facts);
  // The library would read past the end of what it has in memory.
  if (facts.layout == H5D_COMPACT && facts.storedBytes < declared)
    facts.problem =
        "declares " + bytesText(declared) + " but stores only " + bytesText(facts.storedBytes);
  if (!facts.problem.empty() || facts.elements == 0)
    return;
  // Texts of variable length lie elsewhere; their elements are only references.
  if (facts.storedBytes == 0)
    facts.problem = "holds no data: nothing was ever written to it";
  else if (facts.storedBytes > fileSize)
    facts.problem = "should have " + bytesText(facts.storedBytes) +
                    " stored, but the file has only " + bytesText(fileSize);
  else if (declared > bombBytes && declared / bombRatio > facts.storedBytes)
    facts.problem =
        "declares " + bytesText(declared) + " but stores only " + bytesText(facts.storedBytes);
}

bool examineSpace(hid_t dataset, DatasetFacts& facts)
{
  const Handle space(H5Dget_space(dataset), H5Sclose);
  const H5S_class_t kind = space.valid() ? H5Sget_simple_extent_type(space.id()) : H5S_NO_CLASS;
  if (kind == H5S_NULL) {
    facts.problem = "is empty (it has no dataspace)";
    return false;
  }
  hsize_t sizes[H5S_MAX_RANK] = {};
  const int rank =
      kind == H5S_NO_CLASS ? -1 : H5Sget_simple_extent_dims(space.id(), sizes, nullptr);
  if (rank < 0) {
    facts.problem = "has a damaged shape";
    return false;
  }
  facts.elements = 1;
  for (int i = 0; i < rank; ++i)
    facts.shape.push_back(sizes[i]);
  for (const std::uint64_t size : facts.shape) {
    if (size > std::uint64_t{std::numeric_limits<std::int64_t>::max()} ||
        __builtin_mul_overflow(facts.elements, size, &facts.elements)) {
      facts.problem = "declares more elements than can be counted";
      return false;
    }
  }
  return true;
}

std::size_t filterLzf(unsigned flags, std::size_t valueCount, const unsigned* values,
                      std::size_t bytes, std::size_t* bufferSize, void** buffer)
{
  // h5py notes the size of the whole chunk as the third value.
  if (!(flags & H5Z_FLAG_REVERSE) || valueCount < 3 || values[2] == 0 || values[2] > maxChunkBytes)
    return 0;
  void* result = std::malloc(values[2]);
  if (!result)
    return 0;
  const auto source = std::span(static_cast<const std::byte*>(*buffer), bytes);
  const auto target = std::span(static_cast<std::byte*>(result), values[2]);
  if (!decompressLzf(source, target)) {
    std::free(result);
    return 0;
  }
  std::free(*buffer);
  *buffer = result;
  *bufferSize = values[2];
  return values[2];
}

}  // namespace

DatasetFacts examineDataset(hid_t dataset, std::uint64_t fileSize)
{
  DatasetFacts facts;
  const Handle properties(H5Dget_create_plist(dataset), H5Pclose);
  if (!properties.valid()) {
    facts.problem = "has damaged properties";
    return facts;
  }
  facts.layout = H5Pget_layout(properties.id());
  // Before anything else: these would have the library open other files.
  if (facts.layout == H5D_VIRTUAL) {
    facts.problem = "is put together from other datasets (virtual), which are not opened";
    return facts;
  }
  if (H5Pget_external_count(properties.id()) > 0) {
    facts.problem = "keeps its values in another file, which is not opened";
    return facts;
  }
  const Handle type(H5Dget_type(dataset), H5Tclose);
  if (!type.valid()) {
    facts.problem = "has a damaged type";
    return facts;
  }
  facts.type = describeType(type.id());
  if (!examineSpace(dataset, facts))
    return facts;
  if (facts.layout == H5D_CHUNKED) {
    if (!examineFilters(properties.id(), facts) || !examineChunks(properties.id(), facts))
      return facts;
  } else if (facts.layout != H5D_CONTIGUOUS && facts.layout != H5D_COMPACT) {
    facts.problem = "is stored in an unknown way";
    return facts;
  }
  examineStorage(dataset, fileSize, facts);
  if (facts.problem.empty())
    facts.problem = facts.type.problem;
  H5Eclear2(H5E_DEFAULT);
  return facts;
}

void registerLzf()
{
  H5Z_class2_t filter{};
  filter.version = H5Z_CLASS_T_VERS;
  filter.id = static_cast<H5Z_filter_t>(Filter::Lzf);
  filter.decoder_present = 1;
  filter.name = "lzf";
  filter.filter = filterLzf;
  H5Zregister(&filter);
}

}  // namespace orrery::reader
