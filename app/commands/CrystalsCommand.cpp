#include "app/commands/Command.h"

#include "core/base/Error.h"
#include "core/crystals/CrystalFamilies.h"
#include "core/crystals/CrystalNull.h"
#include "core/crystals/CrystalSearch.h"
#include "core/crystals/DifferenceClusters.h"
#include "core/crystals/Distractors.h"
#include "core/crystals/RelationScores.h"
#include "core/crystals/WhyNot.h"
#include "core/embedding/VectorAlgebra.h"
#include "core/io/ByteSource.h"
#include "core/io/ResultFile.h"

#include <array>
#include <cstdio>
#include <optional>
#include <utility>

namespace orrery {
namespace {

struct CrystalsOptions {
  std::vector<std::filesystem::path> pairs;
  CrystalSearchOptions search;
  std::string clean;
  int components = 8;
  bool published = false;
  std::optional<std::filesystem::path> output;
  int groups = 0;  ///< Clusters of all differences; 0: none.
  WhyNotOptions whyNot;
  std::vector<std::string> check;
};

CrystalsOptions crystalsOptions(const Arguments& arguments)
{
  CrystalsOptions options;
  for (const std::string& path : arguments.textList("pairs"))
    options.pairs.emplace_back(path);
  const std::string mode =
      arguments.choice("mode", "parallelogram", {"parallelogram", "trapezoid"});
  options.search.mode = mode == "trapezoid" ? CrystalMode::Trapezoid : CrystalMode::Parallelogram;
  options.clean = arguments.choice("clean", "none", {"none", "lda", "pca", "length"});
  options.components = static_cast<int>(arguments.integer("components", 8, 1, 100000));
  options.search.residual = arguments.number("residual", options.search.residual, 1e-9, 16);
  options.search.top = arguments.integer("top", 1000, 1, 10000000);
  options.search.leastSide = arguments.number("least-side", options.search.leastSide, 0, 0.99);
  options.search.leastAngle = arguments.number("least-angle", options.search.leastAngle, 0, 89);
  options.groups = static_cast<int>(arguments.integer("group", 0, 1, 65536));
  options.whyNot.leastCosine = arguments.number("least-cosine", options.whyNot.leastCosine, -1, 1);
  options.whyNot.leastLengthRatio =
      arguments.number("least-ratio", options.whyNot.leastLengthRatio, 0, 1);
  options.whyNot.lastRank = arguments.integer("last-rank", options.whyNot.lastRank, 1, 1000000000);
  options.whyNot.mostPValue = arguments.number("most-p", options.whyNot.mostPValue, 0, 1);
  options.search.seed = arguments.seed();
  options.published =
      arguments.choice("variant", "textbook", {"textbook", "published"}) == "published";
  options.output = arguments.path("output");
  options.check = arguments.textList("check");
  if (!options.output && options.check.empty())
    throw UsageError("--output is missing (or --check with four labels)");
  return options;
}

std::string labelOf(const Dictionary& dictionary, FeatureId id)
{
  return dictionary.labels.empty() ? std::string()
                                   : dictionary.labels[static_cast<std::size_t>(id)];
}

Json measures(const CrystalQuality& quality)
{
  Json json;
  json["cos_ab_cd"] = quality.cosAbCd;
  json["cos_ac_bd"] = quality.cosAcBd;
  json["length_ratio"] = quality.lengthRatio;
  json["residual"] = quality.residual;
  json["angle"] = quality.angle;
  json["planarity"] = quality.planarity;
  json["rank_3cosadd"] = quality.rank3CosAdd;
  json["z"] = orNull(quality.z);
  json["fdr"] = orNull(quality.fdr);
  return json;
}

Json crystalJson(const Dictionary& dictionary, const Crystal& crystal,
                 const CrystalQuality& quality)
{
  Json json;
  const char* const names[] = {"a", "b", "c", "d"};
  Json labels = Json::array();
  const std::array<FeatureId, 4> corners = crystal.corners();
  for (std::size_t i = 0; i < 4; ++i) {
    json[names[i]] = corners[i];
    labels.push_back(labelOf(dictionary, corners[i]));
  }
  json["labels"] = labels;
  json.update(measures(quality));
  return json;
}

struct Pairs {
  std::vector<Relation> relations;
  Json json = Json::array();
};

Pairs readRelations(const CrystalsOptions& options, const Dictionary& dictionary,
                    const CrystalSpace& space, CommandOutput& output, const Progress& progress)
{
  Pairs pairs;
  if (options.pairs.empty())
    return pairs;
  if (dictionary.labels.empty())
    throw Error("word pairs need labels: the features have none (give --labels)");
  const LabelIndex index(dictionary.labels);
  std::vector<WordPairTask> tasks;
  for (const std::filesystem::path& path : options.pairs)
    for (WordPairTask& task : readWordPairs(path, progress))
      tasks.push_back(std::move(task));
  RelationScoreOptions score;
  score.unitRows = !options.published;
  score.seed = options.search.seed;
  const FeatureMatrix& vectors = *space.vectors;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const auto done = static_cast<double>(i), count = static_cast<double>(tasks.size());
    Relation relation = matchLabels(tasks[i], index);
    std::erase_if(relation.pairs, [&](const auto& pair) {
      return !space.used[static_cast<std::size_t>(pair.first)] ||
             !space.used[static_cast<std::size_t>(pair.second)];
    });
    const RelationScores scores =
        scoreRelation(vectors, relation.pairs, score,
                      progress.stage(relation.name, done / count, (done + 1) / count));
    Json json;
    json["name"] = relation.name;
    json["pairs"] = relation.given;
    json["used"] = static_cast<std::int64_t>(relation.pairs.size());
    json["missing"] = relation.missing;
    json["folded"] = relation.folded;
    json["cosine"] = orNull(scores.cosine);
    json["cosine_shuffled"] = orNull(scores.cosineShuffled);
    json["accuracy_3cosadd"] = orNull(scores.analogies.accuracy3CosAdd);
    json["accuracy_3cosmul"] = orNull(scores.analogies.accuracy3CosMul);
    json["verdict"] = displayName(scores.verdict);
    pairs.json.push_back(json);
    if (relation.missing > 0)
      output.notes.push_back(relation.name + ": " + std::to_string(relation.missing) + " of " +
                             std::to_string(relation.given) + " pairs are not among the labels");
    pairs.relations.push_back(std::move(relation));
  }
  return pairs;
}

Json silhouettes(const CrystalSpace& space, const std::vector<Relation>& relations,
                 std::uint64_t seed, CommandOutput& output, const Progress& progress)
{
  const RelationDifferences differences = relationDifferences(space, relations);
  for (const std::string& name : differences.leftOut)
    output.notes.push_back("left out of LDA, fewer than 10 pairs: " + name);
  if (differences.names.size() < 3) {
    output.notes.push_back("no silhouettes: they need three relations of 10 pairs each");
    return nullptr;
  }
  LdaSweepOptions options;
  options.seed = seed;
  options.permutations = 3;
  const LdaSweep sweep = sweepLda(differences.differences, differences.classes, options, progress);
  const auto byComponents = [&](const std::vector<double>& values) {
    Json json = Json::object();
    for (std::size_t i = 0; i < values.size(); ++i)
      json[std::to_string(sweep.components[i])] = values[i];
    return json;
  };
  Json json;
  json["pca_plane"] = sweep.pcaPlane;
  json["pca_plane_heldout"] = sweep.pcaPlaneHeldOut;
  json["lda"] = byComponents(sweep.inSample);
  json["lda_heldout"] = byComponents(sweep.heldOut);
  json["lda_permuted"] = byComponents(sweep.permutedHeldOut);
  json["lda_permuted_in_sample"] = byComponents(sweep.permutedInSample);
  return json;
}

CrystalSpace cleanedSpace(const CrystalSpace& raw, const CrystalsOptions& options,
                          const Dictionary& dictionary, const std::vector<Relation>& relations,
                          CommandOutput& output, const Progress& progress)
{
  Cleaning cleaning;
  cleaning.components = options.components;
  if (options.clean == "none")
    return raw;
  if (options.clean == "length") {
    if (dictionary.labels.empty())
      throw Error("--clean length needs labels: the features have none (give --labels)");
    cleaning.method = CleaningMethod::Column;
    cleaning.columns = {labelLengths(dictionary.labels)};
  } else {
    if (relations.empty())
      throw UsageError("--clean " + options.clean + " needs --pairs");
    cleaning.method = options.clean == "lda" ? CleaningMethod::Lda : CleaningMethod::Pca;
  }
  const FittedCleaning fitted = fitCleaning(raw, relations, cleaning, progress);
  output.notes.push_back("cleaned: " + fitted.description);
  return applyCleaning(raw, fitted, progress);
}

ResultTable resultTable(const Dictionary& dictionary, const std::vector<FoundCrystal>& found,
                        const std::vector<CrystalQuality>& qualities)
{
  ResultTable table;
  const auto n = static_cast<std::int64_t>(found.size());
  const auto addNumbers = [&](const char* name, auto&& valueOf) {
    std::vector<double> values;
    for (const CrystalQuality& quality : qualities)
      values.push_back(static_cast<double>(valueOf(quality)));
    table.arrays.push_back({name, {n}, std::move(values)});
  };
  std::vector<std::int32_t> corners, families;
  for (const FoundCrystal& one : found) {
    for (const FeatureId corner : one.crystal.corners())
      corners.push_back(corner);
    families.push_back(one.family);
  }
  table.arrays.push_back({"corners", {n, 4}, std::move(corners)});
  if (!dictionary.labels.empty()) {
    const char* const names[] = {"label_a", "label_b", "label_c", "label_d"};
    for (std::size_t place = 0; place < 4; ++place) {
      std::vector<std::string> labels;
      for (const FoundCrystal& one : found)
        labels.push_back(labelOf(dictionary, one.crystal.corners()[place]));
      table.arrays.push_back({names[place], {n}, std::move(labels)});
    }
  }
  addNumbers("cos_ab_cd", [](const CrystalQuality& q) { return q.cosAbCd; });
  addNumbers("cos_ac_bd", [](const CrystalQuality& q) { return q.cosAcBd; });
  addNumbers("length_ratio", [](const CrystalQuality& q) { return q.lengthRatio; });
  addNumbers("residual", [](const CrystalQuality& q) { return q.residual; });
  addNumbers("angle", [](const CrystalQuality& q) { return q.angle; });
  addNumbers("planarity", [](const CrystalQuality& q) { return q.planarity; });
  addNumbers("rank_3cosadd", [](const CrystalQuality& q) { return q.rank3CosAdd; });
  addNumbers("z", [](const CrystalQuality& q) { return q.z; });
  addNumbers("fdr", [](const CrystalQuality& q) { return q.fdr; });
  table.arrays.push_back({"family", {n}, std::move(families)});
  return table;
}

std::string fixed(const char* format, double value)
{
  char text[80];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

void checkOne(const CrystalsOptions& options, const Dictionary& dictionary, const CrystalSpace& raw,
              const CrystalSpace& cleaned, CommandOutput& output, const Progress& progress)
{
  Crystal crystal;
  FeatureId* const corners[] = {&crystal.a, &crystal.b, &crystal.c, &crystal.d};
  for (std::size_t i = 0; i < 4; ++i)
    *corners[i] = findFeature(options.check[i], dictionary);
  const auto judge = [&](const CrystalSpace& space, const char* key) {
    CrystalNullOptions nullOptions;
    nullOptions.searches = 0;
    nullOptions.randomQuadruples = 5000;
    nullOptions.seed = options.search.seed;
    const CrystalNull null = computeCrystalNull(space, options.search, nullOptions, progress);
    const WhyNot answer =
        explainCrystal(space, crystal, options.search, options.whyNot, &null, progress);
    Json json = crystalJson(dictionary, crystal, answer.quality);
    json["p"] = orNull(answer.quality.pValue);
    json["verdict"] = answer.verdict;
    Json criteria = Json::array();
    output.text += std::string(key) + " (" + space.description + "): " + answer.verdict + "\n";
    for (const CrystalCriterion& one : answer.criteria) {
      Json entry;
      entry["name"] = one.name;
      entry["value"] = orNull(one.value);
      entry["needed"] = one.needed;
      entry["passes"] = one.passes;
      criteria.push_back(entry);
      output.text += std::string(one.passes ? "  yes  " : "  no   ") + one.sentence + "\n";
    }
    json["criteria"] = criteria;
    output.json[key] = json;
  };
  judge(raw, "raw");
  if (options.clean != "none")
    judge(cleaned, "cleaned");
}

/// What a search brought, judged.
struct Found {
  CrystalSearchResult result;
  std::vector<CrystalFamily> families;
  std::vector<Crystal> crystals;
  std::vector<double> scores;
  std::vector<CrystalQuality> qualities;
};

Found searchAndJudge(const CrystalSpace& space, const CrystalsOptions& options,
                     const Progress& progress)
{
  Found found;
  found.result = findCrystals(space, options.search, progress.stage("Crystals", 0.0, 0.5));
  progress.checkStopped();
  found.families = groupFamilies(space, found.result.found, options.search.mode, {}, progress);
  for (const FoundCrystal& one : found.result.found) {
    found.crystals.push_back(one.crystal);
    found.scores.push_back(one.score);
  }
  found.qualities =
      measureCrystals(space, found.crystals, true, progress.stage("Measuring", 0.5, 0.6));
  CrystalNullOptions nullOptions;
  nullOptions.seed = options.search.seed;
  const CrystalNull null =
      computeCrystalNull(space, options.search, nullOptions, progress.stage("Null", 0.6, 1.0));
  const std::vector<double> rates = falseDiscoveryRates(found.scores, null);
  for (std::size_t i = 0; i < found.qualities.size(); ++i) {
    found.qualities[i].z = null.z(found.scores[i]);
    found.qualities[i].pValue = null.pValue(found.scores[i]);
    found.qualities[i].fdr = rates[i];
  }
  return found;
}

/// All differences in clusters, the first begun at the families' function vectors.
Json groupAll(const CrystalSpace& space, const CrystalsOptions& options, const Found& found,
              const Dictionary& dictionary, CommandOutput& output, const Progress& progress)
{
  const DifferenceClusterOptions clusters = familyClusters(options.search, options.groups);
  output.notes.push_back("groups: " + estimateDifferenceClusters(space, clusters).sentence);
  const DifferenceClusters grouped = clusterDifferences(
      space, clusters, functionVectors(found.families, clusters, space.dimensions()), progress);
  Json groups = Json::array();
  for (const DifferenceCluster& cluster : grouped.clusters) {
    Json strongest = Json::array();
    for (const DifferenceMember& member : cluster.strongest) {
      Json one;
      one["from"] = member.from;
      one["to"] = member.to;
      one["labels"] = {labelOf(dictionary, member.from), labelOf(dictionary, member.to)};
      one["cosine"] = member.cosine;
      strongest.push_back(one);
    }
    Json group;
    group["pairs"] = cluster.pairs;
    group["cosine"] = cluster.cosine;
    group["strongest"] = strongest;
    groups.push_back(group);
  }
  return groups;
}

std::string foundText(const CrystalsOptions& options, const Dictionary& dictionary,
                      const Found& found, const Json& relations)
{
  std::string text = std::to_string(found.crystals.size()) + " crystals, best first, in " +
                     displayName(options.output->filename()) + "\n";
  for (std::size_t i = 0; i < std::min<std::size_t>(found.crystals.size(), 10); ++i) {
    std::string line;
    for (const FeatureId corner : found.crystals[i].corners()) {
      const std::string label = labelOf(dictionary, corner);
      line += (line.empty() ? "  " : " : ") +
              (label.empty() ? "#" + std::to_string(corner) : displayText(label));
    }
    text += line + fixed("  score %.3f", found.scores[i]) +
            fixed("  fdr %.2g", found.qualities[i].fdr) + "\n";
  }
  for (const Json& relation : relations)
    text += "  " + displayText(relation["name"].get<std::string>()) + ": " +
            relation["verdict"].get<std::string>() + "\n";
  return text;
}

}  // namespace

const CommandSpec& crystalsSpec()
{
  static const CommandSpec spec = {
      .name = "crystals",
      .summary = "find parallelograms and trapezoids, with or without a list of words",
      .synopsis = {"crystals FILE --output OUT [--pairs FILE...]",
                   "      [--mode parallelogram|trapezoid]",
                   "      [--clean none|lda|pca|length] [--components 8]",
                   "      [--residual DELTA] [--top 1000] [--group N]",
                   "crystals FILE --check \"a\" \"b\" \"c\" \"d\" [--clean ...]"},
      .description =
          "Searches all pairs of features for quadruples with b - a = d - c within a squared "
          "residual, ranks them, measures them and judges them against random quadruples and the "
          "same search in a dictionary without meaning. Says above which similarity of the sides "
          "the list is complete. With word pairs, scores each relation beside shuffled partners "
          "and says how far LDA separates them on pairs that it has not seen. With --check, says "
          "which criterion four features fail, and by how much.",
      .options =
          {{"pairs", "FILE...",
            "Word pairs, one file or several: function-vector JSON, analogy lists, TSV or CSV.", 1,
            0},
           {"mode", "NAME", "parallelogram (default) or trapezoid."},
           {"clean", "NAME",
            "none (default); lda keeps the directions that separate the relations; pca removes the "
            "leading components of their differences, length the direction of the labels' length."},
           {"components", "N", "Directions that lda keeps or pca removes. Default: 8."},
           {"residual", "DELTA",
            "Largest squared residual; for unit rows and trapezoids absolute, else in the total "
            "variance. Default: 0.08."},
           {"top", "N", "Crystals kept. Default: 1000."},
           {"output", "OUT", "Where the list goes: .csv .tsv .npz .h5 .json."},
           {"group", "N",
            "Also group the differences of all pairs of features into at most N clusters, the "
            "first "
            "of them begun at the families of the crystals found."},
           {"least-side", "LENGTH",
            "Shortest side, in the typical distance of two features. Default: 0.2."},
           {"least-angle", "DEGREES", "Smallest angle at a. Default: 10."},
           {"check", "A B C D", "Four labels: is a to b as c is to d?", 1, 4},
           {"least-cosine", "COSINE", "With --check: of opposite sides. Default: 0.5."},
           {"least-ratio", "RATIO", "With --check: of the sides' lengths. Default: 0.667."},
           {"last-rank", "N", "With --check: of d as neighbour of b - a + c. Default: 1."},
           {"most-p", "P", "With --check: share of random quadruples as good. Default: 0.01."}},
      .files = "FILE",
      .examples = {"orrery crystals params.npz --output crystals.csv",
                   "orrery crystals words.npy --check man woman king queen"},
  };
  return spec;
}

CommandOutput runCrystals(const CommandContext& context)
{
  const CrystalsOptions options = crystalsOptions(context.arguments);
  if (options.output)
    checkWritable(*options.output);
  StageClock clock;
  CommandOutput output;
  const Dictionary dictionary =
      readForCommand(context, output, context.progress.stage("Reading", 0.0, 0.1));
  const CrystalSpace raw = rawSpace(dictionary, !options.published, context.progress);
  const Pairs pairs = readRelations(options, dictionary, raw, output,
                                    context.progress.stage("Relations", 0.1, 0.25));
  const CrystalSpace space = cleanedSpace(raw, options, dictionary, pairs.relations, output,
                                          context.progress.stage("Cleaning", 0.25, 0.3));
  Json& json = output.json;
  json["mode"] = displayName(options.search.mode);
  json["clean"] = options.clean;
  json["components"] = options.components;
  if (!options.check.empty()) {
    checkOne(options, dictionary, raw, space, output, context.progress);
    return output;
  }
  const CrystalSearchEstimate estimate = estimateSearch(space, options.search, context.progress);
  output.notes.push_back("search: " + estimate.sentence);
  const Found found = searchAndJudge(space, options, context.progress.stage("Search", 0.3, 0.8));
  const CrystalSearchResult& result = found.result;
  if (options.groups > 0)
    json["groups"] = groupAll(space, options, found, dictionary, output,
                              context.progress.stage("Groups", 0.8, 0.9));
  if (!options.pairs.empty()) {
    json["relations"] = pairs.json;
    json["silhouette"] = silhouettes(raw, pairs.relations, options.search.seed, output,
                                     context.progress.stage("Silhouettes", 0.9, 1.0));
  }
  ResultTable table = resultTable(dictionary, result.found, found.qualities);
  table.options = {{"mode", displayName(options.search.mode)},
                   {"clean", options.clean},
                   {"components", std::to_string(options.components)},
                   {"residual", fixed("%g", options.search.residual)},
                   {"complete_above", fixed("%.6g", result.completeAbove)},
                   {"complete", result.complete ? "yes" : "no"},
                   {"features", std::to_string(dictionary.features())},
                   {"seed", std::to_string(options.search.seed)},
                   {"space", space.description},
                   {"source", dictionary.source.path.filename().string()}};
  context.progress.checkStopped();
  {
    const Interruption::Saving saving(context.interruption);
    writeResult(*options.output, table);
  }
  clock.finish("all");
  json["pairs_searched"] = result.pairs;
  json["complete_above"] = result.completeAbove;
  json["complete"] = result.complete;
  json["residual"] = options.search.residual;
  json["matches"] = result.matches;
  json["seconds"] = clock.total();
  Json list = Json::array();
  for (std::size_t i = 0; i < found.crystals.size(); ++i) {
    Json one = crystalJson(dictionary, found.crystals[i], found.qualities[i]);
    one["family"] = result.found[i].family;
    list.push_back(one);
  }
  json["found"] = list;
  output.text = foundText(options, dictionary, found, pairs.json);
  return output;
}

}  // namespace orrery
