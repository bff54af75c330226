#include "core/crystals/Analogies.h"

#include "core/base/Dispatch.h"
#include "core/base/Parallel.h"
#include "core/base/Random.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace orrery {
namespace {

using PairList = std::vector<std::pair<FeatureId, FeatureId>>;

struct Query {
  std::int32_t given = 0;  ///< Pair a : b …
  std::int32_t asked = 0;  ///< … and a′, whose b′ is sought.
  bool beatenSum = false;  ///< Some other feature scores higher.
  bool beatenProduct = false;
  double sum = 0.0;  ///< Scores of b′.
  double product = 0.0;
};

/// A question whose answer is one of the three words that are left out has none.
bool canBeAnswered(const PairList& pairs, const Query& query)
{
  const auto [a, b] = pairs[static_cast<std::size_t>(query.given)];
  const auto [other, answer] = pairs[static_cast<std::size_t>(query.asked)];
  return answer != a && answer != b && answer != other;
}

/// Questions for one answer stand together: what beats one of them mostly beats the next.
std::vector<Query> queriesOf(const PairList& pairs, std::int64_t most, std::uint64_t seed)
{
  const auto count = static_cast<std::int64_t>(pairs.size());
  const std::int64_t all = count * (count - 1);
  std::vector<Query> queries;
  const auto ask = [&](std::int64_t index) {
    Query query;
    query.asked = static_cast<std::int32_t>(index / (count - 1));
    query.given = static_cast<std::int32_t>(index % (count - 1));
    query.given += query.given >= query.asked;
    if (canBeAnswered(pairs, query))
      queries.push_back(query);
  };
  if (all <= most) {
    for (std::int64_t index = 0; index < all; ++index)
      ask(index);
    return queries;
  }
  Random random = Random::forPart(seed, 0xA11A);
  for (std::int64_t i = 0; i < most; ++i)
    ask(static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(all))));
  std::sort(queries.begin(), queries.end(), [](const Query& a, const Query& b) {
    return std::pair(a.asked, a.given) < std::pair(b.asked, b.given);
  });
  return queries;
}

/// The dictionary's cosines in double, one at a time, and the pairs' words as unit vectors.
class ExactCosines {
 public:
  ExactCosines(const FeatureMatrixView& decoder, const PairList& pairs)
      : m_decoder(decoder), m_norms(decoder.cols()), m_corners(decoder.rows(), 2 * pairs.size())
  {
    parallelFor(decoder.cols(), 1024, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i)
        m_norms(i) = decoder.col(i).cast<double>().norm();
    });
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      m_corners.col(static_cast<Eigen::Index>(i)) = unit(pairs[i].first);
      m_corners.col(static_cast<Eigen::Index>(pairs.size() + i)) = unit(pairs[i].second);
    }
  }

  /// Of pairs' words: columns i and p + i are the first and second word of pair i.
  [[nodiscard]] const Eigen::MatrixXd& corners() const { return m_corners; }
  [[nodiscard]] bool isZero(FeatureId i) const { return m_norms(i) == 0; }

  /// Unit vector of a feature; a zero one as it is.
  [[nodiscard]] Eigen::VectorXd unit(FeatureId i) const
  {
    return m_decoder.col(i).cast<double>() / (isZero(i) ? 1.0 : m_norms(i));
  }

 private:
  FeatureMatrixView m_decoder;
  Eigen::VectorXd m_norms;
  Eigen::MatrixXd m_corners;
};

double sumScore(double b, double a, double other)
{
  return b - a + other;
}

/// Cosines are shifted to [0, 1]; 0.001 keeps the quotient finite (both as published).
double productScore(double b, double a, double other)
{
  return (b + 1) * (other + 1) / (a + 1 + 0.002);
}

/// Cosines of one block of features with a, b and a′ of a query, and where the block begins.
struct Candidates {
  const float* b;
  const float* a;
  const float* other;
  std::int64_t begin;  ///< Id of the first feature …
  std::int64_t count;  ///< … and their number.
};

float sumLead(const Candidates& c, std::int64_t i, float wanted)
{
  return c.b[i] - c.a[i] + c.other[i] - wanted;
}

/// The quotients compared without dividing: their denominators are positive.
float productLead(const Candidates& c, std::int64_t i, float wanted)
{
  return (c.b[i] + 1) * (c.other[i] + 1) - wanted * (c.a[i] + 1.002f);
}

/// How far each feature's score lies above the wanted one: plain loops over contiguous columns.
ORRERY_FOR_EACH_CPU void sumLeads(const Candidates& c, float wanted, float* out)
{
  for (std::int64_t i = 0; i < c.count; ++i)
    out[i] = sumLead(c, i, wanted);
}

ORRERY_FOR_EACH_CPU void productLeads(const Candidates& c, float wanted, float* out)
{
  for (std::int64_t i = 0; i < c.count; ++i)
    out[i] = productLead(c, i, wanted);
}

ORRERY_FOR_EACH_CPU float largestOf(const float* values, std::int64_t count)
{
  constexpr int lanes = 32;
  float most[lanes];
  for (int lane = 0; lane < lanes; ++lane)
    most[lane] = -std::numeric_limits<float>::infinity();
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes)
    for (int lane = 0; lane < lanes; ++lane)
      most[lane] = values[i + lane] > most[lane] ? values[i + lane] : most[lane];
  for (; i < count; ++i)
    most[0] = values[i] > most[0] ? values[i] : most[0];
  for (int lane = 1; lane < lanes; ++lane)
    most[0] = most[lane] > most[0] ? most[lane] : most[0];
  return most[0];
}

/// What a thread keeps while it asks: room for scores, and features that beat the last answers.
struct Desk {
  static constexpr std::int64_t chunk = 512;
  std::vector<float> leads = std::vector<float>(chunk);
  std::vector<FeatureId> rivals;
};

class Asker {
 public:
  Asker(const FeatureMatrixView& decoder, const PairList& pairs)
      : m_exact(decoder, pairs), m_pairs(pairs)
  {
  }

  [[nodiscard]] const ExactCosines& exact() const { return m_exact; }

  /// Scores of the wanted answer.
  void prepare(Query& query) const
  {
    const Eigen::MatrixXd& corners = m_exact.corners();
    const auto p = static_cast<Eigen::Index>(m_pairs.size());
    const auto answer = corners.col(p + query.asked);
    const double b = corners.col(p + query.given).dot(answer),
                 a = corners.col(query.given).dot(answer),
                 other = corners.col(query.asked).dot(answer);
    query.sum = sumScore(b, a, other);
    query.product = productScore(b, a, other);
    query.beatenSum = query.beatenProduct =
        m_exact.isZero(m_pairs[static_cast<std::size_t>(query.asked)].second);
  }

  /// Compares with the features of one block.
  void ask(Query& query, const Candidates& block, Desk& desk) const
  {
    // Errors of float cosines are some 1e-6; the product's grow with what it is compared with.
    const auto sum = static_cast<float>(query.sum), product = static_cast<float>(query.product);
    const float unsureSum = 1e-5f, unsureProduct = 1e-5f * (2 + product);
    for (const FeatureId rival : desk.rivals) {
      if (isLeftOut(query, rival))
        continue;
      const std::int64_t i = rival - block.begin;
      query.beatenSum |= sumLead(block, i, sum) > unsureSum;
      query.beatenProduct |= productLead(block, i, product) > unsureProduct;
    }
    for (std::int64_t first = 0; first < block.count; first += Desk::chunk) {
      if (query.beatenSum && query.beatenProduct)
        return;
      const Candidates part{block.b + first, block.a + first, block.other + first,
                            block.begin + first, std::min(Desk::chunk, block.count - first)};
      if (!query.beatenSum) {
        sumLeads(part, sum, desk.leads.data());
        query.beatenSum = isBeaten(query, part, desk, unsureSum, sumScore, query.sum);
      }
      if (!query.beatenProduct) {
        productLeads(part, product, desk.leads.data());
        query.beatenProduct =
            isBeaten(query, part, desk, unsureProduct, productScore, query.product);
      }
    }
  }

 private:
  /// Neither a, b nor a′ can be the answer, and b′ is no rival of itself.
  [[nodiscard]] std::array<FeatureId, 4> leftOut(const Query& query) const
  {
    const auto [a, b] = m_pairs[static_cast<std::size_t>(query.given)];
    const auto [other, answer] = m_pairs[static_cast<std::size_t>(query.asked)];
    return {a, b, other, answer};
  }
  [[nodiscard]] bool isLeftOut(const Query& query, FeatureId feature) const
  {
    const std::array<FeatureId, 4> out = leftOut(query);
    return std::find(out.begin(), out.end(), feature) != out.end();
  }

  /// Whether a feature of @p part is above @p wanted, by desk.leads and, where these are too close
  /// to 0, by @p score in double.
  template <typename Score>
  [[nodiscard]] bool isBeaten(const Query& query, const Candidates& part, Desk& desk, float unsure,
                              const Score& score, double wanted) const
  {
    const std::array<FeatureId, 4> out = leftOut(query);
    for (const FeatureId feature : out)
      if (feature >= part.begin && feature < part.begin + part.count)
        desk.leads[static_cast<std::size_t>(feature - part.begin)] =
            -std::numeric_limits<float>::infinity();
    if (largestOf(desk.leads.data(), part.count) < -unsure)
      return false;
    const auto p = static_cast<Eigen::Index>(m_pairs.size());
    for (std::int64_t i = 0; i < part.count; ++i) {
      const float lead = desk.leads[static_cast<std::size_t>(i)];
      const auto feature = static_cast<FeatureId>(part.begin + i);
      if (lead < -unsure || m_exact.isZero(feature))
        continue;
      if (lead > unsure) {
        desk.rivals.insert(desk.rivals.begin(), feature);
        desk.rivals.resize(std::min(desk.rivals.size(), mostRivals));
        return true;
      }
      const Eigen::VectorXd unit = m_exact.unit(feature);
      const Eigen::MatrixXd& corners = m_exact.corners();
      const double by =
          score(corners.col(p + query.given).dot(unit), corners.col(query.given).dot(unit),
                corners.col(query.asked).dot(unit)) -
          wanted;
      // Of equal features the first is the nearest.
      constexpr double equal = 1e-12;
      if (by > equal || (by > -equal && feature < out[3]))
        return true;
    }
    return false;
  }

  static constexpr std::size_t mostRivals = 6;
  ExactCosines m_exact;
  const PairList& m_pairs;
};

}  // namespace

AnalogyScores scoreAnalogies(const FeatureMatrixView& decoder, const PairList& pairs,
                             const AnalogyOptions& options, const Progress& progress)
{
  constexpr Eigen::Index block = 8192;
  const Eigen::Index n = decoder.cols(), p = static_cast<Eigen::Index>(pairs.size());
  AnalogyScores scores;
  if (p < 2)
    return scores;
  const std::int64_t most = options.maxQueries.value_or(
      std::max<std::int64_t>(100'000, 20'000'000'000 / std::max<Eigen::Index>(n, 1)));
  std::vector<Query> queries = queriesOf(pairs, most, options.seed);
  scores.queries = static_cast<std::int64_t>(queries.size());
  if (queries.empty())
    return scores;

  const Asker asker(decoder, pairs);
  const auto forEachQuery = [&](const auto& work) {
    parallelFor(scores.queries, 256, [&](std::int64_t begin, std::int64_t end) {
      progress.checkStopped();
      Desk desk;
      for (std::int64_t q = begin; q < end; ++q)
        work(queries[static_cast<std::size_t>(q)], desk);
    });
  };
  forEachQuery([&](Query& query, Desk&) { asker.prepare(query); });

  const Eigen::MatrixXf corners = asker.exact().corners().cast<float>();
  FeatureMatrix unit;
  Eigen::MatrixXf cosines;
  for (Eigen::Index begin = 0; begin < n; begin += block) {
    const Eigen::Index count = std::min(block, n - begin);
    unit.resize(decoder.rows(), count);
    for (Eigen::Index i = 0; i < count; ++i)
      unit.col(i) = asker.exact().unit(static_cast<FeatureId>(begin + i)).cast<float>();
    cosines.resize(count, 2 * p);
    parallelFor(2 * p, 64, [&](std::int64_t first, std::int64_t last) {
      progress.checkStopped();
      cosines.middleCols(first, last - first).noalias() =
          unit.transpose() * corners.middleCols(first, last - first);
    });
    forEachQuery([&](Query& query, Desk& desk) {
      asker.ask(query,
                {cosines.col(p + query.given).data(), cosines.col(query.given).data(),
                 cosines.col(query.asked).data(), begin, count},
                desk);
    });
    progress.update(begin + count, n);
  }

  const auto share = [&](bool Query::*beaten) {
    const auto right = std::count_if(queries.begin(), queries.end(),
                                     [&](const Query& query) { return !(query.*beaten); });
    return static_cast<double>(right) / static_cast<double>(scores.queries);
  };
  scores.accuracy3CosAdd = share(&Query::beatenSum);
  scores.accuracy3CosMul = share(&Query::beatenProduct);
  return scores;
}

}  // namespace orrery
