#include "core/lobes/LogisticRegression.h"

#include "core/base/Dispatch.h"
#include "core/base/Error.h"
#include "core/base/HugePages.h"
#include "core/base/LinearAlgebra.h"
#include "core/base/Parallel.h"
#include "core/base/Random.h"
#include "core/lobes/LogisticCurvature.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <utility>

namespace orrery {
namespace {

constexpr Eigen::Index tile = 256;

// --- Products with few classes -------------------------------------------------------------------

/// Classes and features that are worked on together.
constexpr Eigen::Index lanes = 8;
/// With more rows than this the library's products are faster.
constexpr Eigen::Index fewRows = 2 * lanes;
using Lanes = float __attribute__((vector_size(32), aligned(4), may_alias));

/// logits (8 × 8 features) = weights (8 × d) times eight columns of @p x, @p apart elements apart.
/// A library's product would copy both into an order of its own, which costs more than so few rows
/// save.
ORRERY_FOR_EACH_CPU
void fewForward(const float* weights, const float* x, std::int64_t d, std::int64_t apart,
                float* logits)
{
  Lanes sums[lanes] = {};
  for (std::int64_t j = 0; j < d; ++j) {
    const Lanes weight = *reinterpret_cast<const Lanes*>(weights + lanes * j);
    sums[0] += weight * x[j];
    sums[1] += weight * x[apart + j];
    sums[2] += weight * x[2 * apart + j];
    sums[3] += weight * x[3 * apart + j];
    sums[4] += weight * x[4 * apart + j];
    sums[5] += weight * x[5 * apart + j];
    sums[6] += weight * x[6 * apart + j];
    sums[7] += weight * x[7 * apart + j];
  }
  for (std::int64_t i = 0; i < lanes; ++i)
    *reinterpret_cast<Lanes*>(logits + lanes * i) = sums[i];
}

/// slope (8 × d) += residuals (8 × 8 features) times the transpose of the same columns.
ORRERY_FOR_EACH_CPU
void fewBackward(const float* residuals, const float* x, std::int64_t d, std::int64_t apart,
                 float* slope)
{
  Lanes r[lanes];
  for (std::int64_t i = 0; i < lanes; ++i)
    r[i] = *reinterpret_cast<const Lanes*>(residuals + lanes * i);
  for (std::int64_t j = 0; j < d; ++j) {
    Lanes sum = *reinterpret_cast<const Lanes*>(slope + lanes * j);
    sum += r[0] * x[j] + r[1] * x[apart + j] + r[2] * x[2 * apart + j] + r[3] * x[3 * apart + j] +
           (r[4] * x[4 * apart + j] + r[5] * x[5 * apart + j] + r[6] * x[6 * apart + j] +
            r[7] * x[7 * apart + j]);
    *reinterpret_cast<Lanes*>(slope + lanes * j) = sum;
  }
}

/// Products of the columns that train with stacked weights of all problems, tile by tile on all
/// threads; sums over fixed ranges, in order.
class Products {
 public:
  explicit Products(const FeatureMatrixView& x) : m_x(x) {}
  [[nodiscard]] const FeatureMatrixView& vectors() const { return m_x; }
  [[nodiscard]] Eigen::Index dimensions() const { return m_x.rows(); }
  [[nodiscard]] Eigen::Index features() const { return m_x.cols(); }

  /// @p take(first, logits): weights (rows × d) times the columns from first on (rows × count).
  void forward(
      const Eigen::MatrixXf& weights,
      const std::function<void(Eigen::Index, const Eigen::Ref<const Eigen::MatrixXf>&)>& take,
      const Progress& progress) const
  {
    const bool few = weights.rows() <= fewRows;
    const Eigen::MatrixXf packed = few ? padded(weights) : Eigen::MatrixXf();
    const Eigen::MatrixXf columns = few ? Eigen::MatrixXf() : Eigen::MatrixXf(weights.transpose());
    parallelFor(features(), tile, [&](std::int64_t begin, std::int64_t end) {
      progress.checkStopped();
      Eigen::MatrixXf logits(weights.rows(), end - begin);
      if (few) {
        multiplyFew(packed, begin, end, logits);
      } else {
        // The long side first: the library's tiles are tall.
        Eigen::MatrixXf turned(end - begin, weights.rows());
        multiplyInto(turned, m_x.middleCols(begin, end - begin), true, columns);
        logits = turned.transpose();
      }
      take(begin, logits);
    });
  }

  /// Σ over the columns of residual · columnᵀ: rows × d. @p give(first, residuals) fills rows ×
  /// count of them.
  [[nodiscard]] Eigen::MatrixXf backward(
      Eigen::Index rows, const std::function<void(Eigen::Index, Eigen::Ref<Eigen::MatrixXf>)>& give,
      const Progress& progress) const
  {
    const Eigen::Index m = features(), d = dimensions();
    const bool few = rows <= fewRows;
    // Ranges of several tiles, so that there are few partial sums.
    const Eigen::Index perPart = std::max<Eigen::Index>(tile, (m / 32 + tile - 1) / tile * tile);
    std::vector<Eigen::MatrixXf> parts(static_cast<std::size_t>((m + perPart - 1) / perPart));
    parallelFor(m, perPart, [&](std::int64_t begin, std::int64_t end) {
      progress.checkStopped();
      Eigen::MatrixXf& sum = parts[static_cast<std::size_t>(begin / perPart)];
      const Eigen::Index groups = (rows + lanes - 1) / lanes;
      sum = few ? Eigen::MatrixXf::Zero(lanes, d * groups) : Eigen::MatrixXf::Zero(d, rows);
      Eigen::MatrixXf residuals(rows, tile), turned(few ? 0 : tile, few ? 0 : rows);
      for (Eigen::Index first = begin; first < end; first += tile) {
        const Eigen::Index count = std::min<Eigen::Index>(tile, end - first);
        give(first, residuals.leftCols(count));
        if (few) {
          addFew(residuals.leftCols(count), first, sum);
          continue;
        }
        turned.topRows(count) = residuals.leftCols(count).transpose();
        multiplyInto(sum, m_x.middleCols(first, count), false, turned.topRows(count), 1.0f);
      }
    });
    Eigen::MatrixXf total = std::move(parts.front());
    for (std::size_t part = 1; part < parts.size(); ++part)
      total += parts[part];
    if (!few)
      return total.transpose();
    Eigen::MatrixXf result(rows, d);
    for (Eigen::Index row = 0; row < rows; ++row)
      result.row(row) = total.middleCols(row / lanes * d, d).row(row % lanes);
    return result;
  }

 private:
  /// Groups of eight rows, one after the other: 8 × (d · groups).
  static Eigen::MatrixXf padded(const Eigen::MatrixXf& weights)
  {
    const Eigen::Index d = weights.cols(), groups = (weights.rows() + lanes - 1) / lanes;
    Eigen::MatrixXf packed = Eigen::MatrixXf::Zero(lanes, d * groups);
    for (Eigen::Index row = 0; row < weights.rows(); ++row)
      packed.middleCols(row / lanes * d, d).row(row % lanes) = weights.row(row);
    return packed;
  }

  struct Eight {
    const float* data;
    Eigen::Index apart;
  };
  /// The eight columns from @p first on, or a copy of the last few filled up with zeros.
  Eight eight(Eigen::Index first, Eigen::MatrixXf& spare) const
  {
    if (first + lanes <= features())
      return {m_x.data() + first * m_x.outerStride(), m_x.outerStride()};
    spare.setZero(dimensions(), lanes);
    spare.leftCols(features() - first) = m_x.rightCols(features() - first);
    return {spare.data(), dimensions()};
  }

  void multiplyFew(const Eigen::MatrixXf& packed, Eigen::Index begin, Eigen::Index end,
                   Eigen::MatrixXf& logits) const
  {
    const Eigen::Index d = dimensions();
    Eigen::MatrixXf spare;
    Eigen::Matrix<float, lanes, lanes> values;
    for (Eigen::Index first = begin; first < end; first += lanes) {
      const Eight x = eight(first, spare);
      const Eigen::Index count = std::min(lanes, end - first);
      for (Eigen::Index row = 0; row < logits.rows(); row += lanes) {
        fewForward(packed.data() + row * d, x.data, d, x.apart, values.data());
        const Eigen::Index rows = std::min(lanes, logits.rows() - row);
        logits.block(row, first - begin, rows, count) = values.topLeftCorner(rows, count);
      }
    }
  }

  void addFew(const Eigen::Ref<const Eigen::MatrixXf>& residuals, Eigen::Index begin,
              Eigen::MatrixXf& sum) const
  {
    const Eigen::Index d = dimensions();
    Eigen::MatrixXf spare;
    Eigen::Matrix<float, lanes, lanes> values;
    for (Eigen::Index column = 0; column < residuals.cols(); column += lanes) {
      const Eight x = eight(begin + column, spare);
      const Eigen::Index count = std::min(lanes, residuals.cols() - column);
      for (Eigen::Index row = 0; row < residuals.rows(); row += lanes) {
        const Eigen::Index rows = std::min(lanes, residuals.rows() - row);
        values.setZero();
        values.topLeftCorner(rows, count) = residuals.block(row, column, rows, count);
        fewBackward(values.data(), x.data, d, x.apart, sum.data() + row * d);
      }
    }
  }

  FeatureMatrixView m_x;
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

  /// @p curvature: what the Hessian is like before any step; null: a multiple of the identity.
  [[nodiscard]] Eigen::MatrixXd direction(const Eigen::MatrixXd& gradient,
                                          const LogisticCurvature* curvature) const
  {
    Eigen::MatrixXd result = -gradient;
    std::vector<double> shares(m_pairs.size());
    for (std::size_t i = m_pairs.size(); i-- > 0;) {
      shares[i] = m_pairs[i].inverse * dot(m_pairs[i].step, result);
      result -= shares[i] * m_pairs[i].change;
    }
    if (curvature)
      result = curvature->solve(result);
    else if (!m_pairs.empty())
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

/// One problem on its way down. Its logits are kept, so that a step along a direction costs the
/// direction's logits alone, however many lengths are tried.
class Fit {
 public:
  /// @p classOf: of every column that the products work on; negative: does not train.
  /// @p curvature: may be null.
  Fit(std::vector<std::int32_t> classOf, int classes, Eigen::Index d,
      const LogisticOptions& options, LogisticCurvature* curvature)
      : m_options(options),
        m_curvature(curvature),
        m_classOf(std::move(classOf)),
        // Two classes need one vector w; as ±w/2 in two rows the penalty of |w|² counts half.
        m_penalty((classes == 2 ? 2.0 : 1.0) / options.inverseStrength),
        m_point(Eigen::MatrixXd::Zero(classes, d + 1)),
        m_logits(classes, static_cast<Eigen::Index>(m_classOf.size())),
        m_stepLogits(classes, m_logits.cols())
  {
    std::vector<bool> present(static_cast<std::size_t>(classes), false);
    for (const std::int32_t c : m_classOf)
      if (c >= 0) {
        present[static_cast<std::size_t>(c)] = true;
        ++m_training;
      }
    // A class of which nothing trains is never the answer.
    for (int c = 0; c < classes; ++c)
      if (!present[static_cast<std::size_t>(c)])
        m_point(c, d) = -1e4;
    m_logits.colwise() = m_point.col(d).cast<float>();
    m_value = along(0.0).value;
    if (curvature)
      curvature->prepare(classes, m_penalty);
  }

  [[nodiscard]] bool isDone() const { return m_done; }
  [[nodiscard]] Eigen::Index rows() const { return m_point.rows(); }

  /// P − Y of columns from @p first on; nothing where a feature does not train.
  void residuals(Eigen::Index first, Eigen::Ref<Eigen::MatrixXf> out) const
  {
    for (Eigen::Index i = 0; i < out.cols(); ++i) {
      const std::int32_t truth = m_classOf[static_cast<std::size_t>(first + i)];
      auto column = out.col(i);
      if (truth < 0) {
        column.setZero();
        continue;
      }
      const auto logits = m_logits.col(first + i);
      column = (logits.array() - logits.maxCoeff()).exp();
      column /= column.sum();
      column[truth] -= 1.0f;
    }
  }

  /// @p slope: the residuals times the columns (rows × d). Decides whether it is done, and where to
  /// go otherwise.
  void takeSlope(const Eigen::Ref<const Eigen::MatrixXf>& slope)
  {
    const Eigen::Index d = slope.cols();
    Eigen::MatrixXd gradient(rows(), d + 1);
    gradient.leftCols(d) = slope.cast<double>() + m_penalty * m_point.leftCols(d);
    gradient.col(d) = interceptSlope();
    if (m_step.size() > 0)
      m_memory.remember(m_step, gradient - m_gradient);
    m_gradient = std::move(gradient);
    if (m_gradient.cwiseAbs().maxCoeff() <= m_options.tolerance * static_cast<double>(m_training)) {
      m_model.converged = true;
      m_done = true;
      return;
    }
    if (m_model.iterations >= m_options.maxIterations) {
      m_done = true;
      return;
    }
    m_direction = m_memory.direction(m_gradient, m_curvature);
    if (!(dot(m_direction, m_gradient) < 0.0)) {
      m_memory.clear();
      m_direction = -m_gradient;
    }
  }

  [[nodiscard]] Eigen::MatrixXf directionWeights() const
  {
    return m_direction.leftCols(m_direction.cols() - 1).cast<float>();
  }
  void takeStepLogits(Eigen::Index first, const Eigen::Ref<const Eigen::MatrixXf>& products)
  {
    m_stepLogits.middleCols(first, products.cols()) =
        products.colwise() + m_direction.col(m_direction.cols() - 1).cast<float>();
  }

  /// Goes to where the objective is least along the direction, nearly: where its slope has fallen
  /// to a tenth. Bisection where Newton's steps leave the bracket.
  void step()
  {
    const Slope start = along(0.0);
    double low = 0.0, high = std::numeric_limits<double>::infinity();
    double length = start.curvature > 0.0 ? std::min(-start.slope / start.curvature, 1e6) : 1.0;
    if (m_curvature || !m_memory.isEmpty())
      length = 1.0;
    double best = 0.0;
    Slope reached = start;
    for (int trial = 0; trial < 20; ++trial) {
      const Slope here = along(length);
      if (here.value < reached.value) {
        best = length;
        reached = here;
      }
      if (std::abs(here.slope) <= 0.1 * std::abs(start.slope) && here.value <= start.value)
        break;
      (here.slope < 0.0 && here.value <= start.value ? low : high) = length;
      double next = here.curvature > 0.0 ? length - here.slope / here.curvature : -1.0;
      if (!(next > low && next < high))
        next = std::isfinite(high) ? 0.5 * (low + high) : 2.0 * length;
      length = next;
    }
    ++m_model.iterations;
    const double gain = m_value - reached.value;
    // At small tolerances float products tell no more.
    m_done = m_model.converged =
        best == 0.0 || gain <= 0.01 * m_options.tolerance * std::max(1.0, std::abs(reached.value));
    m_step = best * m_direction;
    m_point += m_step;
    m_logits += static_cast<float>(best) * m_stepLogits;
    m_value = reached.value;
  }

  [[nodiscard]] LogisticModel model() const
  {
    LogisticModel model = m_model;
    const Eigen::Index d = m_point.cols() - 1;
    model.weights = m_point.leftCols(d).cast<float>();
    model.intercepts = m_point.col(d);
    return model;
  }

 private:
  struct Slope {
    double value = 0.0, slope = 0.0, curvature = 0.0;
  };

  /// The objective at @p length along the direction, with its first two derivatives.
  [[nodiscard]] Slope along(double length) const
  {
    constexpr Eigen::Index chunk = 1024;
    const Eigen::Index m = m_logits.cols();
    const auto scale = static_cast<float>(length);
    const bool moves = m_direction.size() > 0;
    std::vector<Slope> parts(static_cast<std::size_t>((m + chunk - 1) / chunk));
    parallelFor(m, chunk, [&](std::int64_t begin, std::int64_t end) {
      Slope& part = parts[static_cast<std::size_t>(begin / chunk)];
      Eigen::ArrayXf logits(rows()), weights(rows());
      for (Eigen::Index i = begin; i < end; ++i) {
        const std::int32_t truth = m_classOf[static_cast<std::size_t>(i)];
        if (truth < 0)
          continue;
        logits = m_logits.col(i).array();
        if (moves)
          logits += scale * m_stepLogits.col(i).array();
        logits -= logits.maxCoeff();
        weights = logits.exp();
        const float sum = weights.sum();
        part.value += std::log(static_cast<double>(sum)) - static_cast<double>(logits[truth]);
        if (!moves)
          continue;
        const auto change = m_stepLogits.col(i).array();
        const double mean = static_cast<double>((weights * change).sum() / sum);
        const double square = static_cast<double>((weights * change.square()).sum() / sum);
        part.slope += mean - static_cast<double>(change[truth]);
        part.curvature += square - mean * mean;
      }
    });
    Slope total;
    for (const Slope& part : parts) {
      total.value += part.value;
      total.slope += part.slope;
      total.curvature += part.curvature;
    }
    const Eigen::Index d = m_point.cols() - 1;
    const auto weights = m_point.leftCols(d);
    total.value += 0.5 * m_penalty * weights.squaredNorm();
    if (moves) {
      const auto change = m_direction.leftCols(d);
      const double across = (weights.array() * change.array()).sum(), square = change.squaredNorm();
      total.value += m_penalty * length * (across + 0.5 * length * square);
      total.slope += m_penalty * (across + length * square);
      total.curvature += m_penalty * square;
    }
    return total;
  }

  [[nodiscard]] Eigen::VectorXd interceptSlope() const
  {
    Eigen::VectorXd sum = Eigen::VectorXd::Zero(rows());
    Eigen::MatrixXf part(rows(), tile);
    for (Eigen::Index first = 0; first < m_logits.cols(); first += tile) {
      const Eigen::Index count = std::min(tile, m_logits.cols() - first);
      residuals(first, part.leftCols(count));
      sum += part.leftCols(count).rowwise().sum().cast<double>();
    }
    return sum;
  }

  LogisticOptions m_options;
  const LogisticCurvature* m_curvature;
  std::vector<std::int32_t> m_classOf;
  double m_penalty;
  std::int64_t m_training = 0;
  Eigen::MatrixXd m_point, m_gradient, m_direction,
      m_step;                              ///< classes × (d + 1), intercepts last.
  Eigen::MatrixXf m_logits, m_stepLogits;  ///< classes × columns.
  double m_value = 0.0;
  Memory m_memory;
  LogisticModel m_model;
  bool m_done = false;
};

/// All of them in step: one pass over the columns serves every problem that is not done.
void descend(const Products& products, std::vector<Fit>& fits, int maxIterations,
             const Progress& progress)
{
  for (int iteration = 0;; ++iteration) {
    progress.update(std::min(iteration, maxIterations), maxIterations);
    std::vector<Fit*> active;
    std::vector<Eigen::Index> starts;
    Eigen::Index rows = 0;
    const auto collect = [&] {
      active.clear();
      starts.clear();
      rows = 0;
      for (Fit& fit : fits)
        if (!fit.isDone()) {
          active.push_back(&fit);
          starts.push_back(rows);
          rows += fit.rows();
        }
    };
    collect();
    if (active.empty())
      return;
    const Eigen::MatrixXf slopes = products.backward(
        rows,
        [&](Eigen::Index first, Eigen::Ref<Eigen::MatrixXf> out) {
          for (std::size_t i = 0; i < active.size(); ++i)
            active[i]->residuals(first, out.middleRows(starts[i], active[i]->rows()));
        },
        progress);
    parallelFor(static_cast<std::int64_t>(active.size()), 1, [&](std::int64_t i, std::int64_t) {
      Fit& fit = *active[static_cast<std::size_t>(i)];
      fit.takeSlope(slopes.middleRows(starts[static_cast<std::size_t>(i)], fit.rows()));
    });
    collect();
    if (active.empty())
      return;
    Eigen::MatrixXf weights(rows, products.dimensions());
    for (std::size_t i = 0; i < active.size(); ++i)
      weights.middleRows(starts[i], active[i]->rows()) = active[i]->directionWeights();
    products.forward(
        weights,
        [&](Eigen::Index first, const Eigen::Ref<const Eigen::MatrixXf>& values) {
          for (std::size_t i = 0; i < active.size(); ++i)
            active[i]->takeStepLogits(first, values.middleRows(starts[i], active[i]->rows()));
        },
        progress);
    parallelFor(static_cast<std::int64_t>(active.size()), 1,
                [&](std::int64_t i, std::int64_t) { active[static_cast<std::size_t>(i)]->step(); });
  }
}

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

std::vector<LogisticModel> fitLogistics(const FeatureMatrixView& x,
                                        const std::vector<LogisticProblem>& problems,
                                        const LogisticOptions& options, const Progress& progress)
{
  if (!(options.inverseStrength > 0.0) || options.maxIterations < 1)
    throw Error("a logistic regression needs a positive C and at least one iteration");
  std::vector<std::int32_t> column(static_cast<std::size_t>(x.cols()), -1);
  for (const LogisticProblem& problem : problems) {
    if (problem.train.empty() || problem.classes < 1)
      throw Error("a logistic regression needs features of at least one class");
    for (const FeatureId feature : problem.train) {
      const std::int32_t label = problem.labels[static_cast<std::size_t>(feature)];
      if (label < 0 || label >= problem.classes)
        throw Error("feature " + std::to_string(feature) + " is of class " + std::to_string(label) +
                    " of " + std::to_string(problem.classes));
      column[static_cast<std::size_t>(feature)] = 0;
    }
  }
  // The columns that train in any of the problems.
  std::vector<Eigen::Index> chosen;
  for (std::size_t i = 0; i < column.size(); ++i)
    if (column[i] == 0) {
      column[i] = static_cast<std::int32_t>(chosen.size());
      chosen.push_back(static_cast<Eigen::Index>(i));
    }
  Eigen::MatrixXf part;
  if (static_cast<Eigen::Index>(chosen.size()) < x.cols()) {
    part.resize(x.rows(), static_cast<Eigen::Index>(chosen.size()));
    adviseHugePages(part);
    parallelFor(part.cols(), tile, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i)
        part.col(i) = x.col(chosen[static_cast<std::size_t>(i)]);
    });
  }
  const Products products(part.size() > 0 ? FeatureMatrixView(part) : x);
  Eigen::Index classes = 0;
  for (const LogisticProblem& problem : problems)
    classes += problem.classes;
  std::unique_ptr<LogisticCurvature> curvature;
  if (options.curvature &&
      LogisticCurvature::pays(products.dimensions(), products.features(), classes))
    curvature =
        std::make_unique<LogisticCurvature>(products.vectors(), progress.stage("", 0.0, 0.1));
  std::vector<Fit> fits;
  fits.reserve(problems.size());
  for (const LogisticProblem& problem : problems) {
    std::vector<std::int32_t> classOf(chosen.size(), -1);
    for (const FeatureId feature : problem.train)
      classOf[static_cast<std::size_t>(column[static_cast<std::size_t>(feature)])] =
          problem.labels[static_cast<std::size_t>(feature)];
    fits.emplace_back(std::move(classOf), problem.classes, x.rows(), options, curvature.get());
  }
  descend(products, fits, options.maxIterations, progress.stage("", curvature ? 0.1 : 0.0, 1.0));
  std::vector<LogisticModel> models;
  for (const Fit& fit : fits)
    models.push_back(fit.model());
  return models;
}

LogisticModel fitLogistic(const FeatureMatrixView& x, const std::vector<std::int32_t>& labels,
                          const std::vector<FeatureId>& features, int classes,
                          const LogisticOptions& options, const Progress& progress)
{
  return fitLogistics(x, {{labels, features, classes}}, options, progress).front();
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
