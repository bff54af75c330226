// Folder layouts of the projects that publish dictionaries, and the files beside a matrix.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace orrery {

/// The weights in the folder @p folder; throws Error, listing what there is, if none or several
/// could be meant.
std::filesystem::path weightsInFolder(const std::filesystem::path& folder);

/// The weights that the JSON file @p path describes (cfg.json, config.json, hyperparams.json).
/// Throws Error if it is something else: an index of sharded safetensors, naming the parts; or
/// nothing known.
std::filesystem::path weightsOfConfig(const std::filesystem::path& path);

/// `STEM.labels.txt`, `STEM.tsv`, `STEM_labels.tsv` … beside @p path, the first there is.
std::optional<std::filesystem::path> labelsBeside(const std::filesystem::path& path);

/// The dictionary's name for people: the stem, or the folders that tell where every file is called
/// params.npz.
std::string nameOfDictionary(const std::filesystem::path& path);

}  // namespace orrery
