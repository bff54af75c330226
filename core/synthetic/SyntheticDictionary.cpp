#include "core/synthetic/SyntheticDictionary.h"

#include "core/base/Error.h"
#include "core/base/Random.h"
#include "core/lobes/Cooccurrence.h"
#include "core/synthetic/Assembly.h"

#include <cmath>
#include <numeric>

namespace orrery {
namespace synthetic {
namespace {

Column categoryColumn(const Layout& layout)
{
  Column column;
  column.name = "lobe";
  column.kind = Column::Kind::Category;
  column.categories = layout.lobes;
  column.categoryNames = layout.lobeNames;
  column.description = "The lobe this synthetic feature was planted in.";
  return column;
}

Column numberColumn(std::string name, std::string description, std::vector<double> numbers)
{
  Column column;
  column.name = std::move(name);
  column.description = std::move(description);
  column.numbers = std::move(numbers);
  return column;
}

Column frequencyColumn(const Layout& layout, const SyntheticFirings& firings)
{
  const auto blocks = static_cast<double>(firings.documentTypes.size());
  if (firings.documentTypes.empty())
    return numberColumn("frequency", "Planted share of blocks in which the feature fires.",
                        layout.rates);
  std::vector<double> share(layout.labels.size(), 0.0);
  for (const FeatureId id : firings.features)
    share[static_cast<std::size_t>(id)] += 1;
  for (double& value : share)
    value /= blocks;
  return numberColumn("frequency", "Share of the synthetic blocks in which the feature fires.",
                      std::move(share));
}

Column lengthColumn(const Layout& layout)
{
  std::vector<double> lengths;
  for (const std::string& label : layout.labels)
    lengths.push_back(static_cast<double>(label.size()));
  return numberColumn("label length",
                      "Characters of the label; planted as a direction that hides the crystals.",
                      std::move(lengths));
}

/// Every two pairs of a relation are the sides of a crystal.
std::vector<PlantedCrystal> crystalsOf(const std::vector<PlantedRelation>& relations)
{
  std::vector<PlantedCrystal> crystals;
  for (std::size_t r = 0; r < relations.size(); ++r)
    for (std::size_t i = 0; i < relations[r].pairs.size(); ++i)
      for (std::size_t j = i + 1; j < relations[r].pairs.size(); ++j) {
        const auto& [a, b] = relations[r].pairs[i];
        const auto& [c, d] = relations[r].pairs[j];
        crystals.push_back({{a, b, c, d}, static_cast<int>(r), relations[r].trapezoid});
      }
  return crystals;
}

}  // namespace

SyntheticDictionary assemble(const Layout& layout, const SyntheticOptions& options,
                             const Drift& drift)
{
  SyntheticDictionary made;
  Geometry geometry = makeGeometry(layout, options, drift);
  made.firings = makeFirings(layout, options);
  made.relations = layout.relations;
  made.crystals = crystalsOf(layout.relations);
  made.lobes = layout.lobes;
  made.lobeNames = layout.lobeNames;
  made.wordLengthDirection = std::move(geometry.wordLengthDirection);
  made.relationDirections = std::move(geometry.relationDirections);
  made.options = options;

  Dictionary& dictionary = made.dictionary;
  dictionary.name = "Synthetic dictionary";
  dictionary.labels = layout.labels;
  dictionary.columns = {categoryColumn(layout), frequencyColumn(layout, made.firings),
                        lengthColumn(layout)};
  dictionary.origin.model = "synthetic";
  dictionary.origin.width = options.features;
  dictionary.origin.source = "the generator";
  dictionary.labelOrigin = dictionary.origin;
  dictionary.source.format = syntheticFormat;
  dictionary.source.elementType = "float32";
  dictionary.source.orientation = "rows are features";
  dictionary.source.orientationRule = "because it was made so";
  dictionary.rows = inspectRows(geometry.decoder);
  dictionary.notes.push_back(
      "This dictionary is synthetic: its structures were planted, it is of no model.");
  dictionary.synthetic = true;
  dictionary.decoder = std::make_shared<const FeatureMatrix>(std::move(geometry.decoder));
  return made;
}

}  // namespace synthetic

SyntheticDictionary makeSyntheticDictionary(const SyntheticOptions& options)
{
  return synthetic::assemble(synthetic::makeLayout(options), options, {});
}

FeatureMatrix gaussianCloud(std::int64_t features, std::int64_t dimensions, std::uint64_t seed)
{
  if (features < 0 || dimensions < 0)
    throw Error("synthetic cloud: sizes must not be negative");
  Random random(seed);
  FeatureMatrix cloud(dimensions, features);
  for (Eigen::Index i = 0; i < cloud.size(); ++i)
    cloud.data()[i] = static_cast<float>(random.normal());
  return cloud;
}

PlantedClusters plantedClusters(std::int64_t features, std::int64_t dimensions, int count,
                                double separation, std::uint64_t seed)
{
  if (features < 0 || dimensions < 1 || count < 1)
    throw Error("synthetic clusters: needs at least one dimension and one cluster");
  Random random(seed);
  // Centres at right angles where there is room, so that all are equally far apart; at random
  // beyond.
  FeatureMatrix centers = FeatureMatrix::Zero(dimensions, count);
  for (int cluster = 0; cluster < count; ++cluster) {
    if (cluster < dimensions) {
      centers(cluster, cluster) = static_cast<float>(separation / std::sqrt(2.0));
      continue;
    }
    for (Eigen::Index i = 0; i < dimensions; ++i)
      centers(i, cluster) = static_cast<float>(random.normal());
    centers.col(cluster) *= static_cast<float>(separation) / centers.col(cluster).norm();
  }
  PlantedClusters planted;
  planted.decoder = gaussianCloud(features, dimensions, random.bits());
  planted.clusters.resize(static_cast<std::size_t>(features));
  for (std::int64_t id = 0; id < features; ++id)
    planted.clusters[static_cast<std::size_t>(id)] = static_cast<std::int32_t>(id % count);
  random.shuffle(planted.clusters);
  for (std::int64_t id = 0; id < features; ++id)
    planted.decoder.col(id) += centers.col(planted.clusters[static_cast<std::size_t>(id)]);
  return planted;
}

CooccurrenceCounts countCooccurrences(const SyntheticFirings& firings, std::int64_t features)
{
  return countCooccurrences(Firings{features, firings.starts, firings.features}).counts;
}

}  // namespace orrery
