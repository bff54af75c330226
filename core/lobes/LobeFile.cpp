#include "core/lobes/LobeFile.h"

#include "core/base/Error.h"
#include "core/io/ByteSource.h"
#include "core/io/FileKind.h"
#include "core/io/TensorFile.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <memory>
#include <string>
#include <string_view>

namespace orrery {
namespace {

constexpr int mostLobes = 65536;

std::unique_ptr<TensorFile> openContainer(const std::filesystem::path& path,
                                          const Progress& progress)
{
  switch (sniffFile(path, {}).kind) {
    case FileKind::Npy:
      return openNpy(path);
    case FileKind::Npz:
      return openNpz(path);
    case FileKind::Hdf5:
      return openHdf5(path, progress);
    default:
      throw Error(displayName(path) +
                  ": holds no lobes (expected arrays of labels in .npz, .npy or HDF5)");
  }
}

/// The whole number that @p text is, or that it ends with after '_'.
int numberIn(std::string_view text)
{
  if (const auto bar = text.rfind('_'); bar != std::string_view::npos)
    text.remove_prefix(bar + 1);
  int number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  return fault == std::errc() && end == text.data() + text.size() && number >= 1 &&
                 number <= mostLobes
             ? number
             : 0;
}

/// "2", "phi/2", "/jaccard/4": nothing if it names no lobes.
std::optional<StoredLobes> describe(const std::filesystem::path& path, std::string_view name)
{
  StoredLobes stored;
  const std::string stem = path.stem().string();
  if (name.empty()) {
    stored.lobes.clusters = numberIn(stem);
    return stored.lobes.clusters > 0 ? std::optional(stored) : std::nullopt;
  }
  while (name.starts_with('/'))
    name.remove_prefix(1);
  std::string measure;
  if (const auto slash = name.find('/'); slash != std::string_view::npos) {
    measure = name.substr(0, slash);
    name.remove_prefix(slash + 1);
  }
  if (name.empty() || name.front() < '0' || name.front() > '9')
    return std::nullopt;
  stored.lobes.clusters = numberIn(name);
  if (stored.lobes.clusters == 0)
    return std::nullopt;
  if (measure.empty()) {
    for (const AffinityMeasure known : allAffinityMeasures)
      if (stem.find("_" + commandName(known) + "_") != std::string::npos)
        stored.measure = known;
    return stored;
  }
  if (measure == "cosine") {
    stored.measure = std::nullopt;
    return stored;
  }
  for (const AffinityMeasure known : allAffinityMeasures)
    if (measure == commandName(known)) {
      stored.measure = known;
      return stored;
    }
  return std::nullopt;
}

Lobes readLabels(TensorFile& file, const TensorInfo& tensor, const std::string& name, int clusters,
                 const Progress& progress)
{
  std::vector<std::int32_t> labels;
  for (const double number : file.readNumbers(tensor, progress)) {
    if (!(std::abs(number) < mostLobes) || number != std::floor(number))
      throw Error(name + ": feature " + std::to_string(labels.size()) +
                  " is labelled with something that is no whole number below " +
                  std::to_string(mostLobes));
    labels.push_back(static_cast<std::int32_t>(number));
  }
  Lobes lobes = lobesFromLabels(labels);
  if (static_cast<int>(lobes.sizes.size()) > clusters)
    throw Error(name + ": holds " + std::to_string(lobes.sizes.size()) +
                " different labels (expected at most " + std::to_string(clusters) + ")");
  lobes.clusters = clusters;
  return lobes;
}

}  // namespace

std::vector<StoredLobes> readLobeFile(const std::filesystem::path& path, std::int64_t features,
                                      const Progress& progress)
{
  const std::unique_ptr<TensorFile> file = openContainer(path, progress);
  std::vector<StoredLobes> all;
  std::string found;
  for (const TensorInfo& tensor : file->tensors()) {
    found += (found.empty() ? "'" : ", '") + displayText(tensor.name) + "'";
    auto stored = describe(path, tensor.name);
    if (!stored || tensor.shape.size() != 1 || !tensor.aliasOf.empty())
      continue;
    const std::string name =
        displayName(path) + (tensor.name.empty() ? "" : ", '" + displayText(tensor.name) + "'");
    if (!tensor.problem.empty())
      throw Error(name + ": " + tensor.problem);
    if (tensor.shape.front() != features)
      throw Error(name + ": holds labels of " + std::to_string(tensor.shape.front()) +
                  " features, but the dictionary has " + std::to_string(features));
    stored->lobes = readLabels(*file, tensor, name, stored->lobes.clusters, progress);
    all.push_back(std::move(*stored));
  }
  if (all.empty())
    throw Error(displayName(path) +
                ": holds no lobes (expected arrays of labels named by their number, \"2\" or "
                "\"phi/2\", found " +
                (found.empty() ? "none" : found) + ")");
  // The order of allAffinityMeasures, then the vectors.
  const auto rank = [](const StoredLobes& stored) {
    return stored.measure ? std::find(std::begin(allAffinityMeasures),
                                      std::end(allAffinityMeasures), *stored.measure) -
                                std::begin(allAffinityMeasures)
                          : std::ssize(allAffinityMeasures);
  };
  std::stable_sort(all.begin(), all.end(), [&](const StoredLobes& a, const StoredLobes& b) {
    return std::pair(rank(a), a.lobes.clusters) < std::pair(rank(b), b.lobes.clusters);
  });
  return all;
}

}  // namespace orrery
