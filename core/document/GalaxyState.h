// What a session keeps of the galaxy: layer numbers, widths and L0 that somebody corrected.
#pragma once

#include "core/dictionary/Dictionary.h"

#include <filesystem>
#include <string>
#include <vector>

namespace orrery {

/// What is known of one dictionary since it was corrected, and how to know the dictionary again.
struct KeptOrigin {
  std::filesystem::path path;  ///< Empty if it is no file.
  std::string dataset;         ///< Empty if it is the only one.
  std::string name;
  int place =
      0;  ///< Among those of this file name, dataset and name, from 0: where files have moved.
  int open = -1;  ///< Which of the open layers, from 0: where a file has another name. −1: on disk.
  std::optional<int> layer;
  std::optional<std::int64_t> width;
  std::optional<double> l0;
};

struct GalaxyState {
  int openLayers = 0;  ///< How many were open.
  std::vector<KeptOrigin> origins;
};

/// As JSON: {"origins": [{"path", "dataset", "name", "place", "layer", "width", "l0"}, …]}, null
/// for what is not known.
std::string galaxyStateText(const GalaxyState& state);

/// Reads what galaxyStateText wrote. An entry that is none (wrong types, numbers that no layer has)
/// is left out: a session is a stranger's file.
GalaxyState galaxyState(const std::string& text);

}  // namespace orrery
