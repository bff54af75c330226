#include "core/io/FeatureColumns.h"

#include "core/base/Error.h"
#include "core/base/Parallel.h"
#include "core/io/ByteSource.h"
#include "core/io/MatrixChoice.h"
#include "core/io/Npy.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string_view>
#include <utility>

namespace orrery {
namespace {

constexpr std::size_t mostColumns = 64;
constexpr std::size_t mostCategories = 4096;

constexpr std::string_view labelNames[] = {
    "labels",     "label",  "words",        "word",         "tokens",   "vocab",
    "vocabulary", "names",  "name",         "terms",        "concepts", "feature_names",
    "index",      "_index", "explanations", "descriptions", "keys"};

/// Belong to the dimensions or to the whole, also where they happen to be as long as the features.
constexpr std::string_view dimensionNames[] = {
    "b_dec", "b_D",      "decoder.bias", "bias", "decoder_bias", "pre_bias", "decoder_linear.bias",
    "mean",  "b_dec_out"};

enum class Scale { Plain, Exp, PowerOfTen };

struct KnownColumn {
  std::string_view tensor;
  const char* column;
  const char* description;
  Scale scale = Scale::Plain;
};

constexpr KnownColumn knownColumns[] = {
    {"threshold", "threshold", "Value that the feature's input must pass before it fires."},
    {"log_jumprelu_threshold", "threshold",
     "Value that the feature's input must pass before it fires (stored as its logarithm).",
     Scale::Exp},
    {"log_threshold", "threshold",
     "Value that the feature's input must pass before it fires (stored as its logarithm).",
     Scale::Exp},
    {"b_enc", "encoder bias", "Added to the feature's input before it fires."},
    {"b_E", "encoder bias", "Added to the feature's input before it fires."},
    {"encoder.bias", "encoder bias", "Added to the feature's input before it fires."},
    {"encoder_linear.bias", "encoder bias", "Added to the feature's input before it fires."},
    {"latent_bias", "encoder bias", "Added to the feature's input before it fires."},
    {"b_gate", "gate bias", "Bias of the gate that decides whether the feature fires."},
    {"gate_bias", "gate bias", "Bias of the gate that decides whether the feature fires."},
    {"b_mag", "magnitude bias", "Bias of how strongly a gated feature fires."},
    {"mag_bias", "magnitude bias", "Bias of how strongly a gated feature fires."},
    {"r_mag", "magnitude scale", "Logarithm of the gated feature's scale."},
    {"sparsity", "firing rate",
     "Share of tokens on which the feature fires (10 to the stored value).", Scale::PowerOfTen},
    {"latents_activation_frequency", "firing rate", "Share of tokens on which the feature fires."},
    {"latents_mean_square", "mean square", "Mean square of the feature's activation."}};

/// What stands before the matrix's own name: arrays that share it belong to it.
std::string scopeOf(const TensorInfo& decoder)
{
  const NamedRole role = roleOf(decoder.name);
  if (role.role != TensorRole::Unknown)
    return role.prefix;
  const std::size_t slash = decoder.name.rfind('/');
  return slash == std::string::npos ? "" : decoder.name.substr(0, slash + 1);
}

bool isAnnData(const std::string& name)
{
  return name == "/X" || name.starts_with("/obsm/") || name.starts_with("/layers/");
}

/// The array's own name within the matrix's scope, empty if it is outside.
std::string nameInScope(const TensorInfo& tensor, const TensorInfo& decoder)
{
  std::vector<std::string> scopes{scopeOf(decoder)};
  if (isAnnData(decoder.name))
    scopes = {"/obs/"};
  for (const std::string& scope : scopes) {
    if (tensor.name.starts_with(scope)) {
      std::string own = tensor.name.substr(scope.size());
      if (own.find('/') == std::string::npos)
        return own;
    }
  }
  return {};
}

template <typename Range>
bool contains(const Range& range, std::string_view name)
{
  return std::ranges::find(range, name) != std::end(range);
}

Column numberColumn(const std::string& own, std::vector<double> numbers)
{
  Column column;
  column.name = displayText(own.substr(0, 100));
  column.description = "Array " + column.name + " of the file.";
  for (const KnownColumn& known : knownColumns) {
    if (own != known.tensor)
      continue;
    column.name = known.column;
    column.description = known.description;
    for (double& number : numbers) {
      if (known.scale == Scale::Exp)
        number = std::exp(number);
      else if (known.scale == Scale::PowerOfTen)
        number = std::pow(10.0, number);
    }
  }
  column.numbers = std::move(numbers);
  return column;
}

/// Distinct texts as categories, in order of first appearance; nothing if there are too many.
std::optional<Column> categoryColumn(const std::string& own, const std::vector<std::string>& texts)
{
  Column column;
  column.name = displayText(own.substr(0, 100));
  column.kind = Column::Kind::Category;
  column.description = "Array " + column.name + " of the file.";
  std::map<std::string, std::int32_t> known;
  for (const std::string& text : texts) {
    const auto [place, isNew] = known.emplace(text, static_cast<std::int32_t>(known.size()));
    if (isNew)
      column.categoryNames.push_back(text);
    if (known.size() > mostCategories)
      return std::nullopt;
    column.categories.push_back(place->second);
  }
  return column;
}

class Collector {
 public:
  Collector(TensorFile& file, const TensorInfo& decoder, Dictionary& dictionary,
            const Progress& progress)
      : m_file(file), m_decoder(decoder), m_dictionary(dictionary), m_progress(progress)
  {
  }

  void collect()
  {
    addLabels();
    for (const TensorInfo& tensor : m_file.tensors()) {
      const std::string own = nameInScope(tensor, m_decoder);
      if (!own.empty() && own != m_labelName && isPerFeature(tensor) &&
          !contains(dimensionNames, own))
        addArray(tensor, own);
    }
    if (isAnnData(m_decoder.name))
      addCategoricals();
    if (m_leftOut > 0)
      m_dictionary.notes.push_back(std::to_string(m_leftOut) +
                                   " further arrays with a value for each feature were left out.");
  }

 private:
  [[nodiscard]] std::int64_t features() const { return m_dictionary.features(); }

  [[nodiscard]] bool isPerFeature(const TensorInfo& tensor) const
  {
    return tensor.problem.empty() && tensor.shape.size() == 1 && tensor.shape[0] == features() &&
           tensor.type != ElementType::Other;
  }

  void addLabels()
  {
    const auto arrays = labelArrays(m_file, m_decoder);
    for (const TensorInfo* array : arrays) {
      if (!isPerFeature(*array))
        continue;
      m_dictionary.labels = m_file.readStrings(*array, m_progress);
      m_labelName = nameInScope(*array, m_decoder);
      return;
    }
    for (const TensorInfo* array : arrays) {
      // Names of the dimensions are nothing to warn of.
      if (array->problem.empty() && array->shape.size() == 1 &&
          array->shape[0] != m_dictionary.dimensions())
        m_dictionary.warnings.push_back(
            std::to_string(array->shape[0]) + " labels in " + displayText(array->name) + " for " +
            std::to_string(features()) + " features: they cannot be matched and were left out.");
    }
  }

  void addArray(const TensorInfo& tensor, const std::string& own)
  {
    if (m_dictionary.columns.size() >= mostColumns) {
      ++m_leftOut;
      return;
    }
    if (tensor.type != ElementType::Text) {
      m_dictionary.columns.push_back(numberColumn(own, m_file.readNumbers(tensor, m_progress)));
      return;
    }
    if (auto column = categoryColumn(own, m_file.readStrings(tensor, m_progress)))
      m_dictionary.columns.push_back(std::move(*column));
    else
      ++m_leftOut;
  }

  /// AnnData keeps a category as a group of codes and names.
  void addCategoricals()
  {
    for (const TensorInfo& codes : m_file.tensors()) {
      if (!codes.name.starts_with("/obs/") || !codes.name.ends_with("/codes") ||
          !isPerFeature(codes) || m_dictionary.columns.size() >= mostColumns)
        continue;
      const std::string group = codes.name.substr(0, codes.name.size() - 5);
      const auto names =
          std::ranges::find(m_file.tensors(), group + "categories", &TensorInfo::name);
      if (names == m_file.tensors().end() || names->type != ElementType::Text ||
          names->shape.size() != 1)
        continue;
      Column column;
      column.kind = Column::Kind::Category;
      column.name = displayText(group.substr(5, group.size() - 6));
      column.description = "Annotation " + column.name + " of the file.";
      column.categoryNames = m_file.readStrings(*names, m_progress);
      const auto count = static_cast<double>(column.categoryNames.size());
      for (const double code : m_file.readNumbers(codes, m_progress))
        column.categories.push_back(code >= 0 && code < count ? static_cast<std::int32_t>(code)
                                                              : -1);
      m_dictionary.columns.push_back(std::move(column));
    }
  }

  TensorFile& m_file;
  const TensorInfo& m_decoder;
  Dictionary& m_dictionary;
  const Progress& m_progress;
  std::string m_labelName;
  std::int64_t m_leftOut = 0;
};

/// What the cosine of two vectors is made of, summed part by part.
struct CosineSums {
  double product = 0.0, first = 0.0, second = 0.0;

  void add(const float* a, const float* b, std::int64_t count)
  {
    for (std::int64_t k = 0; k < count; ++k) {
      const double x = a[k], y = b[k];
      product += x * y;
      first += x * x;
      second += y * y;
    }
  }

  /// NaN where one of the two has no direction.
  [[nodiscard]] double cosine() const
  {
    const double value = product / std::sqrt(first * second);
    return std::isfinite(value) ? std::clamp(value, -1.0, 1.0)
                                : std::numeric_limits<double>::quiet_NaN();
  }
};

}  // namespace

std::vector<const TensorInfo*> labelArrays(const TensorFile& file, const TensorInfo& decoder)
{
  std::vector<const TensorInfo*> arrays;
  for (const std::string_view name : labelNames) {
    for (const TensorInfo& tensor : file.tensors()) {
      if (tensor.type == ElementType::Text && nameInScope(tensor, decoder) == name)
        arrays.push_back(&tensor);
    }
  }
  return arrays;
}

std::optional<std::int64_t> labelCountIn(const TensorFile& file, const TensorInfo& decoder)
{
  for (const TensorInfo* array : labelArrays(file, decoder)) {
    if (array->problem.empty() && array->shape.size() == 1)
      return array->shape[0];
  }
  return std::nullopt;
}

void addContainerColumns(TensorFile& file, const TensorInfo& decoder, Dictionary& dictionary,
                         const Progress& progress)
{
  Collector(file, decoder, dictionary, progress).collect();
}

const TensorInfo* findEncoder(const TensorFile& file, const TensorInfo& decoder,
                              std::int64_t features, std::int64_t dimensions)
{
  if (roleOf(decoder.name).role != TensorRole::Decoder)
    return nullptr;
  const std::string prefix = roleOf(decoder.name).prefix;
  for (const TensorInfo& tensor : file.tensors()) {
    const NamedRole role = roleOf(tensor.name);
    if (role.role != TensorRole::Encoder || role.prefix != prefix || !tensor.isMatrix() ||
        !tensor.problem.empty())
      continue;
    if (std::ranges::is_permutation(tensor.shape, std::array{features, dimensions}))
      return &tensor;
  }
  return nullptr;
}

void addEncoderCosine(TensorFile& file, const TensorInfo& encoder, Dictionary& dictionary,
                      const Progress& progress)
{
  const FeatureMatrix& decoder = *dictionary.decoder;
  FeatureAxis axis = roleOf(encoder.name).axis;
  if (encoder.shape[axis == FeatureAxis::Rows ? 0 : 1] != decoder.cols())
    axis = axis == FeatureAxis::Rows ? FeatureAxis::Columns : FeatureAxis::Rows;
  // In blocks: the encoder as a whole would double the memory that opening takes.
  std::vector<CosineSums> sums(static_cast<std::size_t>(decoder.cols()));
  file.readBlocks(encoder, axis, progress, [&](const MatrixBlock& block) {
    const FeatureMatrix& other = block.values;
    parallelFor(other.cols(), 64, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const std::int64_t feature = block.firstFeature + i;
        sums[static_cast<std::size_t>(feature)].add(
            decoder.col(feature).data() + block.firstDimension, other.col(i).data(), other.rows());
      }
    });
  });
  Column column;
  column.name = "encoder cosine";
  column.description = "Cosine between the feature's encoder and decoder vectors.";
  for (const CosineSums& sum : sums)
    column.numbers.push_back(sum.cosine());
  dictionary.columns.push_back(std::move(column));
}

void addNorms(Dictionary& dictionary, bool isDecoder)
{
  if (dictionary.isMap())
    return;  // places have no length that means anything
  const FeatureMatrix& decoder = *dictionary.decoder;
  Column column;
  column.name = isDecoder ? "decoder norm" : "norm";
  column.description = "Euclidean length of the feature's vector.";
  column.numbers.resize(static_cast<std::size_t>(decoder.cols()));
  parallelFor(decoder.cols(), 256, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const double norm = decoder.col(i).cast<double>().norm();
      column.numbers[static_cast<std::size_t>(i)] =
          std::isfinite(norm) ? norm : std::numeric_limits<double>::quiet_NaN();
    }
  });
  dictionary.columns.push_back(std::move(column));
}

void addSparsityFile(const std::filesystem::path& weights, Dictionary& dictionary,
                     const Progress& progress)
{
  const std::filesystem::path path = weights.parent_path() / "sparsity.safetensors";
  std::error_code error;
  if (path == weights || !std::filesystem::is_regular_file(path, error))
    return;
  try {
    const auto file = openSafetensors(path);
    for (const TensorInfo& tensor : file->tensors()) {
      if (tensor.name != "sparsity")
        continue;
      if (tensor.shape.size() != 1 || tensor.shape[0] != dictionary.features())
        throw Error(displayName(path) + ": sparsity has shape " + shapeText(tensor.shape) +
                    " for " + std::to_string(dictionary.features()) + " features");
      dictionary.columns.push_back(numberColumn("sparsity", file->readNumbers(tensor, progress)));
      dictionary.notes.push_back("Firing rates were read from sparsity.safetensors beside it.");
    }
  } catch (const Error& fault) {
    dictionary.warnings.push_back("Firing rates were not read: " + std::string(fault.what()) + ".");
  }
}

}  // namespace orrery
