#include "core/embedding/SpectralStart.h"

#include "core/base/Dispatch.h"
#include "core/base/LinearAlgebra.h"
#include "core/base/Parallel.h"
#include "core/base/Random.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace orrery {
namespace {

constexpr int width = 8;  // Vectors iterated together: those wanted, the trivial one, guards.
constexpr std::int64_t rowsPerChunk = 512;
constexpr int filterDegree = 16;

/// n rows of `width` numbers, one per vector: the layout that products with a sparse graph like.
using Block = Eigen::Matrix<float, width, Eigen::Dynamic>;
using Small = Eigen::Matrix<double, width, width>;

struct ScaledGraph {
  const WeightedGraph& graph;
  std::vector<float> inverseRoots;  ///< degree^−½; 0 without edges.
};

ScaledGraph scaled(const WeightedGraph& graph)
{
  std::vector<float> roots(static_cast<std::size_t>(graph.features()), 0.0f);
  for (std::size_t i = 0; i < roots.size(); ++i) {
    double degree = 0.0;
    for (std::int64_t e = graph.starts[i]; e < graph.starts[i + 1]; ++e)
      degree += graph.weights[static_cast<std::size_t>(e)];
    if (degree > 0.0)
      roots[i] = static_cast<float>(1.0 / std::sqrt(degree));
  }
  return {graph, std::move(roots)};
}

struct StepInput {
  const std::int64_t* starts;
  const FeatureId* ids;
  const float* weights;
  const float* inverseRoots;
  const float* current;   ///< The block that is multiplied.
  const float* previous;  ///< The block before it.
  float slope, shift, keep;
};

/// next = slope · A · current + shift · current − keep · previous.
ORRERY_FOR_EACH_CPU
void chebyshevRows(const StepInput& input, std::int64_t begin, std::int64_t end, float* next)
{
  using Lanes = float __attribute__((vector_size(32), aligned(4), may_alias));
  for (std::int64_t i = begin; i < end; ++i) {
    Lanes sum = {};
    for (std::int64_t e = input.starts[i]; e < input.starts[i + 1]; ++e) {
      const std::int64_t j = input.ids[e];
      sum += *reinterpret_cast<const Lanes*>(input.current + width * j) *
             (input.weights[e] * input.inverseRoots[j]);
    }
    const Lanes own = *reinterpret_cast<const Lanes*>(input.current + width * i);
    const Lanes before = *reinterpret_cast<const Lanes*>(input.previous + width * i);
    *reinterpret_cast<Lanes*>(next + width * i) =
        sum * (input.slope * input.inverseRoots[i]) + own * input.shift - before * input.keep;
  }
}

void chebyshevStep(const ScaledGraph& a, const Block& current, const Block& previous, float slope,
                   float shift, float keep, Block& next)
{
  const StepInput input{a.graph.starts.data(),
                        a.graph.ids.data(),
                        a.graph.weights.data(),
                        a.inverseRoots.data(),
                        current.data(),
                        previous.data(),
                        slope,
                        shift,
                        keep};
  parallelFor(current.cols(), rowsPerChunk, [&](std::int64_t begin, std::int64_t end) {
    chebyshevRows(input, begin, end, next.data());
  });
}

/// Σ over rows of x yᵀ, in double and in the order of the chunks.
Small innerProducts(const Block& x, const Block& y)
{
  const std::int64_t n = x.cols();
  std::vector<Small> parts(static_cast<std::size_t>((n + rowsPerChunk - 1) / rowsPerChunk));
  parallelFor(n, rowsPerChunk, [&](std::int64_t begin, std::int64_t end) {
    Small part = Small::Zero();
    for (std::int64_t i = begin; i < end; ++i)
      part += x.col(i).cast<double>() * y.col(i).cast<double>().transpose();
    parts[static_cast<std::size_t>(begin / rowsPerChunk)] = part;
  });
  Small total = Small::Zero();
  for (const Small& part : parts)
    total += part;
  return total;
}

void rotate(Block& x, const Small& rotation)
{
  const Eigen::Matrix<float, width, width> transposed = rotation.transpose().cast<float>();
  parallelFor(x.cols(), rowsPerChunk, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const Eigen::Matrix<float, width, 1> row = transposed * x.col(i);
      x.col(i) = row;
    }
  });
}

/// Makes the vectors orthonormal; directions that have died out are replaced by noise.
void orthonormalize(Block& x, Random& random)
{
  for (int pass = 0; pass < 3; ++pass) {
    const SymmetricEigen<double> eigen = symmetricEigen(Eigen::MatrixXd(innerProducts(x, x)));
    Small scale;
    bool complete = true;
    for (int k = 0; k < width; ++k) {
      const bool alive = eigen.values(k) > 1e-10 * eigen.values(0) && eigen.values(k) > 0.0;
      complete = complete && alive;
      scale.col(k) = alive ? Eigen::VectorXd(eigen.vectors.col(k) / std::sqrt(eigen.values(k)))
                           : Eigen::VectorXd(Eigen::VectorXd::Zero(width));
    }
    rotate(x, scale);
    if (complete && pass > 0)
      return;
    for (int k = 0; k < width; ++k)
      if (scale.col(k).isZero(0.0))
        for (Eigen::Index i = 0; i < x.cols(); ++i)
          x(k, i) = static_cast<float>(random.normal() / std::sqrt(double(x.cols())));
  }
}

/// Eigenvectors within the span of the block, largest first; the value of each and its residual.
struct Ritz {
  Eigen::VectorXd values;
  Eigen::VectorXd residuals;
};

Ritz rayleighRitz(const ScaledGraph& a, Block& x, Block& product)
{
  chebyshevStep(a, x, x, 1.0f, 0.0f, 0.0f, product);
  Small projected = innerProducts(x, product);
  projected = (0.5 * (projected + projected.transpose())).eval();
  const SymmetricEigen<double> eigen = symmetricEigen(Eigen::MatrixXd(projected));
  const Small rotation = eigen.vectors;
  rotate(x, rotation);
  rotate(product, rotation);
  Block residual = product;
  for (int k = 0; k < width; ++k)
    residual.row(k) -= static_cast<float>(eigen.values(k)) * x.row(k);
  return {eigen.values, innerProducts(residual, residual).diagonal().cwiseSqrt()};
}

}  // namespace

SpectralAxes spectralAxes(const WeightedGraph& graph, const SpectralOptions& options,
                          const Progress& progress)
{
  const Eigen::Index n = graph.features();
  // The trivial vector and the wanted ones; a block cannot hold more vectors than there are rows.
  const int components = std::min<int>(options.components, static_cast<int>(n) - 1);
  SpectralAxes axes;
  if (components < 1 || n < 2 * width)
    return axes;
  const ScaledGraph a = scaled(graph);
  Random random(options.seed);
  Block x(width, n);
  for (Eigen::Index i = 0; i < n; ++i)
    for (int k = 0; k < width; ++k)
      x(k, i) = a.inverseRoots[static_cast<std::size_t>(i)] > 0.0f
                    ? static_cast<float>(random.normal())
                    : 0.0f;
  Block next(width, n), previous(width, n);
  orthonormalize(x, random);
  Ritz ritz = rayleighRitz(a, x, next);
  for (int round = 0; round < options.maxRounds; ++round) {
    progress.update(round, options.maxRounds);
    // The filter damps −1 … cut evenly and grows fast above.
    const double cut = std::clamp(ritz.values(width - 1), -0.5, 0.999);
    const double half = 0.5 * (cut + 1.0), middle = 0.5 * (cut - 1.0);
    const double top = (1.0 - middle) / half;  // Scaled so that the trivial vector keeps its size.
    double sigma = 1.0 / top;
    const double firstSigma = sigma;
    previous = x;
    chebyshevStep(a, previous, previous, static_cast<float>(sigma / half),
                  static_cast<float>(-middle * sigma / half), 0.0f, x);
    for (int degree = 1; degree < filterDegree; ++degree) {
      progress.checkStopped();
      const double sigmaNext = 1.0 / (2.0 / firstSigma - sigma);
      chebyshevStep(a, x, previous, static_cast<float>(2.0 * sigmaNext / half),
                    static_cast<float>(-2.0 * middle * sigmaNext / half),
                    static_cast<float>(sigma * sigmaNext), next);
      std::swap(previous, x);
      std::swap(x, next);
      sigma = sigmaNext;
    }
    orthonormalize(x, random);
    ritz = rayleighRitz(a, x, next);
    if (ritz.residuals.head(components + 1).maxCoeff() < options.tolerance) {
      axes.converged = true;
      break;
    }
  }
  axes.values = ritz.values.segment(1, components);
  axes.vectors = x.middleRows(1, components).transpose().cast<double>();
  for (int k = 0; k < components; ++k) {
    Eigen::Index largest = 0;
    axes.vectors.col(k).cwiseAbs().maxCoeff(&largest);
    axes.vectors.col(k) *= (axes.vectors(largest, k) < 0.0 ? -1.0 : 1.0);
    axes.vectors.col(k).normalize();
  }
  return axes;
}

std::vector<std::int32_t> connectedParts(const WeightedGraph& graph)
{
  std::vector<std::int32_t> part(static_cast<std::size_t>(graph.features()), -1);
  std::vector<FeatureId> stack;
  std::int32_t parts = 0;
  for (std::size_t first = 0; first < part.size(); ++first) {
    if (part[first] >= 0)
      continue;
    stack.push_back(static_cast<FeatureId>(first));
    part[first] = parts;
    while (!stack.empty()) {
      const auto i = static_cast<std::size_t>(stack.back());
      stack.pop_back();
      for (std::int64_t e = graph.starts[i]; e < graph.starts[i + 1]; ++e) {
        const FeatureId j = graph.ids[static_cast<std::size_t>(e)];
        if (part[static_cast<std::size_t>(j)] < 0) {
          part[static_cast<std::size_t>(j)] = parts;
          stack.push_back(j);
        }
      }
    }
    ++parts;
  }
  return part;
}

}  // namespace orrery
