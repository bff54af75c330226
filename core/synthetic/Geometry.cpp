#include "core/synthetic/Geometry.h"

#include "core/base/Parallel.h"
#include "core/base/Random.h"

#include <Eigen/Cholesky>
#include <Eigen/QR>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

// Everything is laid out in coordinates first and turned by a random rotation last:
//   axes 0–2   the lobes' means lie here, so that the first three components show them;
//   axis 3     word length;
//   axes 4 …   the background: variance of axis r − 1 is c·r^−α.
namespace orrery::synthetic {
namespace {

constexpr std::uint64_t rotationPart = 11;
constexpr std::uint64_t meansPart = 12;
constexpr std::uint64_t relationPart = 13;
constexpr std::uint64_t cornerPart = 14;
constexpr std::uint64_t firstOwnPart = 1u << 24;

constexpr int lengthAxis = 3;
constexpr int firstFreeAxis = 4;
constexpr std::int64_t tile =
    256;  ///< Features per range; fixed, so that bits do not depend on threads.

/// Variances of the lobes' axes where the whole is 1: they stand above the law, as the head of a
/// real spectrum does.
constexpr double headVariance[3] = {0.105, 0.085, 0.07};
/// Length of a relation's vector; the dictionary's rows have length one.
constexpr double side = 0.25;
/// Labels of this many characters lie at 0 on the word-length axis, and none further out than
/// lengthLimit: rows of unit length have no room for it.
constexpr double neutralLength = 7.0;
constexpr double lengthLimit = 0.45;

double lengthCoordinate(const std::string& label, const SyntheticOptions& options)
{
  const double perCharacter = options.wordLengthStrength * side;
  const double straight = perCharacter * (static_cast<double>(label.size()) - neutralLength);
  return lengthLimit * std::tanh(straight / lengthLimit);
}

/// Standard deviation of each axis.
Eigen::VectorXf axisScales(const SyntheticOptions& options)
{
  const auto d = static_cast<int>(options.dimensions);
  const bool hasHead = options.lobes > 1;
  const bool hasLength = options.wordLengthStrength > 0;
  Eigen::VectorXd law(d);
  for (int axis = 0; axis < d; ++axis)
    law[axis] = std::pow(axis + 1.0, -options.spectrumExponent);
  if (hasLength)
    law[lengthAxis] = 0;
  double head = 0;
  if (hasHead) {
    law.head<3>().setZero();
    head = headVariance[0] + headVariance[1] + headVariance[2];
  }
  law *= (1 - head) / law.sum();
  if (hasHead)
    for (int axis = 0; axis < 3; ++axis)
      law[axis] = headVariance[axis];
  return law.cwiseSqrt().cast<float>();
}

/// Corners of a figure around the origin: opposite points, a triangle, a tetrahedron, else points
/// of a spiral over the sphere.
Eigen::Matrix3Xf lobeMeans(int lobes)
{
  Eigen::Matrix3Xf means(3, lobes);
  if (lobes == 1) {
    means.setZero();
  } else if (lobes == 4) {
    means << 1, -1, -1, 1, 1, -1, 1, -1, 1, 1, -1, -1;
    means /= std::sqrt(3.0f);
  } else {
    for (int lobe = 0; lobe < lobes; ++lobe) {
      const double height = lobes < 4 ? 0.0 : 1 - (2 * lobe + 1.0) / lobes;
      const double turn = lobes < 4 ? 2 * std::numbers::pi * lobe / lobes
                                    : lobe * std::numbers::pi * (3 - std::sqrt(5.0));
      const double radius = std::sqrt(1 - height * height);
      means.col(lobe) << static_cast<float>(radius * std::cos(turn)),
          static_cast<float>(radius * std::sin(turn)), static_cast<float>(height);
    }
  }
  return means;
}

Eigen::MatrixXf normalMatrix(Random& random, Eigen::Index rows, Eigen::Index columns)
{
  Eigen::MatrixXf matrix(rows, columns);
  for (Eigen::Index column = 0; column < columns; ++column)
    for (Eigen::Index row = 0; row < rows; ++row)
      matrix(row, column) = static_cast<float>(random.normal());
  return matrix;
}

/// Independent normals, d × n: the own part of every feature.
FeatureMatrix ownParts(const SyntheticOptions& options, std::uint64_t seed)
{
  FeatureMatrix own(options.dimensions, options.features);
  parallelFor(options.features, tile, [&](std::int64_t begin, std::int64_t end) {
    Random random = Random::forPart(seed, firstOwnPart + static_cast<std::uint64_t>(begin / tile));
    own.middleCols(begin, end - begin) = normalMatrix(random, options.dimensions, end - begin);
  });
  return own;
}

/// Standard coordinates: each lobe a soft cluster on the first three axes, each topic a slight one
/// everywhere.
FeatureMatrix clusteredParts(const Layout& layout, const SyntheticOptions& options,
                             const Drift& drift)
{
  FeatureMatrix z = ownParts(options, options.seed);
  if (drift.angle != 0) {
    const FeatureMatrix fresh = ownParts(options, drift.seed);
    z = static_cast<float>(std::cos(drift.angle)) * z +
        static_cast<float>(std::sin(drift.angle)) * fresh;
  }
  if (options.lobes == 1)
    return z;

  Random random = Random::forPart(options.seed, meansPart);
  const Eigen::Matrix3Xf means = 1.6f * lobeMeans(options.lobes);
  const Eigen::MatrixXf topicMeans =
      normalMatrix(random, options.dimensions, static_cast<Eigen::Index>(layout.topicLobes.size()));
  std::vector<Eigen::Matrix3f> shapes;  // each lobe is stretched its own way
  for (int lobe = 0; lobe < options.lobes; ++lobe) {
    const Eigen::Matrix3f turn =
        Eigen::HouseholderQR<Eigen::Matrix3f>(normalMatrix(random, 3, 3)).householderQ();
    const Eigen::Vector3f lengths(0.55f, 0.42f, 0.3f);
    shapes.push_back(turn * lengths.asDiagonal() * turn.transpose());
  }
  constexpr float topicShare = 0.3f;
  for (Eigen::Index id = 0; id < z.cols(); ++id) {
    const std::int32_t lobe = layout.lobes[static_cast<std::size_t>(id)];
    const auto topicMean = topicMeans.col(layout.topics[static_cast<std::size_t>(id)]);
    Eigen::Vector3f mean = means.col(lobe);
    // A few features stand between two lobes, so that these are clouds and not islands.
    if (random.uniform() < 0.1) {
      const auto other =
          static_cast<Eigen::Index>(random.below(static_cast<std::uint64_t>(options.lobes)));
      mean += 0.6f * static_cast<float>(random.uniform()) * (means.col(other) - mean);
    }
    const Eigen::Vector3f within = 0.5f * z.col(id).head<3>() + 0.87f * topicMean.head<3>();
    z.col(id).head<3>() = mean + shapes[static_cast<std::size_t>(lobe)] * within;
    z.col(id).tail(z.rows() - 3) = std::sqrt(1 - topicShare) * z.col(id).tail(z.rows() - 3) +
                                   std::sqrt(topicShare) * topicMean.tail(z.rows() - 3);
  }
  return z;
}

/// Gives the coordinates mean 0 and covariance 1 exactly, so that the planted spectrum is the
/// sample's own and not that of a distribution behind it. By Cholesky's lower factor: the first
/// axes, which the lobes live on, are only scaled and sheared among themselves.
void whiten(FeatureMatrix& z)
{
  const Eigen::Index d = z.rows(), n = z.cols();
  z.colwise() -= Eigen::VectorXf(z.rowwise().mean());
  if (n < 2 * d)
    return;
  const std::int64_t tiles = (n + tile - 1) / tile;
  std::vector<Eigen::MatrixXf> parts(static_cast<std::size_t>(tiles));
  parallelFor(n, tile, [&](std::int64_t begin, std::int64_t end) {
    const auto part = z.middleCols(begin, end - begin);
    parts[static_cast<std::size_t>(begin / tile)] = part * part.transpose();
  });
  Eigen::MatrixXd covariance = Eigen::MatrixXd::Zero(d, d);
  for (const Eigen::MatrixXf& part : parts)
    covariance += part.cast<double>();
  covariance /= static_cast<double>(n);
  const Eigen::LLT<Eigen::MatrixXd> factor(covariance);
  const Eigen::MatrixXf inverse =
      factor.matrixL().solve(Eigen::MatrixXd::Identity(d, d)).cast<float>();
  parallelFor(n, tile, [&](std::int64_t begin, std::int64_t end) {
    const Eigen::MatrixXf part = inverse * z.middleCols(begin, end - begin);
    z.middleCols(begin, end - begin) = part;
  });
}

/// Directions of the relations, in coordinates: orthonormal, zero on the lobes' and the length
/// axis.
Eigen::MatrixXf relationCoordinates(const SyntheticOptions& options)
{
  const auto d = options.dimensions;
  Eigen::MatrixXf directions = Eigen::MatrixXf::Zero(d, options.relations);
  if (options.relations == 0)
    return directions;
  Random random = Random::forPart(options.seed, relationPart);
  const Eigen::MatrixXf normals = normalMatrix(random, d - firstFreeAxis, options.relations);
  const Eigen::HouseholderQR<Eigen::MatrixXf> qr(normals);
  directions.bottomRows(d - firstFreeAxis) =
      qr.householderQ() * Eigen::MatrixXf::Identity(d - firstFreeAxis, options.relations);
  return directions;
}

/// Places the pairs of one relation: b − a is @p direction times the side, plus the difference in
/// word length, plus noise. Rows of unit length stay so without disturbing that: where
/// |a|² = |b|² = 1 the coordinate of a along the direction must be (l_a² − l_b² − s²) / 2s, and the
/// part of a orthogonal to both axes takes what length is left.
void placePairs(FeatureMatrix& y, const PlantedRelation& relation, const Eigen::VectorXf& direction,
                const Layout& layout, const SyntheticOptions& options, Random& random)
{
  for (const auto& [first, second] : relation.pairs) {
    const double stretch = relation.trapezoid ? 0.7 + random.uniform() : 1.0;
    const double s = side * stretch;
    const double la = lengthCoordinate(layout.labels[static_cast<std::size_t>(first)], options);
    const double lb = lengthCoordinate(layout.labels[static_cast<std::size_t>(second)], options);
    Eigen::VectorXf rest = y.col(first);
    rest[lengthAxis] = 0;
    rest -= direction.dot(rest) * direction;
    double along = -s / 2;
    if (options.unitRows) {
      along = (la * la - lb * lb - s * s) / (2 * s);
      rest *=
          static_cast<float>(std::sqrt(std::max(0.0, 1 - la * la - along * along))) / rest.norm();
    }
    y.col(first) = rest + static_cast<float>(along) * direction;
    y.col(second) = rest + static_cast<float>(along + s) * direction;
    y(lengthAxis, first) = static_cast<float>(la);
    y(lengthAxis, second) = static_cast<float>(lb);
    const auto noise =
        static_cast<float>(options.cornerNoise * side / std::sqrt(static_cast<double>(y.rows())));
    for (const FeatureId corner : {first, second}) {
      for (Eigen::Index axis = 0; axis < y.rows(); ++axis)
        y(axis, corner) += noise * static_cast<float>(random.normal());
      if (options.unitRows)
        y.col(corner).normalize();
    }
  }
}

}  // namespace

Geometry makeGeometry(const Layout& layout, const SyntheticOptions& options, const Drift& drift)
{
  FeatureMatrix y = clusteredParts(layout, options, drift);
  whiten(y);
  const Eigen::VectorXf scales = axisScales(options);
  parallelFor(y.cols(), tile, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t id = begin; id < end; ++id) {
      y.col(id).array() *= scales.array();
      if (options.unitRows)
        y.col(id).normalize();
      if (options.wordLengthStrength > 0) {
        const double length =
            lengthCoordinate(layout.labels[static_cast<std::size_t>(id)], options);
        y(lengthAxis, id) = 0;
        if (options.unitRows)
          y.col(id) *= static_cast<float>(std::sqrt(1 - length * length)) / y.col(id).norm();
        y(lengthAxis, id) = static_cast<float>(length);
      }
    }
  });

  const Eigen::MatrixXf directions = relationCoordinates(options);
  Random cornerRandom = Random::forPart(options.seed, cornerPart);
  for (std::size_t i = 0; i < layout.relations.size(); ++i)
    placePairs(y, layout.relations[i], directions.col(static_cast<Eigen::Index>(i)), layout,
               options, cornerRandom);

  Random random = Random::forPart(options.seed, rotationPart);
  const Eigen::MatrixXf rotation = Eigen::HouseholderQR<Eigen::MatrixXf>(
                                       normalMatrix(random, options.dimensions, options.dimensions))
                                       .householderQ();
  Geometry geometry;
  geometry.decoder.resize(y.rows(), y.cols());
  parallelFor(y.cols(), tile, [&](std::int64_t begin, std::int64_t end) {
    geometry.decoder.middleCols(begin, end - begin).noalias() =
        rotation * y.middleCols(begin, end - begin);
  });
  geometry.wordLengthDirection = rotation.col(lengthAxis);
  geometry.relationDirections = rotation * directions;
  return geometry;
}

}  // namespace orrery::synthetic
