// Saving that is complete or leaves what was there.
#pragma once

#include <filesystem>
#include <string_view>

namespace orrery {

/// Removes temporary files that a killed save of ours left in @p folder: own name pattern, own
/// user, no save at work on them. Returns how many. Never throws; a folder that cannot be listed
/// has none.
int removeStrayTemporaries(const std::filesystem::path& folder);

/// Whether @p name is one that a save gives its temporary file.
bool isTemporaryName(std::string_view name);

}  // namespace orrery
