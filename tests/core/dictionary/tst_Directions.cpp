// Directions, histograms and addresses: against NumPy (tests/reference/directions.py), the defining
// equations, and what cannot be.
#include "core/base/Parallel.h"
#include "core/dictionary/Directions.h"
#include "core/dictionary/FeatureAddress.h"
#include "core/dictionary/Histogram.h"
#include "tests/support/ExpectError.h"
#include "tests/support/ReferenceTable.h"

#include <QtTest/QTest>

#include <cmath>
#include <limits>
#include <numeric>

using namespace orrery;

namespace {

constexpr int n = 12, d = 7;

FeatureMatrix features()
{
  FeatureMatrix x(d, n);
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < d; ++j)
      x(j, i) = static_cast<float>(std::sin(1.0 + 3.0 * i + 7.0 * j));
  return x;
}

FeatureMatrix directions()
{
  FeatureMatrix vectors(d, 2);
  for (int j = 0; j < d; ++j) {
    vectors(j, 0) = static_cast<float>(std::cos(1.0 + j));
    vectors(j, 1) = static_cast<float>(std::sin(2.0 + 5.0 * j));
  }
  return vectors;
}

std::vector<double> reference(const std::string& name)
{
  std::vector<double> values;
  for (const auto& row : orrery::test::referenceTable("directions.tsv"))
    if (row.front() == name)
      for (std::size_t i = 1; i < row.size(); ++i)
        values.push_back(std::stod(row[i]));
  return values;
}

Dictionary dictionary()
{
  Dictionary made;
  made.name = "words";
  made.decoder = std::make_shared<const FeatureMatrix>(features());
  made.source.path = "/data/words.npy";
  Column score{"score", Column::Kind::Number, {}, {}, {}, {}};
  for (int i = 0; i < n; ++i) {
    made.labels.push_back("word " + std::to_string(i));
    score.numbers.push_back(i);
  }
  made.columns.push_back(score);
  return made;
}

}  // namespace

class tst_Directions : public QObject {
  Q_OBJECT

 private slots:
  void cosinesEqualNumPy()
  {
    const std::vector<double> expected = reference("cosine");
    const std::vector<double> found = cosinesWith(features(), directions().col(0));
    QCOMPARE(found.size(), std::size_t{n});
    for (std::size_t i = 0; i < found.size(); ++i)
      QVERIFY(std::abs(found[i] - expected.at(i)) < 1e-7);
    // Whatever the lengths: an angle has none.
    const Eigen::VectorXf longer = directions().col(0) * 1e20f;
    for (std::size_t i = 0; i < found.size(); ++i)
      QVERIFY(std::abs(cosinesWith(features(), longer)[i] - found[i]) < 1e-7);
  }

  void cosinesOfWhatHasNoDirection()
  {
    FeatureMatrix x = features();
    x.col(3).setZero();
    x(2, 5) = std::numeric_limits<float>::quiet_NaN();
    const std::vector<double> found = cosinesWith(x, directions().col(1));
    for (int i = 0; i < n; ++i)
      QCOMPARE(std::isnan(found[static_cast<std::size_t>(i)]), i == 3 || i == 5);
    ORRERY_EXPECT_ERROR(cosinesWith(x, Eigen::VectorXf::Zero(d)), "zero");
    ORRERY_EXPECT_ERROR(cosinesWith(x, Eigen::VectorXf::Ones(d + 1)), "8");
  }

  void projectionEqualsNumPy()
  {
    const std::vector<double> expected = reference("rest");
    const ProjectedOut found = projectOut(features(), directions());
    QCOMPARE(found.rank, 2);
    for (int i = 0; i < n; ++i)
      for (int j = 0; j < d; ++j)
        QVERIFY(std::abs(static_cast<double>(found.decoder(j, i)) -
                         expected.at(static_cast<std::size_t>(i * d + j))) < 1e-6);
    QVERIFY(std::abs(found.removed - reference("removed").at(0)) < 1e-7);
  }

  // What is left has nothing in common with what was taken out, and taking it out again changes
  // nothing.
  void nothingOfItIsLeft()
  {
    const ProjectedOut once = projectOut(features(), directions());
    QVERIFY((directions().transpose() * once.decoder).cwiseAbs().maxCoeff() < 1e-5f);
    const ProjectedOut twice = projectOut(once.decoder, directions());
    QVERIFY((twice.decoder - once.decoder).cwiseAbs().maxCoeff() < 1e-6f);
    QVERIFY(twice.removed < 1e-10);
    // Dependent directions count once; a feature in the span is gone.
    FeatureMatrix more(d, 4);
    more << directions(), directions().col(0) * -3.0f, directions().rowwise().sum();
    FeatureMatrix x = features();
    x.col(4) = directions().col(0) * 2.0f - directions().col(1);
    const ProjectedOut same = projectOut(x, more);
    QCOMPARE(same.rank, 2);
    QVERIFY(same.decoder.col(4).isZero(0.0f));
    QVERIFY((same.decoder.col(0) - once.decoder.col(0)).norm() < 1e-5f);
  }

  void sameBitsForAnyNumberOfThreads()
  {
    FeatureMatrix x = FeatureMatrix::Random(16, 3000);
    const FeatureMatrix v = FeatureMatrix::Random(16, 3);
    const int before = threadCount();
    setThreadCount(1);
    const ProjectedOut one = projectOut(x, v);
    const std::vector<double> cosines = cosinesWith(x, v.col(0));
    setThreadCount(4);
    const ProjectedOut four = projectOut(x, v);
    QVERIFY(one.decoder == four.decoder);
    QCOMPARE(one.removed, four.removed);
    QVERIFY(cosines == cosinesWith(x, v.col(0)));
    setThreadCount(before);
  }

  void projectionRefusesWhatLeavesNothing()
  {
    ORRERY_EXPECT_ERROR(projectOut(features(), FeatureMatrix::Identity(d, d)), "nothing would be");
    ORRERY_EXPECT_ERROR(projectOut(features(), FeatureMatrix::Zero(d, 2)), "all zero");
    ORRERY_EXPECT_ERROR(projectOut(features(), FeatureMatrix(d, 0)), "at least one");
    ORRERY_EXPECT_ERROR(projectOut(features(), FeatureMatrix::Ones(d - 1, 1)), "6");
  }

  void vectorsStandAfterTheFeatures()
  {
    const Dictionary before = dictionary();
    const Dictionary after = withVectors(before, directions(), {"probe", "steer"});
    QCOMPARE(after.features(), std::int64_t{n + 2});
    QVERIFY(after.decoder->leftCols(n) == *before.decoder);
    QVERIFY(after.decoder->rightCols(2) == directions());
    QCOMPARE(after.labels.at(3), std::string("word 3"));
    QCOMPARE(after.labels.back(), std::string("steer"));
    QVERIFY(std::isnan(after.columns[0].numbers.back()));
    const Column* kind = after.column("kind");
    QVERIFY(kind);
    QCOMPARE(kind->categories.front(), 0);
    QCOMPARE(kind->categories.back(), 1);
    // No file holds it, so that sessions keep it.
    QVERIFY(after.source.path.empty());
    // And once more.
    const Dictionary again = withVectors(after, directions().col(0), {"third"});
    QCOMPARE(again.columns.size(), after.columns.size());
    QCOMPARE(again.column("kind")->categories.at(n - 1), 0);
    QCOMPARE(again.column("kind")->categories.at(n), 1);
    QCOMPARE(again.column("kind")->categories.at(n + 2), 1);
    const Dictionary cleaned = withoutDirections(before, directions(), {"probe", "steer"});
    QVERIFY(cleaned.name.find("without probe, steer") != std::string::npos);
    QVERIFY(cleaned.notes.back().find("2 dimensions") != std::string::npos);
    QVERIFY(cleaned.labels == before.labels);
  }

  void histogramsEqualNumPy()
  {
    std::vector<double> values;
    for (int i = 0; i < 25; ++i)
      values.push_back(0.1 * i * i - 3);
    const Histogram found = computeHistogram(values, 6);
    const std::vector<double> counts = reference("counts"), edges = reference("edges");
    QCOMPARE(found.counts.size(), counts.size());
    for (std::size_t i = 0; i < counts.size(); ++i)
      QCOMPARE(static_cast<double>(found.counts[i]), counts[i]);
    for (std::size_t i = 0; i < edges.size(); ++i)
      QVERIFY(std::abs(found.edge(i) - edges[i]) < 1e-9);
    const Histogram same = computeHistogram(std::vector<double>(4, 2.5), 3);
    for (std::size_t i = 0; i < 3; ++i)
      QCOMPARE(static_cast<double>(same.counts[i]), reference("same")[i]);
    QCOMPARE(same.edge(0), reference("same_edges")[0]);
    QCOMPARE(same.edge(3), reference("same_edges")[3]);
    std::vector<double> tenths(11);
    for (int i = 0; i < 11; ++i)
      tenths[static_cast<std::size_t>(i)] = i / 10.0;
    const Histogram ten = computeHistogram(tenths, 10);
    for (std::size_t i = 0; i < 10; ++i)
      QCOMPARE(static_cast<double>(ten.counts[i]), reference("tenths")[i]);
  }

  void histogramsCountEveryValueOnce()
  {
    std::vector<double> values;
    for (int i = 0; i < 5000; ++i)
      values.push_back(std::sin(i * 1.7) * std::exp(std::cos(i * 0.3)));
    values.push_back(std::nan(""));
    values.push_back(std::numeric_limits<double>::infinity());
    for (const int bins : {1, 7, 100}) {
      const Histogram found = computeHistogram(values, bins);
      QCOMPARE(std::accumulate(found.counts.begin(), found.counts.end(), std::int64_t{0}), 5000);
      QCOMPARE(found.missing, 2);
      for (const double value : values)
        if (std::isfinite(value)) {
          const auto bin = static_cast<std::size_t>(found.binOf(value));
          QVERIFY(value >= found.edge(bin) && value <= found.edge(bin + 1));
        }
    }
    QVERIFY(computeHistogram({std::nan("")}, 5).counts.empty());
    QCOMPARE(computeHistogram({}, 5).binOf(0.0), std::int64_t{-1});
  }

  void addresses()
  {
    Dictionary made = dictionary();
    ORRERY_EXPECT_ERROR(featureAddress(made, 3), "model, source");
    made.origin.model = "gemma-2-2b";
    made.origin.layer = 12;
    made.origin.site = "res";
    made.origin.width = 16384;
    made.origin.l0 = 41;
    QCOMPARE(featureAddress(made, 3), std::string("gemma-2-2b/12-gemmascope-res-16k__l0-41/3"));
    // What the labels' export calls itself goes before, and it names the usual L0 by none.
    made.labelOrigin.model = "gemma-2-2b";
    made.labelOrigin.source = "Neuronpedia 12-gemmascope-res-16k";
    QCOMPARE(featureAddress(made, 3), std::string("gemma-2-2b/12-gemmascope-res-16k/3"));
    QCOMPARE(featureAddress(made, 7, "see {label}: {width} {feature}"),
             std::string("see word%207: 16k 7"));
    made.labels[7] = "a/b ü";
    QCOMPARE(featureAddress(made, 7, "{label}"), std::string("a%2Fb%20%C3%BC"));
    ORRERY_EXPECT_ERROR(featureAddress(made, 3, "{modell}"), "{modell}");
    ORRERY_EXPECT_ERROR(featureAddress(made, 3, "{feature"), "known are");
    made.origin.model = "pythia-70m";
    made.labelOrigin = {};
    ORRERY_EXPECT_ERROR(featureAddress(made, 3), "source");
  }
};

QTEST_APPLESS_MAIN(tst_Directions)
#include "tst_Directions.moc"
