// t-SNE of all features over their exact neighbours, step by step.
// Sources: van der Maaten & Hinton 2008 (JMLR 9), van der Maaten 2014 (JMLR 15); learning rate
// n / exaggeration and PCA start: Belkina et al. 2019, Kobak & Berens 2019 (Nature Communications).
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"
#include "core/embedding/Embedding.h"
#include "core/embedding/MapOptions.h"
#include "core/embedding/Neighbors.h"
#include "core/embedding/TsneAffinities.h"

#include <cstdint>
#include <memory>
#include <optional>

namespace orrery {

class TsneLayout;

struct TsneOptions {
  /// Effective number of neighbours each feature attends to. More shows coarser structure. Reduced
  /// to a third of the neighbours there are where that is less, and said.
  double perplexity = 30.0;
  /// 2 or 3.
  int dimensions = 2;
  MapStart start = MapStart::Pca;
  /// Standard deviation of the first axis at the start; none keeps the positions given.
  std::optional<double> startDeviation = 1e-4;
  /// The attraction is this many times stronger in the first iterations, so that clusters find
  /// together before they are fixed in place. The excess is halved whenever the map shrinks to a
  /// dot: small maps, where every feature is tied to a good part of the others, bear less.
  double earlyExaggeration = 12.0;
  int earlyIterations = 250;
  /// Lets the exaggeration fall by the same factor each early iteration, to 1 at their end, where
  /// holding it and dropping it at once (as the first papers do) leaves the map less time to
  /// unfold: Google News in 2-D settles at a divergence of 2.17 against 2.29 and keeps 44.4 % of
  /// the nearest neighbours against 44.1 %.
  bool fadingExaggeration = true;
  /// How many times stronger the attraction stays after that in a map that has grown wide: a little
  /// more than 1 keeps more of the nearest neighbours. Maps that hold their neighbours close (of
  /// features that lie near a space of few dimensions) never get it. None takes 1, and for two
  /// degrees of freedom, where the slopes below make too little of far pairs and let the map swell,
  /// 1.12: 16,384 synthetic features of 2,304 dimensions in 3-D then keep 75.4 % of the ten nearest
  /// at a divergence of 1.182; with 1, and half the rate, it was 74.8 % at 1.195.
  std::optional<double> lateExaggeration;
  int iterations = 1000;
  /// Step per gradient (without the factor 4); none takes n / earlyExaggeration, at least 100 (or
  /// n, where there are fewer features), and with two degrees of freedom, whose slopes are less
  /// steep, twice that once the early iterations are over.
  std::optional<double> learningRate;
  double earlyMomentum = 0.5;
  double momentum = 0.8;
  /// Accuracy of the repulsion: groups that look smaller than this angle count as one point. 0 sums
  /// over all pairs exactly, in O(n²) a step. None takes 0.7; up to 1,024 features, where that
  /// costs nothing, 0: a small map settles 1 % nearer to the optimum.
  std::optional<double> theta;
  /// Of Student's kernel that the map's similarities follow, w = (1 + d²/f)^−(f+1)/2: 1 is the
  /// kernel of the first paper; 2 falls off faster and leaves near neighbours more room. None takes
  /// dimensions − 1 (van der Maaten 2009, "Learning a parametric embedding by preserving local
  /// structure"). Every pair pulls by (p − w/Z) w (y_i − y_j), as in scikit-learn: for f = 1 that
  /// is the gradient of the divergence; for f = 2 the gradient has 1/u in place of the last w, and
  /// keeps fewer of the nearest neighbours (Google News in 3-D, exaggeration held: 47 % against 48
  /// %) at a lower divergence. With f = 1 the same map keeps 47 %, with f = 2 49 %. Divergences
  /// under different kernels don't compare.
  std::optional<int> degreesOfFreedom;
  Metric metric = Metric::Cosine;  ///< Of the neighbours.
  std::uint64_t seed = 0;          ///< Of MapStart::Random alone.
};

/// What the options ask for: theirs, else what stands beside them.
int tsneDegreesOfFreedom(const TsneOptions& options);
double tsneTheta(const TsneOptions& options, std::int64_t features);
double tsneLateExaggeration(const TsneOptions& options);

/// A map in the making. Features without neighbours (zero rows under cosine) have no place: NaN.
/// The bits depend on neighbours, start and options alone, not on how the steps are grouped or on
/// the number of threads. For memory see
/// estimateTsne().
class TsneRun {
 public:
  /// @p neighbors of the features to be laid out (3 × perplexity of them, if there are as many);
  /// @p start their places at the beginning (3 × n; startingPositions()). Throws Error on options
  /// that make no sense.
  TsneRun(const Neighbors& neighbors, const Positions& start, const TsneOptions& options = {},
          const Progress& progress = {});
  TsneRun(TsneAffinities affinities, const Positions& start, const TsneOptions& options = {});
  ~TsneRun();
  TsneRun(TsneRun&&) noexcept;
  TsneRun& operator=(TsneRun&&) noexcept;

  /// Takes @p steps more steps; beyond options().iterations as well. Stopped, it throws Cancelled
  /// between two steps: the run stays as it is and may go on.
  void advance(int steps, const Progress& progress = {});

  [[nodiscard]] int iteration() const;
  [[nodiscard]] bool finished() const;  ///< iteration() ≥ options().iterations.
  [[nodiscard]] Positions positions() const;
  [[nodiscard]] const TsneOptions& options() const;
  [[nodiscard]] const TsneAffinities& affinities() const;

  /// Σ p log(p / q) in nats at the present positions, without exaggeration. Sums over all pairs up
  /// to 65 536 features; above that Z comes from the tree at θ = 0.25, which moves the divergence
  /// by less than 0.002.
  [[nodiscard]] double klDivergence(const Progress& progress = {}) const;

  /// What the steps follow at the present positions: the gradient of klDivergence() with one degree
  /// of freedom (3 × n, NaN without a place), with the repulsion at accuracy @p theta.
  [[nodiscard]] Positions gradient(double theta, const Progress& progress = {}) const;

  /// The map as it is: sentence, options and positions. Seconds are those spent in advance().
  [[nodiscard]] Embedding embedding() const;

 private:
  std::unique_ptr<TsneLayout> m_layout;
};

/// Start, run and sentence in one. @p neighbors of the same columns as @p decoder. Stopped, it
/// throws Cancelled and the state is lost: use TsneRun where it should be kept.
Embedding computeTsne(const FeatureMatrixView& decoder, const Neighbors& neighbors,
                      const TsneOptions& options = {}, const Progress& progress = {});

/// Time and memory of computeTsne, and of the neighbours where @p neighborsKnown is false.
MapEstimate estimateTsne(std::int64_t features, std::int64_t dimensions,
                         const TsneOptions& options = {}, bool neighborsKnown = false);

}  // namespace orrery
