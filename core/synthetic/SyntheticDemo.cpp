#include "core/synthetic/Assembly.h"
#include "core/synthetic/SyntheticDictionary.h"

#include <array>
#include <cmath>
#include <string>

namespace orrery {
namespace {

struct LayerPlan {
  double spectrumExponent;
  double cornerNoise;  ///< Relations are clean in the middle and blur towards both ends.
  double l0;
};

constexpr int middleLayer = 3;
constexpr std::array<LayerPlan, 6> plans = {{{0.24, 0.60, 71},
                                             {0.32, 0.35, 77},
                                             {0.40, 0.15, 89},
                                             {0.48, 0.05, 75},
                                             {0.36, 0.15, 107},
                                             {0.27, 0.40, 116}}};

}  // namespace

std::vector<SyntheticDictionary> makeDemo()
{
  SyntheticOptions options;
  const synthetic::Layout layout = synthetic::makeLayout(options);
  std::vector<SyntheticDictionary> layers;
  for (int layer = 0; layer < static_cast<int>(plans.size()); ++layer) {
    const LayerPlan& plan = plans[static_cast<std::size_t>(layer)];
    SyntheticOptions layerOptions = options;
    layerOptions.spectrumExponent = plan.spectrumExponent;
    layerOptions.cornerNoise = plan.cornerNoise;
    layerOptions.blocks = layer == middleLayer ? options.blocks : 0;
    synthetic::Drift drift;
    drift.angle = 0.35 * std::abs(layer - middleLayer);
    drift.seed = layer < middleLayer ? options.seed + 1 : options.seed + 2;
    SyntheticDictionary made = synthetic::assemble(layout, layerOptions, drift);
    Dictionary& dictionary = made.dictionary;
    dictionary.name = "Demo (synthetic), layer " + std::to_string(layer);
    dictionary.origin.model = "synthetic-demo";
    dictionary.origin.layer = layer;
    dictionary.origin.site = "res";
    dictionary.origin.l0 = plan.l0;
    dictionary.labelOrigin = dictionary.origin;
    layers.push_back(std::move(made));
  }
  return layers;
}

}  // namespace orrery
