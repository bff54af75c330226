// Many dictionaries as the layers of one model: what they are, before any is read, and a cache that
// keeps as many as fit.
#pragma once

#include "core/base/Progress.h"
#include "core/dictionary/Dictionary.h"
#include "core/io/DictionaryFile.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace orrery {

/// One layer: where its dictionary comes from and what is known of it. `origin` (layer, width, L0)
/// may be edited.
struct LayerSource {
  std::filesystem::path path;
  ReadOptions options;
  std::string name;
  Origin origin;
  std::int64_t features = 0, dimensions = 0;  ///< 0: not known before it is read.
  std::shared_ptr<const Dictionary> open;     ///< Set: already in memory, never read again.

  /// Of the matrix in memory.
  [[nodiscard]] std::uint64_t bytes() const;
};

/// Whether both are the same dictionary: which of several a late result belongs to.
bool isSameLayer(const LayerSource& a, const LayerSource& b);

struct LayerListing {
  std::vector<LayerSource> layers;  ///< By layer (unknown last), width, L0 and path.
  std::vector<std::string> notes;
};

/// Lists what @p paths hold and reads no matrix. A file is a layer; an HDF5 file with a matrix of
/// the same name in several groups is a layer for each group (@p options may name one dataset); a
/// folder is one dictionary in a known layout, or a tree of them, such as Gemma Scope's
/// layer_L/width_W/average_l0_X. Layer, width and L0 come from path, configuration or attributes.
/// Throws Error if a path is not readable or a folder holds nothing.
LayerListing listLayers(const std::vector<std::filesystem::path>& paths,
                        const ReadOptions& options = {}, const Progress& progress = {});

/// Sorts as a listing is sorted: after an edit.
void sortLayers(std::vector<LayerSource>& layers);

/// What a reader of curves over these layers must know, a sentence each: L0 or width vary, models,
/// sites or dimensions differ, a layer number is missing or there several times.
std::vector<std::string> layerWarnings(const std::vector<LayerSource>& layers);

/// One of each layer number: the one of the given width (0: any) whose L0 is nearest to @p l0.
/// Indices into @p layers, in order. Those without layer or L0 are left out.
std::vector<std::size_t> layersAtMatchedL0(const std::vector<LayerSource>& layers, double l0,
                                           std::int64_t width = 0);

/// Reads layers as they are asked for and keeps the last used ones, up to @p budget bytes of
/// matrices; at least one. A layer that somebody still holds counts but cannot be given up.
class LayerCache {
 public:
  LayerCache(std::vector<LayerSource> layers, std::uint64_t budget);

  [[nodiscard]] const std::vector<LayerSource>& layers() const { return m_layers; }
  /// Fills width, features and dimensions of its source. Throws what readDictionary throws.
  std::shared_ptr<const Dictionary> dictionary(std::size_t index, const Progress& progress = {});
  [[nodiscard]] std::uint64_t bytesKept() const;
  [[nodiscard]] int reads() const { return m_reads; }

 private:
  void makeRoom(std::uint64_t bytes);

  std::vector<LayerSource> m_layers;
  std::vector<std::shared_ptr<const Dictionary>> m_kept;
  std::vector<std::uint64_t> m_used;  ///< When last, by m_clock.
  std::uint64_t m_budget, m_clock = 0;
  int m_reads = 0;
};

}  // namespace orrery
