#include "core/io/MapFile.h"

#include "core/base/Error.h"
#include "core/embedding/MapTransform.h"
#include "core/embedding/Pca.h"
#include "core/io/ByteSource.h"
#include "core/io/ResultFile.h"
#include "core/io/TensorFile.h"

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

namespace orrery {
namespace {

constexpr const char* versionKey = "orrery_fitted_map";

std::string methodText(EmbeddingMethod method)
{
  switch (method) {
    case EmbeddingMethod::Pca:
      return "pca";
    case EmbeddingMethod::Tsne:
      return "tsne";
    case EmbeddingMethod::Umap:
      return "umap";
    case EmbeddingMethod::Given:
      break;
  }
  return {};
}

void addMatrix(ResultTable& table, const char* name, const FeatureMatrixView& matrix)
{
  std::vector<float> values(static_cast<std::size_t>(matrix.size()));
  Eigen::Map<Eigen::MatrixXf>(values.data(), matrix.rows(), matrix.cols()) = matrix;
  table.arrays.push_back({name, {matrix.cols(), matrix.rows()}, std::move(values)});
}

FeatureMatrix matrixNamed(TensorFile& file, const std::string& name, const std::string& shown,
                          const Progress& progress)
{
  for (const TensorInfo& tensor : file.tensors())
    if ((tensor.name == name || tensor.name == "/" + name) && tensor.isMatrix() &&
        tensor.problem.empty())
      return file.readMatrix(tensor, FeatureAxis::Rows, progress);
  throw Error(shown + ": no matrix '" + name + "', which a saved map must have");
}

}  // namespace

FittedMap fitMap(const Embedding& embedding, const FeatureMatrixView& decoder,
                 const Progress& progress)
{
  if (methodText(embedding.method).empty())
    throw Error("a map that was read as it is has no method by which others could be placed on it");
  if (embedding.positions.cols() != decoder.cols())
    throw Error("the map has " + std::to_string(embedding.positions.cols()) +
                " places, its dictionary " + std::to_string(decoder.cols()) + " features");
  FittedMap map;
  map.embedding = embedding;
  if (embedding.method == EmbeddingMethod::Pca) {
    PcaOptions options;
    options.components = embedding.dimensions;
    const Pca pca = computePca(decoder, options, progress);
    map.axes = pca.axes;
    map.mean = pca.mean;
  } else {
    map.vectors = decoder;
  }
  return map;
}

void writeFittedMap(const std::filesystem::path& path, const FittedMap& map)
{
  if (path.extension() != ".h5")
    throw Error(displayName(path) + ": a saved map is an HDF5 file (expected a name in .h5)");
  ResultTable table;
  addMatrix(table, "positions", map.embedding.positions);
  if (map.embedding.method == EmbeddingMethod::Pca) {
    addMatrix(table, "axes", map.axes);
    addMatrix(table, "mean", map.mean);
  } else {
    addMatrix(table, "vectors", map.vectors);
  }
  table.options = map.embedding.options;
  table.options[versionKey] = "1";
  table.options["method"] = methodText(map.embedding.method);
  table.options["dimensions"] = std::to_string(map.embedding.dimensions);
  table.options["description"] = map.embedding.description;
  writeResult(path, table);
}

FittedMap readFittedMap(const std::filesystem::path& path, const Progress& progress)
{
  const std::string shown = displayName(path);
  const auto file = openHdf5(path, progress);
  const std::map<std::string, std::string>& attributes = file->metadata();
  const auto text = [&](const std::string& name) {
    const auto found = attributes.find(name);
    return found == attributes.end() ? std::string() : found->second;
  };
  if (text(versionKey) != "1")
    throw Error(shown + ": not a map that Orrery has saved (expected the attribute '" +
                std::string(versionKey) + "' to be 1)");
  FittedMap map;
  for (const auto method : {EmbeddingMethod::Pca, EmbeddingMethod::Tsne, EmbeddingMethod::Umap})
    if (text("method") == methodText(method))
      map.embedding.method = method;
  if (map.embedding.method == EmbeddingMethod::Given)
    throw Error(shown + ": unknown method '" + displayText(text("method")) +
                "' (expected pca, tsne or umap)");
  if (text("dimensions") != "2" && text("dimensions") != "3")
    throw Error(shown + ": the map has '" + displayText(text("dimensions")) +
                "' dimensions (expected 2 or 3)");
  map.embedding.dimensions = text("dimensions") == "2" ? 2 : 3;
  map.embedding.description = text("description");
  map.embedding.options = attributes;
  for (const char* own : {versionKey, "method", "dimensions", "description"})
    map.embedding.options.erase(own);
  const FeatureMatrix positions = matrixNamed(*file, "positions", shown, progress);
  const auto expect = [&](bool holds, const char* what) {
    if (!holds)
      throw Error(shown + ": " + what);
  };
  expect(positions.rows() == 3, "the places do not have three coordinates");
  map.embedding.positions = positions;
  if (map.embedding.method == EmbeddingMethod::Pca) {
    map.axes = matrixNamed(*file, "axes", shown, progress);
    map.mean = matrixNamed(*file, "mean", shown, progress);
    expect(map.mean.cols() == 1 && map.mean.rows() == map.axes.rows() && map.axes.allFinite() &&
               map.mean.allFinite() && map.axes.cols() <= map.embedding.dimensions,
           "axes and mean do not fit each other");
  } else {
    map.vectors = matrixNamed(*file, "vectors", shown, progress);
    expect(map.vectors.cols() == positions.cols() && map.vectors.allFinite(),
           "there are not as many finite vectors as places");
  }
  return map;
}

Embedding applyFittedMap(const FittedMap& map, const FeatureMatrixView& vectors,
                         const Progress& progress)
{
  if (vectors.rows() != map.spaceDimensions())
    throw Error("the map was made of features with " + std::to_string(map.spaceDimensions()) +
                " dimensions, these have " + std::to_string(vectors.rows()));
  Embedding placed = map.embedding;
  std::int64_t unplaced = 0;
  if (map.embedding.method == EmbeddingMethod::Pca) {
    placed.positions = Positions::Zero(3, vectors.cols());
    placed.positions.topRows(map.axes.cols()) =
        map.axes.transpose() * (vectors.colwise() - map.mean.col(0));
  } else {
    TransformedMap transformed = placeOnMap(map.embedding, map.vectors, vectors, {}, progress);
    placed.positions = std::move(transformed.positions);
    unplaced = transformed.unplaced;
  }
  placed.seconds = 0.0;
  placed.options["placed_on"] = map.embedding.description;
  placed.description =
      std::to_string(vectors.cols()) + " vectors placed " +
      (map.embedding.method == EmbeddingMethod::Pca ? "exactly" : "by neighbours") +
      " on a saved map" +
      (unplaced > 0 ? ", " + std::to_string(unplaced) + " of them without a place"
                    : std::string()) +
      ": " + map.embedding.description;
  return placed;
}

}  // namespace orrery
