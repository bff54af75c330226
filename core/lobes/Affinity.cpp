#include "core/lobes/Affinity.h"

#include "core/base/Dispatch.h"
#include "core/base/Error.h"
#include "core/base/HugePages.h"
#include "core/base/LinearAlgebra.h"
#include "core/base/Parallel.h"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>

namespace orrery {
namespace {

// One loop per measure over four features at a time, as vectors: -O2 alone would leave them
// scalar. Counts in, single precision out, all between in double. The results go past the caches:
// a matrix of all pairs is far larger than they are, and fetching its lines before overwriting them
// would take a third of the traffic.

constexpr std::int64_t width = 4;
using Counts = std::int32_t __attribute__((vector_size(16), aligned(4), may_alias));
using Doubles = double __attribute__((vector_size(32), aligned(8), may_alias));
using Floats = float __attribute__((vector_size(16), aligned(4), may_alias));

/// What a loop reads of a feature with all others, and where it writes; n is a multiple of four.
struct Column {
  const std::int32_t* both;
  const double* own;
  const double* inverse;  ///< 1 / √(n_i (T − n_i)), 0 where undefined.
  double mine, blocks, mineInverse;
  double added, least;  ///< Every value + added, but at least this.
  float* out;
  std::int64_t n;
};

// Always inline: compiled with whatever instructions the loop around them is compiled with. By
// reference, since functions without AVX have no way to pass such vectors.

__attribute__((always_inline)) inline void read(const Column& column, std::int64_t i, Doubles& both,
                                                Doubles& own)
{
  own = *reinterpret_cast<const Doubles*>(column.own + i);
  both = __builtin_convertvector(*reinterpret_cast<const Counts*>(column.both + i), Doubles);
}

__attribute__((always_inline)) inline void write(const Column& column, std::int64_t i,
                                                 const Doubles& value)
{
  const Doubles sum = value + column.added, least = value * 0.0 + column.least;
  const Floats result = __builtin_convertvector(sum > least ? sum : least, Floats);
  float* out = column.out + i;
#if defined(__x86_64__)
  if (reinterpret_cast<std::uintptr_t>(out) % sizeof(Floats) == 0)
    return _mm_stream_ps(out, reinterpret_cast<__m128>(result));
#endif
  *reinterpret_cast<Floats*>(out) = result;
}

ORRERY_FOR_EACH_CPU void simpleMatchingColumn(const Column& column)
{
  const double scale = column.blocks > 0 ? 1 / column.blocks : 0.0;
  for (std::int64_t i = 0; i < column.n; i += width) {
    Doubles both, own;
    read(column, i, both, own);
    write(column, i, (column.blocks - own - column.mine + 2.0 * both) * scale);
  }
}

ORRERY_FOR_EACH_CPU void jaccardColumn(const Column& column)
{
  for (std::int64_t i = 0; i < column.n; i += width) {
    Doubles both, own;
    read(column, i, both, own);
    const Doubles either = own + column.mine - both, one = either * 0.0 + 1.0;
    write(column, i, both / (either > 0.0 ? either : one));
  }
}

ORRERY_FOR_EACH_CPU void diceColumn(const Column& column)
{
  for (std::int64_t i = 0; i < column.n; i += width) {
    Doubles both, own;
    read(column, i, both, own);
    const Doubles sum = own + column.mine, one = sum * 0.0 + 1.0;
    write(column, i, 2.0 * both / (sum > 0.0 ? sum : one));
  }
}

ORRERY_FOR_EACH_CPU void overlapColumn(const Column& column)
{
  for (std::int64_t i = 0; i < column.n; i += width) {
    Doubles both, own;
    read(column, i, both, own);
    const Doubles mine = own * 0.0 + column.mine, one = own * 0.0 + 1.0;
    const Doubles smaller = own < mine ? own : mine;
    write(column, i, both / (smaller > 0.0 ? smaller : one));
  }
}

/// The product of two inverse roots keeps clear of overflow.
ORRERY_FOR_EACH_CPU void phiColumn(const Column& column)
{
  for (std::int64_t i = 0; i < column.n; i += width) {
    Doubles both, own;
    read(column, i, both, own);
    const Doubles inverse = *reinterpret_cast<const Doubles*>(column.inverse + i);
    write(column, i, (both * column.blocks - own * column.mine) * (inverse * column.mineInverse));
  }
}

void applyMeasure(AffinityMeasure measure, const Column& column)
{
  switch (measure) {
    case AffinityMeasure::SimpleMatching:
      return simpleMatchingColumn(column);
    case AffinityMeasure::Jaccard:
      return jaccardColumn(column);
    case AffinityMeasure::Dice:
      return diceColumn(column);
    case AffinityMeasure::Overlap:
      return overlapColumn(column);
    case AffinityMeasure::Phi:
      return phiColumn(column);
  }
}

double inverseDeviation(double own, double blocks)
{
  const double product = own * (blocks - own);
  return product > 0 ? 1 / std::sqrt(product) : 0.0;
}

/// What every column of one matrix needs again.
struct Marginals {
  explicit Marginals(const Cooccurrence& cooccurrence)
      : own(cooccurrence.counts.diagonal().cast<double>()), inverse(own.size())
  {
    for (Eigen::Index i = 0; i < own.size(); ++i)
      inverse(i) = inverseDeviation(own(i), static_cast<double>(cooccurrence.blocks));
  }
  Eigen::VectorXd own, inverse;
};

void fillColumn(const Cooccurrence& cooccurrence, const Marginals& marginals,
                AffinityMeasure measure, AffinityShift shift, FeatureId feature, float* out)
{
  const std::int64_t n = cooccurrence.features(), whole = n / width * width;
  const std::int32_t* both = cooccurrence.counts.col(feature).data();
  const double* own = marginals.own.data();
  const double* inverse = marginals.inverse.data();
  const bool adds = shift == AffinityShift::Add, clips = shift == AffinityShift::Clip;
  const Column column = {both,
                         own,
                         inverse,
                         marginals.own(feature),
                         static_cast<double>(cooccurrence.blocks),
                         marginals.inverse(feature),
                         adds ? 1.0 : 0.0,
                         clips ? 0.0 : std::numeric_limits<double>::lowest(),
                         out,
                         whole};
  applyMeasure(measure, column);
  if (whole < n) {
    // The last few, filled up with features that never fire.
    std::int32_t lastBoth[width] = {};
    double lastOwn[width] = {}, lastInverse[width] = {};
    float lastOut[width];
    std::copy(both + whole, both + n, lastBoth);
    std::copy(own + whole, own + n, lastOwn);
    std::copy(inverse + whole, inverse + n, lastInverse);
    Column last = column;
    last.both = lastBoth;
    last.own = lastOwn;
    last.inverse = lastInverse;
    last.out = lastOut;
    last.n = width;
    applyMeasure(measure, last);
    std::copy(lastOut, lastOut + (n - whole), out + whole);
  }
}

/// After stores past the caches, before other threads read.
void finishStores()
{
#if defined(__x86_64__)
  _mm_sfence();
#endif
}

/// n × n; memory that is large enough already is kept.
void resizeFor(Eigen::MatrixXf& result, Eigen::Index n)
{
  if (result.rows() == n && result.cols() == n)
    return;
  result.resize(n, n);
  adviseHugePages(result);
}

struct Names {
  AffinityMeasure measure;
  const char* display;
  const char* command;
};

constexpr Names names[] = {{AffinityMeasure::SimpleMatching, "simple matching", "smc"},
                           {AffinityMeasure::Jaccard, "Jaccard", "jaccard"},
                           {AffinityMeasure::Dice, "Dice", "dice"},
                           {AffinityMeasure::Overlap, "overlap", "overlap"},
                           {AffinityMeasure::Phi, "phi", "phi"}};

const Names& namesOf(AffinityMeasure measure)
{
  return *std::find_if(std::begin(names), std::end(names),
                       [&](const Names& n) { return n.measure == measure; });
}

}  // namespace

std::string displayName(AffinityMeasure measure)
{
  return namesOf(measure).display;
}

std::string commandName(AffinityMeasure measure)
{
  return namesOf(measure).command;
}

AffinityMeasure affinityMeasureFromName(std::string_view commandName)
{
  for (const Names& entry : names)
    if (commandName == entry.command)
      return entry.measure;
  throw Error("there is no affinity '" + std::string(commandName) +
              "' (expected phi, jaccard, dice, overlap or smc)");
}

double affinity(AffinityMeasure measure, std::int64_t both, std::int64_t first, std::int64_t second,
                std::int64_t blocks)
{
  const auto n11 = static_cast<double>(both), a = static_cast<double>(first),
             b = static_cast<double>(second), total = static_cast<double>(blocks);
  const auto ratio = [](double numerator, double denominator) {
    return denominator > 0 ? numerator / denominator : 0.0;
  };
  switch (measure) {
    case AffinityMeasure::SimpleMatching:
      return ratio(total - a - b + 2 * n11, total);
    case AffinityMeasure::Jaccard:
      return ratio(n11, a + b - n11);
    case AffinityMeasure::Dice:
      return ratio(2 * n11, a + b);
    case AffinityMeasure::Overlap:
      return ratio(n11, std::min(a, b));
    case AffinityMeasure::Phi:
      return (n11 * total - a * b) * (inverseDeviation(a, total) * inverseDeviation(b, total));
  }
  return 0.0;
}

void affinityColumn(const Cooccurrence& cooccurrence, AffinityMeasure measure, AffinityShift shift,
                    FeatureId feature, Eigen::Ref<Eigen::VectorXf> column)
{
  fillColumn(cooccurrence, Marginals(cooccurrence), measure, shift, feature, column.data());
  finishStores();
}

void computeAffinity(const Cooccurrence& cooccurrence, AffinityMeasure measure, AffinityShift shift,
                     const std::vector<FeatureId>& features, Eigen::MatrixXf& result,
                     const Progress& progress)
{
  const bool all =
      features.empty() || static_cast<std::int64_t>(features.size()) == cooccurrence.features();
  const auto m = all ? cooccurrence.features() : static_cast<std::int64_t>(features.size());
  const Marginals marginals(cooccurrence);
  resizeFor(result, m);
  parallelFor(m, 64, [&](std::int64_t begin, std::int64_t end) {
    progress.update(begin, m);
    Eigen::VectorXf column(all ? 0 : cooccurrence.features());
    for (std::int64_t j = begin; j < end; ++j) {
      float* out = result.data() + j * m;
      if (all) {
        fillColumn(cooccurrence, marginals, measure, shift, static_cast<FeatureId>(j), out);
        continue;
      }
      fillColumn(cooccurrence, marginals, measure, shift, features[static_cast<std::size_t>(j)],
                 column.data());
      finishStores();
      for (std::int64_t i = 0; i < m; ++i)
        out[i] = column[features[static_cast<std::size_t>(i)]];
    }
    finishStores();
  });
}

Eigen::MatrixXf computeAffinity(const Cooccurrence& cooccurrence, AffinityMeasure measure,
                                AffinityShift shift, const Progress& progress)
{
  Eigen::MatrixXf result;
  computeAffinity(cooccurrence, measure, shift, {}, result, progress);
  return result;
}

namespace {

/// Columns of length one; zero columns stay.
Eigen::MatrixXf unitColumns(const FeatureMatrixView& decoder)
{
  Eigen::MatrixXf unit(decoder.rows(), decoder.cols());
  parallelFor(decoder.cols(), 256, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const double length = decoder.col(i).cast<double>().norm();
      unit.col(i) = length > 0
                        ? Eigen::VectorXf((decoder.col(i).cast<double>() / length).cast<float>())
                        : Eigen::VectorXf::Zero(decoder.rows());
    }
  });
  return unit;
}

/// @p change of every cosine. A tile and the one across the diagonal are filled from one product.
template <typename Change>
void fromCosines(const FeatureMatrixView& decoder, Eigen::MatrixXf& result,
                 const Progress& progress, Change change)
{
  constexpr Eigen::Index tile = 512;
  const Eigen::Index n = decoder.cols();
  const Eigen::MatrixXf unit = unitColumns(decoder);
  resizeFor(result, n);
  const Eigen::Index perSide = (n + tile - 1) / tile;
  const Eigen::Index tiles = perSide * (perSide + 1) / 2;
  parallelFor(tiles, 1, [&](std::int64_t index, std::int64_t) {
    progress.update(index, tiles);
    Eigen::Index row = 0;
    while ((row + 1) * (row + 2) / 2 <= index)
      ++row;
    const Eigen::Index column = index - row * (row + 1) / 2;
    const Eigen::Index i = row * tile, j = column * tile;
    const Eigen::Index rows = std::min(tile, n - i), columns = std::min(tile, n - j);
    Eigen::MatrixXf part(rows, columns);
    multiplyInto(part, unit.middleCols(i, rows), true, unit.middleCols(j, columns));
    change(part);
    result.block(i, j, rows, columns) = part;
    result.block(j, i, columns, rows) = part.transpose();
  });
}

}  // namespace

void computePositiveCosine(const FeatureMatrixView& decoder, Eigen::MatrixXf& result,
                           const Progress& progress)
{
  fromCosines(decoder, result, progress,
              [](Eigen::MatrixXf& cosines) { cosines = cosines.cwiseMax(0.0f).cwiseMin(1.0f); });
}

void computeAngularSimilarity(const FeatureMatrixView& decoder, Eigen::MatrixXf& result,
                              const Progress& progress)
{
  fromCosines(decoder, result, progress, [](Eigen::MatrixXf& cosines) {
    // acos of a cosine that rounding took past 1 would be NaN.
    cosines = 1.0f - cosines.array().min(1.0f).max(-1.0f).acos() * std::numbers::inv_pi_v<float>;
  });
  result.diagonal().setOnes();
}

}  // namespace orrery
