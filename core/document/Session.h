// Sessions: everything needed to go on where one stopped, as data only.
//
// A session is a JSON file (`NAME.orrery`) that names its inputs by relative and absolute path with
// size, time and hash, and holds what was seen and written. What took time to compute (maps,
// columns) lies beside it in HDF5 (`NAME-xxxxxxxx.h5`, named in the JSON with its hash), or inside
// the JSON itself where one file must do: recovery files and pictures.
//
// HDF5: /layers/K/positions, n × 3 float32, NaN where a feature was left out; /layers/K/columns/J,
// n float64 (numbers) or int32 (categories, −1 missing); /layers/K/decoder, n × d float32, of
// layers that were made in the program. K counts layers, J computed columns.
#pragma once

#include "core/base/Progress.h"
#include "core/document/Annotations.h"
#include "core/document/Layer.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace orrery {

/// The newest that this program writes and reads. Sessions without layers that were made in the
/// program are still written as format 1.
inline constexpr int sessionFormat = 2;

/// A file that a session needs, and how to know it again.
struct SessionInput {
  std::filesystem::path absolute;
  std::filesystem::path relative;  ///< From the session's folder; empty if there is no way.
  std::uint64_t size = 0;
  std::int64_t modifiedNs = 0;
  std::string hash;  ///< "blake2b-256:" and hexadecimal digits; empty if it was not taken.

  bool operator==(const SessionInput&) const = default;
};

struct SessionLayer {
  std::string name;
  std::int64_t features = 0;
  std::int64_t dimensions = 0;
  bool demo = false;  ///< Made, not read: the layer of this name of the demo.
  /// Made in the program from other layers: no file holds its vectors, labels and columns, so the
  /// session does.
  bool made = false;
  bool synthetic = false;  ///< Of made ones: from synthetic data.
  /// Of made ones, d × n, with all that was added to them or taken out; null if they were lost.
  std::shared_ptr<const FeatureMatrix> vectors;
  std::vector<std::string> madeLabels;
  SessionInput input;
  std::string format, dataset, orientation;
  std::optional<SessionInput> labels;
  LayerView view;
  LayerAnnotations annotations;
  /// Null if there was none, or if it could not be read (see Session::notes).
  std::shared_ptr<const Embedding> embedding;
  std::vector<Column> columns;  ///< Computed ones; of made layers all.

  [[nodiscard]] bool hasFile() const { return !demo && !made; }
};

struct Session {
  int format = 1;
  int minReader = 1;    ///< The oldest format whose readers understand it.
  std::string program;  ///< "orrery 0.1.0"
  std::vector<SessionLayer> layers;
  std::size_t current = 0;
  /// Of the window and its parts: JSON objects as text under stable names.
  std::map<std::string, std::string> parts;
  /// The file that this one stands in for: recovery files and pictures.
  std::filesystem::path original;
  std::vector<std::string> notes;  ///< What could not be read, one sentence each.

  /// Written by a newer program: what is understood is here, and it must not be written over.
  [[nodiscard]] bool isNewer() const { return format > sessionFormat; }
};

/// What the document holds now. GUI thread; cheap (results are shared). Hashes are left empty but
/// for those known from @p known by path, size and time.
Session sessionOf(const Document& document, const Annotations& annotations,
                  const std::map<std::filesystem::path, SessionInput>& known = {});

/// Takes the hashes that are missing, reading each file once. A file that is gone keeps none.
void hashInputs(Session& session, const Progress& progress = {});

/// blake2b-256 of a file's bytes as SessionInput::hash has it. Throws Error as ByteSource does.
std::string fileHash(const std::filesystem::path& path, const Progress& progress = {});

/// The session in one text, results inside, paths relative to @p folder.
std::string sessionText(const Session& session, const std::filesystem::path& folder);

/// Writes the results beside @p path, then @p path itself, each complete or not at all; the session
/// that was there before stays as `NAME.orrery~` with its results. Throws Error, and then the old
/// session is untouched.
void saveSession(const std::filesystem::path& path, Session session, const Progress& progress = {});

/// Reads what saveSession or sessionText wrote. Throws Error with the place in the file: not a
/// session, cut, damaged, wrong types, or min_reader above ours, naming both versions. Results that
/// are missing or damaged are left out and noted.
Session readSession(const std::filesystem::path& path, const Progress& progress = {});
/// @p name stands in messages; @p folder is where relative paths begin.
Session readSessionText(const std::string& text, const std::string& name,
                        const std::filesystem::path& folder, const Progress& progress = {});

/// Whether the file's content begins as a session's does. False for what cannot be read.
bool looksLikeSession(const std::filesystem::path& path);

/// `NAME.orrery~`, what saveSession keeps of the session before.
std::filesystem::path sessionBackup(const std::filesystem::path& path);

/// Where an input is now: beside the session as it was then, else where it was; none if in neither
/// place. @p folder is the session's.
std::optional<std::filesystem::path> placeOf(const SessionInput& input,
                                             const std::filesystem::path& folder);

/// An input or label file outside @p folder: to be asked about before a stranger's session opens
/// it.
bool isOutside(const std::filesystem::path& path, const std::filesystem::path& folder);

/// A layer's dictionary with its computed columns, and what must be said of it.
struct RestoredLayer {
  std::shared_ptr<const Dictionary> dictionary;
  std::shared_ptr<const Embedding> embedding;
  LayerView view;
  LayerAnnotations annotations;
  std::set<std::string> computed;
  std::vector<std::string> warnings;
};

/// Reads the dictionary from @p path (for the demo: makes it; @p path is ignored). Where the data
/// are not those of the session (another hash), what was computed is kept only if the number of
/// features is the same, marked as computed from other data. Throws Error as readDictionary does.
RestoredLayer restoreLayer(const SessionLayer& layer, const std::filesystem::path& path,
                           const std::optional<std::filesystem::path>& labels,
                           const Progress& progress = {});

/// "0-5,9": ascending ids as text, and back. Throws Error if it is no such text, or an id is not
/// below @p features.
std::string rangesText(const std::vector<FeatureId>& features);
std::vector<FeatureId> featuresOfRanges(const std::string& text, std::int64_t features);

}  // namespace orrery
