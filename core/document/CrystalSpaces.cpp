#include "core/document/CrystalSpaces.h"

#include "core/base/Random.h"

#include <algorithm>
#include <array>
#include <vector>

namespace orrery {

namespace {

constexpr int randomQuadruples = 2000;  ///< Behind each measure of a crystal.

}  // namespace

std::shared_ptr<const MeasureNull> randomMeasures(const CrystalSpace& space,
                                                  const Progress& progress)
{
  std::vector<FeatureId> used;
  for (std::size_t i = 0; i < space.used.size(); ++i)
    if (space.used[i])
      used.push_back(static_cast<FeatureId>(i));
  Random random(0);
  std::vector<Crystal> crystals;
  for (int i = 0; i < randomQuadruples && used.size() >= 4; ++i) {
    std::array<FeatureId, 4> corners{};
    for (std::size_t k = 0; k < 4; ++k)
      do
        corners[k] =
            used[static_cast<std::size_t>(random.uniform() * static_cast<double>(used.size()))];
      while (std::find(corners.begin(), corners.begin() + static_cast<std::ptrdiff_t>(k),
                       corners[k]) != corners.begin() + static_cast<std::ptrdiff_t>(k));
    crystals.push_back({corners[0], corners[1], corners[2], corners[3]});
  }
  auto null = std::make_shared<MeasureNull>();
  null->random = measureCrystals(space, crystals, false, progress);
  return null;
}

}  // namespace orrery
