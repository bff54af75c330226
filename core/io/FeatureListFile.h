// Lists of features as people have them: indices or labels, pasted from anywhere or in a file.
#pragma once

#include "core/base/Progress.h"
#include "core/dictionary/Dictionary.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace orrery {

struct FoundFeatures {
  std::vector<FeatureId> features;   ///< Ascending, each once.
  std::vector<std::string> missing;  ///< Entries that name no feature, as written, each once.
  std::int64_t entries = 0;          ///< How many entries there were.
  std::int64_t folded = 0;           ///< Found without case, leading blank or sub-token mark only.
  std::string rule;                  ///< How the text was read, as a sentence.
};

/// Reads @p text against @p dictionary. One entry per line, or several divided by tabs, commas,
/// semicolons (or blanks where all of them are numbers). 12, #12 and 12-15 are indices from 0;
/// anything else, and what stands in quotes, is a label: as it is written, else as foldLabel()
/// compares. A label that several features have means all of them; a line that is a label as a
/// whole is not cut. A table with a header is read by its column "feature", "index" or "id", else
/// "label": what this program copies and saves can be pasted again. JSON: a list of numbers and
/// texts, or an object that has one as "features", "indices", "ids" or "labels".
/// O(n + length of the text). Throws Error for JSON that is none, never for entries it cannot find.
FoundFeatures findFeatures(std::string_view text, const Dictionary& dictionary);

/// The same from a file of text or JSON (at most 256 MiB), or from the integers, strings or mask
/// (booleans, one per feature) in .npy, .npz, .safetensors or HDF5: the array called features,
/// feature, indices, ids, selection or mask, else the only one-dimensional one. Throws Error.
FoundFeatures readFeatureList(const std::filesystem::path& path, const Dictionary& dictionary,
                              const Progress& progress = {});

}  // namespace orrery
