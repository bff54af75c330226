#include "core/io/text/ProjectorFile.h"

#include "core/base/Error.h"
#include "core/io/text/DelimitedMatrix.h"
#include "core/io/text/JsonStream.h"
#include "core/io/text/TextDecoding.h"
#include "core/io/text/TextRows.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <string>
#include <vector>

namespace orrery {
namespace {

static_assert(std::endian::native == std::endian::little,
              "numbers are read as they lie in the file");

constexpr std::uint64_t largestConfig = 16u << 20;

struct ConfigTensor {
  std::string name;
  std::string tensorPath;
  std::string metadataPath;
  std::optional<std::pair<std::int64_t, std::int64_t>> shape;
};

std::string textOf(const Json& object, const char* key)
{
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

ConfigTensor tensorOf(const ByteSource& source, const Json& entry)
{
  if (!entry.is_object())
    source.fail("an entry of 'embeddings' is not an object");
  ConfigTensor tensor;
  tensor.name = textOf(entry, "tensorName");
  tensor.tensorPath = textOf(entry, "tensorPath");
  tensor.metadataPath = textOf(entry, "metadataPath");
  const auto shape = entry.find("tensorShape");
  if (shape == entry.end())
    return tensor;
  if (!shape->is_array() || shape->size() != 2 || !(*shape)[0].is_number_unsigned() ||
      !(*shape)[1].is_number_unsigned())
    source.fail("'tensorShape' of " + quotedForMessage(tensor.name) +
                " is not two whole numbers: " + displayText(shape->dump().substr(0, 80)));
  const auto features = (*shape)[0].get<std::uint64_t>();
  const auto dimensions = (*shape)[1].get<std::uint64_t>();
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<FeatureId>::max());
  if (features > most || dimensions > most)
    source.fail("'tensorShape' of " + quotedForMessage(tensor.name) +
                " is too large: " + std::to_string(features) + " × " + std::to_string(dimensions));
  tensor.shape = {static_cast<std::int64_t>(features), static_cast<std::int64_t>(dimensions)};
  return tensor;
}

std::vector<ConfigTensor> tensorsOf(const ByteSource& source)
{
  if (source.size() > largestConfig)
    source.fail("is too large for a projector_config.json: " + displayBytes(source.size()));
  const Json config = readJson(source);
  std::vector<ConfigTensor> tensors;
  if (config.is_object() && config.contains("embeddings") && config["embeddings"].is_array())
    for (const Json& entry : config["embeddings"])
      tensors.push_back(tensorOf(source, entry));
  if (tensors.empty())
    source.fail("names no embeddings");
  return tensors;
}

ConfigTensor chooseTensor(const ByteSource& source, const std::vector<ConfigTensor>& tensors,
                          const ReadOptions& options, std::vector<std::string>& notes)
{
  std::string names;
  for (const ConfigTensor& tensor : tensors)
    names += (names.empty() ? "" : ", ") + quotedForMessage(tensor.name);
  if (options.dataset) {
    for (const ConfigTensor& tensor : tensors)
      if (tensor.name == *options.dataset)
        return tensor;
    source.fail("names no tensor " + quotedForMessage(*options.dataset) + ", it has " + names);
  }
  if (tensors.size() > 1)
    notes.push_back("The first of " + std::to_string(tensors.size()) +
                    " tensors was taken; there are " + names + ".");
  return tensors.front();
}

/// A file that the configuration names: beside it or below, never anywhere else.
std::filesystem::path besideConfig(const ByteSource& source, const std::string& name)
{
  const std::filesystem::path relative(name);
  const bool leaves = std::find(relative.begin(), relative.end(), "..") != relative.end();
  if (name.empty() || relative.is_absolute() || leaves || name.find("://") != std::string::npos)
    source.fail("names the file " + quotedForMessage(name) +
                ", which is not in its own folder; open that file itself");
  return source.path().parent_path() / relative;
}

}  // namespace

bool looksLikeProjectorConfig(std::string_view head)
{
  if (head.starts_with(utf8Mark))
    head.remove_prefix(utf8Mark.size());
  const std::size_t begin = head.find_first_not_of(" \t\r\n");
  return begin != std::string_view::npos && head[begin] == '{' &&
         head.find("\"embeddings\"") != std::string_view::npos &&
         head.find("\"tensorPath\"") != std::string_view::npos;
}

std::pair<std::int64_t, std::int64_t> checkedRawShape(
    const ByteSource& source, std::optional<std::pair<std::int64_t, std::int64_t>> shape)
{
  if (!shape)
    source.fail("holds numbers without a header (" + displayBytes(source.size()) +
                " = 4 × features × dimensions); give their shape, as in --shape 150x4");
  const auto [features, dimensions] = *shape;
  const std::string shapeText = std::to_string(features) + " × " + std::to_string(dimensions);
  if (features < 1 || dimensions < 1)
    source.fail("cannot have the shape " + shapeText);
  std::uint64_t bytes = 0;
  const bool fits = multiplyChecked(static_cast<std::uint64_t>(features),
                                    static_cast<std::uint64_t>(dimensions), bytes) &&
                    multiplyChecked(bytes, sizeof(float), bytes);
  if (!fits || bytes != source.size())
    source.fail("does not hold " + shapeText + " 32-bit numbers: expected " +
                (fits ? displayBytes(bytes) : std::string("more than 2^64 bytes")) + ", found " +
                displayBytes(source.size()));
  return *shape;
}

TextMatrix readRawBytes(const ByteSource& source,
                        std::optional<std::pair<std::int64_t, std::int64_t>> shape,
                        std::optional<std::uint64_t> maxMemory, const Progress& progress)
{
  const auto [features, dimensions] = checkedRawShape(source, shape);
  const std::uint64_t bytes = source.size();
  checkMatrixMemory(source, features, dimensions, maxMemory);

  TextMatrix matrix;
  matrix.format = "raw 32-bit floats";
  matrix.decoder.resize(dimensions, features);
  auto* const target = reinterpret_cast<char*>(matrix.decoder.data());
  constexpr std::uint64_t step = 16u << 20;
  for (std::uint64_t at = 0; at < bytes; at += step) {
    progress.update(static_cast<std::int64_t>(at), static_cast<std::int64_t>(bytes));
    source.read(at, target + at, static_cast<std::size_t>(std::min(step, bytes - at)));
  }
  return matrix;
}

TextMatrix readProjectorConfig(const ByteSource& source, const ReadOptions& options,
                               const Progress& progress)
{
  std::vector<std::string> notes;
  const ConfigTensor tensor = chooseTensor(source, tensorsOf(source), options, notes);
  const ByteSource data(besideConfig(source, tensor.tensorPath));
  const std::optional<DelimitedMatrix> text = recognizeDelimitedMatrix(data);
  const auto shape = options.shape ? options.shape : tensor.shape;
  TextMatrix matrix = text ? readDelimitedMatrix(data, options.maxMemory, progress)
                           : readRawBytes(data, shape, options.maxMemory, progress);
  const std::pair found{static_cast<std::int64_t>(matrix.decoder.cols()),
                        static_cast<std::int64_t>(matrix.decoder.rows())};
  if (shape && *shape != found)
    source.fail("states the shape " + std::to_string(shape->first) + " × " +
                std::to_string(shape->second) + " for " + quotedForMessage(tensor.tensorPath) +
                ", found " + std::to_string(found.first) + " × " + std::to_string(found.second));
  if (!tensor.metadataPath.empty() && !options.withoutLabels && !options.labels) {
    // The matrix opens without its labels if need be.
    try {
      matrix.table = readLabels(besideConfig(source, tensor.metadataPath), progress);
    } catch (const Error& error) {
      matrix.notes.push_back(std::string("The metadata were left out: ") + error.what() + ".");
    }
  }
  matrix.format = "Embedding Projector (" + matrix.format + ")";
  matrix.notes.insert(matrix.notes.begin(), notes.begin(), notes.end());
  return matrix;
}

std::pair<std::int64_t, std::int64_t> projectorConfigShape(const ByteSource& source,
                                                           const ReadOptions& options)
{
  std::vector<std::string> notes;
  const ConfigTensor tensor = chooseTensor(source, tensorsOf(source), options, notes);
  if (tensor.shape)
    return *tensor.shape;
  const ByteSource data(besideConfig(source, tensor.tensorPath));
  const std::optional<DelimitedMatrix> text = recognizeDelimitedMatrix(data);
  return {-1, text ? text->layout.dimensions : -1};
}

}  // namespace orrery
