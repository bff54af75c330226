#include "app/Console.h"
#include "app/commands/Command.h"

#include "core/base/Error.h"
#include "core/embedding/Neighbors.h"
#include "core/embedding/VectorAlgebra.h"
#include "core/io/ByteSource.h"

#include <algorithm>
#include <charconv>

namespace orrery {
namespace {

struct Query {
  Eigen::VectorXf vector;
  std::vector<FeatureId> features;  ///< Named in it: left out of the answer.
};

Query makeQuery(const Arguments& arguments, const Dictionary& dictionary, Metric metric)
{
  AlgebraQuery algebra;
  if (const auto text = arguments.text("algebra")) {
    algebra = parseAlgebra(*text, dictionary);
  } else {
    const std::string label = *arguments.text("query");
    algebra.terms.push_back({1.0, findFeature(label, dictionary), label});
  }
  Query query;
  query.vector = evaluate(algebra, *dictionary.decoder, metric == Metric::Cosine);
  for (const AlgebraTerm& term : algebra.terms)
    query.features.push_back(term.feature);
  return query;
}

std::string labelOf(const Dictionary& dictionary, FeatureId feature)
{
  return dictionary.labels.empty() ? std::string()
                                   : dictionary.labels[static_cast<std::size_t>(feature)];
}

std::string fixed(double value)
{
  char buffer[64];
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed, 4).ptr;
  return {buffer, end};
}

}  // namespace

const CommandSpec& neighborsSpec()
{
  static const CommandSpec spec = {
      .name = "neighbors",
      .summary = "list the features nearest to one, or to a sum of several",
      .synopsis = {"neighbors FILE --query \"LABEL\"|INDEX [--count 10]",
                   "neighbors FILE --algebra \"a - b + c\" [--count 10]"},
      .description =
          "Compares the query with every feature of the dictionary, exactly, in the space of the "
          "file (never in a map of it). The features that the query names are left out of the "
          "answer. In --algebra, operators have blanks around them, labels with blanks stand in "
          "double quotes, and #123 is feature 123; under cosine the terms are rows of unit length.",
      .options = {{"query", "LABEL|INDEX", "The feature whose neighbours are wanted."},
                  {"algebra", "TEXT", "A sum of features, such as \"king - man + woman\"."},
                  {"count", "N", "How many neighbours. Default: 10."},
                  {"metric", "NAME", "cosine (default) or euclidean."}},
      .files = "FILE",
      .examples = {"orrery neighbors vectors.npy --query Paris --count 5",
                   "orrery neighbors vectors.npy --algebra \"king - man + woman\" --json"},
  };
  return spec;
}

CommandOutput runNeighbors(const CommandContext& context)
{
  const Arguments& arguments = context.arguments;
  if (arguments.has("query") == arguments.has("algebra"))
    throw UsageError("needs either --query or --algebra");
  const auto count = static_cast<int>(arguments.integer("count", 10, 1, 1'000'000'000));
  const std::string metricName = arguments.choice("metric", "cosine", {"cosine", "euclidean"});
  const Metric metric = metricName == "cosine" ? Metric::Cosine : Metric::Euclidean;

  CommandOutput output;
  const Dictionary dictionary =
      readForCommand(context, output, context.progress.stage("Reading", 0.0, 0.9));
  const Query query = makeQuery(arguments, dictionary, metric);
  const UsableFeatures usable = usableFeatures(dictionary);
  std::vector<FeatureId> excluded;
  for (const FeatureId feature : query.features)
    excluded.push_back(static_cast<FeatureId>(usable.columnOf(feature)));
  const std::vector<Neighbor> nearest =
      nearestTo(*usable.decoder, query.vector, count, metric, excluded,
                context.progress.stage("Comparing", 0.9, 1.0));

  output.json["query"] = Json::array();
  for (const FeatureId feature : query.features)
    output.json["query"].push_back({{"index", feature}, {"label", labelOf(dictionary, feature)}});
  output.json["metric"] = metricName;
  output.json["neighbors"] = Json::array();
  // The key says what the number is: a distance would be no cosine.
  const char* key = metric == Metric::Cosine ? "cosine" : "distance";
  for (const Neighbor& neighbor : nearest) {
    const FeatureId feature = usable.id(neighbor.feature);
    const std::string label = labelOf(dictionary, feature);
    output.json["neighbors"].push_back(
        {{"index", feature}, {"label", label}, {key, orNull(double{neighbor.value})}});
    output.text += fixed(neighbor.value) + "  " + std::to_string(feature) +
                   (label.empty() ? "" : "  " + elidedText(label, 200)) + "\n";
  }
  return output;
}

}  // namespace orrery
