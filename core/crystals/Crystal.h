// Four features with b − a ≈ d − c, and every measure of how well that holds.
//
// Source: arXiv:2410.19750, section 3. If the differences agree in direction and length the crystal
// is a parallelogram (function vectors b − a and c − a), if in direction alone a trapezoid.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"
#include "core/crystals/CrystalSpace.h"
#include "core/embedding/Neighbors.h"

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace orrery {

/// a is to b as c is to d.
struct Crystal {
  FeatureId a = noFeature;
  FeatureId b = noFeature;
  FeatureId c = noFeature;
  FeatureId d = noFeature;

  [[nodiscard]] std::array<FeatureId, 4> corners() const { return {a, b, c, d}; }
  bool operator==(const Crystal&) const = default;
};

enum class CrystalMode {
  Parallelogram,  ///< b − a = d − c.
  Trapezoid       ///< b − a parallel to d − c.
};
std::string displayName(CrystalMode mode);

struct CrystalQuality {
  double cosAbCd = 0.0;  ///< cos(b − a, d − c).
  double cosAcBd = 0.0;  ///< cos(c − a, d − b).
  /// Shorter over longer of |b − a| and |d − c|, in (0, 1].
  double lengthRatio = 0.0;
  /// |(b − a) − (d − c)| over the mean of the four sides ab, cd, ac, bd.
  double residual = 0.0;
  /// |(b − a) − (d − c)|² in the space's unit: what a search's δ is compared with (parallelogram).
  double squaredResidual = 0.0;
  double angle = 0.0;  ///< At a, between b − a and c − a, in degrees.
  /// Share of the variance of the four corners inside their best plane, in [2/3, 1].
  double planarity = 0.0;
  /// Place of d among all features but a, b, c as neighbour of b − a + c by cosine of unit rows
  /// (1: the nearest); 0 if not asked for.
  std::int64_t rank3CosAdd = 0;
  std::int64_t rank3CosMul = 0;  ///< The same by the product of cosines.
  /// Against quadruples drawn at random, and the share of false ones in the list down to here; NaN
  /// until a null was computed (CrystalNull.h).
  double z = std::numeric_limits<double>::quiet_NaN();
  double pValue = std::numeric_limits<double>::quiet_NaN();
  double fdr = std::numeric_limits<double>::quiet_NaN();
};

/// What crystals are ranked and judged by, in [−1, 1]: cos(b − a, d − c) for trapezoids, the lesser
/// of it and cos(c − a, d − b) for parallelograms. A near-duplicate side (c ≈ a, d ≈ b) makes the
/// first cosine high for nothing and the second low.
double crystalScore(const CrystalQuality& quality, CrystalMode mode);

/// All measures of each crystal, in double; ranks by one pass over all features, O(n d) for each
/// crystal in blocks of products, only if @p withRanks. Throws Error if a corner is no used feature
/// or two corners of one crystal are the same. Undefined cosines (equal vectors) are 0.
std::vector<CrystalQuality> measureCrystals(const CrystalSpace& space,
                                            const std::vector<Crystal>& crystals,
                                            bool withRanks = true, const Progress& progress = {});
CrystalQuality measureCrystal(const CrystalSpace& space, const Crystal& crystal,
                              bool withRanks = true, const Progress& progress = {});

/// The four corners in their best plane, true to scale: distances in the drawing are those in the
/// space but for what the plane loses.
struct CrystalDrawing {
  /// a, b, c, d; centred; b − a + d − c points right, the side of c − a upwards.
  Eigen::Matrix<double, 2, 4> corners = Eigen::Matrix<double, 2, 4>::Zero();
  /// b − a + c in the same plane: where d would be.
  Eigen::Vector2d expected = Eigen::Vector2d::Zero();
  double planarity = 0.0;  ///< Share of the corners' variance in the plane.
  double scale = 1.0;  ///< √unit of the space: divide by it to compare drawings of two spaces.
};
CrystalDrawing drawCrystal(const CrystalSpace& space, const Crystal& crystal);

/// The features nearest to b − a + c by cosine, best first; a, b and c are left out, d is not.
/// O(n d).
std::vector<Neighbor> fourthCornerNeighbors(const CrystalSpace& space, FeatureId a, FeatureId b,
                                            FeatureId c, int count, const Progress& progress = {});

}  // namespace orrery
