#include "core/base/Error.h"
#include "core/base/Parallel.h"
#include "core/base/Random.h"
#include "core/lobes/LogisticRegression.h"
#include "tests/support/Paths.h"

#include <QtTest/QTest>

#include <QFile>

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace orrery;

namespace {

/// The generator of tests/reference/logistic.py.
std::vector<double> draws(std::size_t n, std::uint32_t seed)
{
  std::vector<double> out;
  for (std::size_t i = 0; i < n; ++i) {
    seed = 1664525u * seed + 1013904223u;
    out.push_back((seed >> 8) / 16777216.0 - 0.5);
  }
  return out;
}

struct Problem {
  FeatureMatrix x;
  std::vector<std::int32_t> labels;
};

Problem referenceProblem(int classes)
{
  constexpr int n = 600, d = 8;
  const std::vector<double> values = draws(n * d, 1), noise = draws(n, 2);
  Problem problem{FeatureMatrix(d, n), {}};
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j < d; ++j)
      problem.x(j, i) = static_cast<float>(values[static_cast<std::size_t>(i * d + j)]);
    // As NumPy has it: the data in single precision, the noise in double.
    const double score = static_cast<double>(problem.x(0, i)) + 0.5 * problem.x(1, i) +
                         0.3 * noise[static_cast<std::size_t>(i)];
    const double place = std::floor((score + 0.6) / 1.2 * classes);
    problem.labels.push_back(
        static_cast<std::int32_t>(std::clamp(place, 0.0, static_cast<double>(classes - 1))));
  }
  return problem;
}

}  // namespace

class tst_LogisticRegression : public QObject {
  Q_OBJECT
 private slots:
  void cleanup() { setThreadCount(2); }

  void equalsScikitLearn()
  {
    QFile file(
        QString::fromStdString(orrery::test::sourceFolder() + "/tests/reference/logistic.csv"));
    QVERIFY(file.open(QIODevice::ReadOnly));
    file.readLine();
    int cases = 0;
    while (!file.atEnd()) {
      const auto cells = file.readLine().trimmed().split(',');
      const int classes = cells[0].toInt();
      const Problem problem = referenceProblem(classes);
      std::vector<FeatureId> train(480), test(120);
      std::iota(train.begin(), train.end(), 0);
      std::iota(test.begin(), test.end(), 480);
      LogisticOptions options;
      options.tolerance = 1e-7;
      const LogisticModel model = fitLogistic(problem.x, problem.labels, train, classes, options);
      QVERIFY(model.converged);
      std::vector<std::int32_t> truth(problem.labels.begin() + 480, problem.labels.end());
      const double accuracy = balancedAccuracy(truth, predict(model, problem.x, test));
      QVERIFY2(std::abs(accuracy - cells[1].toDouble()) < 0.01,
               qPrintable(QString::number(accuracy)));
      for (int j = 0; j < 5; ++j) {
        // Two classes: one vector there, the difference of two here.
        const double weight = classes == 2
                                  ? static_cast<double>(model.weights(1, j)) - model.weights(0, j)
                                  : static_cast<double>(model.weights(0, j));
        QVERIFY2(std::abs(weight - cells[2 + j].toDouble()) < 0.02,
                 qPrintable(QString("%1 for %2").arg(weight).arg(QString(cells[2 + j]))));
      }
      ++cases;
    }
    QCOMPARE(cases, 2);
  }

  void splitsAreStratified()
  {
    std::vector<std::int32_t> labels;
    for (int i = 0; i < 200; ++i)
      labels.push_back(i < 100 ? 0 : i < 190 ? 1 : i < 196 ? 2 : i < 199 ? 3 : -1);
    const Split split = splitFeatures(labels, SplitRule::Stratified, 7);
    QCOMPARE(split.train.size() + split.test.size(), std::size_t{199});
    std::vector<int> tested(4, 0);
    for (const FeatureId id : split.test)
      ++tested[static_cast<std::size_t>(labels[static_cast<std::size_t>(id)])];
    QCOMPARE(tested, (std::vector<int>{20, 18, 1, 0}));
    QCOMPARE(split.trainOnly, (std::vector<std::int32_t>{3}));
    QVERIFY(splitFeatures(labels, SplitRule::Stratified, 7).test == split.test);
    QVERIFY(splitFeatures(labels, SplitRule::Stratified, 8).test != split.test);
    const Split published = splitFeatures(labels, SplitRule::ByIndex, 7);
    QVERIFY(published.test.front() == 160);
    QVERIFY(published.test.back() == 195);
  }

  void balancedAccuracyCountsClassesAlike()
  {
    QCOMPARE(balancedAccuracy({0, 0, 0, 0, 1}, {0, 0, 0, 0, 0}), 0.5);
    QCOMPARE(balancedAccuracy({0, 1, 1, 2}, {0, 1, 0, 2}), 2.5 / 3);
    QVERIFY(std::isnan(balancedAccuracy({}, {})));
  }

  void noiseIsNotLearnt()
  {
    Random random(5);
    FeatureMatrix x(20, 3000);
    for (Eigen::Index i = 0; i < x.size(); ++i)
      x.data()[i] = static_cast<float>(random.normal());
    std::vector<std::int32_t> labels;
    for (int i = 0; i < 3000; ++i)
      labels.push_back(static_cast<std::int32_t>(random.below(4)));
    const Split split = splitFeatures(labels, SplitRule::Stratified, 0);
    const LogisticModel model = fitLogistic(x, labels, split.train, 4);
    std::vector<std::int32_t> truth;
    for (const FeatureId id : split.test)
      truth.push_back(labels[static_cast<std::size_t>(id)]);
    const double accuracy = balancedAccuracy(truth, predict(model, x, split.test));
    QVERIFY2(std::abs(accuracy - 0.25) < 0.06, qPrintable(QString::number(accuracy)));
  }

  void curvatureSavesStepsToTheSameMinimum()
  {
    // Twelve planted classes in vectors of very unequal directions, as dictionaries have them.
    constexpr Eigen::Index d = 60, n = 2400;
    constexpr int classes = 12;
    Random random(11);
    FeatureMatrix x(d, n);
    Eigen::MatrixXf centres(d, classes);
    for (Eigen::Index i = 0; i < centres.size(); ++i)
      centres.data()[i] = static_cast<float>(random.normal());
    std::vector<std::int32_t> labels;
    for (Eigen::Index i = 0; i < n; ++i) {
      labels.push_back(static_cast<std::int32_t>(random.below(classes)));
      for (Eigen::Index j = 0; j < d; ++j)
        x(j, i) = static_cast<float>((j == 0 ? 3.0 : 0.0) +
                                     random.normal() * 2.0 / (1.0 + 0.3 * static_cast<double>(j)));
      x.col(i) += 0.3f * centres.col(labels.back());
      x.col(i).normalize();
    }
    std::vector<FeatureId> all(n);
    std::iota(all.begin(), all.end(), 0);
    LogisticOptions options;
    options.tolerance = 1e-6;
    const LogisticModel shaped = fitLogistic(x, labels, all, classes, options);
    options.curvature = false;
    const LogisticModel plain = fitLogistic(x, labels, all, classes, options);
    QVERIFY(shaped.converged && plain.converged);
    QVERIFY2(2 * shaped.iterations < plain.iterations,
             qPrintable(QString("%1 against %2").arg(shaped.iterations).arg(plain.iterations)));
    QVERIFY2((shaped.weights - plain.weights).cwiseAbs().maxCoeff() <
                 0.01f * plain.weights.cwiseAbs().maxCoeff(),
             qPrintable(QString::number((shaped.weights - plain.weights).cwiseAbs().maxCoeff())));
    setThreadCount(1);
    options.curvature = true;
    QVERIFY(fitLogistic(x, labels, all, classes, options).weights == shaped.weights);
  }

  void sameBitsForAnyThreads()
  {
    const Problem problem = referenceProblem(4);
    std::vector<FeatureId> all(600);
    std::iota(all.begin(), all.end(), 0);
    setThreadCount(1);
    const LogisticModel one = fitLogistic(problem.x, problem.labels, all, 4);
    setThreadCount(3);
    const LogisticModel three = fitLogistic(problem.x, problem.labels, all, 4);
    QVERIFY(one.weights == three.weights);
    QVERIFY(one.intercepts == three.intercepts);
  }

  void damagedInputIsRefused()
  {
    const Problem problem = referenceProblem(4);
    QVERIFY_EXCEPTION_THROWN(fitLogistic(problem.x, problem.labels, {}, 4), Error);
    QVERIFY_EXCEPTION_THROWN(fitLogistic(problem.x, problem.labels, {0, 1, 2, 3, 4, 5}, 1), Error);
  }
};

QTEST_APPLESS_MAIN(tst_LogisticRegression)
#include "tst_LogisticRegression.moc"
