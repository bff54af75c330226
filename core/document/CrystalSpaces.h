// What the jobs of a CrystalStudy share: the raw space and what chance gives in it.
#pragma once

#include "core/document/CrystalStudy.h"

#include <memory>
#include <mutex>
#include <optional>

namespace orrery {

/// Measures of quadruples of different used features, drawn at random.
std::shared_ptr<const MeasureNull> randomMeasures(const CrystalSpace& space,
                                                  const Progress& progress = {});

/// The raw space and its null, made by the first job that asks; later ones wait for it.
struct CrystalStudy::Spaces {
  std::shared_ptr<const Dictionary> dictionary;
  std::mutex mutex;
  std::optional<CrystalSpace> made;
  std::shared_ptr<const MeasureNull> madeNull;
  /// Of the newest cleaned space.
  std::shared_ptr<const CleanedSpace> nulledSpace;
  std::shared_ptr<const MeasureNull> cleanedNull;

  CrystalSpace raw(const Progress& progress)
  {
    const std::lock_guard lock(mutex);
    if (!made)
      made = rawSpace(*dictionary, true, progress);
    return *made;
  }
  std::shared_ptr<const MeasureNull> rawNull(const Progress& progress)
  {
    const CrystalSpace space = raw(progress);
    const std::lock_guard lock(mutex);
    if (!madeNull)
      madeNull = randomMeasures(space, progress);
    return madeNull;
  }
  std::shared_ptr<const MeasureNull> nullOf(const std::shared_ptr<const CleanedSpace>& cleaned,
                                            const Progress& progress)
  {
    const std::lock_guard lock(mutex);
    if (nulledSpace != cleaned) {
      cleanedNull = randomMeasures(cleaned->space, progress);
      nulledSpace = cleaned;
    }
    return cleanedNull;
  }
};

/// Where a running search leaves what it has: written by the worker, taken by the GUI's timer.
struct CrystalStudy::LiveSearch {
  bool cleaned = false;
  CrystalSearchOptions options;
  std::mutex mutex;
  std::optional<CrystalSearchResult> newest;
  bool fresh = false;
};

}  // namespace orrery
