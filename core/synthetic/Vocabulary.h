// The words that synthetic dictionaries are labelled with. Ours, plain ASCII.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orrery::synthetic {

/// A subject inside a lobe; its features lie near each other and fire together.
struct TopicWords {
  std::string_view name;
  std::vector<std::string_view> nouns;
};

struct LobeWords {
  std::string_view name;
  std::vector<TopicWords> topics;
  std::vector<std::string_view> facets;  ///< Follow a noun: "river" + "maps".
  std::vector<std::string_view> documentTypes;
};

struct RelationWords {
  std::string_view name;  ///< "country to capital".
  std::string_view lobe;  ///< Name of the lobe both words live in.
  std::vector<std::pair<std::string_view, std::string_view>> pairs;
};

/// Four: code, narrative, public affairs, science.
const std::vector<LobeWords>& lobeWords();

/// Ten. No word occurs twice in all of them.
const std::vector<RelationWords>& relationWords();

/// The @p index-th label of topic @p topic of @p lobe: nouns alone first, then with each facet,
/// then numbered. Different for different arguments.
std::string conceptLabel(const LobeWords& lobe, std::size_t topic, std::size_t index);

}  // namespace orrery::synthetic
