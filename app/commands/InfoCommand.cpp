#include "app/Console.h"
#include "app/commands/Command.h"

#include "core/base/Error.h"
#include "core/io/ByteSource.h"
#include "core/io/CooccurrenceFile.h"

#include <algorithm>

namespace orrery {
namespace {

Json arraysJson(const FilePreview& preview)
{
  Json arrays = Json::array();
  for (const TensorInfo& tensor : preview.tensors)
    arrays.push_back({{"name", tensor.name},
                      {"shape", tensor.shape},
                      {"dtype", tensor.typeName},
                      {"problem", orNull(tensor.problem)}});
  return arrays;
}

void addOrigin(Json& json, const Origin& origin)
{
  json["model"] = orNull(origin.model);
  json["layer"] = orNull(origin.layer);
  json["site"] = orNull(origin.site);
  json["width"] = orNull(origin.width);
  json["l0"] = orNull(origin.l0);
}

Json describe(const Dictionary& dictionary, const std::filesystem::path& path)
{
  const auto labels = std::count_if(dictionary.labels.begin(), dictionary.labels.end(),
                                    [](const std::string& label) { return !label.empty(); });
  Json json;
  json["file"] = path.native();
  json["format"] = dictionary.source.format;
  json["dataset"] = orNull(dictionary.source.dataset);
  json["features"] = dictionary.features();
  json["dimensions"] = dictionary.dimensions();
  json["dtype"] = dictionary.source.elementType;
  json["orientation"] = dictionary.source.orientation;
  json["orientation_rule"] = dictionary.source.orientationRule;
  json["nonfinite_rows"] = dictionary.rows.nonFinite.size();
  json["zero_rows"] = dictionary.rows.zero.size();
  json["duplicate_rows"] = dictionary.rows.duplicates;
  json["labels"] = labels;
  json["labels_missing"] = dictionary.features() - labels;
  json["labels_file"] = orNull(dictionary.labelPath.native());
  addOrigin(json, dictionary.origin);
  json["cooccurrence_blocks"] = nullptr;
  json["notes"] = Json::array();
  for (const std::string& note : dictionary.notes)
    json["notes"].push_back(note);
  for (const std::string& warning : dictionary.warnings)
    json["notes"].push_back("warning: " + warning);
  return json;
}

/// Of a file with several matrices, none of which stands out: what there is to choose from.
Json describe(const FilePreview& preview)
{
  Json json;
  json["file"] = preview.path.native();
  json["format"] = preview.format;
  for (const char* key :
       {"dataset", "features", "dimensions", "dtype", "orientation", "orientation_rule",
        "nonfinite_rows", "zero_rows", "duplicate_rows", "labels", "labels_missing", "labels_file"})
    json[key] = nullptr;
  addOrigin(json, preview.origin);
  json["cooccurrence_blocks"] = nullptr;
  json["notes"] = preview.notes;
  json["notes"].push_back("several arrays could be the dictionary; choose one with --dataset");
  return json;
}

std::string valueText(const Json& value)
{
  if (value.is_string())
    return displayText(value.get<std::string>());
  return value.dump();
}

std::string shapeText(const Json& shape)
{
  std::string text;
  for (const Json& length : shape)
    text += (text.empty() ? "" : " x ") + length.dump();
  return text.empty() ? "single value" : text;
}

std::string textOf(const Json& json)
{
  std::string text;
  for (const auto& [key, value] : json.items()) {
    if (value.is_null() || key == "notes" || key == "arrays")
      continue;
    std::string name = key;
    std::replace(name.begin(), name.end(), '_', ' ');
    name.resize(std::max<std::size_t>(name.size() + 1, 20), ' ');
    text += name + valueText(value) + "\n";
  }
  for (const Json& note : json["notes"])
    text += "note                " + valueText(note) + "\n";
  constexpr std::size_t mostLines = 40;
  const Json& arrays = json["arrays"];
  for (std::size_t i = 0; i < std::min(arrays.size(), mostLines); ++i) {
    text += "array               " + elidedText(arrays[i]["name"].get<std::string>(), 60) + "  " +
            shapeText(arrays[i]["shape"]) + "  " + valueText(arrays[i]["dtype"]);
    if (!arrays[i]["problem"].is_null())
      text += "  (" + valueText(arrays[i]["problem"]) + ")";
    text += "\n";
  }
  if (arrays.size() > mostLines)
    text += "                    and " + std::to_string(arrays.size() - mostLines) +
            " more (--json lists all)\n";
  return text;
}

}  // namespace

const CommandSpec& infoSpec()
{
  static const CommandSpec spec = {
      .name = "info",
      .summary = "say what is in a file and how it is read",
      .synopsis = {"info FILE... [--dataset NAME] [--labels FILE]", "[--cooccurrence FILE]"},
      .description =
          "Reads each file as the window would and prints its format, the number of features and "
          "dimensions, which axis holds the features and by which rule, rows that are not finite, "
          "zero or duplicate, labels, and what path and configuration tell of model, layer and "
          "width. A file with several candidates is listed; choose one with --dataset.",
      .options =
          {{"cooccurrence", "FILE",
            "Co-occurrences (counts or firings, as `orrery lobes` takes them): their number of "
            "blocks is printed too, and their size compared with the dictionary's."}},
      .files = "FILE",
      .fewestFiles = 1,
      .mostFiles = -1,
      .examples = {"orrery info layer_12/width_16k/average_l0_41/params.npz",
                   "orrery info model.h5 --dataset /layer_0/W_dec --json"},
  };
  return spec;
}

CommandOutput runInfo(const CommandContext& context)
{
  const auto& files = context.arguments.files();
  const ReadOptions options = readOptions(context.arguments);
  CommandOutput output;
  Json all = Json::array();
  for (std::size_t i = 0; i < files.size(); ++i) {
    const auto share = [&](double part) { return (static_cast<double>(i) + part) / files.size(); };
    const FilePreview preview = inspectDictionaryFile(
        files[i], options, context.progress.stage("Inspecting", share(0), share(0.1)));
    Json json;
    if (preview.ambiguous && !options.dataset) {
      json = describe(preview);
    } else {
      const Dictionary dictionary = readDictionary(
          files[i], options, context.progress.stage("Reading", share(0.1), share(1)));
      json = describe(dictionary, files[i]);
    }
    if (const auto path = context.arguments.path("cooccurrence")) {
      CooccurrenceReadOptions reading;
      if (json["features"].is_number())
        reading.features = json["features"].get<std::int64_t>();
      if (json["dataset"].is_string())
        reading.besideDataset = json["dataset"].get<std::string>();
      reading.maxMemory = options.maxMemory;
      const CooccurrenceFacts facts = inspectCooccurrenceFile(*path, reading, context.progress);
      if (facts.features && reading.features && *facts.features != *reading.features)
        throw Error(displayName(*path) + ": counts " + std::to_string(*facts.features) +
                    " features, but " + displayName(files[i]) + " has " + json["features"].dump());
      json["cooccurrence_blocks"] = orNull(facts.blocks);
    }
    json["arrays"] = arraysJson(preview);
    output.text += (i > 0 ? "\n" : "") + textOf(json);
    all.push_back(std::move(json));
  }
  output.json = files.size() == 1 ? all.front() : Json{{"files", all}};
  return output;
}

}  // namespace orrery
