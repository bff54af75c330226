// What a session keeps of crystals: the one that is looked at, and its family.
#pragma once

#include "core/crystals/Crystal.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace orrery {

struct CrystalState {
  std::optional<Crystal> crystal;
  std::vector<Crystal> family;  ///< Drawn dimly around it; without itself.
};

/// As JSON: {"crystal": [a, b, c, d], "family": [[…], …]}.
std::string crystalStateText(const CrystalState& state);

/// Reads what crystalStateText wrote, of a dictionary with @p features. What is no crystal of it
/// (not four different features that there are) is left out: a session is a stranger's file.
CrystalState crystalState(const std::string& text, std::int64_t features);

}  // namespace orrery
