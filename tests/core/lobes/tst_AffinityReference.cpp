// The six affinities of the corpus against NumPy's over all pairs, and labels against
// scikit-learn's.
#include "core/base/Parallel.h"
#include "core/io/CooccurrenceFile.h"
#include "core/io/TensorFile.h"
#include "core/lobes/Affinity.h"
#include "core/lobes/MutualInformation.h"
#include "core/lobes/SpectralClustering.h"
#include "tests/support/TestData.h"

#include <QtTest/QTest>

#include <QFile>

#include <algorithm>
#include <cmath>
#include <numbers>

using namespace orrery;

namespace {

/// The names of tests/reference/affinities.csv; the last is of the vectors.
const std::vector<std::string> names = {"smc", "jaccard", "dice", "overlap", "phi", "angular"};

/// The definitions by the four cells of the contingency table.
double byCells(std::size_t name, double n11, double ni, double nj, double total)
{
  const double n10 = ni - n11, n01 = nj - n11, n00 = total - n11 - n10 - n01;
  const auto ratio = [](double a, double b) { return b > 0 ? a / b : 0.0; };
  switch (name) {
    case 0:
      return ratio(n11 + n00, total);
    case 1:
      return ratio(n11, n11 + n10 + n01);
    case 2:
      return ratio(2 * n11, 2 * n11 + n10 + n01);
    case 3:
      return ratio(n11, std::min(n11 + n10, n11 + n01));
    default:
      return ratio(n11 * n00 - n10 * n01,
                   std::sqrt(ni * (total - ni)) * std::sqrt(nj * (total - nj)));
  }
}

struct Reference {
  std::vector<double> sums, squares;
  struct Entry {
    Eigen::Index i, j;
    std::vector<double> values;
  };
  std::vector<Entry> entries;
};

Reference readReference()
{
  Reference reference;
  QFile file(
      QString::fromStdString(orrery::test::sourceFolder() + "/tests/reference/affinities.csv"));
  if (!file.open(QIODevice::ReadOnly))
    return reference;
  file.readLine();
  while (!file.atEnd()) {
    const auto cells = file.readLine().trimmed().split(',');
    std::vector<double> values;
    for (int i = 2; i < cells.size(); ++i)
      values.push_back(cells[i].toDouble());
    if (cells[0] == "sum")
      reference.sums = values;
    else if (cells[0] == "squares")
      reference.squares = values;
    else
      reference.entries.push_back({cells[0].toInt(), cells[1].toInt(), values});
  }
  return reference;
}

/// The largest distance of any entry from @p expected(i, j), over all pairs.
template <typename Expected>
double farthest(const Eigen::MatrixXf& matrix, Expected expected)
{
  constexpr Eigen::Index columns = 64;
  std::vector<double> worst(static_cast<std::size_t>((matrix.cols() + columns - 1) / columns), 0.0);
  parallelFor(matrix.cols(), columns, [&](std::int64_t begin, std::int64_t end) {
    double& most = worst[static_cast<std::size_t>(begin / columns)];
    for (std::int64_t j = begin; j < end; ++j)
      for (Eigen::Index i = 0; i < matrix.rows(); ++i) {
        const double apart = std::abs(static_cast<double>(matrix(i, j)) - expected(i, j));
        most = apart <= most ? most : apart;  // a NaN stays
      }
  });
  return *std::max_element(worst.begin(), worst.end(),
                           [](double a, double b) { return !(b <= a); });
}

/// Sums over all pairs, and the entries that NumPy wrote.
void compareWithNumPy(const Eigen::MatrixXf& matrix, const Reference& reference, std::size_t name)
{
  double sum = 0.0, squares = 0.0;
  for (Eigen::Index j = 0; j < matrix.cols(); ++j) {
    const auto column = matrix.col(j).cast<double>();
    sum += column.sum();
    squares += column.squaredNorm();
  }
  const double scale = reference.squares[name] + 1.0;
  QVERIFY2(std::abs(sum - reference.sums[name]) <= 1e-7 * scale, names[name].c_str());
  QVERIFY2(std::abs(squares - reference.squares[name]) <= 1e-7 * scale, names[name].c_str());
  double worst = 0.0;
  for (const Reference::Entry& entry : reference.entries)
    worst = std::max(worst,
                     std::abs(static_cast<double>(matrix(entry.i, entry.j)) - entry.values[name]));
  QVERIFY2(worst <= 1e-6, (names[name] + " " + std::to_string(worst)).c_str());
}

/// The generator of tests/reference/spectral_clustering.py.
class Draws {
 public:
  double next()
  {
    m_seed = 1664525u * m_seed + 1013904223u;
    return (m_seed >> 8) / 16777216.0;
  }

 private:
  std::uint32_t m_seed = 1;
};

}  // namespace

class tst_AffinityReference : public QObject {
  Q_OBJECT
 private slots:
  void fiveOfTheCountsEqualNumPy()
  {
    ORRERY_NEED_DATA("corpus/blocks_x_words_csr.npz");
    const Cooccurrence data = countCooccurrences(*readCooccurrenceFile(dataPath, {}).firings);
    QCOMPARE(data.features(), std::int64_t{8000});
    QCOMPARE(data.blocks, std::int64_t{11402});
    const Reference reference = readReference();
    QCOMPARE(reference.entries.size(), std::size_t{2000});
    const auto total = static_cast<double>(data.blocks);
    const Eigen::VectorXd own = data.counts.diagonal().cast<double>();
    for (std::size_t name = 0; name < 5; ++name) {
      const Eigen::MatrixXf matrix = computeAffinity(data, affinityMeasureFromName(names[name]));
      const double worst = farthest(matrix, [&](Eigen::Index i, Eigen::Index j) {
        return byCells(name, data.counts(i, j), own[i], own[j], total);
      });
      QVERIFY2(worst <= 1e-6, (names[name] + " " + std::to_string(worst)).c_str());
      compareWithNumPy(matrix, reference, name);
    }
  }

  void anglesOfTheWordsEqualNumPy()
  {
    ORRERY_NEED_DATA("embeddings/googlenews_8168x300.npy");
    const auto file = openNpy(dataPath);
    const std::vector<double> numbers = file->readNumbers(file->tensors().front(), {});
    const FeatureMatrix vectors =
        Eigen::Map<const Eigen::MatrixXd>(numbers.data(), 300, 8168).leftCols(8000).cast<float>();
    Eigen::MatrixXf matrix;
    computeAngularSimilarity(vectors, matrix);
    // In double: a panel of columns at a time.
    Eigen::MatrixXd unit = vectors.cast<double>();
    unit.colwise().normalize();
    constexpr Eigen::Index panel = 500;
    for (Eigen::Index first = 0; first < 8000; first += panel) {
      const Eigen::MatrixXd cosines = unit.transpose() * unit.middleCols(first, panel);
      const double worst =
          farthest(matrix.middleCols(first, panel), [&](Eigen::Index i, Eigen::Index j) {
            return i == first + j
                       ? 1.0
                       : 1.0 - std::acos(std::clamp(cosines(i, j), -1.0, 1.0)) / std::numbers::pi;
          });
      QVERIFY2(worst <= 1e-6, std::to_string(worst).c_str());
    }
    compareWithNumPy(matrix, readReference(), 5);
  }

  void labelsAgreeWithScikitLearns()
  {
    constexpr int features = 700, blocks = 1200, topics = 5;
    Draws draws;
    std::vector<int> topic, of;
    for (int i = 0; i < features; ++i)
      topic.push_back(std::min(static_cast<int>(std::pow(draws.next(), 1.5) * topics), topics - 1));
    for (int i = 0; i < blocks; ++i)
      of.push_back(static_cast<int>(draws.next() * topics));
    Firings firings;
    firings.features = features;
    for (const int block : of) {
      for (FeatureId id = 0; id < features; ++id)
        if (draws.next() < (topic[static_cast<std::size_t>(id)] == block ? 0.25 : 0.05))
          firings.ids.push_back(id);
      firings.starts.push_back(static_cast<std::int64_t>(firings.ids.size()));
    }
    QFile file(QString::fromStdString(orrery::test::sourceFolder() +
                                      "/tests/reference/spectral_clustering.csv"));
    QVERIFY(file.open(QIODevice::ReadOnly));
    file.readLine();
    std::vector<std::vector<std::int32_t>> expected(4);
    while (!file.atEnd()) {
      const auto cells = file.readLine().trimmed().split(',');
      for (std::size_t column = 0; column < 4; ++column)
        expected[column].push_back(cells[static_cast<int>(column)].toInt());
    }
    QCOMPARE(expected[0].size(), std::size_t{features});
    const Cooccurrence counts = countCooccurrences(firings);
    SpectralClusteringOptions options;
    options.clusters = {2, 5};
    for (std::size_t measure = 0; measure < 2; ++measure) {
      const SpectralClustering result = clusterCooccurrence(
          counts, measure == 0 ? AffinityMeasure::Phi : AffinityMeasure::Jaccard,
          AffinityShift::Add, {}, options);
      for (std::size_t k = 0; k < 2; ++k) {
        const double agreement =
            compareClusterings(result.clusterings[k].labels, expected[2 * measure + k]).adjusted;
        // Five topics are well apart; two lobes of five topics need not be.
        QVERIFY2(agreement >= (k == 1 ? 0.98 : 0.9), std::to_string(agreement).c_str());
      }
    }
  }
};

QTEST_APPLESS_MAIN(tst_AffinityReference)
#include "tst_AffinityReference.moc"
