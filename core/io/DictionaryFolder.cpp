#include "core/io/DictionaryFolder.h"

#include "core/base/Error.h"
#include "core/io/BoundedJson.h"
#include "core/io/ByteSource.h"
#include "core/io/TextMatrixFile.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <vector>

namespace orrery {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t mostListed = 12;
constexpr std::uint64_t longestJson = 64 << 20;

/// Where the known layouts keep the weights, relative to the folder.
constexpr const char* knownWeights[] = {"params.npz",
                                        "params.safetensors",
                                        "sae_weights.safetensors",
                                        "sae.safetensors",
                                        "checkpoints/final.safetensors",
                                        "checkpoints/pruned.safetensors",
                                        "ae.safetensors",
                                        "ae.npz",
                                        "projector_config.json",
                                        "ae.pt"};

constexpr std::string_view readableEndings[] = {".npy",  ".npz",  ".safetensors", ".h5",
                                                ".hdf5", ".h5ad", ".bin",         ".txt",
                                                ".vec",  ".tsv",  ".csv"};

/// Names that say nothing of what is inside.
constexpr std::string_view commonStems[] = {"params", "sae_weights", "sae",   "final",
                                            "pruned", "ae",          "model", "weights"};

bool isFile(const fs::path& path)
{
  std::error_code error;
  return fs::is_regular_file(path, error);
}

std::string listed(const std::vector<std::string>& names)
{
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < mostListed; ++i)
    text += (i > 0 ? ", " : "") + displayText(names[i]);
  if (names.size() > mostListed)
    text += " and " + std::to_string(names.size() - mostListed) + " more";
  return text;
}

struct Listing {
  std::vector<std::string> readable;
  std::vector<std::string> folders;
  bool crossLayer = false;
};

Listing list(const fs::path& folder)
{
  Listing listing;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().native();
    std::error_code ignored;
    if (entry.is_directory(ignored))
      listing.folders.push_back(name + "/");
    else if (std::ranges::find(readableEndings, entry.path().extension().native()) !=
             std::end(readableEndings))
      listing.readable.push_back(name);
    listing.crossLayer = listing.crossLayer || name.starts_with("W_dec_");
  }
  if (error)
    throw Error(displayName(folder) + ": the folder cannot be read: " + error.message());
  std::ranges::sort(listing.readable);
  std::ranges::sort(listing.folders);
  return listing;
}

}  // namespace

fs::path weightsInFolder(const fs::path& folder)
{
  for (const char* name : knownWeights) {
    if (isFile(folder / name))
      return folder / name;
  }
  const Listing listing = list(folder);
  const std::string name = displayName(folder) + ": is a folder ";
  if (listing.crossLayer)
    throw Error(name +
                "of a cross-layer transcoder; open the W_dec file of one layer, saved for one "
                "output layer: " +
                listed(listing.readable));
  if (listing.readable.size() == 1)
    return folder / listing.readable.front();
  if (!listing.readable.empty())
    throw Error(name +
                "with several files that could be meant; open one of: " + listed(listing.readable));
  if (!listing.folders.empty())
    throw Error(name +
                "without weights; open one of the folders in it: " + listed(listing.folders));
  throw Error(name + "without weights (params.npz, sae_weights.safetensors, sae.safetensors …)");
}

fs::path weightsOfConfig(const fs::path& path)
{
  const ByteSource source(path);
  if (source.size() > longestJson)
    source.fail("is no dictionary but JSON of " + displayBytes(source.size()));
  const auto bytes = source.readUpTo(0, longestJson);
  const auto json =
      parseBoundedJson(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()),
                       "the text", [&](const std::string& message) { source.fail(message); });
  if (json.is_object() && json.contains("weight_map") && json["weight_map"].is_object()) {
    std::set<std::string> parts;
    for (const auto& part : json["weight_map"]) {
      if (part.is_string())
        parts.insert(part.get<std::string>());
    }
    source.fail(
        "is the index of a model in several safetensors files; open the part that holds the "
        "matrix: " +
        listed({parts.begin(), parts.end()}));
  }
  const std::string name = path.filename().native();
  const bool isConfig = name == "cfg.json" || name == "config.json" || name == "hyperparams.json";
  if (!isConfig)
    source.fail("is no dictionary but a JSON file; if it holds labels, open it beside a matrix");
  for (const char* weights : knownWeights) {
    if (isFile(path.parent_path() / weights))
      return path.parent_path() / weights;
  }
  source.fail(
      "is a configuration, and there are no weights beside it (params.safetensors, "
      "sae_weights.safetensors, sae.safetensors …)");
}

std::optional<fs::path> labelsBeside(const fs::path& path)
{
  const std::string stem = path.stem().native();
  std::vector<std::string> names;
  for (const char* tail :
       {".labels.txt", ".labels.tsv", ".labels.csv", ".labels.json", ".labels.jsonl",
        ".labels.jsonl.gz", ".tsv", "_labels.txt", "_labels.tsv", "_labels.csv", "_metadata.tsv"})
    names.push_back(stem + tail);
  for (const std::string_view tensors : {"_tensors", ".tensors", "-tensors"}) {
    if (!stem.ends_with(tensors))
      continue;
    const std::string base = stem.substr(0, stem.size() - tensors.size() + 1);
    for (const char* tail : {"labels.tsv", "metadata.tsv", "labels.txt"})
      names.push_back(base + tail);
  }
  for (const std::string& name : names) {
    const fs::path candidate = path.parent_path() / name;
    if (candidate == path || !isFile(candidate))
      continue;
    // A table of numbers of the same name is the same matrix in another form, no labels.
    if (name == stem + ".tsv" && sniffTextMatrix(candidate))
      continue;
    return candidate;
  }
  return std::nullopt;
}

std::string nameOfDictionary(const fs::path& path)
{
  const std::string stem = path.stem().native();
  if (std::ranges::find(commonStems, stem) == std::end(commonStems))
    return displayText(stem);
  fs::path folder = path.parent_path();
  if (folder.filename() == "checkpoints")
    folder = folder.parent_path();
  std::string name = folder.filename().native();
  // average_l0_41 alone says as little: layer and width stand above it.
  for (int i = 0; i < 2 && (name.starts_with("average_l0") || name.starts_with("width_")); ++i) {
    folder = folder.parent_path();
    if (!folder.has_filename())
      break;
    name = folder.filename().native() + "/" + name;
  }
  return displayText(name.empty() ? stem : name);
}

}  // namespace orrery
