#include "core/crystals/CleaningEffect.h"

#include "core/base/Error.h"
#include "core/base/LinearAlgebra.h"

#include <Eigen/QR>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

namespace orrery {

namespace {

using Pair = std::pair<FeatureId, FeatureId>;

/// An orthonormal basis of the directions that a cleaning keeps or removes.
Eigen::MatrixXd basisOf(const FittedCleaning& fitted)
{
  if (!fitted.keeps)
    return fitted.directions;
  const Eigen::HouseholderQR<Eigen::MatrixXd> factors(fitted.directions);
  return factors.householderQ() *
         Eigen::MatrixXd::Identity(fitted.directions.rows(), fitted.directions.cols());
}

/// The share of each column's squared length that is left; 0 for a zero column.
Eigen::VectorXd keptShares(const Eigen::MatrixXd& basis, bool keeps,
                           const Eigen::MatrixXd& differences)
{
  const Eigen::MatrixXd inside = transposedProduct(basis, differences);
  Eigen::VectorXd shares(differences.cols());
  for (Eigen::Index i = 0; i < shares.size(); ++i) {
    const double whole = differences.col(i).squaredNorm();
    const double share = whole > 0.0 ? std::min(1.0, inside.col(i).squaredNorm() / whole) : 0.0;
    shares(i) = whole > 0.0 && !keeps ? 1.0 - share : share;
  }
  return shares;
}

/// The four corners alone in the space that @p fitted leaves.
CrystalSpace cornersIn(const CrystalSpace& space, const FittedCleaning& fitted,
                       const Crystal& crystal)
{
  const auto corners = crystal.corners();
  FeatureMatrix four(space.dimensions(), 4);
  for (std::size_t i = 0; i < 4; ++i)
    four.col(static_cast<Eigen::Index>(i)) = space.vectors->col(corners[i]);
  return applyCleaning(spaceOf(std::move(four), std::vector<char>(4, 1), space.description),
                       fitted);
}

std::string percent(double share)
{
  char text[32];
  std::snprintf(text, sizeof text, share < 0.0995 ? "%.1f %%" : "%.0f %%", 100.0 * share);
  return text;
}

std::string listed(const std::vector<std::string>& names)
{
  std::string text;
  for (std::size_t i = 0; i < std::min<std::size_t>(names.size(), 3); ++i)
    text += (i ? ", " : "") + names[i];
  return names.size() > 3 ? text + " and " + std::to_string(names.size() - 3) + " more" : text;
}

}  // namespace

CleaningEffect cleaningEffect(const CrystalSpace& space, const std::vector<Relation>& relations,
                              const Cleaning& cleaning, const FittedCleaning& fitted,
                              const Crystal& crystal, const Progress& progress)
{
  CleaningEffect effect;
  effect.method = fitted.method;
  effect.directions = static_cast<int>(fitted.directions.cols());
  if (fitted.method == CleaningMethod::None)
    return effect;
  const Eigen::MatrixXd basis = basisOf(fitted);
  Eigen::MatrixXd sides(space.dimensions(), 2);
  sides.col(0) = (space.vectors->col(crystal.b) - space.vectors->col(crystal.a)).cast<double>();
  sides.col(1) = (space.vectors->col(crystal.d) - space.vectors->col(crystal.c)).cast<double>();
  const Eigen::VectorXd kept = keptShares(basis, fitted.keeps, sides);
  effect.keptAb = kept(0);
  effect.keptCd = kept(1);
  if (fitted.method != CleaningMethod::Lda && fitted.method != CleaningMethod::Pca)
    return effect;

  const RelationDifferences given = relationDifferences(space, relations);
  if (given.pairs.empty())
    return effect;
  effect.keptTypical = keptShares(basis, fitted.keeps, given.differences).mean();
  if (fitted.method == CleaningMethod::Lda)
    effect.most = static_cast<int>(given.names.size()) - 1;
  const Pair sidesOfIt[] = {{crystal.a, crystal.b},
                            {crystal.c, crystal.d},
                            {crystal.a, crystal.c},
                            {crystal.b, crystal.d}};
  const auto isOwn = [&](const Pair& pair) {
    return std::any_of(std::begin(sidesOfIt), std::end(sidesOfIt), [&](const Pair& side) {
      return pair == side || (pair.first == side.second && pair.second == side.first);
    });
  };
  std::vector<Relation> others = relations;
  for (Relation& relation : others) {
    if (std::find(given.names.begin(), given.names.end(), relation.name) == given.names.end())
      continue;
    const auto own = std::erase_if(relation.pairs, isOwn);
    if (own > 0)
      effect.relations.push_back(relation.name);
    effect.ownPairs += static_cast<std::int64_t>(own);
  }
  if (effect.ownPairs == 0)
    return effect;
  try {
    Cleaning again = cleaning;
    // A relation that falls below ten pairs without its own takes a class and a component away.
    const FittedCleaning without = fitCleaning(space, others, again, progress);
    effect.withoutOwn =
        measureCrystal(cornersIn(space, without, crystal), {0, 1, 2, 3}, false, progress);
  } catch (const Error&) {
    // Too few others: the figure stays away, and the sentence says so.
  }
  return effect;
}

bool CleaningEffect::isLost() const
{
  const bool holds = withoutOwn && withoutOwn->cosAbCd >= 0.5;
  return method == CleaningMethod::Lda && std::isfinite(keptTypical) && !holds &&
         (keptAb + keptCd) / 2.0 < keptTypical / 3.0;
}

std::string CleaningEffect::sentence() const
{
  if (method == CleaningMethod::None)
    return {};
  std::string text = "Of b - a and d - c, " + percent(keptAb) + " and " + percent(keptCd) +
                     " of the squared length are left";
  if (std::isfinite(keptTypical))
    text += " (of the pairs it was fitted on, " + percent(keptTypical) + " in the mean)";
  text += ". ";
  if (method != CleaningMethod::Lda && method != CleaningMethod::Pca)
    return text;
  const bool lda = method == CleaningMethod::Lda;
  if (isLost())
    text +=
        "This crystal's direction is hardly among what is kept, so its cosines after cleaning are "
        "mostly noise. ";
  if (ownPairs == 0) {
    if (lda)
      text +=
          "None of this crystal's pairs is in the relations: LDA keeps what tells those apart, "
          "not what this one needs. ";
    return text;
  }
  text += std::to_string(ownPairs) + (ownPairs == 1 ? " pair of it is" : " pairs of it are") +
          " in the relations (" + listed(relations) + "), so the figures after are optimistic; ";
  if (!withoutOwn)
    return text + "without them too few pairs are left to fit it again. ";
  char figures[160];
  std::snprintf(figures, sizeof figures,
                "fitted again without them: cosines %.2f and %.2f, residual %.2f. ",
                withoutOwn->cosAbCd, withoutOwn->cosAcBd, withoutOwn->residual);
  text += figures;
  if (lda && directions < most)
    text += std::to_string(directions) + " of " + std::to_string(most) + " discriminants are kept" +
            (isLost() ? ": try all of them. " : ". ");
  return text;
}

}  // namespace orrery
