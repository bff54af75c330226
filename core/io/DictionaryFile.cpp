#include "core/io/DictionaryFile.h"

#include "core/base/Error.h"
#include "core/io/ByteSource.h"
#include "core/io/DictionaryFolder.h"
#include "core/io/FeatureColumns.h"
#include "core/io/FileKind.h"
#include "core/io/LabelFile.h"
#include "core/io/MatrixChoice.h"
#include "core/io/Npy.h"
#include "core/io/TextMatrixFile.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <limits>
#include <string_view>
#include <utility>

namespace orrery {
namespace {

namespace fs = std::filesystem;

/// Memory that the system could give right now; nothing where it does not say.
std::optional<std::uint64_t> availableMemory()
{
  std::ifstream file("/proc/meminfo");
  std::string line;
  while (std::getline(file, line)) {
    constexpr std::string_view key = "MemAvailable:";
    if (!line.starts_with(key))
      continue;
    const std::size_t digits = line.find_first_of("0123456789");
    std::uint64_t kilobytes = 0;
    if (digits != std::string::npos)
      std::from_chars(line.data() + digits, line.data() + line.size(), kilobytes);
    return kilobytes * 1024;
  }
  return std::nullopt;
}

std::uint64_t matrixBytes(std::int64_t features, std::int64_t dimensions)
{
  std::uint64_t bytes = 0;
  if (!multiplyChecked(static_cast<std::uint64_t>(features), static_cast<std::uint64_t>(dimensions),
                       bytes) ||
      !multiplyChecked(bytes, sizeof(float), bytes))
    return std::numeric_limits<std::uint64_t>::max();
  return bytes;
}

std::uint64_t memoryLimit(const ReadOptions& options)
{
  if (options.maxMemory)
    return *options.maxMemory;
  return availableMemory().value_or(std::numeric_limits<std::uint64_t>::max());
}

void checkSize(const fs::path& path, std::int64_t features, std::int64_t dimensions,
               const ReadOptions& options)
{
  const std::string name = displayName(path) + ": ";
  const std::string shape =
      std::to_string(features) + " features × " + std::to_string(dimensions) + " dimensions";
  if (features > std::numeric_limits<FeatureId>::max())
    throw Error(name + shape + " are too many; at most 2147483647 features can be numbered");
  const std::uint64_t needed = matrixBytes(features, dimensions);
  if (needed > memoryLimit(options))
    throw Error(name + shape + " need " + displayBytes(needed) + " of memory, more than the " +
                displayBytes(memoryLimit(options)) +
                (options.maxMemory ? " allowed (--max-memory)" : " that are free"));
}

/// A file or folder turned into the file with the matrix, sniffed, with what lies beside it.
struct Resolved {
  fs::path path;
  SniffedFile kind;
  std::optional<SaeConfig> config;
  Origin origin;
  std::vector<std::string> notes;
};

Resolved resolve(const fs::path& path, const ReadOptions& options)
{
  Resolved resolved;
  resolved.path = path;
  std::error_code error;
  if (fs::is_directory(path, error))
    resolved.path = weightsInFolder(path);
  resolved.kind = sniffFile(resolved.path, options);
  if (resolved.kind.kind == FileKind::Json) {
    resolved.path = weightsOfConfig(resolved.path);
    resolved.kind = sniffFile(resolved.path, options);
  }
  if (resolved.path != path)
    resolved.notes.push_back("The weights were taken from " +
                             displayName(resolved.path.lexically_relative(
                                 fs::is_directory(path, error) ? path : path.parent_path())) +
                             ".");
  resolved.notes.insert(resolved.notes.end(), resolved.kind.notes.begin(),
                        resolved.kind.notes.end());
  resolved.config = findSaeConfig(resolved.path);
  if (resolved.config) {
    resolved.origin = resolved.config->origin;
    resolved.notes.insert(resolved.notes.end(), resolved.config->notes.begin(),
                          resolved.config->notes.end());
    if (!resolved.config->layout.empty())
      resolved.notes.push_back(resolved.config->layout + " layout, described by " +
                               displayName(resolved.config->path.filename()) + ".");
  }
  completeOrigin(resolved.origin, originFromPath(fs::absolute(resolved.path, error)));
  return resolved;
}

std::unique_ptr<TensorFile> openContainer(const Resolved& resolved, const Progress& progress)
{
  switch (resolved.kind.kind) {
    case FileKind::Npy:
      return openNpy(resolved.path);
    case FileKind::Npz:
      return openNpz(resolved.path);
    case FileKind::Safetensors:
      return openSafetensors(resolved.path);
    default:
      return openHdf5(resolved.path, progress);
  }
}

/// Layer from an array's attributes or its name.
std::optional<int> layerOf(const TensorInfo& tensor)
{
  if (const auto found = tensor.attributes.find("layer"); found != tensor.attributes.end()) {
    int layer = 0;
    const std::string& text = found->second;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), layer);
    if (error == std::errc() && stop == text.data() + text.size())
      return layer;
  }
  Origin origin;
  readHookName(tensor.name, origin);
  return origin.layer;
}

/// The labels to attach, read at most once: their number may decide the orientation.
class Labels {
 public:
  Labels(const fs::path& matrix, const ReadOptions& options, const Progress& progress)
      : m_given(options.labels.has_value()), m_progress(progress)
  {
    if (options.labels)
      m_path = *options.labels;
    else if (!options.withoutLabels)
      m_path = labelsBeside(matrix);
  }

  [[nodiscard]] const std::optional<fs::path>& path() const { return m_path; }

  std::optional<std::int64_t> count()
  {
    read();
    if (!m_table)
      return std::nullopt;
    return m_table->hasIndices ? static_cast<std::int64_t>(m_table->ids.size()) : m_table->rows;
  }

  /// @p dictionary with the labels attached. Labels that were asked for and do not fit are an
  /// Error; those merely found are a warning, and the matrix opens without.
  Dictionary attach(Dictionary dictionary)
  {
    read();
    if (m_table) {
      try {
        dictionary = attachLabels(dictionary, *m_table, *m_path);
      } catch (const Error& error) {
        if (m_given)
          throw;
        m_fault = error.what();
      }
    }
    if (!m_fault.empty())
      dictionary.warnings.push_back("The labels beside the file were not attached: " + m_fault +
                                    ".");
    return dictionary;
  }

 private:
  void read()
  {
    if (!m_path || m_table || !m_fault.empty())
      return;
    try {
      m_table = readLabels(*m_path, m_progress);
    } catch (const Error& error) {
      if (m_given)
        throw;
      m_fault = error.what();
    }
  }

  std::optional<fs::path> m_path;
  bool m_given;
  const Progress& m_progress;
  std::optional<LabelTable> m_table;
  std::string m_fault;
};

MatrixCandidate candidateOf(const TensorFile& file, const TensorInfo& tensor,
                            const Resolved& resolved, const ReadOptions& options, Labels& labels,
                            std::string* warning = nullptr)
{
  const NamedRole role = roleOf(tensor.name);
  OrientationHints hints;
  hints.config = resolved.config ? &*resolved.config : nullptr;
  hints.labelCount = labelCountIn(file, tensor);
  if (!hints.labelCount && role.role == TensorRole::Unknown && tensor.shape[0] != tensor.shape[1])
    hints.labelCount = labels.count();
  Orientation orientation = decideOrientation(tensor.shape, role, hints);
  if (isAnnData(file) && role.role == TensorRole::Unknown)
    orientation = {
        FeatureAxis::Rows, "because AnnData keeps one observation in each row", true, {}};
  if (options.transpose) {
    orientation.axis =
        orientation.axis == FeatureAxis::Rows ? FeatureAxis::Columns : FeatureAxis::Rows;
    orientation.rule = "because it was turned on request";
    orientation.warning.clear();
  }
  if (warning)
    *warning = orientation.warning;
  MatrixCandidate candidate;
  candidate.tensor = tensor;
  candidate.axis = orientation.axis;
  candidate.axisRule = orientation.rule;
  const bool rows = orientation.axis == FeatureAxis::Rows;
  candidate.features = tensor.shape[rows ? 0 : 1];
  candidate.dimensions = tensor.shape[rows ? 1 : 0];
  candidate.memory = matrixBytes(candidate.features, candidate.dimensions);
  candidate.layer = layerOf(tensor);
  return candidate;
}

const char* orientationText(FeatureAxis axis)
{
  return axis == FeatureAxis::Rows ? "rows are features" : "columns are features";
}

void setSource(Dictionary& dictionary, const fs::path& path)
{
  const ByteSource source(path);
  dictionary.source.path = path;
  dictionary.source.fileSize = source.size();
  dictionary.source.modifiedNs = source.modifiedNs();
}

std::string rowList(const std::vector<FeatureId>& rows)
{
  std::string text;
  for (std::size_t i = 0; i < rows.size() && i < 10; ++i)
    text += (i > 0 ? ", " : "") + std::to_string(rows[i]);
  return rows.size() > 10 ? text + " …" : text;
}

std::string countText(std::size_t count, const char* noun)
{
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

void inspect(Dictionary& dictionary)
{
  dictionary.rows = inspectRows(*dictionary.decoder);
  const RowReport& rows = dictionary.rows;
  if (static_cast<std::int64_t>(rows.nonFinite.size()) == dictionary.features())
    dictionary.warnings.push_back(
        "Every feature holds NaN or an infinity: nothing can be computed from this matrix.");
  else if (!rows.nonFinite.empty())
    dictionary.warnings.push_back(
        countText(rows.nonFinite.size(), "feature") +
        " with NaN or infinite values, left out of computations: " + rowList(rows.nonFinite) + ".");
  if (!rows.zero.empty())
    dictionary.notes.push_back(countText(rows.zero.size(), "feature") +
                               " with all zeros, without direction: " + rowList(rows.zero) + ".");
  if (rows.duplicates > 0)
    dictionary.notes.push_back(countText(static_cast<std::size_t>(rows.duplicates), "feature") +
                               " equal to an earlier one.");
}

/// Co-occurrence counts are square and whole and look like a matrix of features.
void refuseCounts(const fs::path& path, const TensorInfo& tensor)
{
  if (tensor.name == "histogram" && tensor.shape[0] == tensor.shape[1])
    throw Error(displayName(path) + ": holds co-occurrence counts " + shapeText(tensor.shape) +
                ", not a dictionary; open it as co-occurrence");
}

void noteConversion(const TensorInfo& tensor, std::int64_t overflowed, Dictionary& dictionary)
{
  if (tensor.type == ElementType::Integer || tensor.type == ElementType::Boolean)
    dictionary.warnings.push_back("The values are " + tensor.typeName +
                                  " and were converted to float32.");
  else if (tensor.type == ElementType::Float64)
    dictionary.notes.push_back("float64 was rounded to float32.");
  if (overflowed > 0)
    dictionary.warnings.push_back(std::to_string(overflowed) +
                                  " float64 values do not fit float32 and became infinite.");
}

bool isSqueezed(const TensorFile& file, const TensorInfo& tensor)
{
  const auto listed = std::ranges::find(file.tensors(), tensor.name, &TensorInfo::name);
  return listed != file.tensors().end() && listed->shape.size() != tensor.shape.size();
}

FeatureMatrix readChosen(TensorFile& file, const fs::path& path, const MatrixCandidate& chosen,
                         const ReadOptions& options, const Progress& progress,
                         std::int64_t& overflowed)
{
  if (!file.formatName().starts_with("HDF5") || !isSqueezed(file, chosen.tensor))
    return file.readMatrix(chosen.tensor, chosen.axis, progress, &overflowed);
  // Its reader takes two axes only: the numbers come as a list, in double.
  if (chosen.memory > memoryLimit(options) / 3)
    throw Error(displayName(path) + ": " + displayText(chosen.tensor.name) + " needs three times " +
                displayBytes(chosen.memory) + " of memory for its third axis; save it with two");
  const std::vector<double> values = file.readNumbers(chosen.tensor, progress);
  const bool rows = chosen.axis == FeatureAxis::Rows;
  FeatureMatrix matrix(chosen.dimensions, chosen.features);
  for (std::int64_t feature = 0; feature < chosen.features; ++feature) {
    for (std::int64_t i = 0; i < chosen.dimensions; ++i) {
      const double value = values[static_cast<std::size_t>(rows ? feature * chosen.dimensions + i
                                                                : i * chosen.features + feature)];
      matrix(i, feature) = static_cast<float>(value);
      overflowed += std::isinf(matrix(i, feature)) && std::isfinite(value) ? 1 : 0;
    }
  }
  return matrix;
}

Dictionary readContainer(const Resolved& resolved, const ReadOptions& options,
                         const Progress& progress)
{
  const auto file = openContainer(resolved, progress);
  const Choice choice = chooseMatrix(*file, resolved.path, options.dataset);
  if (choice.candidates.empty())
    refuseNoMatrix(*file, resolved.path);
  if (choice.ambiguous)
    refuseAmbiguous(choice, resolved.path);
  const TensorInfo& tensor = choice.candidates.front();
  refuseCounts(resolved.path, tensor);

  Dictionary dictionary;
  Labels labels(resolved.path, options, progress);
  std::string warning;
  const MatrixCandidate chosen = candidateOf(*file, tensor, resolved, options, labels, &warning);
  checkSize(resolved.path, chosen.features, chosen.dimensions, options);

  std::int64_t overflowed = 0;
  dictionary.decoder = std::make_shared<const FeatureMatrix>(
      readChosen(*file, resolved.path, chosen, options,
                 progress.stage("Reading the matrix", 0.0, 0.7), overflowed));
  dictionary.name = nameOfDictionary(resolved.path);
  dictionary.origin = resolved.origin;
  if (!dictionary.origin.layer)
    dictionary.origin.layer = chosen.layer;
  setSource(dictionary, resolved.path);
  dictionary.source.format = file->formatName();
  dictionary.source.dataset = tensor.name;
  dictionary.source.elementType = tensor.typeName;
  dictionary.source.orientation = orientationText(chosen.axis);
  dictionary.source.orientationRule = chosen.axisRule;
  dictionary.notes = resolved.notes;
  if (!choice.reason.empty())
    dictionary.notes.push_back(choice.reason);
  if (isSqueezed(*file, tensor))
    dictionary.notes.push_back("The array has three axes; the one of length one was dropped.");
  if (!warning.empty())
    dictionary.warnings.push_back(warning);
  noteConversion(tensor, overflowed, dictionary);

  const Progress details = progress.stage("Reading columns", 0.7, 0.9);
  addContainerColumns(*file, tensor, dictionary, details);
  addSparsityFile(resolved.path, dictionary, details);
  addNorms(dictionary, roleOf(tensor.name).role == TensorRole::Decoder);
  const TensorInfo* encoder =
      findEncoder(*file, tensor, dictionary.features(), dictionary.dimensions());
  if (encoder && options.compareEncoder && chosen.memory <= memoryLimit(options) / 2)
    addEncoderCosine(*file, *encoder, dictionary, details);
  dictionary.notes.insert(dictionary.notes.end(), file->notes().begin(), file->notes().end());

  progress.stage("Checking the features", 0.9, 1.0).checkStopped();
  inspect(dictionary);
  if (dictionary.labels.empty() || options.labels)
    dictionary = labels.attach(std::move(dictionary));
  return dictionary;
}

ReadOptions unturned(const ReadOptions& options)
{
  ReadOptions plain = options;
  plain.transpose = false;
  return plain;
}

Dictionary readText(const Resolved& resolved, const ReadOptions& options, const Progress& progress)
{
  const TextMatrixFormat format = resolved.kind.textFormat.value();
  const auto [features, dimensions] = textMatrixShape(resolved.path, format, options);
  if (features > 0 && dimensions > 0)
    checkSize(resolved.path, features, dimensions, options);
  TextMatrix text = readTextMatrix(resolved.path, format, unturned(options),
                                   progress.stage("Reading the matrix", 0.0, 0.8));
  Dictionary dictionary;
  if (options.transpose) {
    if (!text.labels.empty() || text.table)
      dictionary.warnings.push_back(
          "The matrix was turned; the labels belonged to its rows and were left out.");
    text.decoder = text.decoder.transpose().eval();
    text.labels.clear();
    text.table.reset();
  }
  dictionary.decoder = std::make_shared<const FeatureMatrix>(std::move(text.decoder));
  dictionary.labels = std::move(text.labels);
  dictionary.name = nameOfDictionary(resolved.path);
  dictionary.origin = resolved.origin;
  setSource(dictionary, resolved.path);
  dictionary.source.format = text.format;
  dictionary.source.elementType =
      format == TextMatrixFormat::Word2VecBinary || format == TextMatrixFormat::RawBytes ? "float32"
                                                                                         : "text";
  dictionary.source.orientation =
      orientationText(options.transpose ? FeatureAxis::Columns : FeatureAxis::Rows);
  dictionary.source.orientationRule = options.transpose
                                          ? "because it was turned on request"
                                          : "because the format has one feature per row";
  dictionary.notes = resolved.notes;
  dictionary.notes.insert(dictionary.notes.end(), text.notes.begin(), text.notes.end());
  addNorms(dictionary, false);
  inspect(dictionary);
  if (text.table) {
    try {
      dictionary = attachLabels(dictionary, *text.table, resolved.path);
    } catch (const Error& error) {
      dictionary.warnings.push_back(
          std::string("The metadata that the configuration names were not attached: ") +
          error.what() + ".");
    }
  }
  Labels labels(resolved.path, options, progress);
  if (dictionary.labels.empty() || options.labels)
    dictionary = labels.attach(std::move(dictionary));
  return dictionary;
}

void previewText(const Resolved& resolved, const ReadOptions& options, FilePreview& preview)
{
  const auto [features, dimensions] =
      textMatrixShape(resolved.path, *resolved.kind.textFormat, options);
  static constexpr const char* names[] = {"word2vec text",   "word2vec binary",  "GloVe text",
                                          "numbers as text", "Projector config", "raw float32"};
  preview.format = names[static_cast<int>(*resolved.kind.textFormat)];
  MatrixCandidate candidate;
  candidate.tensor.shape = {features, dimensions};
  candidate.tensor.type = ElementType::Float32;
  candidate.tensor.typeName = preview.format;
  candidate.axis = options.transpose ? FeatureAxis::Columns : FeatureAxis::Rows;
  candidate.axisRule = options.transpose ? "because it was turned on request"
                                         : "because the format has one feature per row";
  candidate.features = options.transpose ? dimensions : features;
  candidate.dimensions = options.transpose ? features : dimensions;
  if (features > 0 && dimensions > 0)
    candidate.memory = matrixBytes(features, dimensions);
  preview.tensors.push_back(candidate.tensor);
  preview.candidates.push_back(std::move(candidate));
}

}  // namespace

FilePreview inspectDictionaryFile(const fs::path& path, const ReadOptions& options,
                                  const Progress& progress)
{
  const Resolved resolved = resolve(path, options);
  FilePreview preview;
  preview.path = resolved.path;
  preview.fileSize = ByteSource(resolved.path).size();
  preview.origin = resolved.origin;
  preview.notes = resolved.notes;
  Labels labels(resolved.path, options, progress);
  if (!options.labels)
    preview.labels = labels.path();
  if (resolved.kind.kind == FileKind::Text) {
    previewText(resolved, options, preview);
    return preview;
  }
  const auto file = openContainer(resolved, progress);
  preview.format = file->formatName();
  preview.tensors = file->tensors();
  const Choice choice = chooseMatrix(*file, resolved.path, options.dataset);
  for (const TensorInfo& tensor : choice.candidates) {
    std::string warning;
    preview.candidates.push_back(candidateOf(*file, tensor, resolved, options, labels, &warning));
    if (preview.candidates.size() == 1 && !warning.empty())
      preview.notes.push_back(warning);
  }
  preview.ambiguous = choice.ambiguous;
  preview.notes.insert(preview.notes.end(), file->notes().begin(), file->notes().end());
  if (!choice.reason.empty())
    preview.notes.push_back(choice.reason);
  return preview;
}

Dictionary readDictionary(const fs::path& path, const ReadOptions& options,
                          const Progress& progress)
{
  const Resolved resolved = resolve(path, options);
  return resolved.kind.kind == FileKind::Text ? readText(resolved, options, progress)
                                              : readContainer(resolved, options, progress);
}

}  // namespace orrery
