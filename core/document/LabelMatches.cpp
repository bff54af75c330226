#include "core/document/LabelMatches.h"

#include "core/base/Error.h"
#include "core/base/Parallel.h"

#include <QRegularExpression>
#include <QString>
#include <QStringList>

#include <algorithm>

namespace orrery {
namespace {

constexpr std::int64_t chunk = 4096;

}  // namespace

std::vector<FeatureId> labelMatches(const Dictionary& dictionary, const SearchText& search,
                                    const Progress& progress)
{
  const QString text = QString::fromStdString(search.text);
  const Qt::CaseSensitivity sensitivity =
      search.matchCase ? Qt::CaseSensitive : Qt::CaseInsensitive;
  const QStringList words =
      search.regularExpression ? QStringList() : text.simplified().split(QLatin1Char(' '));
  const QRegularExpression expression(
      search.regularExpression ? text : QString(),
      QRegularExpression::UseUnicodePropertiesOption |
          (search.matchCase ? QRegularExpression::NoPatternOption
                            : QRegularExpression::CaseInsensitiveOption));
  if (!expression.isValid())
    throw Error("\"" + search.text +
                "\" is no regular expression: " + expression.errorString().toStdString() +
                " at character " + std::to_string(expression.patternErrorOffset()));

  const auto n = static_cast<std::int64_t>(dictionary.labels.size());
  std::vector<std::vector<FeatureId>> found(static_cast<std::size_t>((n + chunk - 1) / chunk));
  parallelFor(n, chunk, [&](std::int64_t begin, std::int64_t end) {
    auto& here = found[static_cast<std::size_t>(begin / chunk)];
    for (std::int64_t id = begin; id < end; ++id) {
      if (id % 256 == 0)
        progress.checkStopped();
      const QString label = QString::fromStdString(dictionary.labels[static_cast<std::size_t>(id)]);
      const bool matches = search.regularExpression
                               ? expression.match(label).hasMatch()
                               : std::all_of(words.begin(), words.end(), [&](const QString& word) {
                                   return label.contains(word, sensitivity);
                                 });
      if (matches)
        here.push_back(static_cast<FeatureId>(id));
    }
  });
  std::vector<FeatureId> matches;
  for (const auto& part : found)
    matches.insert(matches.end(), part.begin(), part.end());
  return matches;
}

}  // namespace orrery
