#include "core/io/CooccurrenceFile.h"

#include "core/base/Error.h"
#include "core/base/Parallel.h"
#include "core/io/ByteSource.h"
#include "core/io/Npy.h"
#include "core/io/TensorFile.h"
#include "core/io/Zip.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <set>
#include <tuple>
#include <utility>

namespace orrery {
namespace {

using Path = std::filesystem::path;

[[noreturn]] void fail(const Path& path, const std::string& message)
{
  throw Error(displayName(path) + ": " + message);
}

constexpr const char* expectation =
    " (expected counts 'histogram' and 'n_chunks', a sparse block x feature matrix 'indptr' and "
    "'indices', or activations 'locations' and 'activations')";

/// Most features that are believed: n × n counts would be 64 GiB.
constexpr std::int64_t mostFeatures = std::int64_t{1} << 27;

/// Bytes that the system could give us now; nothing where it does not say.
std::optional<std::uint64_t> freeMemory()
{
  std::ifstream file("/proc/meminfo");
  std::string name;
  std::uint64_t kibibytes = 0;
  std::string unit;
  while (file >> name >> kibibytes) {
    std::getline(file, unit);
    if (name == "MemAvailable:")
      return kibibytes * 1024;
  }
  return std::nullopt;
}

void checkMemory(const Path& path, const std::string& what, std::uint64_t needed,
                 const std::optional<std::uint64_t>& allowed)
{
  const std::optional<std::uint64_t> limit = allowed ? allowed : freeMemory();
  if (limit && needed > *limit)
    fail(path, what + " needs " + displayBytes(needed) + " of memory (" +
                   (allowed ? "allowed are " : "free are ") + displayBytes(*limit) +
                   "; see --max-memory)");
}

const TensorInfo* find(const TensorFile& file, const std::string& name)
{
  for (const TensorInfo& tensor : file.tensors())
    if (tensor.name == name && tensor.problem.empty())
      return &tensor;
  return nullptr;
}

std::int64_t elementsOf(const TensorInfo& tensor)
{
  std::int64_t elements = 1;
  for (const std::int64_t length : tensor.shape) {
    if (length < 0 || (length > 0 && elements > std::numeric_limits<std::int64_t>::max() / length))
      return std::numeric_limits<std::int64_t>::max();
    elements *= length;
  }
  return elements;
}

std::int64_t wholeNumber(const Path& path, double value, const std::string& what)
{
  if (!(value >= 0.0 && value < 9e15) || value != std::floor(value))
    fail(path, what + " is not a whole number (found " + std::to_string(value) + ")");
  return static_cast<std::int64_t>(value);
}

/// A file and what in it counts.
struct Source {
  Path path;
  std::unique_ptr<TensorFile> file;  ///< Null for a folder of parts.
  CooccurrenceFacts facts;
  std::string prefix;                 ///< HDF5: the group of indptr and indices, with a slash.
  const TensorInfo* dense = nullptr;  ///< HDF5: a dense matrix in place of a sparse one.
  std::vector<Path> parts;            ///< Of an activation cache.
};

enum class Container { Npz, Hdf5, Safetensors };

Container sniff(const Path& path)
{
  const ByteSource source(path);
  const std::vector<std::byte> start = source.readUpTo(0, 16);
  const auto begins = [&](const char* magic, std::size_t count, std::size_t at = 0) {
    return start.size() >= at + count && std::memcmp(start.data() + at, magic, count) == 0;
  };
  if (start.empty())
    source.fail("is empty");
  if (begins("PK", 2))
    return Container::Npz;
  if (begins("\x89HDF\r\n", 6))
    return Container::Hdf5;
  if (begins("{", 1, 8))
    return Container::Safetensors;
  source.fail("holds nothing that tells what fires together (expected .npz, HDF5 or .safetensors)");
}

/// The range of a part's name, "0_16383".
std::optional<std::pair<std::int64_t, std::int64_t>> rangeOf(const Path& part)
{
  const std::string stem = part.stem().string();
  const std::size_t middle = stem.find('_');
  if (middle == std::string::npos)
    return std::nullopt;
  std::int64_t first = 0, last = 0;
  const char* begin = stem.data();
  const char* end = begin + stem.size();
  const auto left = std::from_chars(begin, begin + middle, first);
  const auto right = std::from_chars(begin + middle + 1, end, last);
  if (left.ec != std::errc() || left.ptr != begin + middle || right.ec != std::errc() ||
      right.ptr != end || first < 0 || last < first || last >= mostFeatures)
    return std::nullopt;
  return std::pair{first, last};
}

void describeActivations(Source& source)
{
  CooccurrenceFacts& facts = source.facts;
  facts.kind = CooccurrenceFacts::Kind::Activations;
  facts.format = "activations of tokens (safetensors)";
  std::int64_t features = 0;
  bool allNamed = true;
  for (const Path& part : source.parts) {
    const auto file = openSafetensors(part);
    const TensorInfo* locations = find(*file, "locations");
    const TensorInfo* activations = find(*file, "activations");
    if (!locations || !activations)
      fail(part, "has no 'locations' and 'activations'" + std::string(expectation));
    if (locations->shape.size() != 2 || locations->shape[1] != 3 ||
        activations->shape != std::vector<std::int64_t>{locations->shape[0]})
      fail(part, "'locations' is " + shapeText(locations->shape) + " and 'activations' " +
                     shapeText(activations->shape) + " (expected (entries, 3) and (entries,))");
    facts.firings += locations->shape[0];
    const auto range = rangeOf(part);
    allNamed = allNamed && range;
    if (range)
      features = std::max(features, range->second + 1);
  }
  if (allNamed)
    facts.features = features;
  facts.readMemory = static_cast<std::uint64_t>(facts.firings) * 72;
}

bool isNumeric(const TensorInfo& tensor)
{
  return tensor.problem.empty() && tensor.type != ElementType::Text &&
         tensor.type != ElementType::Other;
}

void describeSparse(Source& source)
{
  CooccurrenceFacts& facts = source.facts;
  facts.kind = CooccurrenceFacts::Kind::Firings;
  const TensorInfo* pointers = find(*source.file, source.prefix + "indptr");
  const TensorInfo* indices = find(*source.file, source.prefix + "indices");
  if (pointers->shape.size() != 1 || indices->shape.size() != 1 || pointers->shape[0] < 1)
    fail(source.path, "'indptr' is " + shapeText(pointers->shape) + " and 'indices' " +
                          shapeText(indices->shape) + " (expected two lists)");
  facts.format = "sparse block x feature matrix (" + source.file->formatName() + ")";
  facts.dataset = source.prefix;
  facts.blocks = pointers->shape[0] - 1;
  facts.firings = indices->shape[0];
  facts.readMemory = static_cast<std::uint64_t>(facts.firings) * 20 +
                     static_cast<std::uint64_t>(*facts.blocks) * 16;
}

/// HDF5: which group or dataset.
void chooseInHdf5(Source& source, const CooccurrenceReadOptions& options)
{
  const TensorFile& file = *source.file;
  std::vector<std::string> groups;
  std::vector<const TensorInfo*> matrices;
  for (const TensorInfo& tensor : file.tensors()) {
    if (!tensor.aliasOf.empty() || !tensor.problem.empty())
      continue;
    if (tensor.name.ends_with("/indptr")) {
      const std::string prefix = tensor.name.substr(0, tensor.name.size() - 6);
      if (find(file, prefix + "indices"))
        groups.push_back(prefix);
    }
    if (tensor.isMatrix() && isNumeric(tensor))
      matrices.push_back(&tensor);
  }
  const auto trimmed = [](std::string name) {
    while (!name.empty() && name.back() == '/')
      name.pop_back();
    while (!name.empty() && name.front() == '/')
      name.erase(name.begin());
    return name;
  };
  if (options.dataset) {
    const std::string wanted = trimmed(*options.dataset);
    for (const std::string& group : groups)
      if (trimmed(group) == wanted) {
        source.prefix = group;
        return;
      }
    for (const TensorInfo* matrix : matrices)
      if (trimmed(matrix->name) == wanted) {
        source.dense = matrix;
        return;
      }
    fail(source.path, "has no firings called '" + displayText(*options.dataset) + "'");
  }
  if (groups.size() == 1) {
    source.prefix = groups.front();
    return;
  }
  if (!groups.empty()) {
    const std::string beside = options.besideDataset;
    const std::size_t slash = beside.rfind('/');
    if (slash != std::string::npos) {
      const std::string parent = trimmed(beside.substr(0, slash));
      std::vector<std::string> near;
      for (const std::string& group : groups)
        if (trimmed(group) == parent || trimmed(group).starts_with(parent + "/"))
          near.push_back(group);
      if (near.size() == 1) {
        source.prefix = near.front();
        return;
      }
    }
    std::string list;
    for (const std::string& group : groups)
      list += (list.empty() ? "" : ", ") + trimmed(group);
    fail(source.path, "holds several sets of firings: " + displayText(list) +
                          " (the one beside the dictionary's dataset is taken; choose that with "
                          "--dataset)");
  }
  if (matrices.size() == 1) {
    source.dense = matrices.front();
    return;
  }
  fail(source.path, "holds nothing that tells what fires together" + std::string(expectation));
}

Source openSource(const Path& path, const CooccurrenceReadOptions& options,
                  const Progress& progress)
{
  Source source;
  source.path = path;
  CooccurrenceFacts& facts = source.facts;
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    for (const auto& entry : std::filesystem::directory_iterator(path, error))
      if (entry.path().extension() == ".safetensors" && rangeOf(entry.path()))
        source.parts.push_back(entry.path());
    if (source.parts.empty())
      fail(path, "is a folder without parts of an activation cache (START_END.safetensors)");
    std::sort(source.parts.begin(), source.parts.end(),
              [](const Path& a, const Path& b) { return rangeOf(a)->first < rangeOf(b)->first; });
    describeActivations(source);
  } else {
    const Container container = sniff(path);
    if (container == Container::Safetensors) {
      source.parts = {path};
      describeActivations(source);
    } else if (container == Container::Npz) {
      source.file = openNpz(path);
      const TensorInfo* histogram = find(*source.file, "histogram");
      if (histogram && find(*source.file, "n_chunks")) {
        if (histogram->shape.size() != 2 || histogram->shape[0] != histogram->shape[1])
          fail(path,
               "'histogram' is " + shapeText(histogram->shape) + " (expected features x features)");
        facts.format = "co-occurrence counts (" + source.file->formatName() + ")";
        facts.features = histogram->shape[0];
        const auto blocks = source.file->readNumbers(*find(*source.file, "n_chunks"), progress);
        if (blocks.size() != 1)
          fail(path, "'n_chunks' is not one number of blocks");
        facts.blocks = wholeNumber(path, blocks.front(), "'n_chunks'");
        if (*facts.features > mostFeatures)
          fail(path, "'histogram' is too large: " + shapeText(histogram->shape));
        facts.readMemory = static_cast<std::uint64_t>(*facts.features) *
                           static_cast<std::uint64_t>(*facts.features) * 4;
      } else if (find(*source.file, "indptr") && find(*source.file, "indices")) {
        describeSparse(source);
      } else if (histogram && find(*source.file, "n_tokens")) {
        fail(path,
             "holds how often features fire, not which fire together (expected 'histogram' "
             "with 'n_chunks')");
      } else {
        fail(path, "holds nothing that tells what fires together" + std::string(expectation));
      }
    } else {
      source.file = openHdf5(path, progress);
      chooseInHdf5(source, options);
      if (source.dense) {
        const auto& shape = source.dense->shape;
        facts.kind = CooccurrenceFacts::Kind::Firings;
        facts.format = "dense block x feature matrix (HDF5)";
        facts.dataset = source.dense->name;
        facts.blocks = shape[0];
        facts.features = shape[1];
        facts.readMemory =
            static_cast<std::uint64_t>(shape[0]) * static_cast<std::uint64_t>(shape[1]) * 4;
        const std::string name = source.dense->name;
        const TensorInfo* blocks =
            find(*source.file, name.substr(0, name.rfind('/') + 1) + "n_chunks");
        if (blocks && shape[0] == shape[1]) {
          const auto number = source.file->readNumbers(*blocks, progress);
          if (number.size() == 1) {
            facts.kind = CooccurrenceFacts::Kind::Counts;
            facts.format = "co-occurrence counts (HDF5)";
            facts.blocks = wholeNumber(path, number.front(), "'n_chunks'");
            facts.readMemory *= 2;
          }
        }
      } else {
        describeSparse(source);
      }
    }
  }
  if (!facts.features && facts.kind == CooccurrenceFacts::Kind::Firings) {
    const TensorInfo* shape = find(*source.file, source.prefix + "shape");
    if (shape) {
      const auto numbers = source.file->readNumbers(*shape, progress);
      if (numbers.size() == 2)
        facts.features = wholeNumber(path, numbers[1], "'shape'");
      if (numbers.size() == 2 && wholeNumber(path, numbers[0], "'shape'") != *facts.blocks)
        fail(path, "'shape' says " + std::to_string(wholeNumber(path, numbers[0], "'shape'")) +
                       " blocks, 'indptr' " + std::to_string(*facts.blocks));
    } else if (const TensorInfo* words = find(*source.file, source.prefix + "word")) {
      facts.features = elementsOf(*words);
    }
  }
  if (facts.features && *facts.features > mostFeatures)
    fail(path, "says that there are " + std::to_string(*facts.features) + " features");
  if (options.features && facts.features && *options.features < *facts.features)
    fail(path, "counts " + std::to_string(*facts.features) + " features, but the dictionary has " +
                   std::to_string(*options.features));
  if (options.features && facts.features && *options.features > *facts.features &&
      facts.kind != CooccurrenceFacts::Kind::Activations && !facts.firings)
    fail(path, "counts " + std::to_string(*facts.features) + " features, but the dictionary has " +
                   std::to_string(*options.features));
  if (facts.features)
    facts.countMemory = facts.kind == CooccurrenceFacts::Kind::Counts
                            ? 0
                            : static_cast<std::uint64_t>(*facts.features) *
                                  static_cast<std::uint64_t>(*facts.features) * 4;
  return source;
}

// --- Counts
// ---------------------------------------------------------------------------------------

/// Symmetric, no more than both diagonals, these no more than the blocks.
void checkCounts(const Path& path, const Cooccurrence& data, const Progress& progress)
{
  const auto n = data.features();
  constexpr std::int64_t tile = 128;
  std::vector<std::string> problems(static_cast<std::size_t>((n + tile - 1) / tile));
  parallelFor(n, tile, [&](std::int64_t begin, std::int64_t end) {
    progress.update(begin, n);
    std::string& problem = problems[static_cast<std::size_t>(begin / tile)];
    for (std::int64_t first = 0; first < end && problem.empty(); first += tile)
      for (std::int64_t j = begin; j < end && problem.empty(); ++j)
        for (std::int64_t i = first; i < std::min({first + tile, j + 1, n}); ++i) {
          const std::int32_t both = data.counts(i, j);
          if (both < 0 || both != data.counts(j, i) || both > data.counts(i, i) ||
              both > data.counts(j, j) || data.counts(j, j) > data.blocks) {
            problem = "the counts of features " + std::to_string(i) + " and " + std::to_string(j) +
                      " are " + std::to_string(both) + " and " + std::to_string(data.counts(j, i)) +
                      ", their own " + std::to_string(data.counts(i, i)) + " and " +
                      std::to_string(data.counts(j, j)) + " of " + std::to_string(data.blocks) +
                      " blocks (expected a symmetric matrix, no count above its diagonal's, none "
                      "negative)";
            break;
          }
        }
  });
  for (const std::string& problem : problems)
    if (!problem.empty())
      fail(path, problem);
}

void storeCount(const Path& path, double value, std::int32_t& target)
{
  if (!(value >= 0.0 && value <= std::numeric_limits<std::int32_t>::max()) ||
      value != std::floor(value))
    fail(path, "'histogram' holds " + std::to_string(value) + ", which is no count");
  target = static_cast<std::int32_t>(value);
}

std::shared_ptr<const Cooccurrence> readNpzCounts(const Source& source, const Progress& progress)
{
  auto result = std::make_shared<Cooccurrence>();
  const auto n = *source.facts.features;
  result->blocks = *source.facts.blocks;
  const ZipFile zip(source.path);
  const auto member =
      std::find_if(zip.members().begin(), zip.members().end(),
                   [](const ZipMember& candidate) { return candidate.name == "histogram.npy"; });
  if (member == zip.members().end())
    fail(source.path, "has no array 'histogram'");
  ZipMemberReader reader(zip, *member, std::size_t{1} << 20);
  std::vector<std::byte> start(
      static_cast<std::size_t>(std::min<std::uint64_t>(longestNpyHeader, member->size)));
  start.resize(reader.readSome(start.data(), start.size()));
  const auto header =
      parseNpyHeader(start, member->size, [&](const std::string& why) { zip.fail(*member, why); });
  if (!header || !header->format || header->shape != std::vector<std::int64_t>{n, n})
    zip.fail(*member, "is not a square array of numbers");
  result->counts.resize(n, n);
  const std::size_t width = elementSize(header->format->kind);
  const bool plain = header->format->kind == ElementKind::Int32 && !header->format->bigEndian;

  // What came with the header, then piece by piece. Rows are columns: it is symmetric.
  std::size_t at = static_cast<std::size_t>(header->dataOffset);
  const auto take = [&](void* target, std::size_t count) {
    const std::size_t held = std::min(count, start.size() - at);
    std::memcpy(target, start.data() + at, held);
    at += held;
    if (count > held)
      reader.read(static_cast<std::byte*>(target) + held, count - held);
  };
  std::vector<std::byte> piece;
  std::vector<double> numbers(static_cast<std::size_t>(n));
  for (std::int64_t column = 0; column < n; ++column) {
    if (column % 64 == 0)
      progress.update(column, n);
    std::int32_t* target = result->counts.data() + column * n;
    if (plain) {
      take(target, static_cast<std::size_t>(n) * 4);
      continue;
    }
    piece.resize(static_cast<std::size_t>(n) * width);
    take(piece.data(), piece.size());
    convertToDouble(*header->format, piece.data(), n, numbers.data());
    for (std::int64_t i = 0; i < n; ++i)
      storeCount(source.path, numbers[static_cast<std::size_t>(i)], target[i]);
  }
  reader.finish();
  return result;
}

std::shared_ptr<const Cooccurrence> readHdf5Counts(const Source& source, const Progress& progress)
{
  auto result = std::make_shared<Cooccurrence>();
  result->blocks = *source.facts.blocks;
  const FeatureMatrix values =
      source.file->readMatrix(*source.dense, FeatureAxis::Rows, progress, nullptr);
  result->counts.resize(values.rows(), values.cols());
  for (Eigen::Index i = 0; i < values.size(); ++i)
    storeCount(source.path, static_cast<double>(values.data()[i]), result->counts.data()[i]);
  return result;
}

// --- Firings
// --------------------------------------------------------------------------------------

bool isZeroOrOne(const std::vector<double>& values)
{
  return std::all_of(values.begin(), values.end(),
                     [](double value) { return value == 0.0 || value == 1.0; });
}

Firings readSparse(const Source& source, CooccurrenceData& data, const Progress& progress)
{
  TensorFile& file = *source.file;
  const Path& path = source.path;
  if (const TensorInfo* format = find(file, source.prefix + "format"))
    if (format->type == ElementType::Text && format->shape.size() <= 1) {
      const auto texts = file.readStrings(*format, progress);
      if (!texts.empty() && texts.front() != "csr")
        fail(path, "is a sparse matrix of the kind '" + displayText(texts.front()) +
                       "' (expected csr, a block per row)");
    }
  const auto pointers = file.readNumbers(*find(file, source.prefix + "indptr"),
                                         progress.stage("Reading blocks", 0.0, 0.1));
  auto indices = file.readNumbers(*find(file, source.prefix + "indices"),
                                  progress.stage("Reading firings", 0.1, 0.5));
  std::vector<double> values;
  const TensorInfo* stored = find(file, source.prefix + "data");
  if (stored && isNumeric(*stored))
    values = file.readNumbers(*stored, progress.stage("Reading activations", 0.5, 0.9));
  if (!values.empty() && values.size() != indices.size())
    fail(path, "has " + std::to_string(indices.size()) + " 'indices' and " +
                   std::to_string(values.size()) + " 'data'");
  double threshold = isZeroOrOne(values) ? 0.0 : data.options.threshold.value_or(0.0);
  data.options.threshold = threshold;

  Firings firings;
  std::int64_t features = source.facts.features.value_or(0);
  if (!source.facts.features)
    for (const double index : indices)
      features = std::max(features, wholeNumber(path, index, "a feature in 'indices'") + 1);
  features = std::max(features, data.options.features.value_or(0));
  if (features > mostFeatures)
    fail(path, "names feature " + std::to_string(features - 1));
  firings.features = features;
  firings.starts.clear();
  firings.starts.reserve(pointers.size());
  firings.ids.reserve(indices.size());
  std::int64_t before = 0;
  for (std::size_t block = 0; block < pointers.size(); ++block) {
    const std::int64_t end = wholeNumber(path, pointers[block], "an entry of 'indptr'");
    if ((block == 0 && end != 0) || end < before || end > static_cast<std::int64_t>(indices.size()))
      fail(path, "'indptr' is damaged at entry " + std::to_string(block) + " (" +
                     std::to_string(end) + " after " + std::to_string(before) + ", of " +
                     std::to_string(indices.size()) + " firings)");
    for (std::int64_t i = before; i < end; ++i) {
      const auto at = static_cast<std::size_t>(i);
      const std::int64_t id = wholeNumber(path, indices[at], "a feature in 'indices'");
      if (id >= features)
        fail(path, "block " + std::to_string(block - 1) + " names feature " + std::to_string(id) +
                       " of " + std::to_string(features));
      if (values.empty() || values[at] > threshold)
        firings.ids.push_back(static_cast<FeatureId>(id));
    }
    firings.starts.push_back(static_cast<std::int64_t>(firings.ids.size()));
    before = end;
  }
  if (before != static_cast<std::int64_t>(indices.size()))
    fail(path, "'indptr' ends at " + std::to_string(before) + " of " +
                   std::to_string(indices.size()) + " firings");

  const auto texts = [&](const char* name) -> std::vector<std::string> {
    // In the group itself or the one above it.
    std::string prefix = source.prefix;
    for (int up = 0; up < 2; ++up) {
      const TensorInfo* tensor = find(file, prefix + name);
      if (tensor && tensor->type == ElementType::Text && tensor->shape.size() == 1)
        return file.readStrings(*tensor, progress);
      if (prefix.size() < 2)
        break;
      prefix.resize(prefix.size() - 1);
      prefix.resize(prefix.rfind('/') + 1);
    }
    return {};
  };
  data.blockTypes = texts("block_type");
  if (static_cast<std::int64_t>(data.blockTypes.size()) != firings.blocks())
    data.blockTypes.clear();
  data.featureNames = texts("word");
  if (static_cast<std::int64_t>(data.featureNames.size()) > features)
    data.featureNames.clear();
  return firings;
}

Firings readDense(const Source& source, CooccurrenceData& data, const Progress& progress)
{
  const FeatureMatrix values =
      source.file->readMatrix(*source.dense, FeatureAxis::Rows, progress, nullptr);
  const bool binary = (values.array() == 0.0f || values.array() == 1.0f).all();
  const double threshold = binary ? 0.0 : data.options.threshold.value_or(0.0);
  data.options.threshold = threshold;
  Firings firings;
  firings.features = std::max<std::int64_t>(values.rows(), data.options.features.value_or(0));
  for (Eigen::Index block = 0; block < values.cols(); ++block) {
    for (Eigen::Index id = 0; id < values.rows(); ++id)
      if (static_cast<double>(values(id, block)) > threshold)
        firings.ids.push_back(static_cast<FeatureId>(id));
    firings.starts.push_back(static_cast<std::int64_t>(firings.ids.size()));
  }
  return firings;
}

// --- Activations
// ----------------------------------------------------------------------------------

struct Entry {
  std::int64_t token = 0;  ///< Of those kept, in reading order.
  FeatureId feature = 0;
  float value = 0.0f;
};

/// How rows of tokens are cut.
struct Cutting {
  std::int64_t rows = 0;
  std::int64_t rowLength = 0;
  std::int64_t dropped = 0;  ///< First tokens of a row.
  std::int64_t blockLength = 256;
  [[nodiscard]] std::int64_t blocksPerRow() const
  {
    return std::max<std::int64_t>(0, rowLength - dropped) / blockLength;
  }
  /// −1 outside whole blocks.
  [[nodiscard]] std::int64_t tokenOf(std::int64_t row, std::int64_t position) const
  {
    const std::int64_t place = position - dropped;
    if (place < 0 || place >= blocksPerRow() * blockLength)
      return -1;
    return row * blocksPerRow() * blockLength + place;
  }
};

/// The token ids of the first part that has them; else the extent of the locations.
Cutting measureRows(const Source& source, const CooccurrenceReadOptions& options,
                    std::vector<double>& tokenIds, const Progress& progress)
{
  Cutting cutting;
  cutting.blockLength = options.blockLength;
  cutting.dropped = options.dropFirstToken ? 1 : 0;
  for (const Path& part : source.parts) {
    const auto file = openSafetensors(part);
    const TensorInfo* tokens = find(*file, "tokens");
    if (tokens && tokens->isMatrix()) {
      cutting.rows = tokens->shape[0];
      cutting.rowLength = tokens->shape[1];
      if (options.keepTokens)
        tokenIds = file->readNumbers(*tokens, progress);
      return cutting;
    }
  }
  for (const Path& part : source.parts) {
    const auto file = openSafetensors(part);
    const auto locations = file->readNumbers(*find(*file, "locations"), progress);
    for (std::size_t i = 0; i + 2 < locations.size(); i += 3) {
      cutting.rows =
          std::max(cutting.rows, wholeNumber(part, locations[i], "a row in 'locations'") + 1);
      cutting.rowLength = std::max(
          cutting.rowLength, wholeNumber(part, locations[i + 1], "a position in 'locations'") + 1);
    }
  }
  return cutting;
}

void readActivations(const Source& source, CooccurrenceData& data, const Progress& progress)
{
  CooccurrenceReadOptions& options = data.options;
  if (options.blockLength < 1)
    fail(source.path,
         "blocks need at least one token (found " + std::to_string(options.blockLength) + ")");
  const double threshold = options.threshold.value_or(1.0);
  options.threshold = threshold;
  std::vector<double> tokenIds;
  const Cutting cutting =
      measureRows(source, options, tokenIds, progress.stage("Rows of tokens", 0.0, 0.3));
  if (cutting.blocksPerRow() == 0)
    fail(source.path, "its rows have " + std::to_string(cutting.rowLength) + " tokens" +
                          (cutting.dropped ? ", the first of which is left out" : "") +
                          ": not one block of " + std::to_string(cutting.blockLength) +
                          " (choose a shorter one with --block)");
  if (cutting.rows > (std::int64_t{1} << 40) / (cutting.blocksPerRow() * cutting.blockLength))
    fail(source.path, "says that it has " + std::to_string(cutting.rows) + " rows");
  std::vector<Entry> entries;
  std::int64_t features = std::max(source.facts.features.value_or(0), options.features.value_or(0));
  const bool known = source.facts.features || options.features;
  const std::int64_t most = known ? features : mostFeatures;
  std::int64_t outside = 0;
  for (std::size_t p = 0; p < source.parts.size(); ++p) {
    const Path& part = source.parts[p];
    const auto share = [&](double within) {
      return 0.3 +
             0.5 * (static_cast<double>(p) + within) / static_cast<double>(source.parts.size());
    };
    const auto file = openSafetensors(part);
    const auto locations = file->readNumbers(*find(*file, "locations"),
                                             progress.stage("Locations", share(0), share(0.7)));
    const auto values = file->readNumbers(*find(*file, "activations"),
                                          progress.stage("Activations", share(0.7), share(1)));
    const auto range = rangeOf(part);
    const std::int64_t first = range ? range->first : 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!(values[i] > 0.0))
        continue;
      const std::int64_t row = wholeNumber(part, locations[3 * i], "a row in 'locations'");
      const std::int64_t position =
          wholeNumber(part, locations[3 * i + 1], "a position in 'locations'");
      const std::int64_t feature =
          first + wholeNumber(part, locations[3 * i + 2], "a feature in 'locations'");
      if (row >= cutting.rows || position >= cutting.rowLength)
        fail(part, "entry " + std::to_string(i) + " is at row " + std::to_string(row) +
                       ", position " + std::to_string(position) + " of " +
                       std::to_string(cutting.rows) + " x " + std::to_string(cutting.rowLength) +
                       " tokens");
      if (feature >= most)
        fail(part, "entry " + std::to_string(i) + " names feature " + std::to_string(feature) +
                       " of " + std::to_string(most));
      features = std::max(features, feature + 1);
      const std::int64_t token = cutting.tokenOf(row, position);
      if (token < 0)
        ++outside;
      else if (options.keepTokens || values[i] > threshold)
        entries.push_back({token, static_cast<FeatureId>(feature), static_cast<float>(values[i])});
    }
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.token, a.feature) < std::tie(b.token, b.feature);
  });
  progress.update(9, 10);

  const std::int64_t blocks = cutting.rows * cutting.blocksPerRow();
  Firings firings;
  firings.features = features;
  std::size_t at = 0;
  std::vector<FeatureId> fired;
  for (std::int64_t block = 0; block < blocks; ++block) {
    fired.clear();
    for (; at < entries.size() && entries[at].token < (block + 1) * cutting.blockLength; ++at)
      if (static_cast<double>(entries[at].value) > threshold)
        fired.push_back(entries[at].feature);
    std::sort(fired.begin(), fired.end());
    fired.erase(std::unique(fired.begin(), fired.end()), fired.end());
    firings.ids.insert(firings.ids.end(), fired.begin(), fired.end());
    firings.starts.push_back(static_cast<std::int64_t>(firings.ids.size()));
  }
  if (options.keepTokens) {
    auto tokens = std::make_shared<TokenActivations>();
    tokens->features = features;
    std::size_t next = 0;
    for (std::int64_t token = 0; token < blocks * cutting.blockLength; ++token) {
      for (; next < entries.size() && entries[next].token == token; ++next) {
        tokens->ids.push_back(entries[next].feature);
        tokens->values.push_back(entries[next].value);
      }
      tokens->starts.push_back(static_cast<std::int64_t>(tokens->ids.size()));
    }
    for (std::int64_t block = 1; block <= blocks; ++block)
      tokens->blockStarts.push_back(block * cutting.blockLength);
    if (!tokenIds.empty())
      for (std::int64_t row = 0; row < cutting.rows; ++row)
        for (std::int64_t place = 0; place < cutting.blocksPerRow() * cutting.blockLength; ++place)
          tokens->tokenIds.push_back(static_cast<std::int64_t>(tokenIds[static_cast<std::size_t>(
              row * cutting.rowLength + cutting.dropped + place)]));
    data.tokens = std::move(tokens);
  }
  data.notes.push_back(std::to_string(cutting.rows) + " rows of " +
                       std::to_string(cutting.rowLength) + " tokens were cut into " +
                       std::to_string(blocks) + " blocks of " +
                       std::to_string(cutting.blockLength) +
                       (cutting.dropped ? ", the first token of each row left out; " : "; ") +
                       std::to_string(outside) + " activations lie outside whole blocks.");
  data.firings = std::make_shared<Firings>(std::move(firings));
}

std::vector<std::int64_t> ownCounts(const CooccurrenceData& data)
{
  std::vector<std::int64_t> own;
  if (data.counts) {
    for (std::int64_t i = 0; i < data.counts->features(); ++i)
      own.push_back(data.counts->counts(i, i));
    return own;
  }
  own.assign(static_cast<std::size_t>(data.firings->features), 0);
  for (const FeatureId id : data.firings->ids)
    ++own[static_cast<std::size_t>(id)];
  return own;
}

}  // namespace

std::int64_t TokenActivations::blockOf(std::int64_t token) const
{
  const auto after = std::upper_bound(blockStarts.begin(), blockStarts.end(), token);
  return static_cast<std::int64_t>(after - blockStarts.begin()) - 1;
}

CooccurrenceFacts inspectCooccurrenceFile(const std::filesystem::path& path,
                                          const CooccurrenceReadOptions& options,
                                          const Progress& progress)
{
  return openSource(path, options, progress).facts;
}

CooccurrenceData readCooccurrenceFile(const std::filesystem::path& path,
                                      const CooccurrenceReadOptions& options,
                                      const Progress& progress)
{
  const Source source = openSource(path, options, progress.stage("Opening", 0.0, 0.05));
  checkMemory(path, "reading it", source.facts.readMemory, options.maxMemory);
  CooccurrenceData data;
  data.path = path;
  data.facts = source.facts;
  data.options = options;
  const Progress reading = progress.stage("Reading co-occurrences", 0.05, 0.9);
  switch (source.facts.kind) {
    case CooccurrenceFacts::Kind::Counts:
      data.counts = source.dense ? readHdf5Counts(source, reading) : readNpzCounts(source, reading);
      checkCounts(path, *data.counts, progress.stage("Checking counts", 0.9, 1.0));
      break;
    case CooccurrenceFacts::Kind::Firings: {
      auto firings = std::make_shared<Firings>(source.dense ? readDense(source, data, reading)
                                                            : readSparse(source, data, reading));
      std::int64_t repeats = 0;
      try {
        repeats = normalizeFirings(*firings);
      } catch (const Error& error) {
        fail(path, error.what());
      }
      if (repeats > 0)
        data.notes.push_back(std::to_string(repeats) +
                             " firings that a block names twice were counted once.");
      data.firings = std::move(firings);
      break;
    }
    case CooccurrenceFacts::Kind::Activations:
      readActivations(source, data, reading);
      break;
  }
  data.own = ownCounts(data);
  if (options.features && *options.features != data.features())
    fail(path, "counts " + std::to_string(data.features()) + " features, but the dictionary has " +
                   std::to_string(*options.features));
  data.facts.features = data.features();
  data.facts.blocks = data.blocks();
  if (source.facts.features && *source.facts.features < data.features())
    data.notes.push_back("The file knows " + std::to_string(*source.facts.features) +
                         " features, the dictionary has " + std::to_string(data.features()) +
                         "; the others never fire.");
  return data;
}

std::shared_ptr<const Cooccurrence> countsOf(const CooccurrenceData& data, const Progress& progress)
{
  if (data.counts)
    return data.counts;
  if (!data.firings)
    throw Error("there are neither counts nor firings");
  checkMemory(data.path, "counting all pairs", cooccurrenceMemory(*data.firings),
              data.options.maxMemory);
  return std::make_shared<const Cooccurrence>(countCooccurrences(*data.firings, progress));
}

std::vector<double> readFiringFrequencies(const std::filesystem::path& path,
                                          const Progress& progress)
{
  const auto file = openNpz(path);
  const TensorInfo* histogram = find(*file, "histogram");
  const TensorInfo* tokens = find(*file, "n_tokens");
  if (!histogram || !tokens || histogram->shape.size() != 1)
    fail(path,
         "holds no firing frequencies (expected 'histogram', one number per feature, and "
         "'n_tokens')");
  const auto total = file->readNumbers(*tokens, progress);
  if (total.size() != 1 || !(total.front() > 0.0))
    fail(path, "'n_tokens' is not a number of tokens");
  std::vector<double> shares = file->readNumbers(*histogram, progress);
  for (std::size_t i = 0; i < shares.size(); ++i) {
    if (!(shares[i] >= 0.0 && shares[i] <= total.front()))
      fail(path, "feature " + std::to_string(i) + " fires on " + std::to_string(shares[i]) +
                     " of " + std::to_string(total.front()) + " tokens");
    shares[i] /= total.front();
  }
  return shares;
}

std::vector<std::string> readDocumentTypes(const std::filesystem::path& path, std::int64_t blocks)
{
  const ByteSource source(path);
  if (source.size() > (std::uint64_t{1} << 30))
    source.fail("is too large for a list of document types");
  std::string text(static_cast<std::size_t>(source.size()), '\0');
  source.read(0, text.data(), text.size());
  std::vector<std::string> types;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::string line = text.substr(begin, end - begin);
    if (!line.empty() && line.back() == '\r')
      line.pop_back();
    types.push_back(std::move(line));
    begin = end + 1;
  }
  if (static_cast<std::int64_t>(types.size()) != blocks)
    source.fail("has " + std::to_string(types.size()) + " document types, one per line, for " +
                std::to_string(blocks) + " blocks");
  return types;
}

}  // namespace orrery
