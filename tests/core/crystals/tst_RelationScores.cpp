#include "core/base/Error.h"
#include "core/base/Parallel.h"
#include "core/base/Random.h"
#include "core/crystals/RelationScores.h"
#include "core/crystals/WordPairs.h"
#include "core/io/DictionaryFile.h"
#include "tests/support/Paths.h"
#include "tests/support/TestData.h"

#include <QFile>
#include <QtTest/QTest>

#include <Eigen/QR>
#include <cmath>

using namespace orrery;
using PairList = std::vector<std::pair<FeatureId, FeatureId>>;

namespace {

FeatureMatrix noise(Eigen::Index d, Eigen::Index n, std::uint64_t seed)
{
  Random random(seed);
  FeatureMatrix matrix(d, n);
  for (Eigen::Index i = 0; i < matrix.size(); ++i)
    matrix.data()[i] = static_cast<float>(random.normal());
  return matrix;
}

/// 40 pairs (2i, 2i + 1) among 300 features; the second of each is the first plus a common offset,
/// stretched.
FeatureMatrix planted(double stretch)
{
  FeatureMatrix matrix = noise(60, 300, 1);
  const FeatureMatrix offset = 1.5f * noise(60, 1, 2), error = 0.3f * noise(60, 40, 3);
  Random random(4);
  for (Eigen::Index i = 0; i < 40; ++i)
    matrix.col(2 * i + 1) = matrix.col(2 * i) +
                            static_cast<float>(1 + stretch * (2 * random.uniform() - 1)) * offset +
                            error.col(i);
  return matrix;
}

PairList pairsOf(FeatureId count)
{
  PairList pairs;
  for (FeatureId i = 0; i < count; ++i)
    pairs.emplace_back(2 * i, 2 * i + 1);
  return pairs;
}

RelationScoreOptions raw()
{
  RelationScoreOptions options;
  options.unitRows = false;
  return options;
}

}  // namespace

class tst_RelationScores : public QObject {
  Q_OBJECT
 private slots:
  void cleanup() { setThreadCount(2); }

  void plantedParallelogram()
  {
    const RelationScores scores = scoreRelation(planted(0.0), pairsOf(40), raw());
    QVERIFY(scores.verdict == RelationVerdict::Parallelogram);
    QVERIFY(scores.cosine > 0.9);
    QVERIFY(scores.z > 20);
    QVERIFY(scores.analogies.accuracy3CosAdd > 0.95);
    QCOMPARE(scores.analogies.queries, std::int64_t{40 * 39});
  }

  void plantedTrapezoid()
  {
    const RelationScores scores = scoreRelation(planted(0.8), pairsOf(40), raw());
    QVERIFY(scores.verdict == RelationVerdict::Trapezoid);
    QVERIFY(scores.offsetLengthSpread > 1.0 / 3);
  }

  void noiseIsNoParallelogram()
  {
    for (std::uint64_t seed = 10; seed < 20; ++seed) {
      const RelationScores scores = scoreRelation(noise(60, 300, seed), pairsOf(40));
      QVERIFY(scores.verdict == RelationVerdict::None);
      QVERIFY(std::abs(scores.z) < 5);
    }
  }

  // Forty words, one answer: every offset leans to it, with any pairing. The raw cosine is high and
  // means nothing.
  void manyToOneIsNoParallelogram()
  {
    FeatureMatrix matrix = noise(60, 300, 5);
    PairList pairs;
    for (FeatureId i = 0; i < 40; ++i)
      pairs.emplace_back(i, 200 + i % 2);
    const RelationScores scores = scoreRelation(matrix, pairs);
    QVERIFY(scores.cosine > 0.2);
    QVERIFY(std::abs(scores.cosine - scores.cosineShuffled) < 0.05);
    QVERIFY(scores.verdict == RelationVerdict::None);
  }

  void invariantUnderRotation()
  {
    const FeatureMatrix matrix = planted(0.2);
    const FeatureMatrix turn = noise(60, 60, 6).householderQr().householderQ();
    const RelationScores a = scoreRelation(matrix, pairsOf(40)),
                         b = scoreRelation(turn * matrix, pairsOf(40));
    QVERIFY(std::abs(a.cosine - b.cosine) < 1e-5);
    QVERIFY(std::abs(a.cosineShuffled - b.cosineShuffled) < 1e-5);
    QVERIFY(std::abs(a.analogies.accuracy3CosAdd - b.analogies.accuracy3CosAdd) < 0.003);
  }

  void edges()
  {
    FeatureMatrix matrix = noise(5, 10, 7);
    matrix.col(1).setZero();
    QVERIFY(scoreRelation(matrix, {}).verdict == RelationVerdict::TooFew);
    QVERIFY(scoreRelation(matrix, {{0, 2}, {3, 4}}).verdict == RelationVerdict::TooFew);
    QCOMPARE(scoreRelation(matrix, {{0, 1}, {2, 3}, {4, 5}, {6, 7}}).pairs, std::int64_t{3});
    QVERIFY(std::isfinite(scoreRelation(matrix, {{2, 3}, {3, 2}, {4, 4}, {5, 6}}).cosine));
    QVERIFY_EXCEPTION_THROWN(scoreRelation(matrix, {{0, 10}}), Error);
    QVERIFY_EXCEPTION_THROWN(scoreRelation(matrix, {{-1, 3}}), Error);
  }

  void sameBitsForAnyThreads()
  {
    const FeatureMatrix matrix = planted(0.2);
    setThreadCount(1);
    const RelationScores one = scoreRelation(matrix, pairsOf(40));
    setThreadCount(3);
    const RelationScores three = scoreRelation(matrix, pairsOf(40));
    QCOMPARE(one.cosine, three.cosine);
    QCOMPARE(one.cosineShuffledDeviation, three.cosineShuffledDeviation);
    QCOMPARE(one.analogies.accuracy3CosMul, three.analogies.accuracy3CosMul);
  }

  void stopping()
  {
    std::stop_source stop;
    stop.request_stop();
    QVERIFY_EXCEPTION_THROWN(
        scoreRelation(planted(0.0), pairsOf(40), {}, Progress(stop.get_token(), {})), Cancelled);
  }

  // Two pairs with one answer: it is left out as a word of the question, and so is the question.
  void questionsWithoutAnAnswerAreNotAsked()
  {
    FeatureMatrix matrix = planted(0.0);
    PairList pairs = pairsOf(40);
    pairs.push_back({100, pairs[0].second});
    const RelationScores scores = scoreRelation(matrix, pairs, raw());
    QCOMPARE(scores.analogies.queries, std::int64_t{41 * 40 - 2});
    // One answer for all: nothing can be asked.
    const RelationScores one = scoreRelation(matrix, {{0, 9}, {1, 9}, {2, 9}, {3, 9}}, raw());
    QCOMPARE(one.analogies.queries, std::int64_t{0});
    QVERIFY(std::isnan(one.analogies.accuracy3CosAdd));
  }

  // tests/reference/relations.py: every question asked, in float64, so that the shares of right
  // answers are equal to the last question. data/README.md asked at most 3000 questions, drawn
  // where there are more: its figures stand within .005 of all questions where it asked all, and
  // within three standard errors of such a draw elsewhere. (Its pairs are known: words matched
  // exactly, else in lower case, else capitalised give its counts in all seven tasks. Its draw is
  // not: of 2000 ways to draw with common generators and seeds one, 3000 with replacement from
  // seed 1234, gives all seven sampled figures, but several give six, so that this may be luck.
  // Four of the figures, capital-world for one with .871 of .8782, are off all questions' by .0056
  // to .0072.)
  void equalsNumPyOnGoogleNews()
  {
    ORRERY_NEED_DATA("embeddings/googlenews_8168x300.npy");
    const std::filesystem::path data = dataPath.parent_path().parent_path();
    const Dictionary dictionary = readDictionary(dataPath);
    const LabelIndex index(dictionary.labels);
    const auto analogies = readWordPairs(data / "tasks/google_questions-words.txt");

    QFile file(
        QString::fromStdString(orrery::test::sourceFolder() + "/tests/reference/relations.csv"));
    QVERIFY(file.open(QIODevice::ReadOnly));
    file.readLine();
    int tasks = 0;
    while (!file.atEnd()) {
      const auto cells = file.readLine().trimmed().split(',');
      const std::string name = cells[0].toStdString();
      const std::filesystem::path json = data / "tasks/function_vectors" / (name + ".json");
      Relation relation;
      if (std::filesystem::exists(json))
        relation = matchLabels(readWordPairs(json)[0], index);
      for (const WordPairTask& task : analogies)
        if (task.name == name)
          relation = matchLabels(task, index);
      const RelationScores scores = scoreRelation(*dictionary.decoder, relation.pairs);
      const double add = cells[6].toDouble();
      qInfo(
          "%s: %lld pairs, cosine %.4f, shuffled %.4f (exactly %.4f), 3CosAdd %.4f (README %s): %s",
          name.c_str(), static_cast<long long>(scores.pairs), scores.cosine, scores.cosineShuffled,
          cells[4].toDouble(), scores.analogies.accuracy3CosAdd, cells[8].constData(),
          displayName(scores.verdict).c_str());
      QCOMPARE(scores.pairs, cells[1].toLongLong());
      QVERIFY(std::abs(scores.cosine - cells[2].toDouble()) < 1e-5);
      QVERIFY(std::abs(scores.offsetLengthSpread - cells[3].toDouble()) < 1e-5);
      const double shuffles = scores.options.shuffles;
      QVERIFY(std::abs(scores.cosineShuffled - cells[4].toDouble()) <
              4 * scores.cosineShuffledDeviation / std::sqrt(shuffles));
      QCOMPARE(scores.analogies.queries, cells[5].toLongLong());
      QVERIFY2(std::abs(scores.analogies.accuracy3CosAdd - add) < 1e-9, name.c_str());
      QVERIFY2(std::abs(scores.analogies.accuracy3CosMul - cells[7].toDouble()) < 1e-9,
               name.c_str());
      if (!cells[8].isEmpty()) {
        const bool drawn = scores.pairs * (scores.pairs - 1) > 3000;
        QVERIFY2(std::abs(add - cells[8].toDouble()) <=
                     (drawn ? 3 * std::sqrt(add * (1 - add) / 3000) : 0.005),
                 name.c_str());
      }
      if (name == "capitalize_first_letter")
        QVERIFY(scores.verdict == RelationVerdict::None);
      if (name == "country-capital")
        QVERIFY(scores.verdict == RelationVerdict::Parallelogram);
      ++tasks;
    }
    QCOMPARE(tasks, 21);
  }
};

QTEST_APPLESS_MAIN(tst_RelationScores)
#include "tst_RelationScores.moc"
