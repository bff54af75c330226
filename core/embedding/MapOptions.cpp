#include "core/embedding/MapOptions.h"

#include "core/base/LinearAlgebra.h"
#include "core/base/Parallel.h"
#include "core/embedding/ByteSweep.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

namespace orrery {
namespace {

// Multiply-adds a second and thread of a single-precision product on a current processor.
constexpr double productRate = 2.5e10;
// The same of a search by products of bytes, with all that follows them.
constexpr double byteProductRate = 5e10;
// Room for candidates that it needs.
constexpr std::int64_t candidatesPerNeighbor = 18;

}  // namespace

std::string optionText(MapStart start)
{
  switch (start) {
    case MapStart::Pca:
      return "pca";
    case MapStart::Spectral:
      return "spectral";
    case MapStart::Random:
      return "random";
  }
  return {};
}

std::string optionText(Metric metric)
{
  return metric == Metric::Cosine ? "cosine" : "euclidean";
}

std::string optionText(double value)
{
  std::array<char, 32> buffer{};
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return {buffer.data(), result.ptr};
}

double measureSlowdown()
{
  constexpr Eigen::Index size = 256;
  constexpr std::int64_t products = 16;
  const Eigen::MatrixXf x = Eigen::MatrixXf::Constant(size, size, 0.5f);
  const auto run = [&] {
    const auto began = std::chrono::steady_clock::now();
    parallelFor(products, 1, [&](std::int64_t begin, std::int64_t end) {
      Eigen::MatrixXf result(size, size);
      for (std::int64_t i = begin; i < end; ++i)
        multiplyInto(result, x, true, x);
    });
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  };
  run();  // wakes threads and processors
  const double seconds = std::min(run(), run());
  const double expected = static_cast<double>(products) * size * size * size / productRate /
                          std::min<double>(threadCount(), products);
  return std::clamp(seconds / expected, 0.5, 20.0);
}

std::int64_t estimateNeighborBytes(std::int64_t features, std::int64_t dimensions,
                                   std::int64_t count)
{
  const std::int64_t lists = 28 * count;
  return features * (bytesAreFaster(features, dimensions)
                         ? 2 * dimensions + candidatesPerNeighbor * 8 * count + lists
                         : lists);
}

double estimateNeighborSeconds(std::int64_t features, std::int64_t dimensions)
{
  const auto n = static_cast<double>(features);
  const double rate = bytesAreFaster(features, dimensions) ? byteProductRate : productRate;
  // The product of each pair once, and looking at each of its entries from both ends.
  return (0.5 * n * n * static_cast<double>(dimensions) / rate + n * n * 1e-9) / threadCount();
}

}  // namespace orrery
