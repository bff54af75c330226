#include "core/crystals/WhyNot.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace orrery {
namespace {

std::string text(const char* format, double first, double second = 0.0)
{
  char line[200];
  std::snprintf(line, sizeof line, format, first, second);
  return line;
}

CrystalCriterion judge(const std::string& name, double value, double needed, bool atMost)
{
  CrystalCriterion criterion;
  criterion.name = name;
  criterion.value = value;
  criterion.needed = needed;
  criterion.atMost = atMost;
  criterion.passes = atMost ? value <= needed : value >= needed;
  criterion.sentence = name + text(" %.3g", value);
  if (criterion.passes)
    criterion.sentence +=
        text(atMost ? ", within the %.3g allowed" : ", above the %.3g needed", needed);
  else if (needed > 0 && value > 0 && atMost)
    criterion.sentence += text(", %.2g times the %.3g allowed", value / needed, needed);
  else
    criterion.sentence +=
        text(atMost ? ", %.3g above the %.3g allowed" : ", %.3g below the %.3g needed",
             std::abs(value - needed), needed);
  return criterion;
}

}  // namespace

WhyNot explainCrystal(const CrystalSpace& space, const Crystal& crystal,
                      const CrystalSearchOptions& search, const WhyNotOptions& options,
                      const CrystalNull* null, const Progress& progress)
{
  WhyNot result;
  result.quality = measureCrystal(space, crystal, true, progress);
  CrystalQuality& quality = result.quality;
  const double score = crystalScore(quality, search.mode);
  if (null) {
    quality.z = null->z(score);
    quality.pValue = null->pValue(score);
  }
  const bool trapezoid = search.mode == CrystalMode::Trapezoid;
  const auto squared = [&](FeatureId x, FeatureId y) {
    return (space.vectors->col(x).cast<double>() - space.vectors->col(y).cast<double>())
        .squaredNorm();
  };
  const double ab = squared(crystal.a, crystal.b), cd = squared(crystal.c, crystal.d),
               ac = squared(crystal.a, crystal.c), bd = squared(crystal.b, crystal.d);
  const double typical = std::sqrt(2 * space.unit);
  const double fold = std::min(quality.angle, 180 - quality.angle);
  // Between the shorter opposite sides; a trapezoid's own two, the longer counts.
  const double square = trapezoid ? std::max(ab, cd) : std::min((ab + cd) / 2, (ac + bd) / 2);
  result.criteria = {
      judge("squared residual", trapezoid ? 2 - 2 * quality.cosAbCd : quality.squaredResidual,
            search.residual, true),
      judge("shortest side", std::sqrt(std::min({ab, cd, ac, bd})) / typical, search.leastSide,
            false),
      judge("degrees from a line at a", fold, search.leastAngle, false),
      judge("similarity of the sides", 1 - square / (2 * space.unit), options.completeAbove,
            false)};
  result.isFound = std::all_of(result.criteria.begin(), result.criteria.end(),
                               [](const CrystalCriterion& one) { return one.passes; });
  result.criteria.push_back(
      judge("cosine of b − a and d − c", quality.cosAbCd, options.leastCosine, false));
  if (!trapezoid) {
    result.criteria.push_back(
        judge("cosine of c − a and d − b", quality.cosAcBd, options.leastCosine, false));
    result.criteria.push_back(
        judge("length ratio", quality.lengthRatio, options.leastLengthRatio, false));
  }
  result.criteria.push_back(judge("rank of d as neighbour of b − a + c",
                                  static_cast<double>(quality.rank3CosAdd),
                                  static_cast<double>(options.lastRank), true));
  if (null)
    result.criteria.push_back(
        judge("share of random quadruples as good", quality.pValue, options.mostPValue, true));
  const CrystalCriterion* failing = nullptr;
  for (const CrystalCriterion& one : result.criteria)
    if (!one.passes && !failing)
      failing = &one;
  result.verdict = !failing         ? "a " + displayName(search.mode) + " by every criterion"
                   : result.isFound ? "found by the search; weak in this: " + failing->sentence
                                    : "no " + displayName(search.mode) + ": " + failing->sentence;
  return result;
}

}  // namespace orrery
