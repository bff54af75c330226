// Linear discriminant analysis of difference vectors: the directions in which relations differ and
// their pairs agree, and how much of it holds for pairs that were not used.
//
// Fisher's criterion: w maximises wᵀ S_b w / wᵀ S_w w, with S_w the scatter within and S_b between
// classes. Source: arXiv:2410.19750, section 3 (scikit-learn's LinearDiscriminantAnalysis).
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace orrery {

enum class LdaSolver {
  /// Whitening of the scatter within classes; directions in which nothing varies within a class are
  /// dropped. Equal to scikit-learn's solver 'svd' but for signs.
  SingularValues,
  /// Covariances shrunk towards a multiple of the identity (per class, on standardised columns;
  /// Ledoit & Wolf 2004 unless the amount is given). Equal to solver 'eigen' with shrinkage.
  Shrinkage
};
std::string displayName(LdaSolver solver);

struct LdaOptions {
  LdaSolver solver = LdaSolver::SingularValues;
  /// Singular values of the scaled within-class data below this are nothing (scikit-learn's
  /// default).
  double tolerance = 1e-4;
  /// Shrinkage in [0, 1]; unset: by Ledoit and Wolf.
  std::optional<double> shrinkage;
};

struct Lda {
  Eigen::MatrixXd scalings;           ///< d × r, best first; r ≤ classes − 1.
  Eigen::VectorXd origin;             ///< d: subtracted before (weighted mean of class means).
  std::vector<double> discriminated;  ///< r: share of the between-class variance of each.
  LdaOptions options;
};

/// @p samples d × p (a sample per column), @p classes p numbers from 0. One LDA costs O(d² p + d³)
/// if p ≥ d and every direction varies within classes (a Cholesky factor is enough, see the body),
/// else the eigenvectors of min(d, p)². Memory 3 min(d, p)² doubles. Throws Error for fewer than
/// two classes, no more samples than classes, values that are not finite, or no direction left.
Lda fitLda(const Eigen::Ref<const Eigen::MatrixXd>& samples,
           const std::vector<std::int32_t>& classes, const LdaOptions& options = {},
           const Progress& progress = {});

/// scalingsᵀ (x − origin) of the first @p components scalings (at most all): components × p.
Eigen::MatrixXd ldaTransform(const Lda& lda, const Eigen::Ref<const Eigen::MatrixXd>& samples,
                             int components);

struct LdaSweepOptions {
  LdaOptions lda;
  int mostComponents = 11;  ///< The published sweep is 2 … 11; never more than classes − 1.
  int folds = 5;            ///< Of the held-out pairs, every class spread evenly over them.
  int permutations = 5;     ///< Shuffled labellings, averaged; 0: none.
  bool heldOut = true;
  std::uint64_t seed = 0;
};

/// Silhouettes of the relations in the plane of principal components, in LDA spaces of 2 …
/// components, on the pairs that made them, on held-out pairs, and the same for labels that mean
/// nothing. With few pairs and many dimensions the in-sample figure is high for any labels.
struct LdaSweep {
  std::vector<int> components;
  std::vector<double> inSample;
  std::vector<double> heldOut;           ///< Mean over folds, of the held-out pairs alone.
  std::vector<double> permutedInSample;  ///< Mean over the permutations.
  std::vector<double> permutedHeldOut;
  double pcaPlane = 0.0;         ///< In-sample silhouette of the first two principal components …
  double pcaPlaneHeldOut = 0.0;  ///< … and with components of the other folds, as the LDA's.
  double raw = 0.0;              ///< Of the differences themselves.
  LdaSweepOptions options;
};

/// One fit in-sample, and folds · (1 + permutations) more. Throws Error as fitLda, for fewer than
/// three classes (one component at most), and if a class has fewer than 2 · folds pairs.
LdaSweep sweepLda(const Eigen::Ref<const Eigen::MatrixXd>& samples,
                  const std::vector<std::int32_t>& classes, const LdaSweepOptions& options = {},
                  const Progress& progress = {});

}  // namespace orrery
