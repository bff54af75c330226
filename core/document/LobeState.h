// What a session keeps of a layer's lobes: every clustering with its colours and names, how local
// it is, and which is shown.
#pragma once

#include "core/document/LobeStudy.h"

#include <QJsonObject>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace orrery {

struct LobeState {
  std::shared_ptr<const LobeResult> result;
  LobeNames names;  ///< People's own.
  LobeChoice shown;
};

/// {"shown": {"affinity", "lobes"}, "features": [counts], "clusterings": [{"affinity", "lobes",
/// "labels" (zlib, base64; int32 of every feature), "colors", "suggested", "names", "locality"},
/// …]}. What draws of nulls were is left out.
QJsonObject lobeStateJson(const LobeState& state);

/// Reads what lobeStateJson wrote, of a dictionary with @p features. None if it holds no clustering
/// of them: a session is a stranger's file.
std::optional<LobeState> lobeState(const QJsonObject& json, std::int64_t features);

/// In how many blocks each feature fires, as the column that a layer with co-occurrences has says;
/// empty without one.
std::vector<std::int64_t> blocksOfFeatures(const Dictionary& dictionary);

}  // namespace orrery
