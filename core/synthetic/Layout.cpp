#include "core/synthetic/Layout.h"

#include "core/base/Error.h"
#include "core/base/Parallel.h"
#include "core/base/Random.h"
#include "core/synthetic/Vocabulary.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <unordered_set>

namespace orrery::synthetic {
namespace {

// Parts of the seed, so that one draw more in one place changes nothing in another.
constexpr std::uint64_t layoutPart = 1;
constexpr std::uint64_t documentPart = 2;
constexpr std::uint64_t firstBlockPart = 1u << 20;

void check(const SyntheticOptions& options)
{
  const auto refuse = [](const std::string& what) { throw Error("synthetic dictionary: " + what); };
  if (options.features < 2 || options.features > 4'000'000)
    refuse("2 to 4000000 features can be made, " + std::to_string(options.features) + " asked for");
  if (options.lobes < 1 || options.lobes > options.features)
    refuse("needs at least one lobe and no more than features, " + std::to_string(options.lobes) +
           " asked for");
  const auto most = static_cast<int>(relationWords().size());
  if (options.relations < 0 || options.relations > most)
    refuse("0 to " + std::to_string(most) + " relations can be planted, " +
           std::to_string(options.relations) + " asked for");
  if (options.dimensions < 8 + options.relations)
    refuse(std::to_string(options.relations) + " relations need at least " +
           std::to_string(8 + options.relations) + " dimensions, " +
           std::to_string(options.dimensions) + " asked for");
  if (options.features < 8 * options.relations)
    refuse(std::to_string(options.relations) + " relations need at least " +
           std::to_string(8 * options.relations) + " features, " +
           std::to_string(options.features) + " asked for");
  if (options.blocks < 0 || options.cornerNoise < 0 || options.wordLengthStrength < 0 ||
      options.trapezoidShare < 0 || options.trapezoidShare > 1 ||
      !std::isfinite(options.cornerNoise) || !std::isfinite(options.wordLengthStrength) ||
      !std::isfinite(options.spectrumExponent))
    refuse("blocks, noise, strength and shares must be finite and not negative");
}

std::string lobeName(int lobe)
{
  const auto& words = lobeWords();
  const auto index = static_cast<std::size_t>(lobe);
  return index < words.size() ? std::string(words[index].name) : "lobe " + std::to_string(lobe + 1);
}

int lobeOf(const RelationWords& relation, int lobes)
{
  const auto& words = lobeWords();
  const auto found = std::find_if(words.begin(), words.end(), [&](const LobeWords& lobe) {
    return lobe.name == relation.lobe;
  });
  return static_cast<int>(found - words.begin()) % lobes;
}

/// Features per lobe beside the planted words: uneven, as real lobes are.
std::vector<std::int64_t> conceptCounts(std::int64_t count, int lobes)
{
  const std::array<double, 5> weights = {0.8, 1.25, 1.1, 0.9, 1.0};
  std::vector<double> share(static_cast<std::size_t>(lobes));
  for (std::size_t i = 0; i < share.size(); ++i)
    share[i] = weights[i % weights.size()];
  const double total = std::accumulate(share.begin(), share.end(), 0.0);
  std::vector<std::int64_t> counts(share.size());
  double sum = 0;
  std::int64_t before = 0;
  for (std::size_t i = 0; i < share.size(); ++i) {
    sum += share[i];
    const std::int64_t upTo = std::llround(sum / total * static_cast<double>(count));
    counts[i] = upTo - before;
    before = upTo;
  }
  return counts;
}

class LayoutBuilder {
 public:
  explicit LayoutBuilder(const SyntheticOptions& options)
      : m_options(options), m_random(Random::forPart(options.seed, layoutPart))
  {
    const auto n = static_cast<std::size_t>(options.features);
    m_layout.labels.resize(n);
    m_layout.lobes.resize(n);
    m_layout.topics.resize(n);
    // Ids are dealt at random: nothing about a feature can be read off its number.
    m_ids.resize(n);
    std::iota(m_ids.begin(), m_ids.end(), 0);
    m_random.shuffle(m_ids);
  }

  Layout build()
  {
    for (int lobe = 0; lobe < m_options.lobes; ++lobe)
      m_layout.lobeNames.push_back(lobeName(lobe));
    for (int relation = 0; relation < m_options.relations; ++relation)
      plantRelation(relation);
    plantConcepts();
    for (std::size_t id = 0; id < m_layout.labels.size(); ++id)
      m_layout.rates.push_back(std::clamp(0.03 * std::exp(0.9 * m_random.normal()), 0.002, 0.3));
    return std::move(m_layout);
  }

 private:
  FeatureId add(std::string label, int lobe, std::int32_t topic)
  {
    const FeatureId id = m_ids[m_next++];
    const auto at = static_cast<std::size_t>(id);
    m_used.insert(label);
    m_layout.labels[at] = std::move(label);
    m_layout.lobes[at] = lobe;
    m_layout.topics[at] = topic;
    return id;
  }

  void plantRelation(int index)
  {
    const RelationWords& words = relationWords()[static_cast<std::size_t>(index)];
    // At most half of the features are planted words.
    const auto room = static_cast<std::size_t>(m_options.features / (4 * m_options.relations));
    const std::size_t count = std::min(words.pairs.size(), room);
    const int lobe = lobeOf(words, m_options.lobes);
    const auto topic = static_cast<std::int32_t>(m_layout.topicLobes.size());
    m_layout.topicLobes.push_back(lobe);
    PlantedRelation relation;
    relation.name = words.name;
    relation.trapezoid = std::floor((index + 1) * m_options.trapezoidShare) >
                         std::floor(index * m_options.trapezoidShare);
    for (std::size_t i = 0; i < count; ++i) {
      const FeatureId first = add(std::string(words.pairs[i].first), lobe, topic);
      const FeatureId second = add(std::string(words.pairs[i].second), lobe, topic);
      relation.pairs.emplace_back(first, second);
    }
    m_layout.relations.push_back(std::move(relation));
  }

  void plantConcepts()
  {
    const auto left = static_cast<std::int64_t>(m_ids.size() - m_next);
    const std::vector<std::int64_t> counts = conceptCounts(left, m_options.lobes);
    for (int lobe = 0; lobe < m_options.lobes; ++lobe) {
      const LobeWords& words = lobeWords()[static_cast<std::size_t>(lobe) % lobeWords().size()];
      const bool named = static_cast<std::size_t>(lobe) < lobeWords().size();
      const auto firstTopic = static_cast<std::int32_t>(m_layout.topicLobes.size());
      const std::size_t topics = words.topics.size();
      m_layout.topicLobes.insert(m_layout.topicLobes.end(), topics, lobe);
      std::vector<std::size_t> nextForm(topics, 0);
      for (std::int64_t i = 0; i < counts[static_cast<std::size_t>(lobe)]; ++i) {
        const std::size_t topic = static_cast<std::size_t>(i) % topics;
        std::string label;
        do {
          label = conceptLabel(words, topic, nextForm[topic]++);
          if (!named)
            label += " (" + lobeName(lobe) + ")";
        } while (m_used.count(label));
        add(std::move(label), lobe, firstTopic + static_cast<std::int32_t>(topic));
      }
    }
  }

  const SyntheticOptions& m_options;
  Random m_random;
  Layout m_layout;
  std::vector<FeatureId> m_ids;
  std::size_t m_next = 0;
  std::unordered_set<std::string> m_used;
};

/// What a block is about: its document's type, the lobe that rules it, and two topics.
struct BlockTheme {
  std::string documentType;
  std::int32_t lobe = 0;
  std::int32_t topics[2] = {0, 0};
};

std::string documentType(int lobe, std::size_t kind)
{
  const auto index = static_cast<std::size_t>(lobe);
  if (index < lobeWords().size())
    return std::string(lobeWords()[index].documentTypes[kind]);
  return lobeName(lobe) + (kind == 0 ? " books" : " notes");
}

std::vector<BlockTheme> makeThemes(const Layout& layout, const SyntheticOptions& options)
{
  Random random = Random::forPart(options.seed, documentPart);
  std::vector<std::vector<std::int32_t>> topicsOfLobe(layout.lobeNames.size());
  for (std::size_t topic = 0; topic < layout.topicLobes.size(); ++topic)
    topicsOfLobe[static_cast<std::size_t>(layout.topicLobes[topic])].push_back(
        static_cast<std::int32_t>(topic));

  std::vector<BlockTheme> themes;
  themes.reserve(static_cast<std::size_t>(options.blocks));
  while (static_cast<std::int64_t>(themes.size()) < options.blocks) {
    const auto lobe = static_cast<int>(random.below(layout.lobeNames.size()));
    const std::size_t kind = static_cast<std::size_t>(random.below(2));
    const std::uint64_t length = 2 + random.below(4);
    for (std::uint64_t i = 0;
         i < length && static_cast<std::int64_t>(themes.size()) < options.blocks; ++i) {
      BlockTheme theme;
      theme.documentType = documentType(lobe, kind);
      // The second kind wanders: an encyclopedia has its paragraphs on parliaments too.
      const bool wanders = kind == 1 && random.uniform() < 0.25;
      theme.lobe =
          wanders ? static_cast<std::int32_t>(random.below(layout.lobeNames.size())) : lobe;
      const auto& topics = topicsOfLobe[static_cast<std::size_t>(theme.lobe)];
      for (std::int32_t& topic : theme.topics)
        topic = topics[static_cast<std::size_t>(random.below(topics.size()))];
      themes.push_back(std::move(theme));
    }
  }
  return themes;
}

}  // namespace

Layout makeLayout(const SyntheticOptions& options)
{
  check(options);
  return LayoutBuilder(options).build();
}

SyntheticFirings makeFirings(const Layout& layout, const SyntheticOptions& options)
{
  const std::vector<BlockTheme> themes = makeThemes(layout, options);
  const std::size_t n = layout.labels.size();
  std::vector<std::vector<FeatureId>> fired(themes.size());
  parallelFor(options.blocks, 64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t block = begin; block < end; ++block) {
      const BlockTheme& theme = themes[static_cast<std::size_t>(block)];
      Random random =
          Random::forPart(options.seed, firstBlockPart + static_cast<std::uint64_t>(block));
      auto& features = fired[static_cast<std::size_t>(block)];
      for (std::size_t id = 0; id < n; ++id) {
        const std::int32_t topic = layout.topics[id];
        double rate = layout.rates[id] * (layout.lobes[id] == theme.lobe ? 2.2 : 0.35);
        if (topic == theme.topics[0] || topic == theme.topics[1])
          rate *= 3;
        if (random.uniform() < std::min(rate, 0.9))
          features.push_back(static_cast<FeatureId>(id));
      }
    }
  });

  SyntheticFirings firings;
  firings.starts.push_back(0);
  for (std::size_t block = 0; block < themes.size(); ++block) {
    firings.features.insert(firings.features.end(), fired[block].begin(), fired[block].end());
    firings.starts.push_back(static_cast<std::int64_t>(firings.features.size()));
    firings.documentTypes.push_back(themes[block].documentType);
  }
  return firings;
}

}  // namespace orrery::synthetic
