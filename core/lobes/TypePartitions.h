// Which document types others have found in which lobe: published assignments, to be shown beside
// one's own.
//
// Source: arXiv:2410.19750, section 4 (the authors' notebooks print them for 2, 3 and 4 lobes).
#pragma once

#include "core/lobes/Lobes.h"

#include <filesystem>
#include <string>
#include <vector>

namespace orrery {

struct TypePartitions {
  std::string source;              ///< What the file says of itself; may be empty.
  std::vector<std::string> types;  ///< In order of first mention.
  /// By rising number of lobes; the "features" are the types. Numbered by falling size.
  std::vector<Lobes> levels;
};

/// A JSON object whose keys "2_lobes", "3_lobes", … hold a list of types per lobe; "source" may say
/// where it is from, other keys are left alone. Throws Error: no such key, something that is not a
/// list of lists of texts, a type in two lobes, another number of lobes than the key says.
TypePartitions readTypePartitions(const std::filesystem::path& path);

}  // namespace orrery
