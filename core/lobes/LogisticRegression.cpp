#include "core/lobes/LogisticRegression.h"

#include "core/base/Error.h"
#include "core/base/LinearAlgebra.h"
#include "core/base/Parallel.h"
#include "core/base/Random.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <map>
#include <string>
#include <utility>

namespace orrery {
namespace {

constexpr Eigen::Index tile = 256;

/// The objective over weights (classes × d) and intercepts in one classes × (d + 1) matrix.
class Objective {
 public:
  Objective(Eigen::MatrixXf x, std::vector<std::int32_t> classOf, int classes, double penalty)
      : m_x(std::move(x)), m_classOf(std::move(classOf)), m_classes(classes), m_penalty(penalty)
  {
  }

  [[nodiscard]] Eigen::Index rows() const { return m_classes; }
  [[nodiscard]] Eigen::Index columns() const { return m_x.rows() + 1; }
  [[nodiscard]] Eigen::Index features() const { return m_x.cols(); }

  double evaluate(const Eigen::MatrixXd& point, Eigen::MatrixXd& gradient,
                  const Progress& progress) const
  {
    const Eigen::Index d = m_x.rows(), m = m_x.cols();
    const Eigen::MatrixXf weights = point.leftCols(d).cast<float>();
    const Eigen::VectorXf intercepts = point.col(d).cast<float>();
    // Ranges of several tiles, so that there are few partial gradients to sum in order.
    const Eigen::Index perPart = std::max<Eigen::Index>(tile, (m / 32 + tile - 1) / tile * tile);
    const auto parts = static_cast<std::size_t>((m + perPart - 1) / perPart);
    std::vector<double> losses(parts, 0.0);
    std::vector<Eigen::MatrixXf> slopes(parts);
    parallelFor(m, perPart, [&](std::int64_t begin, std::int64_t end) {
      progress.checkStopped();
      const auto part = static_cast<std::size_t>(begin / perPart);
      Eigen::MatrixXf slope = Eigen::MatrixXf::Zero(m_classes, d + 1);
      Eigen::MatrixXf logits(m_classes, tile), transposed(tile, m_classes), turned(d, m_classes);
      turned.setZero();
      for (Eigen::Index first = begin; first < end; first += tile) {
        const Eigen::Index count = std::min<Eigen::Index>(tile, end - first);
        const auto columns = m_x.middleCols(first, count);
        multiplyInto(logits.leftCols(count), weights, false, columns);
        for (Eigen::Index i = 0; i < count; ++i) {
          Eigen::VectorXf column = logits.col(i) + intercepts;
          const float largest = column.maxCoeff();
          const std::int32_t truth = m_classOf[static_cast<std::size_t>(first + i)];
          const float own = column[truth] - largest;
          column = (column.array() - largest).exp();
          const float sum = column.sum();
          losses[part] += std::log(static_cast<double>(sum)) - static_cast<double>(own);
          column /= sum;
          column[truth] -= 1.0f;
          slope.col(d) += column;
          transposed.row(i) = column.transpose();
        }
        // X (P − Y)ᵀ: d × classes, a product of long columns.
        multiplyInto(turned, columns, false, transposed.topRows(count), 1.0f);
      }
      slope.leftCols(d) = turned.transpose();
      slopes[part] = std::move(slope);
    });
    double loss = 0.0;
    gradient = Eigen::MatrixXd::Zero(m_classes, d + 1);
    for (std::size_t part = 0; part < parts; ++part) {
      loss += losses[part];
      gradient += slopes[part].cast<double>();
    }
    gradient.leftCols(d) += m_penalty * point.leftCols(d);
    return loss + 0.5 * m_penalty * point.leftCols(d).squaredNorm();
  }

 private:
  Eigen::MatrixXf m_x;
  std::vector<std::int32_t> m_classOf;
  int m_classes;
  double m_penalty;
};

double dot(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b)
{
  return (a.array() * b.array()).sum();
}

/// Two-loop recursion over the last ten steps.
class Memory {
 public:
  void remember(const Eigen::MatrixXd& step, const Eigen::MatrixXd& change)
  {
    const double curvature = dot(step, change);
    if (!(curvature > 1e-12 * change.squaredNorm() * 1e-6))
      return;
    m_pairs.push_back({step, change, 1.0 / curvature});
    if (m_pairs.size() > 10)
      m_pairs.pop_front();
  }
  void clear() { m_pairs.clear(); }
  [[nodiscard]] bool isEmpty() const { return m_pairs.empty(); }

  [[nodiscard]] Eigen::MatrixXd direction(const Eigen::MatrixXd& gradient) const
  {
    Eigen::MatrixXd result = -gradient;
    std::vector<double> shares(m_pairs.size());
    for (std::size_t i = m_pairs.size(); i-- > 0;) {
      shares[i] = m_pairs[i].inverse * dot(m_pairs[i].step, result);
      result -= shares[i] * m_pairs[i].change;
    }
    if (!m_pairs.empty())
      result /= m_pairs.back().inverse * m_pairs.back().change.squaredNorm();
    for (std::size_t i = 0; i < m_pairs.size(); ++i)
      result += (shares[i] - m_pairs[i].inverse * dot(m_pairs[i].change, result)) * m_pairs[i].step;
    return result;
  }

 private:
  struct Pair {
    Eigen::MatrixXd step, change;
    double inverse;
  };
  std::deque<Pair> m_pairs;
};

}  // namespace

Split splitFeatures(const std::vector<std::int32_t>& labels, SplitRule rule, std::uint64_t seed)
{
  Split split;
  std::map<std::int32_t, std::vector<FeatureId>> members;
  std::vector<FeatureId> placed;
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (labels[i] >= 0) {
      members[labels[i]].push_back(static_cast<FeatureId>(i));
      placed.push_back(static_cast<FeatureId>(i));
    }
  constexpr std::size_t leastTested = 5;
  for (const auto& [label, features] : members)
    if (features.size() < leastTested)
      split.trainOnly.push_back(label);
  if (rule == SplitRule::ByIndex) {
    const auto boundary = static_cast<FeatureId>(0.8 * static_cast<double>(labels.size()));
    for (const FeatureId feature : placed) {
      const bool mustTrain = std::binary_search(split.trainOnly.begin(), split.trainOnly.end(),
                                                labels[static_cast<std::size_t>(feature)]);
      (feature < boundary || mustTrain ? split.train : split.test).push_back(feature);
    }
    return split;
  }
  for (auto& [label, features] : members) {
    Random random = Random::forPart(seed, static_cast<std::uint64_t>(label));
    random.shuffle(features);
    const std::size_t tested = features.size() < leastTested ? 0 : (features.size() + 2) / 5;
    split.test.insert(split.test.end(), features.begin(),
                      features.begin() + static_cast<std::ptrdiff_t>(tested));
    split.train.insert(split.train.end(), features.begin() + static_cast<std::ptrdiff_t>(tested),
                       features.end());
  }
  std::sort(split.train.begin(), split.train.end());
  std::sort(split.test.begin(), split.test.end());
  return split;
}

LogisticModel fitLogistic(const FeatureMatrixView& x, const std::vector<std::int32_t>& labels,
                          const std::vector<FeatureId>& features, int classes,
                          const LogisticOptions& options, const Progress& progress)
{
  if (features.empty() || classes < 1)
    throw Error("a logistic regression needs features of at least one class");
  if (!(options.inverseStrength > 0.0) || options.maxIterations < 1)
    throw Error("a logistic regression needs a positive C and at least one iteration");
  const Eigen::Index d = x.rows();
  Eigen::MatrixXf chosen(d, static_cast<Eigen::Index>(features.size()));
  std::vector<std::int32_t> classOf;
  std::vector<bool> present(static_cast<std::size_t>(classes), false);
  for (std::size_t i = 0; i < features.size(); ++i) {
    const std::int32_t label = labels[static_cast<std::size_t>(features[i])];
    if (label < 0 || label >= classes)
      throw Error("feature " + std::to_string(features[i]) + " is of class " +
                  std::to_string(label) + " of " + std::to_string(classes));
    chosen.col(static_cast<Eigen::Index>(i)) = x.col(features[i]);
    classOf.push_back(label);
    present[static_cast<std::size_t>(label)] = true;
  }
  // Two classes need one vector w; as ±w/2 in two rows the penalty of |w|² counts half.
  const double penalty = (classes == 2 ? 2.0 : 1.0) / options.inverseStrength;
  const Objective objective(std::move(chosen), std::move(classOf), classes, penalty);

  Eigen::MatrixXd point = Eigen::MatrixXd::Zero(objective.rows(), objective.columns());
  // A class of which nothing trains is never the answer.
  for (int c = 0; c < classes; ++c)
    if (!present[static_cast<std::size_t>(c)])
      point(c, d) = -1e4;
  Eigen::MatrixXd gradient;
  double value = objective.evaluate(point, gradient, progress);
  Memory memory;
  LogisticModel model;
  const double enough = options.tolerance * static_cast<double>(objective.features());
  for (; model.iterations < options.maxIterations; ++model.iterations) {
    progress.update(model.iterations, options.maxIterations);
    if (gradient.cwiseAbs().maxCoeff() <= enough) {
      model.converged = true;
      break;
    }
    Eigen::MatrixXd direction = memory.direction(gradient);
    double slope = dot(direction, gradient);
    if (!(slope < 0.0)) {
      memory.clear();
      direction = -gradient;
      slope = -gradient.squaredNorm();
    }
    double length = memory.isEmpty() ? 1.0 / std::max(1e-12, gradient.norm()) : 1.0;
    // Weak Wolfe conditions by bisection.
    double low = 0.0, high = std::numeric_limits<double>::infinity();
    Eigen::MatrixXd candidate, candidateGradient;
    double candidateValue = value;
    bool moved = false;
    for (int trial = 0; trial < 25; ++trial) {
      candidate = point + length * direction;
      candidateValue = objective.evaluate(candidate, candidateGradient, progress);
      if (!(candidateValue <= value + 1e-4 * length * slope)) {
        high = length;
        length = 0.5 * (low + high);
      } else if (dot(candidateGradient, direction) < 0.9 * slope) {
        moved = true;
        low = length;
        length = std::isfinite(high) ? 0.5 * (low + high) : 2.0 * length;
        continue;
      } else {
        moved = true;
        break;
      }
    }
    if (!moved || !(candidateValue < value)) {
      // Float products tell no more.
      model.converged = true;
      break;
    }
    const double gain = value - candidateValue;
    memory.remember(candidate - point, candidateGradient - gradient);
    point = std::move(candidate);
    gradient = std::move(candidateGradient);
    value = candidateValue;
    if (gain <= 1e-7 * std::max(1.0, std::abs(value))) {
      model.converged = true;
      ++model.iterations;
      break;
    }
  }
  model.weights = point.leftCols(d).cast<float>();
  model.intercepts = point.col(d);
  return model;
}

std::vector<std::int32_t> predict(const LogisticModel& model, const FeatureMatrixView& x,
                                  const std::vector<FeatureId>& features)
{
  std::vector<std::int32_t> guesses(features.size(), 0);
  parallelFor(static_cast<std::int64_t>(features.size()), tile,
              [&](std::int64_t begin, std::int64_t end) {
                Eigen::MatrixXf columns(x.rows(), end - begin);
                for (std::int64_t i = begin; i < end; ++i)
                  columns.col(i - begin) = x.col(features[static_cast<std::size_t>(i)]);
                Eigen::MatrixXf logits(model.weights.rows(), end - begin);
                multiplyInto(logits, model.weights, false, columns);
                logits.colwise() += model.intercepts.cast<float>();
                for (std::int64_t i = begin; i < end; ++i) {
                  Eigen::Index best = 0;
                  logits.col(i - begin).maxCoeff(&best);
                  guesses[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(best);
                }
              });
  return guesses;
}

double balancedAccuracy(const std::vector<std::int32_t>& truth,
                        const std::vector<std::int32_t>& guess)
{
  std::map<std::int32_t, std::pair<double, double>> counts;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    auto& [right, all] = counts[truth[i]];
    right += truth[i] == guess[i] ? 1.0 : 0.0;
    all += 1.0;
  }
  if (counts.empty())
    return std::numeric_limits<double>::quiet_NaN();
  double sum = 0.0;
  for (const auto& [label, count] : counts)
    sum += count.first / count.second;
  return sum / static_cast<double>(counts.size());
}

}  // namespace orrery
