// The words every other file speaks, and the one convention from file to screen.
//
// A feature is a column: a dictionary of n features in d dimensions is a d × n matrix in Eigen's
// column-major order, and a map is 3 × n. A row-major n × d dataset on disk has the same bytes as
// our d × n matrix, and a 3 × n matrix has the same bytes as a VTK point array, so neither end
// transposes. To people we say "N features × d dimensions".
#pragma once

#include <Eigen/Core>
#include <cstdint>

namespace orrery {

/// Index of a feature, from 0; the same in every view, table and file.
using FeatureId = std::int32_t;

/// No feature: nothing hovered, nothing found.
inline constexpr FeatureId noFeature = -1;

/// Feature vectors, d × n, one feature per column.
using FeatureMatrix = Eigen::MatrixXf;

/// What algorithms take: a whole FeatureMatrix, a range of its columns or mapped memory, uncopied.
using FeatureMatrixView = Eigen::Ref<const Eigen::MatrixXf>;

/// A map: 3 × n. Two-dimensional maps have zeros in the third row. A feature without a place
/// (left out because its vector is not finite) has NaN in all three.
using Positions = Eigen::Matrix3Xf;

}  // namespace orrery
