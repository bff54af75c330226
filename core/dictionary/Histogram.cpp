#include "core/dictionary/Histogram.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace orrery {

double Histogram::edge(std::size_t bin) const
{
  if (bin >= counts.size())
    return maximum;
  // As numpy.linspace steps: the same rounding puts the same values into the same bins.
  return minimum + static_cast<double>(bin) * width();
}

std::int64_t Histogram::binOf(double value) const
{
  if (counts.empty() || !(value >= minimum && value <= maximum))
    return -1;
  const auto last = static_cast<std::int64_t>(counts.size()) - 1;
  auto bin = std::min(last, static_cast<std::int64_t>((value - minimum) / width()));
  // The division may round over an edge: the edges decide.
  while (bin > 0 && value < edge(static_cast<std::size_t>(bin)))
    --bin;
  while (bin < last && value >= edge(static_cast<std::size_t>(bin) + 1))
    ++bin;
  return bin;
}

Histogram computeHistogram(const std::vector<double>& values, int bins)
{
  Histogram histogram;
  double least = std::numeric_limits<double>::infinity(), most = -least;
  for (const double value : values) {
    if (!std::isfinite(value)) {
      ++histogram.missing;
      continue;
    }
    least = std::min(least, value);
    most = std::max(most, value);
  }
  if (!(least <= most))
    return histogram;
  if (least == most) {
    least -= 0.5;
    most += 0.5;
  }
  histogram.minimum = least;
  histogram.maximum = most;
  histogram.counts.assign(static_cast<std::size_t>(std::max(1, bins)), 0);
  for (const double value : values)
    if (const std::int64_t bin = std::isfinite(value) ? histogram.binOf(value) : -1; bin >= 0)
      ++histogram.counts[static_cast<std::size_t>(bin)];
  return histogram;
}

std::vector<double> columnValues(const Column& column, bool logarithm)
{
  std::vector<double> values = column.numbers;
  if (column.kind == Column::Kind::Category) {
    values.clear();
    values.reserve(column.categories.size());
    for (const std::int32_t category : column.categories)
      values.push_back(category < 0 ? std::numeric_limits<double>::quiet_NaN() : category);
    return values;
  }
  if (logarithm)
    for (double& value : values)
      value = value > 0 ? std::log10(value) : std::numeric_limits<double>::quiet_NaN();
  return values;
}

}  // namespace orrery
