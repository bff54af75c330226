#include "core/embedding/MapOptions.h"

#include "core/base/Parallel.h"

#include <array>
#include <charconv>

namespace orrery {
namespace {

// Multiply-adds a second and thread of a single-precision product on a current processor.
constexpr double productRate = 2.5e10;

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

double estimateNeighborSeconds(std::int64_t features, std::int64_t dimensions)
{
  const auto n = static_cast<double>(features);
  // The product of each pair once, and looking at each of its entries from both ends.
  return (0.5 * n * n * static_cast<double>(dimensions) / productRate + n * n * 1e-9) /
         threadCount();
}

}  // namespace orrery
