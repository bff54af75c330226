// A synthetic dictionary with planted lobes, and what its features fire in.
#pragma once

#include "core/io/CooccurrenceFile.h"
#include "core/synthetic/SyntheticDictionary.h"

#include <memory>

namespace orrery {

struct SyntheticLobes {
  std::shared_ptr<const Dictionary> dictionary;
  std::shared_ptr<const CooccurrenceData> data;
  std::vector<std::int32_t> planted;
};

inline SyntheticLobes syntheticLobes(std::int64_t features = 600, std::int64_t blocks = 800)
{
  SyntheticOptions options;
  options.features = features;
  options.dimensions = 64;
  options.relations = 2;
  options.blocks = blocks;
  SyntheticDictionary made = makeSyntheticDictionary(options);
  auto firings = std::make_shared<Firings>();
  firings->features = features;
  firings->starts = made.firings.starts;
  firings->ids = made.firings.features;
  auto data = std::make_shared<CooccurrenceData>();
  data->facts.kind = CooccurrenceFacts::Kind::Firings;
  data->facts.format = "synthetic";
  data->facts.firings = static_cast<std::int64_t>(firings->ids.size());
  data->own.assign(static_cast<std::size_t>(features), 0);
  for (const FeatureId id : firings->ids)
    ++data->own[static_cast<std::size_t>(id)];
  data->blockTypes = made.firings.documentTypes;
  data->firings = std::move(firings);
  SyntheticLobes lobes;
  lobes.planted = made.lobes;
  lobes.dictionary = std::make_shared<const Dictionary>(std::move(made.dictionary));
  lobes.data = std::move(data);
  return lobes;
}

/// The same firings as tokens: each block's features come in @p each tokens, one after the other.
inline std::shared_ptr<const TokenActivations> tokensOf(const Firings& firings, int each)
{
  auto tokens = std::make_shared<TokenActivations>();
  tokens->features = firings.features;
  for (std::int64_t block = 0; block < firings.blocks(); ++block) {
    const auto begin = firings.starts[static_cast<std::size_t>(block)];
    const auto count = firings.starts[static_cast<std::size_t>(block) + 1] - begin;
    for (int t = 0; t < each; ++t) {
      for (auto i = begin + count * t / each; i < begin + count * (t + 1) / each; ++i) {
        tokens->ids.push_back(firings.ids[static_cast<std::size_t>(i)]);
        tokens->values.push_back(2.0f);
      }
      tokens->starts.push_back(static_cast<std::int64_t>(tokens->ids.size()));
      tokens->texts.push_back("word" + std::to_string(t));
    }
    tokens->blockStarts.push_back(tokens->tokens());
  }
  return tokens;
}

}  // namespace orrery
