#include "core/dictionary/Directions.h"

#include "core/base/Error.h"
#include "core/base/Parallel.h"

#include <Eigen/QR>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace orrery {
namespace {

constexpr std::int64_t chunk = 512;
constexpr double smallestPivot = 1e-6;

void checkLength(Eigen::Index expected, Eigen::Index found)
{
  if (expected != found)
    throw Error("The vectors have " + std::to_string(found) + " numbers, the features have " +
                std::to_string(expected));
}

std::string listOf(const std::vector<std::string>& names)
{
  constexpr std::size_t most = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), most); ++i)
    text += (i ? ", " : "") + names[i];
  if (names.size() > most)
    text += " and " + std::to_string(names.size() - most) + " more";
  return text;
}

constexpr char kindColumn[] = "kind";

/// No file holds what is made here: sessions keep it themselves.
void markMade(Dictionary& made, const std::string& from)
{
  made.source = {};
  made.source.format = "made by Orrery from " + from;
  made.source.elementType = "float32";
  made.source.orientation = "rows are features";
  made.labelPath.clear();
}

}  // namespace

std::vector<double> cosinesWith(const FeatureMatrixView& decoder, const Eigen::VectorXf& direction,
                                const Progress& progress)
{
  checkLength(decoder.rows(), direction.size());
  const Eigen::VectorXd unit = direction.cast<double>();
  const double length = unit.stableNorm();
  if (!(length > 0) || !std::isfinite(length))
    throw Error("The direction is zero or not finite: no feature has an angle to it");
  std::vector<double> cosines(static_cast<std::size_t>(decoder.cols()));
  parallelFor(decoder.cols(), chunk, [&](std::int64_t begin, std::int64_t end) {
    progress.checkStopped();
    for (std::int64_t i = begin; i < end; ++i) {
      const Eigen::VectorXd feature = decoder.col(i).cast<double>();
      const double norm = feature.stableNorm();
      const double cosine = norm > 0 && std::isfinite(norm)
                                ? std::clamp(feature.dot(unit) / norm / length, -1.0, 1.0)
                                : std::numeric_limits<double>::quiet_NaN();
      cosines[static_cast<std::size_t>(i)] = cosine;
    }
  });
  return cosines;
}

ProjectedOut projectOut(const FeatureMatrixView& decoder, const FeatureMatrixView& directions,
                        const Progress& progress)
{
  checkLength(decoder.rows(), directions.rows());
  if (directions.cols() == 0 || !directions.allFinite())
    throw Error("There must be at least one direction to take out, and all must be finite");
  Eigen::MatrixXd units = directions.cast<double>();
  for (Eigen::Index j = 0; j < units.cols(); ++j)
    if (const double norm = units.col(j).stableNorm(); norm > 0)
      units.col(j) /= norm;
  Eigen::ColPivHouseholderQR<Eigen::MatrixXd> qr(units);
  qr.setThreshold(smallestPivot);
  ProjectedOut result;
  result.rank = static_cast<int>(qr.rank());
  if (result.rank == 0)
    throw Error("The directions to take out are all zero");
  if (result.rank >= decoder.rows())
    throw Error("The directions span all " + std::to_string(decoder.rows()) +
                " dimensions: nothing would be left");
  const Eigen::MatrixXd basis =
      qr.householderQ() * Eigen::MatrixXd::Identity(decoder.rows(), result.rank);
  result.decoder.resize(decoder.rows(), decoder.cols());
  const std::int64_t chunks = (decoder.cols() + chunk - 1) / chunk;
  std::vector<double> within(static_cast<std::size_t>(chunks)), whole(within);
  parallelFor(decoder.cols(), chunk, [&](std::int64_t begin, std::int64_t end) {
    progress.checkStopped();
    const auto slot = static_cast<std::size_t>(begin / chunk);
    for (std::int64_t i = begin; i < end; ++i) {
      const Eigen::VectorXd feature = decoder.col(i).cast<double>();
      if (!feature.allFinite()) {
        result.decoder.col(i) = decoder.col(i);
        continue;
      }
      const Eigen::VectorXd parts = basis.transpose() * feature;
      const Eigen::VectorXd rest = feature - basis * parts;
      within[slot] += parts.squaredNorm();
      whole[slot] += feature.squaredNorm();
      // What lies in the span leaves rounding only, and that is no direction.
      if (rest.stableNorm() <= 1e-6 * feature.stableNorm())
        result.decoder.col(i).setZero();
      else
        result.decoder.col(i) = rest.cast<float>();
    }
  });
  double inside = 0.0, all = 0.0;
  for (std::size_t slot = 0; slot < within.size(); ++slot) {
    inside += within[slot];
    all += whole[slot];
  }
  result.removed = all > 0 ? std::min(1.0, inside / all) : 0.0;
  return result;
}

Dictionary withVectors(const Dictionary& dictionary, const FeatureMatrixView& vectors,
                       const std::vector<std::string>& names)
{
  checkLength(dictionary.dimensions(), vectors.rows());
  const std::int64_t n = dictionary.features();
  const std::int64_t m = vectors.cols();
  if (n + m > std::numeric_limits<FeatureId>::max())
    throw Error("There would be too many features (" + std::to_string(n + m) + ")");
  Dictionary extended = dictionary;
  auto decoder = std::make_shared<FeatureMatrix>(dictionary.dimensions(), n + m);
  decoder->leftCols(n) = *dictionary.decoder;
  decoder->rightCols(m) = vectors;
  extended.decoder = std::move(decoder);
  extended.labels.resize(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < m; ++i) {
    const auto place = static_cast<std::size_t>(i);
    extended.labels.push_back(place < names.size() ? names[place] : std::string());
  }
  const auto all = static_cast<std::size_t>(n + m);
  bool marked = false;
  for (Column& column : extended.columns) {
    if (column.kind == Column::Kind::Number)
      column.numbers.resize(all, std::numeric_limits<double>::quiet_NaN());
    else
      column.categories.resize(all, -1);
    if (column.name == kindColumn && column.kind == Column::Kind::Category &&
        column.categoryNames == std::vector<std::string>{"feature", "vector"}) {
      marked = true;
      std::fill(column.categories.begin() + n, column.categories.end(), 1);
    }
  }
  if (!marked) {
    Column kind{kindColumn,
                Column::Kind::Category,
                {},
                {},
                {"feature", "vector"},
                "Features of the dictionary, and vectors that were added to them."};
    kind.categories.assign(all, 0);
    std::fill(kind.categories.begin() + n, kind.categories.end(), 1);
    extended.columns.push_back(std::move(kind));
  }
  extended.rows = inspectRows(*extended.decoder);
  extended.name += " with " + listOf(names);
  markMade(extended, dictionary.name);
  extended.notes.push_back("After the " + std::to_string(n) + " features come " +
                           std::to_string(m) + " vectors: " + listOf(names) + ".");
  return extended;
}

Dictionary withoutDirections(const Dictionary& dictionary, const FeatureMatrixView& directions,
                             const std::vector<std::string>& names, const Progress& progress)
{
  ProjectedOut projected = projectOut(*dictionary.decoder, directions, progress);
  Dictionary cleaned = dictionary;
  cleaned.decoder = std::make_shared<const FeatureMatrix>(std::move(projected.decoder));
  cleaned.rows = inspectRows(*cleaned.decoder);
  cleaned.name += " without " + listOf(names);
  markMade(cleaned, dictionary.name);
  const double percent = std::round(projected.removed * 1000.0) / 10.0;
  std::string share = std::to_string(percent);
  share.resize(share.find('.') + 2);
  cleaned.notes.push_back("Taken out: " + listOf(names) + " (" + std::to_string(projected.rank) +
                          " dimensions, " + share + " % of the features' squared length).");
  return cleaned;
}

}  // namespace orrery
