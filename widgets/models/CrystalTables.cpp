#include "widgets/models/CrystalTables.h"

#include "widgets/models/FeatureText.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

namespace orrery {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

QString translated(const char* text)
{
  return QCoreApplication::translate("CrystalTables", text);
}

QString shortLabel(const Dictionary& dictionary, FeatureId feature)
{
  const QString text = labelText(dictionary, feature);
  return text.size() > 28 ? text.left(27) + QStringLiteral("…") : text;
}

struct Measure {
  const char* key;
  const char* title;
  const char* tip;
  int decimals;
  std::function<double(const CrystalQuality&)> value;
};

const std::vector<Measure>& measures()
{
  static const std::vector<Measure> list = {
      {"cos_ab_cd", "cos(b − a, d − c)", "Cosine of the two function vectors", 3,
       [](const CrystalQuality& q) { return q.cosAbCd; }},
      {"cos_ac_bd", "cos(c − a, d − b)", "Cosine of the other two sides", 3,
       [](const CrystalQuality& q) { return q.cosAcBd; }},
      {"length_ratio", "length ratio", "Shorter over longer of |b − a| and |d − c|", 3,
       [](const CrystalQuality& q) { return q.lengthRatio; }},
      {"residual", "residual", "|(b − a) − (d − c)| over the mean side; 0 is a parallelogram", 3,
       [](const CrystalQuality& q) { return q.residual; }},
      {"squared_residual", "squared residual", "What a search compares with δ", 3,
       [](const CrystalQuality& q) { return q.squaredResidual; }},
      {"angle", "angle at a, °", "Between b − a and c − a", 1,
       [](const CrystalQuality& q) { return q.angle; }},
      {"planarity", "planarity", "Share of the variance of the corners in their best plane", 3,
       [](const CrystalQuality& q) { return q.planarity; }},
      {"score", "parallelogram score", "The lesser of the two cosines", 3,
       [](const CrystalQuality& q) { return crystalScore(q, CrystalMode::Parallelogram); }}};
  return list;
}

struct Chance {
  double mean = nan;
  double deviation = nan;
};

Chance chanceOf(const MeasureNull* null, const Measure& measure)
{
  if (!null || null->random.empty())
    return {};
  double sum = 0.0, squares = 0.0;
  for (const CrystalQuality& quality : null->random) {
    const double value = measure.value(quality);
    sum += value;
    squares += value * value;
  }
  const double n = static_cast<double>(null->random.size());
  const double mean = sum / n;
  return {mean, std::sqrt(std::max(0.0, squares / n - mean * mean))};
}

double zOf(double value, const Chance& chance)
{
  return chance.deviation > 0.0 ? (value - chance.mean) / chance.deviation : nan;
}

QString noteOf(const CrystalQuality& quality)
{
  return QStringLiteral("cos %1 and %2 · residual %3")
      .arg(quality.cosAbCd, 0, 'f', 2)
      .arg(quality.cosAcBd, 0, 'f', 2)
      .arg(quality.residual, 0, 'f', 2);
}

QString percent(double share)
{
  return QString::number(100.0 * share, 'f', share < 0.0995 ? 1 : 0) + QStringLiteral(" %");
}

/// What was done to the space, for a title.
QString cleaningTitle(const CleaningEffect& effect)
{
  switch (effect.method) {
    case CleaningMethod::Lda:
      return translated("After LDA, %1 of %2 kept")
          .arg(effect.directions)
          .arg(std::max(effect.most, effect.directions));
    case CleaningMethod::Pca:
      return translated("After removing %1 components").arg(effect.directions);
    case CleaningMethod::Column:
      return translated("After removing a column's direction");
    default:
      return translated("After removing %1 directions").arg(effect.directions);
  }
}

/// The figures after cleaning are no proof where the crystal's own pairs helped to find the space,
/// nor where the space has lost its differences.
QString caution(const CleaningEffect& effect)
{
  if (effect.isLost())
    return translated("its direction is hardly kept:\n%1 of ab, %2 of cd left")
        .arg(percent(effect.keptAb), percent(effect.keptCd));
  if (effect.withoutOwn)
    return translated("fitted without these pairs:\n%1").arg(noteOf(*effect.withoutOwn));
  if (effect.method == CleaningMethod::Lda && effect.ownPairs == 0)
    return translated("its relation is none of LDA's:\n%1 of ab, %2 of cd left")
        .arg(percent(effect.keptAb), percent(effect.keptCd));
  return {};
}

PlanarCrystal planar(const CrystalAspect& aspect, const QString& title)
{
  PlanarCrystal crystal;
  const double scale = aspect.drawing.scale > 0.0 ? aspect.drawing.scale : 1.0;
  crystal.corners = aspect.drawing.corners / scale;
  crystal.expected = aspect.drawing.expected / scale;
  crystal.planarity = aspect.drawing.planarity;
  crystal.title = title;
  crystal.note = noteOf(aspect.quality);
  return crystal;
}

}  // namespace

QString crystalText(const Dictionary& dictionary, const Crystal& crystal)
{
  return shortLabel(dictionary, crystal.a) + QStringLiteral(" : ") +
         shortLabel(dictionary, crystal.b) + QStringLiteral(" :: ") +
         shortLabel(dictionary, crystal.c) + QStringLiteral(" : ") +
         shortLabel(dictionary, crystal.d);
}

ValueRows relationRows(const std::vector<ScoredRelation>& relations)
{
  ValueRows table;
  table.columns = {
      {"name", translated("Relation"), translated("Task of the file"), false},
      {"verdict", translated("Verdict"), translated("Against shuffled partners"), false},
      {"pairs", translated("Pairs"), translated("Pairs whose words are labels"), true, 0},
      {"missing", translated("Missing"), translated("Pairs of which a word is no label"), true, 0},
      {"cosine", translated("Cosine"), translated("Mean cosine of the differences")},
      {"cosine_shuffled", translated("Shuffled"),
       translated("The same with shuffled partners: what the words alone give")},
      {"z", translated("z"), translated("Deviations above shuffled partners"), true, 1},
      {"accuracy_3cosadd", translated("3CosAdd"),
       translated("Share of analogies answered by the nearest feature to b − a + c")},
      {"accuracy_3cosmul", translated("3CosMul"), translated("The same by the product of cosines")},
      {"length_spread", translated("Spread"),
       translated("Standard deviation over mean of the differences' lengths")}};
  for (const auto& [relation, scores] : relations)
    table.rows.push_back(
        {visibleText(relation.name), QString::fromStdString(displayName(scores.verdict)),
         static_cast<double>(relation.pairs.size()), static_cast<double>(relation.missing),
         scores.cosine, scores.cosineShuffled, scores.z, scores.analogies.accuracy3CosAdd,
         scores.analogies.accuracy3CosMul, scores.offsetLengthSpread});
  return table;
}

ValueRows familyRows(const Dictionary& dictionary, const CrystalFindings& findings)
{
  ValueRows table;
  table.columns = {
      {"family", translated("#"), translated("Number of the family"), true, 0},
      {"example", translated("Strongest pairs"), translated("Pairs that share the function vector"),
       false},
      {"crystals", translated("Crystals"), translated("Crystals of the family"), true, 0},
      {"pairs", translated("Pairs"), translated("Pairs of the family"), true, 0},
      {"cosine", translated("Cosine"), translated("Mean cosine with the function vector")},
      {"length_spread", translated("Spread"),
       translated("Standard deviation over mean of the pairs' lengths")}};
  for (std::size_t i = 0; i < findings.families.size(); ++i) {
    const CrystalFamily& family = findings.families[i];
    QStringList pairs;
    for (std::size_t k = 0; k < std::min<std::size_t>(3, family.pairs.size()); ++k)
      pairs << shortLabel(dictionary, family.pairs[k].first) + QStringLiteral(" → ") +
                   shortLabel(dictionary, family.pairs[k].second);
    table.rows.push_back({static_cast<double>(i), pairs.join(QStringLiteral(", ")),
                          static_cast<double>(family.crystals.size()),
                          static_cast<double>(family.pairs.size()), family.cosine,
                          family.lengthSpread});
  }
  return table;
}

ValueRows crystalRows(const Dictionary& dictionary, const CrystalFindings& findings)
{
  ValueRows table;
  table.columns = {
      {"row", translated("#"), translated("Place by score"), true, 0},
      {"family", translated("Family"), translated("Number of the family; −1: none"), true, 0},
      {"crystal", translated("Crystal"), translated("a : b :: c : d"), false},
      {"score", translated("Score"),
       translated("The lesser of the two cosines; of trapezoids the first")},
      {"z", translated("z"), translated("Against quadruples drawn at random"), true, 1},
      {"fdr", translated("FDR"),
       translated("Share of false ones down to here, by searching a dictionary without meaning")},
      {"cos_ab_cd", translated("cos ab, cd"), translated("cos(b − a, d − c)")},
      {"cos_ac_bd", translated("cos ac, bd"), translated("cos(c − a, d − b)")},
      {"length_ratio", translated("Ratio"), translated("Shorter over longer side")},
      {"residual", translated("Residual"), translated("Over the mean side")},
      {"planarity", translated("Planarity"), translated("Share of variance in the best plane")},
      {"rank_3cosadd", translated("Rank"), translated("Of d among neighbours of b − a + c"), true,
       0},
      {"folded", translated("Folded"), translated("Alike ones that this stands for"), true, 0},
      {"a", translated("a"), translated("Feature"), true, 0},
      {"b", translated("b"), translated("Feature"), true, 0},
      {"c", translated("c"), translated("Feature"), true, 0},
      {"d", translated("d"), translated("Feature"), true, 0}};
  for (std::size_t i = 0; i < findings.result.found.size(); ++i) {
    const FoundCrystal& found = findings.result.found[i];
    const bool measured = i < findings.qualities.size();
    const CrystalQuality quality = measured ? findings.qualities[i] : CrystalQuality();
    const auto known = [&](double value) { return measured ? value : nan; };
    table.rows.push_back(
        {static_cast<double>(i + 1), static_cast<double>(found.family),
         crystalText(dictionary, found.crystal), found.score, quality.z, quality.fdr,
         known(quality.cosAbCd), known(quality.cosAcBd), known(quality.lengthRatio),
         known(quality.residual), known(quality.planarity),
         known(static_cast<double>(quality.rank3CosAdd)), static_cast<double>(found.folded),
         static_cast<double>(found.crystal.a), static_cast<double>(found.crystal.b),
         static_cast<double>(found.crystal.c), static_cast<double>(found.crystal.d)});
  }
  return table;
}

ValueRows measureRows(const CrystalReport& report, std::int64_t features)
{
  ValueRows table;
  table.columns = {{"measure", translated("Measure"), translated("Of the four corners"), false},
                   {"before", translated("Before"), translated("In the space as it is")},
                   {"before_chance", translated("Chance"),
                    translated("Mean over 2000 random quadruples, seed 0")},
                   {"before_z", translated("z"), translated("Deviations from chance"), true, 1}};
  if (report.cleaned) {
    table.columns.push_back({"after", translated("After"), translated("In the cleaned space")});
    table.columns.push_back(
        {"after_chance", translated("Chance"),
         translated("Mean over 2000 random quadruples of the cleaned space, seed 0")});
    table.columns.push_back(
        {"after_z", translated("z"), translated("Deviations from chance"), true, 1});
  }
  for (const Measure& measure : measures()) {
    std::vector<QVariant> row = {QString::fromUtf8(measure.title)};
    for (const CrystalAspect* aspect : {&report.raw, report.cleaned ? &*report.cleaned : nullptr}) {
      if (!aspect)
        continue;
      const Chance chance = chanceOf(aspect->null.get(), measure);
      const double value = measure.value(aspect->quality);
      row.insert(row.end(), {value, chance.mean, zOf(value, chance)});
    }
    table.rows.push_back(std::move(row));
  }
  // The place of a feature drawn at random is uniform.
  const double others = static_cast<double>(features - 3);
  const Chance uniform = {(others + 1.0) / 2.0, others / std::sqrt(12.0)};
  for (const bool product : {false, true}) {
    std::vector<QVariant> row = {product ? translated("rank of d, 3CosMul")
                                         : translated("rank of d, 3CosAdd")};
    for (const CrystalAspect* aspect : {&report.raw, report.cleaned ? &*report.cleaned : nullptr}) {
      if (!aspect)
        continue;
      const auto rank =
          static_cast<double>(product ? aspect->quality.rank3CosMul : aspect->quality.rank3CosAdd);
      row.insert(row.end(), {rank, uniform.mean, zOf(rank, uniform)});
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

ValueRows fourthCornerRows(const Dictionary& dictionary, const CrystalReport& report)
{
  ValueRows table;
  table.columns = {{"rank", translated("#"), translated("Nearest first"), true, 0},
                   {"before_label", translated("Before"),
                    translated("Nearest to b − a + c in the space as it is"), false},
                   {"before_cosine", translated("Cosine"), translated("With b − a + c")}};
  if (report.cleaned) {
    table.columns.push_back({"after_label", translated("After"),
                             translated("Nearest to b − a + c in the cleaned space"), false});
    table.columns.push_back({"after_cosine", translated("Cosine"), translated("With b − a + c")});
  }
  const std::size_t rows = report.raw.fourthCorner.size();
  for (std::size_t i = 0; i < rows; ++i) {
    const Neighbor& before = report.raw.fourthCorner[i];
    std::vector<QVariant> row = {static_cast<double>(i + 1), labelText(dictionary, before.feature),
                                 static_cast<double>(before.value)};
    if (report.cleaned) {
      const bool there = i < report.cleaned->fourthCorner.size();
      row.push_back(there ? labelText(dictionary, report.cleaned->fourthCorner[i].feature)
                          : QString());
      row.push_back(there ? static_cast<double>(report.cleaned->fourthCorner[i].value) : nan);
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

ValueRows criterionRows(const WhyNotReport& report)
{
  ValueRows table;
  table.columns = {
      {"space", translated("Space"), translated("As it is, or cleaned"), false},
      {"passes", translated("Holds"), translated("Whether the criterion holds"), false},
      {"criterion", translated("Criterion"), translated("What is asked"), false},
      {"value", translated("Found"), translated("In this space")},
      {"needed", translated("Bound"), translated("What it is compared with")}};
  const auto add = [&](const WhyNot& why, const QString& space) {
    for (const CrystalCriterion& criterion : why.criteria)
      table.rows.push_back({space, criterion.passes ? translated("yes") : translated("no"),
                            QString::fromStdString(criterion.sentence), criterion.value,
                            criterion.needed});
  };
  add(report.raw, translated("before"));
  if (report.cleaned)
    add(*report.cleaned, translated("after"));
  return table;
}

PlanarPicture planarPicture(const Dictionary& dictionary, const CrystalReport& report)
{
  PlanarPicture picture;
  const auto corners = report.crystal.corners();
  for (std::size_t i = 0; i < 4; ++i)
    picture.names[i] = shortLabel(dictionary, corners[i]);
  picture.before = planar(report.raw, report.cleaned ? translated("Before removal")
                                                     : translated("In the space as it is"));
  if (report.cleaned)
    picture.after = planar(*report.cleaned, report.effect ? cleaningTitle(*report.effect)
                                                          : translated("After removal"));
  if (picture.after && report.effect)
    picture.after->caution = caution(*report.effect);
  return picture;
}

std::vector<PlanesPicture> planesPictures(const Dictionary& dictionary,
                                          const RelationPlanes& planes)
{
  const auto silhouetteText = [](double value) {
    return QString::number(value, 'f', 3).replace(QLatin1Char('-'), QChar(0x2212));
  };
  const QString pca = translated("Principal components");
  const QString lda = translated("Discriminants (LDA)");
  const auto pane = [](const QString& title, const Eigen::Matrix2Xd& points, const QString& axis) {
    return PlanePane{title, points, axis + QStringLiteral("1"), axis + QStringLiteral("2")};
  };
  QString left;
  if (!planes.leftOut.empty())
    left = translated(" %1 relations with fewer than ten pairs are left out.")
               .arg(planes.leftOut.size());

  PlanesPicture differences;
  differences.name = translated("Differences of word pairs (Figure 2)");
  differences.panes = {// Short, for the number must not be cut off in a narrow pane.
                       pane(translated("PCA: silhouette ") + silhouetteText(planes.pcaSilhouette),
                            planes.pcaDifferences, QStringLiteral("PC")),
                       pane(translated("LDA: silhouette ") + silhouetteText(planes.ldaSilhouette),
                            planes.ldaDifferences, QStringLiteral("LD"))};
  differences.classes = planes.classes;
  for (const std::string& name : planes.names)
    differences.classNames.push_back(visibleText(name, 40));
  differences.caption =
      translated(
          "%1: differences of %2 word pairs, a point each, coloured by relation.%3 "
          "Silhouettes are of all relations, in-sample.")
          .arg(visibleText(dictionary.name, 60))
          .arg(planes.classes.size())
          .arg(left);

  PlanesPicture words;
  words.name = translated("Words and their crystals (Figure 1)");
  words.panes = {pane(pca, planes.pcaWords, QStringLiteral("PC")),
                 pane(lda, planes.ldaWords, QStringLiteral("LD"))};
  words.classes = planes.wordClasses;
  words.classNames = differences.classNames;
  for (const FeatureId word : planes.words)
    words.labels.push_back(shortLabel(dictionary, word));
  const auto placeOf = [&](FeatureId word) {
    return static_cast<std::int32_t>(
        std::lower_bound(planes.words.begin(), planes.words.end(), word) - planes.words.begin());
  };
  for (std::size_t i = 0; i < planes.crystals.size(); ++i) {
    const auto corners = planes.crystals[i].corners();
    words.quads.push_back(
        {placeOf(corners[0]), placeOf(corners[1]), placeOf(corners[2]), placeOf(corners[3])});
    words.quadClasses.push_back(planes.crystalClasses[i]);
  }
  words.caption =
      translated(
          "%1: %2 words of %3 relations, with the best crystals of the first four in the "
          "legend, in the plane of principal components and in that of "
          "discriminants.%4")
          .arg(visibleText(dictionary.name, 60))
          .arg(planes.words.size())
          .arg(planes.names.size())
          .arg(left);
  return {std::move(differences), std::move(words)};
}

}  // namespace orrery
