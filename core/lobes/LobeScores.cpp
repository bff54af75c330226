#include "core/lobes/LobeScores.h"

#include "core/base/Error.h"
#include "core/lobes/LobeMatching.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <unordered_map>
#include <utility>

namespace orrery {
namespace {

void refuseOtherSizes(std::int64_t firings, std::int64_t lobes)
{
  if (firings != lobes)
    throw Error("firings of " + std::to_string(firings) + " features beside lobes of " +
                std::to_string(lobes));
}

/// Letters, digits and all bytes of other scripts make words; ASCII letters are folded. Words of
/// one byte say nothing.
std::set<std::string> wordsOf(const std::string& label)
{
  std::set<std::string> words;
  std::string word;
  const auto flush = [&] {
    if (word.size() > 1)
      words.insert(word);
    word.clear();
  };
  for (const char character : label) {
    const auto byte = static_cast<unsigned char>(character);
    if (byte >= 0x80 || std::isalnum(byte))
      word += static_cast<char>(byte < 0x80 ? std::tolower(byte) : byte);
    else
      flush();
  }
  flush();
  return words;
}

/// Chance of at least @p within of @p overall drawn from @p total of which @p size count.
double hypergeometricTail(std::int64_t within, std::int64_t overall, std::int64_t size,
                          std::int64_t total)
{
  const auto logChoose = [](std::int64_t n, std::int64_t k) {
    return std::lgamma(static_cast<double>(n) + 1) - std::lgamma(static_cast<double>(k) + 1) -
           std::lgamma(static_cast<double>(n - k) + 1);
  };
  const double all = logChoose(total, overall);
  double sum = 0.0;
  for (std::int64_t k = std::max(within, overall - (total - size)); k <= std::min(overall, size);
       ++k)
    sum += std::exp(logChoose(size, k) + logChoose(total - size, overall - k) - all);
  return std::min(1.0, sum);
}

std::string joined(const std::vector<std::string>& words)
{
  std::string text;
  for (const std::string& word : words)
    text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace

BlockLobes scoreBlocks(const Firings& firings, const Lobes& lobes)
{
  refuseOtherSizes(firings.features, lobes.features());
  BlockLobes result;
  result.shares =
      Eigen::MatrixXf::Zero(static_cast<Eigen::Index>(lobes.sizes.size()), firings.blocks());
  result.winners.assign(static_cast<std::size_t>(firings.blocks()), noLobe);
  for (std::int64_t block = 0; block < firings.blocks(); ++block) {
    auto shares = result.shares.col(block);
    for (std::int64_t i = firings.starts[static_cast<std::size_t>(block)];
         i < firings.starts[static_cast<std::size_t>(block) + 1]; ++i) {
      const std::int32_t lobe =
          lobes.labels[static_cast<std::size_t>(firings.ids[static_cast<std::size_t>(i)])];
      if (lobe != noLobe)
        shares[lobe] += 1.0f;
    }
    for (Eigen::Index lobe = 0; lobe < shares.size(); ++lobe)
      shares[lobe] /= static_cast<float>(lobes.sizes[static_cast<std::size_t>(lobe)]);
    Eigen::Index best = 0;
    if (shares.size() > 0 && shares.maxCoeff(&best) > 0.0f)
      result.winners[static_cast<std::size_t>(block)] = static_cast<std::int32_t>(best);
  }
  return result;
}

DocumentLobes scoreDocuments(const BlockLobes& blocks, const std::vector<std::string>& types,
                             std::int32_t lobes)
{
  if (types.size() != blocks.winners.size())
    throw Error("there are " + std::to_string(types.size()) + " document types for " +
                std::to_string(blocks.winners.size()) + " blocks");
  DocumentLobes result;
  std::unordered_map<std::string, Eigen::Index> places;
  for (const std::string& type : types)
    if (places.try_emplace(type, static_cast<Eigen::Index>(result.types.size())).second)
      result.types.push_back(type);
  const auto count = static_cast<Eigen::Index>(result.types.size());
  result.blocks.assign(result.types.size(), 0);
  result.undecided.assign(result.types.size(), 0);
  result.counts = Eigen::MatrixXd::Zero(lobes, count);
  for (std::size_t block = 0; block < types.size(); ++block) {
    const Eigen::Index type = places[types[block]];
    ++result.blocks[static_cast<std::size_t>(type)];
    if (blocks.winners[block] == noLobe)
      ++result.undecided[static_cast<std::size_t>(type)];
    else
      result.counts(blocks.winners[block], type) += 1.0;
  }
  result.shares = result.counts;
  for (Eigen::Index type = 0; type < count; ++type)
    result.shares.col(type) /= static_cast<double>(result.blocks[static_cast<std::size_t>(type)]);
  return result;
}

std::vector<std::size_t> orderByLobe(const DocumentLobes& documents)
{
  std::vector<std::size_t> order(documents.types.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::vector<std::pair<Eigen::Index, double>> keys;
  for (Eigen::Index type = 0; type < documents.shares.cols(); ++type) {
    Eigen::Index best = 0;
    const double share =
        documents.shares.rows() > 0 ? documents.shares.col(type).maxCoeff(&best) : 0.0;
    keys.emplace_back(best, -share);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return keys[a] < keys[b]; });
  return order;
}

std::vector<TopFeatures> topFeatures(const Firings& firings, const Lobes& lobes,
                                     const BlockLobes& blocks, int count, std::int64_t leastBlocks)
{
  refuseOtherSizes(firings.features, lobes.features());
  const auto n = static_cast<std::size_t>(firings.features);
  std::vector<std::int64_t> own(n, 0), inOwn(n, 0);
  std::vector<double> won(lobes.sizes.size(), 0.0);
  for (std::int64_t block = 0; block < firings.blocks(); ++block) {
    const std::int32_t winner = blocks.winners[static_cast<std::size_t>(block)];
    if (winner != noLobe)
      won[static_cast<std::size_t>(winner)] += 1.0;
    for (std::int64_t i = firings.starts[static_cast<std::size_t>(block)];
         i < firings.starts[static_cast<std::size_t>(block) + 1]; ++i) {
      const auto id = static_cast<std::size_t>(firings.ids[static_cast<std::size_t>(i)]);
      ++own[id];
      if (winner != noLobe && lobes.labels[id] == winner)
        ++inOwn[id];
    }
  }
  const auto total = std::max<double>(1.0, static_cast<double>(firings.blocks()));
  std::vector<TopFeatures> result(lobes.sizes.size());
  for (std::size_t id = 0; id < n; ++id) {
    if (lobes.labels[id] == noLobe || own[id] == 0)
      continue;
    const auto lobe = static_cast<std::size_t>(lobes.labels[id]);
    const double expected = won[lobe] / total;
    const double share = static_cast<double>(inOwn[id]) / static_cast<double>(own[id]);
    const LobeFeature feature{static_cast<FeatureId>(id), own[id],
                              expected > 0.0 ? share / expected : 0.0};
    result[lobe].byFrequency.push_back(feature);
    if (own[id] >= leastBlocks)
      result[lobe].bySpecificity.push_back(feature);
  }
  for (TopFeatures& top : result) {
    std::stable_sort(
        top.byFrequency.begin(), top.byFrequency.end(),
        [](const LobeFeature& a, const LobeFeature& b) { return a.blocks > b.blocks; });
    std::stable_sort(top.bySpecificity.begin(), top.bySpecificity.end(),
                     [](const LobeFeature& a, const LobeFeature& b) {
                       return a.specificity != b.specificity ? a.specificity > b.specificity
                                                             : a.blocks > b.blocks;
                     });
    const auto cut = [&](std::vector<LobeFeature>& features) {
      features.resize(std::min(features.size(), static_cast<std::size_t>(std::max(0, count))));
    };
    cut(top.byFrequency);
    cut(top.bySpecificity);
  }
  return result;
}

std::vector<LobeName> suggestNames(const Lobes& lobes, const std::vector<std::string>& labels,
                                   const std::vector<std::int64_t>& own, double level,
                                   const Progress& progress)
{
  if (!labels.empty() && labels.size() != lobes.labels.size())
    throw Error("there are " + std::to_string(labels.size()) + " labels for lobes of " +
                std::to_string(lobes.labels.size()) + " features");
  struct Counts {
    std::int64_t overall = 0;
    std::map<std::int32_t, std::int64_t> within;
  };
  std::map<std::string, Counts> words;
  std::int64_t labelled = 0;
  std::vector<std::int64_t> sizes(lobes.sizes.size(), 0);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (i % 4096 == 0)
      progress.update(static_cast<std::int64_t>(i), static_cast<std::int64_t>(labels.size()));
    if (lobes.labels[i] == noLobe || labels[i].empty())
      continue;
    ++labelled;
    ++sizes[static_cast<std::size_t>(lobes.labels[i])];
    for (const std::string& word : wordsOf(labels[i])) {
      Counts& counts = words[word];
      ++counts.overall;
      ++counts.within[lobes.labels[i]];
    }
  }
  // Words of a single label cannot stand out, and are not counted as tried.
  std::int64_t tried = 0;
  for (const auto& entry : words)
    if (entry.second.overall > 1)
      tried += static_cast<std::int64_t>(entry.second.within.size());
  std::vector<LobeName> names(lobes.sizes.size());
  for (const auto& [word, counts] : words) {
    if (counts.overall < 2)
      continue;
    for (const auto& [lobe, within] : counts.within) {
      const std::int64_t size = sizes[static_cast<std::size_t>(lobe)];
      LobeWord candidate;
      candidate.word = word;
      candidate.within = within;
      candidate.overall = counts.overall;
      candidate.p = std::min(1.0, hypergeometricTail(within, counts.overall, size, labelled) *
                                      static_cast<double>(tried));
      candidate.score =
          static_cast<double>(within) / static_cast<double>(size) *
          std::log(1.0 + static_cast<double>(labelled) / static_cast<double>(counts.overall));
      if (candidate.p < level)
        names[static_cast<std::size_t>(lobe)].words.push_back(std::move(candidate));
    }
  }
  for (std::size_t lobe = 0; lobe < names.size(); ++lobe) {
    LobeName& name = names[lobe];
    std::stable_sort(name.words.begin(), name.words.end(),
                     [](const LobeWord& a, const LobeWord& b) { return a.score > b.score; });
    std::vector<std::string> first;
    for (std::size_t i = 0; i < std::min<std::size_t>(3, name.words.size()); ++i)
      first.push_back(name.words[i].word);
    if (first.empty() && own.size() == labels.size() && !labels.empty()) {
      std::vector<FeatureId> members = lobes.members(static_cast<std::int32_t>(lobe));
      std::stable_sort(members.begin(), members.end(), [&](FeatureId a, FeatureId b) {
        return own[static_cast<std::size_t>(a)] > own[static_cast<std::size_t>(b)];
      });
      for (const FeatureId id : members)
        if (first.size() < 3 && !labels[static_cast<std::size_t>(id)].empty())
          first.push_back(labels[static_cast<std::size_t>(id)]);
    }
    name.suggestion = first.empty() ? "lobe " + std::to_string(lobe + 1) : joined(first);
  }
  return names;
}

LobeFlow traceSplits(const std::vector<const Lobes*>& clusterings)
{
  LobeFlow flow;
  for (std::size_t level = 0; level < clusterings.size(); ++level) {
    const Lobes& lobes = *clusterings[level];
    flow.clusters.push_back(lobes.clusters);
    flow.sizes.push_back(lobes.sizes);
    std::vector<std::int32_t> order(lobes.sizes.size());
    std::iota(order.begin(), order.end(), 0);
    if (level == 0) {
      flow.order.push_back(order);
      flow.colors.push_back(order);
      continue;
    }
    const Lobes& before = *clusterings[level - 1];
    if (before.features() != lobes.features())
      throw Error("lobes of " + std::to_string(before.features()) + " and of " +
                  std::to_string(lobes.features()) + " features cannot be traced");
    flow.colors.push_back(matchLobes(before, lobes, flow.colors.back()).colors);

    std::vector<double> placeOf(before.sizes.size(), 0.0);
    for (std::size_t place = 0; place < flow.order.back().size(); ++place)
      placeOf[static_cast<std::size_t>(flow.order.back()[place])] = static_cast<double>(place);
    std::map<std::pair<std::int32_t, std::int32_t>, std::int64_t> bands;
    std::vector<double> sums(lobes.sizes.size(), 0.0), counts(lobes.sizes.size(), 0.0);
    for (std::size_t i = 0; i < lobes.labels.size(); ++i) {
      const std::int32_t from = before.labels[i], to = lobes.labels[i];
      if (from == noLobe && to == noLobe)
        continue;
      ++bands[{from, to}];
      if (from != noLobe && to != noLobe) {
        sums[static_cast<std::size_t>(to)] += placeOf[static_cast<std::size_t>(from)];
        counts[static_cast<std::size_t>(to)] += 1.0;
      }
    }
    for (const auto& [ends, features] : bands)
      flow.bands.push_back({static_cast<int>(level) - 1, ends.first, ends.second, features});
    std::stable_sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
      const auto mean = [&](std::int32_t lobe) {
        return sums[static_cast<std::size_t>(lobe)] /
               std::max(1.0, counts[static_cast<std::size_t>(lobe)]);
      };
      return mean(a) < mean(b);
    });
    flow.order.push_back(std::move(order));
  }
  return flow;
}

}  // namespace orrery
