// Which array of a container is the dictionary, and which of its axes counts the features.
#pragma once

#include "core/io/DictionaryFile.h"
#include "core/io/OriginGuess.h"
#include "core/io/TensorFile.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace orrery {

/// What an array is by the naming conventions of the projects that write dictionaries.
enum class TensorRole { Unknown, Decoder, Encoder };

struct NamedRole {
  TensorRole role = TensorRole::Unknown;
  FeatureAxis axis = FeatureAxis::Rows;  ///< Which axis counts features by that convention.
  std::string name;                      ///< The conventional name, "W_dec".
  std::string prefix;                    ///< What stands before it: "layer_0/", "".
};

/// W_dec, w_dec, W_D, decoder.weight, decoder_linear.weight and the encoders of the same families.
NamedRole roleOf(const std::string& tensorName);

/// What may decide the orientation besides the name.
struct OrientationHints {
  const SaeConfig* config = nullptr;
  std::optional<std::int64_t> labelCount;
};

struct Orientation {
  FeatureAxis axis = FeatureAxis::Rows;
  std::string rule;     ///< "because …".
  bool certain = true;  ///< False if only the last rule was left.
  std::string warning;  ///< Empty if nothing contradicts.
};

/// The rules in their order: convention of the name (unless the configuration contradicts it),
/// configuration, label count, known model width, rows.
Orientation decideOrientation(const std::vector<std::int64_t>& shape, const NamedRole& role,
                              const OrientationHints& hints);

/// @p tensor with a single axis of length one left out, if it has three axes; otherwise unchanged.
TensorInfo squeezed(const TensorInfo& tensor);

/// Whether an HDF5 file is laid out as AnnData: X and its annotations, an observation per row.
bool isAnnData(const TensorFile& file);

struct Choice {
  std::vector<TensorInfo> candidates;  ///< Two-dimensional and readable; the chosen one first.
  bool ambiguous = false;
  std::string reason;  ///< A note: why the first one. Empty if its name says it.
};

/// Lists the arrays that could be the dictionary, the best first. Throws Error (through @p file's
/// name) if @p dataset names none of them, saying why.
Choice chooseMatrix(const TensorFile& file, const std::filesystem::path& path,
                    const std::optional<std::string>& dataset);

/// Refuses: no array could be the dictionary. One sentence that lists what there is.
[[noreturn]] void refuseNoMatrix(const TensorFile& file, const std::filesystem::path& path);
/// Refuses: several could be, and none stands out.
[[noreturn]] void refuseAmbiguous(const Choice& choice, const std::filesystem::path& path);

}  // namespace orrery
