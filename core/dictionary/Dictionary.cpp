#include "core/dictionary/Dictionary.h"

#include "core/base/Error.h"
#include "core/base/Parallel.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace orrery {
namespace {

struct RowSummary {
  std::uint64_t hash[2] = {0, 0};
  bool finite = true;
  bool zero = true;
};

/// Reads the column once: hashes its bytes (four independent lanes, so that the multiplications
/// overlap) and looks at exponents and magnitudes of all values as integers.
RowSummary summarize(const float* values, std::int64_t count)
{
  std::uint64_t lane[4] = {0x243F6A8885A308D3u, 0x13198A2E03707344u, 0xA4093822299F31D0u,
                           0x082EFA98EC4E6C89u};
  std::uint32_t largest = 0;
  std::int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    std::uint32_t bits[8];
    std::memcpy(bits, values + i, sizeof bits);
    for (int j = 0; j < 8; ++j)
      largest = std::max(largest, bits[j] & 0x7FFFFFFFu);
    for (int j = 0; j < 4; ++j) {
      const std::uint64_t pair = bits[2 * j] | (std::uint64_t{bits[2 * j + 1]} << 32);
      lane[j] = (lane[j] ^ pair) * 0x9E3779B97F4A7C15u;
      lane[j] ^= lane[j] >> 29;
    }
  }
  for (; i < count; ++i) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, values + i, sizeof bits);
    largest = std::max(largest, bits & 0x7FFFFFFFu);
    lane[i % 4] = (lane[i % 4] ^ bits) * 0x9E3779B97F4A7C15u;
    lane[i % 4] ^= lane[i % 4] >> 29;
  }
  RowSummary summary;
  summary.hash[0] = (lane[0] + 3 * lane[1]) ^ (lane[2] << 1);
  summary.hash[1] = (lane[2] + 5 * lane[3]) ^ (lane[0] >> 1);
  summary.finite = largest < 0x7F800000u;  // larger patterns are infinities and NaNs
  summary.zero = largest == 0;
  return summary;
}

}  // namespace

const Column* Dictionary::column(const std::string& columnName) const
{
  const auto found = std::find_if(columns.begin(), columns.end(),
                                  [&](const Column& c) { return c.name == columnName; });
  return found == columns.end() ? nullptr : &*found;
}

Positions UsableFeatures::positionsOfAll(Positions positions, std::int64_t n) const
{
  if (ids.empty())
    return positions;
  Positions all = Positions::Constant(3, n, std::numeric_limits<float>::quiet_NaN());
  for (std::size_t column = 0; column < ids.size(); ++column)
    all.col(ids[column]) = positions.col(static_cast<Eigen::Index>(column));
  return all;
}

std::int64_t UsableFeatures::columnOf(FeatureId id) const
{
  if (id < 0)
    return -1;
  if (ids.empty())
    return id < decoder->cols() ? id : -1;
  const auto found = std::lower_bound(ids.begin(), ids.end(), id);
  return found != ids.end() && *found == id ? found - ids.begin() : -1;
}

UsableFeatures usableFeatures(const Dictionary& dictionary)
{
  const std::vector<FeatureId>& bad = dictionary.rows.nonFinite;
  const std::int64_t n = dictionary.features();
  if (n == 0)
    throw Error(dictionary.name + " has no features");
  if (static_cast<std::int64_t>(bad.size()) == n)
    throw Error(dictionary.name +
                ": every row holds a NaN or an infinity, nothing can be computed from it");

  UsableFeatures usable;
  if (bad.empty()) {
    usable.decoder = dictionary.decoder;
    return usable;
  }
  usable.ids.reserve(static_cast<std::size_t>(n) - bad.size());
  auto nextBad = bad.begin();
  for (FeatureId id = 0; id < n; ++id) {
    if (nextBad != bad.end() && *nextBad == id)
      ++nextBad;
    else
      usable.ids.push_back(id);
  }
  auto kept = std::make_shared<FeatureMatrix>(dictionary.dimensions(),
                                              static_cast<Eigen::Index>(usable.ids.size()));
  for (std::size_t column = 0; column < usable.ids.size(); ++column)
    kept->col(static_cast<Eigen::Index>(column)) = dictionary.decoder->col(usable.ids[column]);
  usable.decoder = std::move(kept);
  return usable;
}

RowReport inspectRows(const FeatureMatrixView& decoder)
{
  const std::int64_t n = decoder.cols();
  std::vector<RowSummary> summaries(static_cast<std::size_t>(n));
  parallelFor(n, 256, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t id = begin; id < end; ++id)
      summaries[static_cast<std::size_t>(id)] =
          summarize(decoder.data() + id * decoder.outerStride(), decoder.rows());
  });

  RowReport report;
  std::vector<FeatureId> order(static_cast<std::size_t>(n));
  for (FeatureId id = 0; id < n; ++id) {
    order[static_cast<std::size_t>(id)] = id;
    const RowSummary& summary = summaries[static_cast<std::size_t>(id)];
    if (!summary.finite)
      report.nonFinite.push_back(id);
    else if (summary.zero)
      report.zero.push_back(id);
  }

  const auto hashOf = [&](FeatureId id) -> const std::uint64_t(&)[2] {
    return summaries[static_cast<std::size_t>(id)].hash;
  };
  std::sort(order.begin(), order.end(), [&](FeatureId a, FeatureId b) {
    const auto& ha = hashOf(a);
    const auto& hb = hashOf(b);
    return ha[0] != hb[0] ? ha[0] < hb[0] : ha[1] != hb[1] ? ha[1] < hb[1] : a < b;
  });
  const auto bytes = static_cast<std::size_t>(decoder.rows()) * sizeof(float);
  for (std::size_t i = 1; i < order.size(); ++i) {
    const FeatureId before = order[i - 1], id = order[i];
    if (hashOf(before)[0] == hashOf(id)[0] && hashOf(before)[1] == hashOf(id)[1] &&
        std::memcmp(decoder.data() + before * decoder.outerStride(),
                    decoder.data() + id * decoder.outerStride(), bytes) == 0)
      ++report.duplicates;
  }
  return report;
}

}  // namespace orrery
