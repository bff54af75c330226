// What a cleaning leaves of a crystal, held against closed forms and the same done by hand; and the
// planes' order of relations.
#include "core/base/Random.h"
#include "core/crystals/CleaningEffect.h"
#include "core/crystals/RelationPlanes.h"

#include <QtTest/QTest>

#include <cmath>

using namespace orrery;

namespace {

constexpr int d = 24;
constexpr int pairsOfEach = 14;
constexpr int relationCount = 4;

/// Relations 0 … 2 move along axes of their own, 3 along another with half the length; each pair
/// begins at a random place and ends with a little noise.
struct Planted {
  CrystalSpace space;
  std::vector<Relation> relations;
};

Planted planted(double noise = 0.02)
{
  Random random(11);
  const int n = 2 * pairsOfEach * relationCount;
  auto vectors = std::make_shared<FeatureMatrix>(d, n);
  Planted made;
  for (int r = 0; r < relationCount; ++r) {
    Relation relation;
    relation.name = "relation " + std::to_string(r);
    for (int i = 0; i < pairsOfEach; ++i) {
      const int first = 2 * (r * pairsOfEach + i);
      for (int row = 0; row < d; ++row) {
        (*vectors)(row, first) = static_cast<float>(random.normal());
        (*vectors)(row, first + 1) =
            (*vectors)(row, first) + static_cast<float>(noise * random.normal());
      }
      (*vectors)(r, first + 1) += r == 3 ? 0.5f : 1.0f;
      relation.pairs.emplace_back(first, first + 1);
    }
    relation.given = pairsOfEach;
    made.relations.push_back(std::move(relation));
  }
  made.space = rawSpace(std::shared_ptr<const FeatureMatrix>(vectors), false);
  return made;
}

Crystal crystalOf(const Relation& relation, std::size_t first, std::size_t second)
{
  return {relation.pairs[first].first, relation.pairs[first].second, relation.pairs[second].first,
          relation.pairs[second].second};
}

}  // namespace

class tst_CleaningEffect : public QObject {
  Q_OBJECT
 private slots:
  // Removing the unit vector u leaves 1 − (u · δ)² / |δ|² of the squared length of δ.
  void sharesAreThoseOfPythagoras()
  {
    const Planted made = planted();
    Cleaning cleaning;
    cleaning.method = CleaningMethod::Directions;
    cleaning.directions = FeatureMatrix::Zero(d, 1);
    cleaning.directions(0, 0) = 3.0f;
    const FittedCleaning fitted = fitCleaning(made.space, {}, cleaning);
    const Crystal crystal = crystalOf(made.relations[0], 0, 1);
    const CleaningEffect effect = cleaningEffect(made.space, {}, cleaning, fitted, crystal);
    const Eigen::VectorXd side =
        (made.space.vectors->col(crystal.b) - made.space.vectors->col(crystal.a)).cast<double>();
    QVERIFY(std::abs(effect.keptAb - (1.0 - side(0) * side(0) / side.squaredNorm())) < 1e-9);
    QVERIFY(effect.keptAb < 0.05);
    QVERIFY(std::isnan(effect.keptTypical) && !effect.withoutOwn && effect.ownPairs == 0);
    // A crystal of another relation hardly has that direction.
    QVERIFY(cleaningEffect(made.space, {}, cleaning, fitted, crystalOf(made.relations[1], 0, 1))
                .keptAb > 0.95);
  }

  void relationsOfLdaAreKept()
  {
    const Planted made = planted();
    Cleaning cleaning;
    cleaning.method = CleaningMethod::Lda;
    cleaning.components = relationCount - 1;
    const FittedCleaning fitted = fitCleaning(made.space, made.relations, cleaning);
    const Crystal crystal = crystalOf(made.relations[1], 2, 5);
    const CleaningEffect effect =
        cleaningEffect(made.space, made.relations, cleaning, fitted, crystal);
    QCOMPARE(effect.ownPairs, std::int64_t(2));
    QCOMPARE(effect.relations, std::vector<std::string>{"relation 1"});
    QCOMPARE(effect.most, relationCount - 1);
    QVERIFY(effect.keptAb > 0.5 && effect.keptTypical > 0.5 && !effect.isLost());
    // By hand: the space fitted without the two pairs, all features in it.
    std::vector<Relation> others = made.relations;
    std::erase(others[1].pairs, made.relations[1].pairs[2]);
    std::erase(others[1].pairs, made.relations[1].pairs[5]);
    const FittedCleaning without = fitCleaning(made.space, others, cleaning);
    const CrystalQuality expected =
        measureCrystal(applyCleaning(made.space, without), crystal, false);
    QVERIFY(effect.withoutOwn);
    QVERIFY(std::abs(effect.withoutOwn->cosAbCd - expected.cosAbCd) < 1e-6);
    QVERIFY(std::abs(effect.withoutOwn->cosAcBd - expected.cosAcBd) < 1e-6);
    QVERIFY(std::abs(effect.withoutOwn->residual - expected.residual) < 1e-6);
    QVERIFY(effect.withoutOwn->cosAbCd > 0.9);
    QVERIFY(effect.sentence().find("fitted again without them") != std::string::npos);
    // The other way round it is the same pair.
    const Crystal turned{crystal.b, crystal.a, crystal.d, crystal.c};
    QCOMPARE(cleaningEffect(made.space, made.relations, cleaning, fitted, turned).ownPairs,
             std::int64_t(2));
  }

  // Its direction is none that LDA was asked for: it goes, and that is said.
  void otherRelationsAreLost()
  {
    const Planted made = planted();
    const std::vector<Relation> three(made.relations.begin(), made.relations.begin() + 3);
    Cleaning cleaning;
    cleaning.method = CleaningMethod::Lda;
    cleaning.components = 2;
    const FittedCleaning fitted = fitCleaning(made.space, three, cleaning);
    const CleaningEffect effect =
        cleaningEffect(made.space, three, cleaning, fitted, crystalOf(made.relations[3], 0, 1));
    QCOMPARE(effect.ownPairs, std::int64_t(0));
    QVERIFY(!effect.withoutOwn);
    QVERIFY2(effect.keptAb < 0.15 && effect.keptCd < 0.15 && effect.keptTypical > 0.25,
             qPrintable(QStringLiteral("%1 %2 %3")
                            .arg(effect.keptAb)
                            .arg(effect.keptCd)
                            .arg(effect.keptTypical)));
    QVERIFY(effect.isLost());
    QVERIFY(effect.sentence().find("None of this crystal's pairs") != std::string::npos);
  }

  // Ten pairs without two are too few: nothing is claimed.
  void tooFewOthers()
  {
    Planted made = planted();
    made.relations.resize(2);
    for (Relation& relation : made.relations)
      relation.pairs.resize(10);
    Cleaning cleaning;
    cleaning.method = CleaningMethod::Lda;
    cleaning.components = 1;
    const FittedCleaning fitted = fitCleaning(made.space, made.relations, cleaning);
    const CleaningEffect effect = cleaningEffect(made.space, made.relations, cleaning, fitted,
                                                 crystalOf(made.relations[0], 0, 1));
    QCOMPARE(effect.ownPairs, std::int64_t(2));
    QVERIFY(!effect.withoutOwn);
    QVERIFY(effect.sentence().find("too few pairs are left") != std::string::npos);
  }

  // The mean over a relation's points of (b − a) / max(a, b), a the distance to its own mean and b
  // to the nearest other; and the best crystals of a relation share no word.
  void separationsAreSilhouettesByMeans()
  {
    const Planted made = planted(0.3);
    const RelationPlanes planes = relationPlanes(made.space, made.relations);
    QCOMPARE(planes.separations.size(), std::size_t(relationCount));
    std::vector<Eigen::Vector2d> means(relationCount, Eigen::Vector2d::Zero());
    for (std::size_t i = 0; i < planes.classes.size(); ++i)
      means[static_cast<std::size_t>(planes.classes[i])] +=
          planes.ldaDifferences.col(static_cast<Eigen::Index>(i)) / pairsOfEach;
    for (int r = 0; r < relationCount; ++r) {
      double sum = 0.0;
      for (std::size_t i = 0; i < planes.classes.size(); ++i) {
        if (planes.classes[i] != r)
          continue;
        std::vector<double> others;
        const Eigen::Vector2d point = planes.ldaDifferences.col(static_cast<Eigen::Index>(i));
        for (int k = 0; k < relationCount; ++k)
          if (k != r)
            others.push_back((point - means[static_cast<std::size_t>(k)]).norm());
        const double own = (point - means[static_cast<std::size_t>(r)]).norm();
        const double other = *std::min_element(others.begin(), others.end());
        sum += (other - own) / std::max(own, other) / pairsOfEach;
      }
      QVERIFY(std::abs(planes.separations[static_cast<std::size_t>(r)] - sum) < 1e-9);
    }
    const auto best = bestCrystals(made.space, made.relations[0], 3);
    QCOMPARE(best.size(), std::size_t(3));
    double last = 1.0;
    std::vector<FeatureId> words;
    for (const Crystal& crystal : best) {
      const double score =
          crystalScore(measureCrystal(made.space, crystal, false), CrystalMode::Parallelogram);
      QVERIFY(score <= last);
      last = score;
      for (const FeatureId corner : crystal.corners())
        words.push_back(corner);
    }
    std::sort(words.begin(), words.end());
    QVERIFY(std::adjacent_find(words.begin(), words.end()) == words.end());
  }
};

QTEST_APPLESS_MAIN(tst_CleaningEffect)
#include "tst_CleaningEffect.moc"
