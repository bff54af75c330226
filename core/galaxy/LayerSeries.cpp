#include "core/galaxy/LayerSeries.h"

#include "core/base/Error.h"
#include "core/io/ByteSource.h"
#include "core/io/DictionaryFolder.h"
#include "core/io/OriginGuess.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <tuple>

namespace orrery {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t mostFiles = 4096;
constexpr int deepest = 8;

std::string leafOf(const std::string& dataset)
{
  return dataset.substr(dataset.find_last_of('/') + 1);
}

std::string groupOf(const std::string& dataset)
{
  const std::size_t slash = dataset.find_last_of('/');
  std::string group = slash == std::string::npos ? "" : dataset.substr(0, slash);
  if (!group.empty() && group.front() == '/')
    group.erase(0, 1);
  return group;
}

LayerSource sourceOf(const FilePreview& preview, const ReadOptions& options)
{
  LayerSource source;
  source.path = preview.path;
  source.options = options;
  source.name = nameOfDictionary(preview.path);
  source.origin = preview.origin;
  return source;
}

/// Fills what the group's name and attributes tell: L0 stands there as l0 or top_k.
void describeGroup(const MatrixCandidate& candidate, LayerSource& source)
{
  source.features = candidate.features;
  source.dimensions = candidate.dimensions;
  if (candidate.layer)
    source.origin.layer = candidate.layer;
  if (!source.origin.width)
    source.origin.width = candidate.features;
  for (const char* name : {"l0", "average_l0", "top_k", "k"}) {
    const auto found = candidate.tensor.attributes.find(name);
    if (source.origin.l0 || found == candidate.tensor.attributes.end())
      continue;
    char* end = nullptr;
    const double value = std::strtod(found->second.c_str(), &end);
    if (end != found->second.c_str() && std::isfinite(value) && value > 0)
      source.origin.l0 = value;
  }
}

void addFile(const fs::path& path, const ReadOptions& options, const Progress& progress,
             LayerListing& listing)
{
  const FilePreview preview = inspectDictionaryFile(path, options, progress);
  std::vector<const MatrixCandidate*> chosen;
  if (!preview.candidates.empty()) {
    const MatrixCandidate& first = preview.candidates.front();
    const std::string leaf = leafOf(first.tensor.name);
    const bool groups = !options.dataset && !groupOf(first.tensor.name).empty();
    for (const MatrixCandidate& candidate : preview.candidates)
      if (&candidate == &first ||
          (groups && leafOf(candidate.tensor.name) == leaf && candidate.tensor.aliasOf.empty() &&
           candidate.dimensions == first.dimensions))
        chosen.push_back(&candidate);
  }
  if (chosen.size() < 2) {
    LayerSource source = sourceOf(preview, options);
    if (!chosen.empty()) {
      describeGroup(*chosen.front(), source);
      if (options.dataset)
        source.name = displayText(groupOf(*options.dataset).empty() ? *options.dataset
                                                                    : groupOf(*options.dataset));
    }
    listing.layers.push_back(std::move(source));
    return;
  }
  for (const MatrixCandidate* candidate : chosen) {
    LayerSource source = sourceOf(preview, options);
    source.options.dataset = candidate->tensor.name;
    source.name = displayText(groupOf(candidate->tensor.name));
    const Origin group = originFromPath(groupOf(candidate->tensor.name) + "/matrix");
    source.origin.layer = group.layer;
    if (group.l0)
      source.origin.l0 = group.l0;
    describeGroup(*candidate, source);
    listing.layers.push_back(std::move(source));
  }
  listing.notes.push_back(displayName(path) + ": " + std::to_string(chosen.size()) +
                          " groups with '" + leafOf(chosen.front()->tensor.name) +
                          "' are taken as layers.");
}

/// Every folder below that is a dictionary in a known layout, and loose files of matrices.
void walk(const fs::path& folder, int depth, const Progress& progress, std::vector<fs::path>& found)
{
  progress.checkStopped();
  std::vector<fs::path> folders, files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    std::error_code ignored;
    // A link could lead back up.
    if (entry.is_directory(ignored) && !entry.is_symlink(ignored))
      folders.push_back(entry.path());
    else if (entry.is_regular_file(ignored)) {
      const std::string ending = entry.path().extension().string();
      if (ending == ".npz" || ending == ".npy" || ending == ".safetensors" || ending == ".h5" ||
          ending == ".hdf5")
        files.push_back(entry.path());
    }
  }
  if (error)
    throw Error(displayName(folder) + ": the folder cannot be read: " + error.message());
  std::ranges::sort(folders);
  std::ranges::sort(files);
  for (const char* beside : {"sparsity.safetensors", "examples.safetensors"})
    std::erase_if(files, [&](const fs::path& file) { return file.filename() == beside; });
  // Of one dictionary's own files, the weights stand for it.
  for (const char* weights : {"params.npz", "params.safetensors", "sae_weights.safetensors",
                              "sae.safetensors", "final.safetensors"})
    if (const auto at = std::ranges::find(files, folder / weights); at != files.end())
      files = {folder / weights};
  found.insert(found.end(), files.begin(), files.end());
  if (found.size() > mostFiles)
    throw Error(displayName(folder) + ": holds more than " + std::to_string(mostFiles) +
                " dictionaries; open a folder further down");
  if (depth < deepest)
    for (const fs::path& below : folders)
      walk(below, depth + 1, progress, found);
}

std::string rangeText(double least, double most)
{
  const auto text = [](double value) {
    std::string digits = std::to_string(value);
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.back() == '.')
      digits.pop_back();
    return digits;
  };
  return text(least) + " to " + text(most);
}

}  // namespace

std::uint64_t LayerSource::bytes() const
{
  if (open)
    return static_cast<std::uint64_t>(open->decoder->size()) * sizeof(float);
  return static_cast<std::uint64_t>(features) * static_cast<std::uint64_t>(dimensions) *
         sizeof(float);
}

bool isSameLayer(const LayerSource& a, const LayerSource& b)
{
  return a.open == b.open && a.path == b.path && a.options.dataset == b.options.dataset;
}

LayerListing listLayers(const std::vector<fs::path>& paths, const ReadOptions& options,
                        const Progress& progress)
{
  LayerListing listing;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    progress.update(static_cast<std::int64_t>(i), static_cast<std::int64_t>(paths.size()));
    std::error_code error;
    if (!fs::is_directory(paths[i], error)) {
      addFile(paths[i], options, progress, listing);
      continue;
    }
    std::vector<fs::path> found;
    walk(paths[i], 0, progress, found);
    const std::size_t before = listing.layers.size();
    for (const fs::path& file : found) {
      try {
        addFile(file, options, progress, listing);
      } catch (const Error& fault) {
        listing.notes.push_back("Left out: " + std::string(fault.what()) + ".");
      }
    }
    if (listing.layers.size() == before)
      throw Error(displayName(paths[i]) +
                  ": the folder holds no dictionary (expected params.npz, sae_weights.safetensors "
                  "or other matrices in it or below it)");
  }
  sortLayers(listing.layers);
  return listing;
}

void sortLayers(std::vector<LayerSource>& layers)
{
  const auto key = [](const LayerSource& source) {
    return std::tuple(source.origin.layer.value_or(std::numeric_limits<int>::max()),
                      source.origin.width.value_or(source.features), source.origin.l0.value_or(0));
  };
  std::ranges::stable_sort(
      layers, [&](const LayerSource& a, const LayerSource& b) { return key(a) < key(b); });
}

std::vector<std::string> layerWarnings(const std::vector<LayerSource>& layers)
{
  std::vector<std::string> warnings;
  if (layers.size() < 2)
    return warnings;
  double leastL0 = 1e300, mostL0 = 0, leastWidth = 1e300, mostWidth = 0;
  std::set<std::string> models, sites;
  std::set<std::int64_t> dimensions;
  std::map<int, int> numbers;
  int unnumbered = 0;
  for (const LayerSource& source : layers) {
    if (source.origin.l0) {
      leastL0 = std::min(leastL0, *source.origin.l0);
      mostL0 = std::max(mostL0, *source.origin.l0);
    }
    if (const auto width = static_cast<double>(source.origin.width.value_or(source.features));
        width > 0) {
      leastWidth = std::min(leastWidth, width);
      mostWidth = std::max(mostWidth, width);
    }
    if (!source.origin.model.empty())
      models.insert(source.origin.model);
    if (!source.origin.site.empty())
      sites.insert(source.origin.site);
    if (source.dimensions > 0)
      dimensions.insert(source.dimensions);
    if (source.origin.layer)
      ++numbers[*source.origin.layer];
    else
      ++unnumbered;
  }
  if (mostL0 > 1.05 * leastL0)
    warnings.push_back("L0 varies over these dictionaries (" + rangeText(leastL0, mostL0) +
                       "): a curve over layers shows L0 too; compare at matched L0.");
  if (mostWidth > leastWidth)
    warnings.push_back("The width varies over these dictionaries (" +
                       rangeText(leastWidth, mostWidth) +
                       " features): a curve over layers shows the width too.");
  if (models.size() > 1)
    warnings.push_back("The dictionaries belong to different models (" + *models.begin() + ", " +
                       *std::next(models.begin()) + (models.size() > 2 ? " …" : "") + ").");
  if (sites.size() > 1)
    warnings.push_back("The dictionaries belong to different sites (" + *sites.begin() + ", " +
                       *std::next(sites.begin()) + (sites.size() > 2 ? " …" : "") + ").");
  if (dimensions.size() > 1)
    warnings.push_back("The dictionaries differ in dimensions: their features cannot be matched.");
  if (unnumbered > 0)
    warnings.push_back("No layer number is known for " + std::to_string(unnumbered) + " of " +
                       std::to_string(layers.size()) + " dictionaries.");
  const auto twice =
      std::ranges::count_if(numbers, [](const auto& entry) { return entry.second > 1; });
  if (twice > 0)
    warnings.push_back(std::to_string(twice) + (twice == 1 ? " layer is" : " layers are") +
                       " there several times, with different widths or L0.");
  return warnings;
}

std::vector<std::size_t> layersAtMatchedL0(const std::vector<LayerSource>& layers, double l0,
                                           std::int64_t width)
{
  std::map<int, std::size_t> nearest;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const Origin& origin = layers[i].origin;
    if (!origin.layer || !origin.l0 ||
        (width > 0 && origin.width.value_or(layers[i].features) != width))
      continue;
    const auto [at, isNew] = nearest.emplace(*origin.layer, i);
    if (!isNew && std::abs(*origin.l0 - l0) < std::abs(*layers[at->second].origin.l0 - l0))
      at->second = i;
  }
  std::vector<std::size_t> indices;
  for (const auto& [layer, index] : nearest)
    indices.push_back(index);
  return indices;
}

LayerCache::LayerCache(std::vector<LayerSource> layers, std::uint64_t budget)
    : m_layers(std::move(layers)),
      m_kept(m_layers.size()),
      m_used(m_layers.size(), 0),
      m_budget(budget)
{
}

std::uint64_t LayerCache::bytesKept() const
{
  std::uint64_t sum = 0;
  for (const auto& kept : m_kept)
    if (kept)
      sum += static_cast<std::uint64_t>(kept->decoder->size()) * sizeof(float);
  return sum;
}

void LayerCache::makeRoom(std::uint64_t bytes)
{
  while (bytesKept() + bytes > m_budget) {
    std::size_t oldest = m_kept.size();
    for (std::size_t i = 0; i < m_kept.size(); ++i)
      if (m_kept[i] && m_kept[i].use_count() == 1 &&
          (oldest == m_kept.size() || m_used[i] < m_used[oldest]))
        oldest = i;
    if (oldest == m_kept.size())
      return;
    m_kept[oldest].reset();
  }
}

std::shared_ptr<const Dictionary> LayerCache::dictionary(std::size_t index,
                                                         const Progress& progress)
{
  LayerSource& source = m_layers.at(index);
  if (source.open)
    return source.open;
  m_used[index] = ++m_clock;
  if (m_kept[index])
    return m_kept[index];
  makeRoom(source.bytes());
  auto read =
      std::make_shared<const Dictionary>(readDictionary(source.path, source.options, progress));
  ++m_reads;
  source.features = read->features();
  source.dimensions = read->dimensions();
  if (!source.origin.width)
    source.origin.width = source.features;
  m_kept[index] = read;
  return read;
}

}  // namespace orrery
