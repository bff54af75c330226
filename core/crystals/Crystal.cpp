#include "core/crystals/Crystal.h"

#include "core/base/Error.h"
#include "core/base/LinearAlgebra.h"
#include "core/base/Parallel.h"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <atomic>
#include <cmath>
#include <set>

namespace orrery {
namespace {

using Vector = Eigen::VectorXd;

void check(const CrystalSpace& space, const Crystal& crystal)
{
  std::set<FeatureId> different;
  for (const FeatureId corner : crystal.corners()) {
    if (corner < 0 || corner >= space.features())
      throw Error("a crystal names feature " + std::to_string(corner) + " of " +
                  std::to_string(space.features()));
    if (!space.used[static_cast<std::size_t>(corner)])
      throw Error("feature " + std::to_string(corner) +
                  " has no usable vector (not finite, or zero)");
    different.insert(corner);
  }
  if (different.size() != 4)
    throw Error("a crystal needs four different features");
}

double cosineOf(const Vector& x, const Vector& y)
{
  const double lengths = x.norm() * y.norm();
  return lengths > 0 ? std::clamp(x.dot(y) / lengths, -1.0, 1.0) : 0.0;
}

Eigen::MatrixXd cornersOf(const CrystalSpace& space, const Crystal& crystal)
{
  Eigen::MatrixXd corners(space.dimensions(), 4);
  Eigen::Index place = 0;
  for (const FeatureId corner : crystal.corners())
    corners.col(place++) = space.vectors->col(corner).cast<double>();
  return corners;
}

/// Centred corners in the coordinates of their principal axes (3 × 4, best axis first), and the
/// share of their variance in the first two.
struct PrincipalCorners {
  Eigen::Matrix<double, 3, 4> coordinates = Eigen::Matrix<double, 3, 4>::Zero();
  double planarity = 1.0;
};

PrincipalCorners principalCorners(const Eigen::MatrixXd& corners)
{
  const Eigen::MatrixXd centred = corners.colwise() - corners.rowwise().mean();
  const Eigen::Matrix4d gram = centred.transpose() * centred;
  const Eigen::SelfAdjointEigenSolver<Eigen::Matrix4d> eigen(gram);
  PrincipalCorners result;
  const Eigen::Vector4d values = eigen.eigenvalues().cwiseMax(0.0);
  for (Eigen::Index axis = 0; axis < 3; ++axis)
    result.coordinates.row(axis) =
        eigen.eigenvectors().col(3 - axis).transpose() * std::sqrt(values(3 - axis));
  if (values.sum() > 0)
    result.planarity = std::min(1.0, (values(3) + values(2)) / values.sum());
  return result;
}

CrystalQuality geometry(const CrystalSpace& space, const Crystal& crystal)
{
  const Eigen::MatrixXd x = cornersOf(space, crystal);
  const Vector ab = x.col(1) - x.col(0), cd = x.col(3) - x.col(2), ac = x.col(2) - x.col(0),
               bd = x.col(3) - x.col(1);
  CrystalQuality quality;
  quality.cosAbCd = cosineOf(ab, cd);
  quality.cosAcBd = cosineOf(ac, bd);
  const double first = ab.norm(), second = cd.norm();
  quality.lengthRatio =
      std::max(first, second) > 0 ? std::min(first, second) / std::max(first, second) : 1.0;
  const double residual = (ab - cd).norm();
  const double side = (first + second + ac.norm() + bd.norm()) / 4;
  quality.residual = side > 0 ? residual / side : 0.0;
  quality.squaredResidual = residual * residual / space.unit;
  quality.angle = std::acos(cosineOf(ab, ac)) * 180 / M_PI;
  quality.planarity = principalCorners(x).planarity;
  return quality;
}

Eigen::VectorXf unitColumn(const CrystalSpace& space, FeatureId feature)
{
  const Vector x = space.vectors->col(feature).cast<double>();
  const double norm = x.norm();
  return (norm > 0 ? Vector(x / norm) : x).cast<float>();
}

/// Places of d: one more than the features that score higher (of equal ones the smaller id first).
void addRanks(const CrystalSpace& space, const std::vector<Crystal>& crystals,
              std::vector<CrystalQuality>& qualities, const Progress& progress)
{
  constexpr std::int64_t block = 64, features = 1024;
  const std::int64_t n = space.features(), count = static_cast<std::int64_t>(crystals.size());
  std::vector<float> inverse(static_cast<std::size_t>(n), 0.0f);
  parallelFor(n, 256, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const double norm = space.vectors->col(i).cast<double>().norm();
      inverse[static_cast<std::size_t>(i)] = norm > 0 ? static_cast<float>(1 / norm) : 0.0f;
    }
  });
  const auto blocks = (n + features - 1) / features;
  for (std::int64_t first = 0; first < count; first += block) {
    const std::int64_t wide = std::min(block, count - first);
    Eigen::MatrixXf corners(space.dimensions(), 3 * wide);
    Eigen::MatrixXf ofD(3, wide);  // cosines of d with a, b, c
    for (std::int64_t i = 0; i < wide; ++i) {
      const Crystal& crystal = crystals[static_cast<std::size_t>(first + i)];
      corners.col(3 * i) = unitColumn(space, crystal.a);
      corners.col(3 * i + 1) = unitColumn(space, crystal.b);
      corners.col(3 * i + 2) = unitColumn(space, crystal.c);
      ofD.col(i) = corners.middleCols(3 * i, 3).transpose() * unitColumn(space, crystal.d);
    }
    const auto sumScore = [](float a, float b, float c) { return b - a + c; };
    // Cosines are shifted to [0, 1]; the small number keeps the quotient finite (as published).
    const auto productScore = [](float a, float b, float c) {
      return (b + 1) * (c + 1) / (a + 1.002f);
    };
    std::vector<std::int64_t> higher(static_cast<std::size_t>(2 * wide * blocks), 0);
    parallelFor(n, features, [&](std::int64_t begin, std::int64_t end) {
      progress.checkStopped();
      Eigen::MatrixXf cosines(end - begin, 3 * wide);
      multiplyInto(cosines, space.vectors->middleCols(begin, end - begin), true, corners);
      for (std::int64_t i = 0; i < wide; ++i) {
        const Crystal& crystal = crystals[static_cast<std::size_t>(first + i)];
        const float sumD = sumScore(ofD(0, i), ofD(1, i), ofD(2, i));
        const float productD = productScore(ofD(0, i), ofD(1, i), ofD(2, i));
        std::int64_t sums = 0, products = 0;
        for (std::int64_t f = begin; f < end; ++f) {
          const float scale = inverse[static_cast<std::size_t>(f)];
          if (scale == 0 || f == crystal.a || f == crystal.b || f == crystal.c || f == crystal.d)
            continue;
          const float a = cosines(f - begin, 3 * i) * scale,
                      b = cosines(f - begin, 3 * i + 1) * scale,
                      c = cosines(f - begin, 3 * i + 2) * scale;
          const float sum = sumScore(a, b, c), product = productScore(a, b, c);
          sums += sum > sumD || (sum == sumD && f < crystal.d);
          products += product > productD || (product == productD && f < crystal.d);
        }
        higher[static_cast<std::size_t>((begin / features) * 2 * wide + 2 * i)] = sums;
        higher[static_cast<std::size_t>((begin / features) * 2 * wide + 2 * i + 1)] = products;
      }
    });
    for (std::int64_t i = 0; i < wide; ++i) {
      CrystalQuality& quality = qualities[static_cast<std::size_t>(first + i)];
      quality.rank3CosAdd = quality.rank3CosMul = 1;
      for (std::int64_t part = 0; part < blocks; ++part) {
        quality.rank3CosAdd += higher[static_cast<std::size_t>(part * 2 * wide + 2 * i)];
        quality.rank3CosMul += higher[static_cast<std::size_t>(part * 2 * wide + 2 * i + 1)];
      }
    }
    progress.update(first + wide, count);
  }
}

}  // namespace

std::string displayName(CrystalMode mode)
{
  return mode == CrystalMode::Trapezoid ? "trapezoid" : "parallelogram";
}

double crystalScore(const CrystalQuality& quality, CrystalMode mode)
{
  return mode == CrystalMode::Trapezoid ? quality.cosAbCd
                                        : std::min(quality.cosAbCd, quality.cosAcBd);
}

std::vector<CrystalQuality> measureCrystals(const CrystalSpace& space,
                                            const std::vector<Crystal>& crystals, bool withRanks,
                                            const Progress& progress)
{
  for (const Crystal& crystal : crystals)
    check(space, crystal);
  std::vector<CrystalQuality> qualities(crystals.size());
  parallelFor(static_cast<std::int64_t>(crystals.size()), 16,
              [&](std::int64_t begin, std::int64_t end) {
                progress.checkStopped();
                for (std::int64_t i = begin; i < end; ++i)
                  qualities[static_cast<std::size_t>(i)] =
                      geometry(space, crystals[static_cast<std::size_t>(i)]);
              });
  if (withRanks)
    addRanks(space, crystals, qualities, progress);
  return qualities;
}

CrystalQuality measureCrystal(const CrystalSpace& space, const Crystal& crystal, bool withRanks,
                              const Progress& progress)
{
  return measureCrystals(space, {crystal}, withRanks, progress).front();
}

CrystalDrawing drawCrystal(const CrystalSpace& space, const Crystal& crystal)
{
  check(space, crystal);
  const PrincipalCorners principal = principalCorners(cornersOf(space, crystal));
  CrystalDrawing drawing;
  drawing.planarity = principal.planarity;
  drawing.scale = std::sqrt(space.unit);
  const Eigen::Matrix<double, 2, 4> flat = principal.coordinates.topRows<2>();
  Eigen::Vector2d right = flat.col(1) - flat.col(0) + flat.col(3) - flat.col(2);
  if (right.norm() == 0)
    right = Eigen::Vector2d::UnitX();
  right.normalize();
  Eigen::Matrix2d turn;
  turn << right.x(), right.y(), -right.y(), right.x();
  drawing.corners = turn * flat;
  const double up =
      drawing.corners(1, 2) - drawing.corners(1, 0) + drawing.corners(1, 3) - drawing.corners(1, 1);
  if (up < 0)
    drawing.corners.row(1) *= -1;
  drawing.expected = drawing.corners.col(1) - drawing.corners.col(0) + drawing.corners.col(2);
  return drawing;
}

std::vector<Neighbor> fourthCornerNeighbors(const CrystalSpace& space, FeatureId a, FeatureId b,
                                            FeatureId c, int count, const Progress& progress)
{
  for (const FeatureId corner : {a, b, c})
    if (corner < 0 || corner >= space.features() || !space.used[static_cast<std::size_t>(corner)])
      throw Error("feature " + std::to_string(corner) + " has no usable vector");
  const Eigen::VectorXf query = unitColumn(space, b) - unitColumn(space, a) + unitColumn(space, c);
  std::vector<FeatureId> excluded = {a, b, c};
  for (std::size_t i = 0; i < space.used.size(); ++i)
    if (!space.used[i])
      excluded.push_back(static_cast<FeatureId>(i));
  return nearestTo(*space.vectors, query, count, Metric::Cosine, excluded, progress);
}

}  // namespace orrery
