// JSON of strangers: nesting of at most 64 levels, no key twice, faults with byte and line; large
// documents element by element.
#pragma once

#include "core/base/Progress.h"
#include "core/io/ByteSource.h"
#include "core/io/text/TextStream.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace orrery {

using Json = nlohmann::json;

/// What a document is at its outermost level.
enum class JsonShape { Array, Object, Scalar };

/// One element of the outermost array or object, or the whole of a scalar.
struct JsonElement {
  JsonShape shape = JsonShape::Scalar;
  std::string key;         ///< In an object.
  std::int64_t index = 0;  ///< In an array; in an object the order in the file.
  std::int64_t line = 1;   ///< Where it ends.
  Json value;
};

/// Reads the document that @p stream holds and calls @p visit for each element of its outermost
/// level, in order; only one element is in memory at a time. Returns what the document is.
JsonShape forEachJsonElement(TextStream& stream, const std::function<void(JsonElement&&)>& visit,
                             const Progress& progress = {});

/// A whole (small) file.
Json readJson(const ByteSource& source);

/// One line of JSON Lines.
Json parseJsonLine(const ByteSource& source, std::string_view text, std::int64_t line);

}  // namespace orrery
