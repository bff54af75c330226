#include "core/embedding/VectorAlgebra.h"

#include "core/base/Error.h"
#include "core/embedding/ExactProducts.h"
#include "core/embedding/LabelSearch.h"

#include <charconv>
#include <cmath>
#include <optional>

namespace orrery {
namespace {

struct Token {
  enum class Kind { Plus, Minus, Word, Quoted };
  Kind kind = Kind::Word;
  std::string text;
};

std::vector<Token> tokens(std::string_view text)
{
  const auto isBlank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  std::vector<Token> found;
  for (std::size_t i = 0; i < text.size();) {
    if (isBlank(text[i])) {
      ++i;
      continue;
    }
    Token token;
    if (text[i] == '"') {
      token.kind = Token::Kind::Quoted;
      for (++i; i < text.size() && text[i] != '"'; ++i) {
        if (text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == '"' || text[i + 1] == '\\'))
          ++i;
        token.text += text[i];
      }
      if (i == text.size())
        throw Error("the query has an opening quote without a closing one: " + quotedLabel(text));
      ++i;
      if (i < text.size() && !isBlank(text[i]))
        throw Error("the query needs a blank after the closing quote of " +
                    quotedLabel(token.text));
    } else {
      while (i < text.size() && !isBlank(text[i]))
        token.text += text[i++];
      if (token.text == "+")
        token.kind = Token::Kind::Plus;
      else if (token.text == "-" || token.text == "\u2212" || token.text == "\u2013")
        token.kind = Token::Kind::Minus;
    }
    found.push_back(std::move(token));
  }
  return found;
}

std::string prefix(const Dictionary& dictionary)
{
  return dictionary.name.empty() ? std::string() : dictionary.name + ": ";
}

/// The number in "#12" or "12", if it is one.
std::optional<std::int64_t> indexIn(std::string_view text)
{
  if (!text.empty() && text.front() == '#')
    text.remove_prefix(1);
  std::int64_t index = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (text.empty() || text.front() == '-' || end != text.data() + text.size() ||
      error == std::errc::invalid_argument)
    return {};
  return error == std::errc::result_out_of_range ? INT64_MAX : index;
}

[[noreturn]] void failAmbiguous(std::string_view text, const std::vector<FeatureId>& found,
                                const Dictionary& dictionary)
{
  std::string list;
  for (std::size_t i = 0; i < found.size() && i < 5; ++i)
    list += (i > 0 ? ", #" : "#") + std::to_string(found[i]) + " " +
            quotedLabel(dictionary.labels[static_cast<std::size_t>(found[i])]);
  throw Error(prefix(dictionary) + quotedLabel(text) + " names " + std::to_string(found.size()) +
              " features (" + list + (found.size() > 5 ? ", …" : "") + "); name one by its number");
}

[[noreturn]] void failMissing(std::string_view text, const Dictionary& dictionary)
{
  if (dictionary.labels.empty())
    throw Error(prefix(dictionary) + "there are no labels, so " + quotedLabel(text) +
                " names no feature; use numbers from #0 to #" +
                std::to_string(dictionary.features() - 1));
  std::string list;
  for (const std::string& label : nearestLabels(text, dictionary, 3))
    list += (list.empty() ? "; nearest are " : ", ") + quotedLabel(label);
  throw Error(prefix(dictionary) + "no feature has the label " + quotedLabel(text) + list);
}

FeatureId checkedIndex(std::int64_t index, std::string_view text, const Dictionary& dictionary)
{
  if (index >= dictionary.features())
    throw Error(prefix(dictionary) + "there is no feature " + std::string(text) +
                " (expected 0 to " + std::to_string(dictionary.features() - 1) + ")");
  return static_cast<FeatureId>(index);
}

FeatureId find(std::string_view text, bool quoted, const Dictionary& dictionary)
{
  const std::optional<std::int64_t> index = quoted ? std::nullopt : indexIn(text);
  if (index && text.front() == '#')
    return checkedIndex(*index, text, dictionary);
  const std::vector<FeatureId> found = featuresLabelled(text, dictionary);
  if (found.size() == 1)
    return found.front();
  if (found.size() > 1)
    failAmbiguous(text, found, dictionary);
  if (index)
    return checkedIndex(*index, text, dictionary);
  failMissing(text, dictionary);
}

bool isOperator(const Token& token)
{
  return token.kind == Token::Kind::Plus || token.kind == Token::Kind::Minus;
}

}  // namespace

AlgebraQuery parseAlgebra(std::string_view text, const Dictionary& dictionary)
{
  const std::vector<Token> all = tokens(text);
  if (all.empty())
    throw Error("the query is empty (expected labels joined by + and -, as in king - man + woman)");
  AlgebraQuery query;
  for (std::size_t i = 0; i < all.size();) {
    AlgebraTerm term;
    if (isOperator(all[i]))
      term.sign = all[i++].kind == Token::Kind::Minus ? -1.0 : 1.0;
    else if (i > 0)
      throw Error("the query needs + or - before " + quotedLabel(all[i].text) +
                  "; labels with blanks go in double quotes");
    if (i == all.size() || isOperator(all[i]))
      throw Error("the query needs a label after " + quotedLabel(all[i - 1].text));
    const bool quoted = all[i].kind == Token::Kind::Quoted;
    term.text = all[i++].text;
    // Several bare words are one label that should have been quoted.
    while (!quoted && i < all.size() && all[i].kind == Token::Kind::Word)
      term.text += " " + all[i++].text;
    term.feature = find(term.text, quoted, dictionary);
    query.terms.push_back(std::move(term));
  }
  return query;
}

FeatureId findFeature(std::string_view text, const Dictionary& dictionary)
{
  // As given: a label may begin with a blank. Quotes are for the shell and for algebra.
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"' &&
      featuresLabelled(text, dictionary).empty())
    return find(text.substr(1, text.size() - 2), true, dictionary);
  return find(text, false, dictionary);
}

Eigen::VectorXf evaluate(const AlgebraQuery& query, const FeatureMatrixView& decoder, bool unitRows)
{
  Eigen::VectorXd sum = Eigen::VectorXd::Zero(decoder.rows());
  for (const AlgebraTerm& term : query.terms) {
    if (term.feature < 0 || term.feature >= decoder.cols())
      throw Error("there is no feature " + std::to_string(term.feature) + " (expected 0 to " +
                  std::to_string(decoder.cols() - 1) + ")");
    const float* x = decoder.data() + term.feature * decoder.outerStride();
    const double length = std::sqrt(exactProduct(x, x, decoder.rows()));
    const std::string name = "feature " + std::to_string(term.feature) +
                             (term.text.empty() ? "" : " (" + quotedLabel(term.text) + ")");
    if (!std::isfinite(length))
      throw Error(name + " holds a NaN or an infinity and cannot be in a query");
    if (length == 0.0)
      throw Error(name + " is the zero vector and cannot be in a query");
    sum += decoder.col(term.feature).cast<double>() * (term.sign / (unitRows ? length : 1.0));
  }
  return sum.cast<float>();
}

}  // namespace orrery
