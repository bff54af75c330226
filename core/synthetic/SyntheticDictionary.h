// Synthetic dictionaries with planted truth: the demo, and what most tests are made of.
//
// Structures of arXiv:2410.19750 are planted at known places: parallelograms and trapezoids
// (section 3) hidden under a word-length direction, lobes with documents and co-occurrences
// (section 4), power-law spectra over layers (section 5).
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"
#include "core/dictionary/Dictionary.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace orrery {

/// MatrixSource::format of what is made here.
inline constexpr char syntheticFormat[] = "made by Orrery (synthetic)";

struct SyntheticOptions {
  std::int64_t features = 4096;
  std::int64_t dimensions = 256;
  /// Lobes; every feature belongs to one. The first four are named code, narrative, public affairs
  /// and science.
  int lobes = 4;
  /// Relations (function vectors) planted on readable word pairs; the built-in word lists give up
  /// to 10.
  int relations = 8;
  /// Length (root mean square) of the noise on each corner of a planted parallelogram, relative to
  /// its mean side.
  double cornerNoise = 0.05;
  /// Length of the planted distractor per character of the label, relative to the mean side; 0
  /// plants none. It levels off for labels much shorter or longer than seven characters.
  double wordLengthStrength = 0.65;
  /// Share of relations planted as trapezoids (direction kept, length varied).
  double trapezoidShare = 0.25;
  /// −slope of the eigenvalue power law. Ranks 1–3 (the lobes) stand above the law; from rank 5 on
  /// the sample's own eigenvalues follow it closely where there are at least twice as many features
  /// as dimensions.
  double spectrumExponent = 0.4;
  /// Rows of length one, as the decoders of most models have them.
  bool unitRows = true;
  /// Blocks of the co-occurrence data; 0: none are made.
  std::int64_t blocks = 3000;
  std::uint64_t seed = 1;
};

/// A planted quadruple: b − a ≈ d − c, all of relation `relation`.
struct PlantedCrystal {
  std::array<FeatureId, 4> corners{};
  int relation = 0;
  bool trapezoid = false;
};

struct PlantedRelation {
  std::string name;  ///< "country to capital".
  std::vector<std::pair<FeatureId, FeatureId>> pairs;
  bool trapezoid = false;
};

/// Which features fire in which block: CSR, ids ascending within a block.
struct SyntheticFirings {
  std::vector<std::int64_t> starts;  ///< blocks + 1.
  std::vector<FeatureId> features;
  std::vector<std::string> documentTypes;  ///< One per block.
};

struct SyntheticDictionary {
  Dictionary
      dictionary;  ///< synthetic = true; labels; columns "lobe", "frequency", "label length".
  std::vector<PlantedRelation> relations;
  std::vector<PlantedCrystal> crystals;
  std::vector<std::int32_t> lobes;  ///< n.
  std::vector<std::string> lobeNames;
  Eigen::VectorXf wordLengthDirection;  ///< d, unit length.
  Eigen::MatrixXf
      relationDirections;  ///< d × relations, orthonormal, orthogonal to the word length.
  SyntheticFirings firings;
  SyntheticOptions options;
};

/// The same options give the same bits. Throws Error on options that leave no room for what they
/// plant.
SyntheticDictionary makeSyntheticDictionary(const SyntheticOptions& options = {});

/// The demo: six layers of one model that does not exist, with the same features, which drift from
/// layer to layer. Spectra are steepest, and relations cleanest, in layer 3, which alone has
/// firings. Made in under two seconds.
std::vector<SyntheticDictionary> makeDemo();

/// An isotropic Gaussian cloud (d × n): the noise in which nothing must be found.
FeatureMatrix gaussianCloud(std::int64_t features, std::int64_t dimensions, std::uint64_t seed);

/// @p count well separated round clusters (d × n) and the cluster of each feature.
struct PlantedClusters {
  FeatureMatrix decoder;
  std::vector<std::int32_t> clusters;
};
PlantedClusters plantedClusters(std::int64_t features, std::int64_t dimensions, int count,
                                double separation, std::uint64_t seed);

/// C[i, j]: blocks in which features i and j both fire; on the diagonal each one's own count.
/// n × n: 64 MiB for 4096 features.
using CooccurrenceCounts = Eigen::Matrix<std::int32_t, Eigen::Dynamic, Eigen::Dynamic>;
CooccurrenceCounts countCooccurrences(const SyntheticFirings& firings, std::int64_t features);

/// Writes the demo's files into @p folder (made if missing): dictionaries of all layers, labels,
/// co-occurrences, blocks, documents, pairs. Returns their names. Every file names itself synthetic
/// where its format allows. Throws Error if one cannot be written.
std::vector<std::filesystem::path> writeDemo(const std::filesystem::path& folder,
                                             const Progress& progress = {});

}  // namespace orrery
