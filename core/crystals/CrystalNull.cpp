#include "core/crystals/CrystalNull.h"

#include "core/base/Error.h"
#include "core/base/Parallel.h"
#include "core/base/Random.h"
#include "core/crystals/CrystalFamilies.h"
#include "core/crystals/CrystalGroups.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace orrery {
namespace {

constexpr std::uint64_t quadrupleStream = 0xC4;

std::vector<FeatureId> usedIds(const CrystalSpace& space)
{
  std::vector<FeatureId> ids;
  for (std::size_t i = 0; i < space.used.size(); ++i)
    if (space.used[i])
      ids.push_back(static_cast<FeatureId>(i));
  return ids;
}

std::vector<double> randomScores(const CrystalSpace& space, CrystalMode mode, int count,
                                 std::uint64_t seed, const Progress& progress)
{
  const std::vector<FeatureId> ids = usedIds(space);
  Random random = Random::forPart(seed, quadrupleStream);
  std::vector<Crystal> drawn;
  while (static_cast<int>(drawn.size()) < count) {
    FeatureId corners[4];
    for (FeatureId& corner : corners)
      corner = ids[random.below(ids.size())];
    std::sort(corners, corners + 4);
    if (std::adjacent_find(corners, corners + 4) != corners + 4)
      continue;
    for (std::size_t i = 3; i > 0; --i)
      std::swap(corners[i], corners[random.below(i + 1)]);
    drawn.push_back({corners[0], corners[1], corners[2], corners[3]});
  }
  const std::vector<CrystalQuality> qualities = measureCrystals(space, drawn, false, progress);
  std::vector<double> scores;
  for (const CrystalQuality& quality : qualities)
    scores.push_back(crystalScore(quality, mode));
  std::sort(scores.begin(), scores.end());
  return scores;
}

void check(const CrystalNullOptions& options)
{
  if (options.randomQuadruples < 2)
    throw Error("the null needs at least 2 random quadruples (found " +
                std::to_string(options.randomQuadruples) + ")");
  if (options.searches < 0 || options.groups < 0)
    throw Error("the number of null searches or groups is negative");
}

}  // namespace

std::string displayName(NullDictionary null)
{
  return null == NullDictionary::TurnedRows ? "each row turned independently"
                                            : "each dimension shuffled";
}

CrystalSpace nullSpace(const CrystalSpace& space, NullDictionary null, std::uint64_t seed,
                       const Progress& progress)
{
  const std::vector<FeatureId> ids = usedIds(space);
  const Eigen::Index d = space.dimensions();
  FeatureMatrix vectors = FeatureMatrix::Zero(d, space.features());
  const auto scaleTo = [&](FeatureId id, double length) {
    const double norm = vectors.col(id).cast<double>().norm();
    if (norm > 0)
      vectors.col(id) = (vectors.col(id).cast<double>() * (length / norm)).cast<float>();
  };
  if (null == NullDictionary::TurnedRows) {
    // A random turn of a row is a random direction of its length.
    parallelFor(static_cast<std::int64_t>(ids.size()), 64,
                [&](std::int64_t begin, std::int64_t end) {
                  progress.checkStopped();
                  for (std::int64_t i = begin; i < end; ++i) {
                    const FeatureId id = ids[static_cast<std::size_t>(i)];
                    Random random = Random::forPart(seed, static_cast<std::uint64_t>(id));
                    for (Eigen::Index j = 0; j < d; ++j)
                      vectors(j, id) = static_cast<float>(random.normal());
                    scaleTo(id, space.vectors->col(id).cast<double>().norm());
                  }
                });
  } else {
    // Dimensions side by side in groups, so that a cache line of a column is read once.
    parallelFor(d, 16, [&](std::int64_t begin, std::int64_t end) {
      progress.checkStopped();
      for (std::int64_t j = begin; j < end; ++j) {
        Random random = Random::forPart(seed, static_cast<std::uint64_t>(j));
        std::vector<FeatureId> shuffled = ids;
        random.shuffle(shuffled);
        for (std::size_t i = 0; i < ids.size(); ++i)
          vectors(j, ids[i]) = (*space.vectors)(j, shuffled[i]);
      }
    });
    if (space.unitRows)
      parallelFor(static_cast<std::int64_t>(ids.size()), 256,
                  [&](std::int64_t begin, std::int64_t end) {
                    for (std::int64_t i = begin; i < end; ++i)
                      scaleTo(ids[static_cast<std::size_t>(i)], 1.0);
                  });
  }
  CrystalSpace result;
  result.vectors = std::make_shared<const FeatureMatrix>(std::move(vectors));
  result.used = space.used;
  result.unitRows = space.unitRows;
  result.unit = space.unit;  // δ means the same there
  result.description = displayName(null);
  return result;
}

double CrystalNull::z(double score) const
{
  return deviation > 0 ? (score - mean) / deviation : std::numeric_limits<double>::quiet_NaN();
}

double CrystalNull::pValue(double score) const
{
  if (randomScores.empty())
    return std::numeric_limits<double>::quiet_NaN();
  const auto atLeast =
      randomScores.end() - std::lower_bound(randomScores.begin(), randomScores.end(), score);
  return (1.0 + static_cast<double>(atLeast)) / (1.0 + static_cast<double>(randomScores.size()));
}

CrystalNull computeCrystalNull(const CrystalSpace& space, const CrystalSearchOptions& search,
                               const CrystalNullOptions& options, const Progress& progress)
{
  check(options);
  CrystalNull null;
  null.mode = search.mode;
  null.options = options;
  null.nullTop = search.top;
  null.randomScores = randomScores(space, search.mode, options.randomQuadruples, options.seed,
                                   progress.stage("Random quadruples", 0.0, 0.1));
  const auto count = static_cast<double>(null.randomScores.size());
  for (const double score : null.randomScores)
    null.mean += score / count;
  double squares = 0.0;
  for (const double score : null.randomScores)
    squares += (score - null.mean) * (score - null.mean);
  null.deviation = std::sqrt(squares / (count - 1));
  for (int number = 0; number < options.searches; ++number) {
    const Progress stage =
        progress.stage("Searching a null dictionary", 0.1 + 0.9 * number / options.searches,
                       0.1 + 0.9 * (number + 1) / options.searches);
    const CrystalSpace meaningless = nullSpace(
        space, options.dictionary, options.seed + 1 + static_cast<std::uint64_t>(number), stage);
    CrystalSearchResult found = findCrystals(meaningless, search, stage);
    if (found.partial)
      throw Cancelled();
    if (options.groups > 0)
      addGroupCrystals(meaningless, options.groups, found,
                       groupFamilies(meaningless, found.found, search.mode, {}, stage), stage);
    for (const FoundCrystal& crystal : found.found)
      null.nullScores.push_back(crystal.score);
  }
  std::sort(null.nullScores.begin(), null.nullScores.end(), std::greater<>());
  return null;
}

std::vector<double> falseDiscoveryRates(const std::vector<double>& scores, const CrystalNull& null)
{
  std::vector<double> rates(scores.size(), std::numeric_limits<double>::quiet_NaN());
  if (null.options.searches < 1)
    return rates;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const auto false_ = std::upper_bound(null.nullScores.begin(), null.nullScores.end(), scores[i],
                                         std::greater<>()) -
                        null.nullScores.begin();
    // Equal scores count together.
    std::size_t here = i + 1;
    while (here < scores.size() && scores[here] == scores[i])
      ++here;
    rates[i] = std::min(
        1.0, static_cast<double>(false_ + 1) / null.options.searches / static_cast<double>(here));
  }
  for (std::size_t i = rates.size(); i-- > 1;)
    rates[i - 1] = std::min(rates[i - 1], rates[i]);
  return rates;
}

std::vector<double> listPValues(const CrystalSpace& space, const std::vector<Crystal>& crystals,
                                CrystalMode mode, const CrystalNullOptions& options,
                                const Progress& progress)
{
  check(options);
  CrystalNull null;
  null.randomScores = randomScores(space, mode, options.randomQuadruples, options.seed, progress);
  std::vector<double> values;
  for (const CrystalQuality& quality : measureCrystals(space, crystals, false, progress))
    values.push_back(null.pValue(crystalScore(quality, mode)));
  return values;
}

}  // namespace orrery
