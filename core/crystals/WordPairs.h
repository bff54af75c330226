// Word-pair tasks ("country to capital") from the files they are published in, and their match with
// a dictionary's labels.
//
// Read: function-vector JSON (arrays of {"input", "output"}; Todd et al. 2023), analogy lists (four
// words a line, with or without ": category" lines; Mikolov et al. 2013), BATS-like TSV (word TAB
// answer[/answer…]), our own CSV (relation,first,second).
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"
#include "core/dictionary/LabelIndex.h"

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace orrery {

/// One relation as the file lists it, each pair once, in order of first mention.
struct WordPairTask {
  std::string name;
  std::vector<std::pair<std::string, std::string>> pairs;
};

/// Reads the tasks of one file: several for analogy lists with categories and for CSV, else one,
/// named after the file. Throws Error with line (or byte) if it is none of the known forms or holds
/// no pair.
std::vector<WordPairTask> readWordPairs(const std::filesystem::path& path,
                                        const Progress& progress = {});

/// A task whose words are features.
struct Relation {
  std::string name;
  std::vector<std::pair<FeatureId, FeatureId>> pairs;
  std::int64_t given = 0;    ///< Pairs in the file.
  std::int64_t missing = 0;  ///< Pairs of which a word is no label, or both are the same feature.
  std::int64_t folded =
      0;  ///< Used pairs of which a word matched only without case, blanks or sub-token marks.
  std::vector<std::string> missingWords;  ///< The first twenty, in order.
};

Relation matchLabels(const WordPairTask& task, const LabelIndex& index);

}  // namespace orrery
