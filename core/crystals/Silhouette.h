// Mean silhouette: how far points lie from their own class beside the nearest other one.
//
// Source: Rousseeuw 1987; equal to scikit-learn's silhouette_score (Euclidean): points of classes
// with one member score 0.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"

#include <cstdint>
#include <vector>

namespace orrery {

/// Mean silhouette of the columns of @p points (k × p) by @p classes (p, each ≥ 0; numbers need not
/// be consecutive), in [−1, 1]. O(p² k) time, memory p · classes doubles. Throws Error if there are
/// fewer than two classes, or as many as points.
double silhouette(const Eigen::Ref<const Eigen::MatrixXd>& points,
                  const std::vector<std::int32_t>& classes, const Progress& progress = {});

/// The same of the first m rows of @p points for every m in @p rows (ascending): one pass for all.
std::vector<double> silhouettesByRows(const Eigen::Ref<const Eigen::MatrixXd>& points,
                                      const std::vector<std::int32_t>& classes,
                                      const std::vector<int>& rows, const Progress& progress = {});

}  // namespace orrery
