#include "core/document/LabelMatches.h"

#include "core/dictionary/LabelSearch.h"

namespace orrery {

std::vector<FeatureId> labelMatches(const Dictionary& dictionary, const SearchText& search,
                                    const Progress& progress)
{
  using Mode = LabelSearchOptions::Mode;
  using Case = LabelSearchOptions::Case;
  LabelSearchOptions options;
  options.mode = search.regularExpression ? Mode::Regex : Mode::Words;
  options.letters = search.matchCase ? Case::Sensitive : Case::Insensitive;
  return findLabels(dictionary.labels, search.text, options, progress);
}

}  // namespace orrery
