#include "widgets/models/FeatureOrder.h"

#include "core/base/Parallel.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string_view>

namespace orrery {
namespace {

unsigned char lower(char c)
{
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 'A' && byte <= 'Z' ? static_cast<unsigned char>(byte + 32) : byte;
}

/// The first eight letters as a number: settles nearly every comparison without touching the text.
std::uint64_t prefix(std::string_view text)
{
  std::uint64_t key = 0;
  for (std::size_t i = 0; i < 8; ++i)
    key = (key << 8) | (i < text.size() ? lower(text[i]) : 0);
  return key;
}

int compareLabels(std::string_view a, std::string_view b)
{
  const std::size_t common = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < common; ++i)
    if (lower(a[i]) != lower(b[i]))
      return lower(a[i]) < lower(b[i]) ? -1 : 1;
  if (a.size() != b.size())
    return a.size() < b.size() ? -1 : 1;
  return a.compare(b);
}

/// Sorts pieces side by side and merges them; the comparison is a total order, so the result does
/// not depend on how.
template <typename T, typename Less>
void parallelSort(std::vector<T>& values, Less less, const Progress& progress)
{
  const auto count = static_cast<std::int64_t>(values.size());
  constexpr std::int64_t piece = 1 << 15;
  parallelFor(count, piece, [&](std::int64_t begin, std::int64_t end) {
    progress.checkStopped();
    std::sort(values.begin() + begin, values.begin() + end, less);
  });
  for (std::int64_t width = piece; width < count; width *= 2) {
    parallelFor((count + 2 * width - 1) / (2 * width), 1, [&](std::int64_t begin, std::int64_t) {
      progress.checkStopped();
      const std::int64_t start = begin * 2 * width;
      const std::int64_t middle = std::min(start + width, count);
      const std::int64_t end = std::min(start + 2 * width, count);
      std::inplace_merge(values.begin() + start, values.begin() + middle, values.begin() + end,
                         less);
    });
  }
}

struct Keyed {
  double key;
  FeatureId id;
};

}  // namespace

std::vector<std::int32_t> labelRanks(const std::vector<std::string>& labels,
                                     const Progress& progress)
{
  struct Entry {
    std::uint64_t key;
    FeatureId id;
    bool empty;
  };
  const auto count = static_cast<std::int64_t>(labels.size());
  std::vector<Entry> entries(labels.size());
  parallelFor(count, 1 << 15, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::string& label = labels[static_cast<std::size_t>(i)];
      entries[static_cast<std::size_t>(i)] = {prefix(label), static_cast<FeatureId>(i),
                                              label.empty()};
    }
  });
  parallelSort(
      entries,
      [&](const Entry& a, const Entry& b) {
        if (a.empty != b.empty)
          return b.empty;
        if (a.key != b.key)
          return a.key < b.key;
        const int order = compareLabels(labels[static_cast<std::size_t>(a.id)],
                                        labels[static_cast<std::size_t>(b.id)]);
        return order != 0 ? order < 0 : a.id < b.id;
      },
      progress);
  std::vector<std::int32_t> ranks(labels.size());
  for (std::size_t rank = 0; rank < entries.size(); ++rank)
    ranks[static_cast<std::size_t>(entries[rank].id)] = static_cast<std::int32_t>(rank);
  return ranks;
}

std::vector<FeatureId> sortFeatures(std::vector<FeatureId> features, const Dictionary& dictionary,
                                    const FeatureSort& sort, const std::vector<std::int32_t>& ranks,
                                    const Progress& progress)
{
  const auto columns = static_cast<int>(dictionary.columns.size());
  if (sort.key == FeatureSort::byId || sort.key >= FeatureSort::firstColumn + columns) {
    if (sort.descending)
      std::sort(features.begin(), features.end(), std::greater<>());
    else
      std::sort(features.begin(), features.end());
    return features;
  }

  constexpr double missing = std::numeric_limits<double>::quiet_NaN();
  const std::vector<std::string>& labels = dictionary.labels;
  std::vector<double> categoryRank;
  const Column* column = nullptr;
  if (sort.key >= FeatureSort::firstColumn) {
    column = &dictionary.columns[static_cast<std::size_t>(sort.key - FeatureSort::firstColumn)];
    if (column->kind == Column::Kind::Category) {
      std::vector<std::size_t> order(column->categoryNames.size());
      std::iota(order.begin(), order.end(), 0);
      std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return compareLabels(column->categoryNames[a], column->categoryNames[b]) < 0;
      });
      categoryRank.resize(order.size());
      for (std::size_t rank = 0; rank < order.size(); ++rank)
        categoryRank[order[rank]] = static_cast<double>(rank);
    }
  }
  const auto keyOf = [&](FeatureId id) -> double {
    const auto place = static_cast<std::size_t>(id);
    if (!column) {
      if (place >= ranks.size() || labels[place].empty())
        return missing;
      return ranks[place];
    }
    if (column->kind == Column::Kind::Number)
      return place < column->numbers.size() ? column->numbers[place] : missing;
    const std::int32_t category =
        place < column->categories.size() ? column->categories[place] : -1;
    return category < 0 ? missing : categoryRank[static_cast<std::size_t>(category)];
  };

  std::vector<Keyed> keyed(features.size());
  for (std::size_t i = 0; i < features.size(); ++i) {
    const double key = keyOf(features[i]);
    keyed[i] = {sort.descending ? -key : key, features[i]};
  }
  parallelSort(
      keyed,
      [](const Keyed& a, const Keyed& b) {
        const bool aMissing = std::isnan(a.key), bMissing = std::isnan(b.key);
        if (aMissing || bMissing)
          return aMissing == bMissing ? a.id < b.id : bMissing;
        return a.key != b.key ? a.key < b.key : a.id < b.id;
      },
      progress);
  for (std::size_t i = 0; i < keyed.size(); ++i)
    features[i] = keyed[i].id;
  return features;
}

}  // namespace orrery
