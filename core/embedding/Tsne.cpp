#include "core/embedding/Tsne.h"

#include "core/base/Error.h"
#include "core/embedding/TsneLayout.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <string>
#include <utility>

namespace orrery {
namespace {

void checkOptions(const TsneOptions& options)
{
  const auto demand = [](bool holds, const char* sentence) {
    if (!holds)
      throw Error(sentence);
  };
  demand(options.dimensions == 2 || options.dimensions == 3, "a t-SNE map has 2 or 3 dimensions");
  demand(options.iterations >= 0 && options.earlyIterations >= 0,
         "the number of t-SNE iterations must not be negative");
  demand(options.earlyExaggeration >= 1.0 && std::isfinite(options.earlyExaggeration),
         "the early exaggeration must be at least 1");
  demand(!options.lateExaggeration ||
             (*options.lateExaggeration >= 1.0 && std::isfinite(*options.lateExaggeration)),
         "the late exaggeration must be at least 1");
  demand(!options.theta || (*options.theta >= 0.0 && *options.theta <= 1.0),
         "theta must lie between 0 and 1");
  demand(!options.learningRate ||
             (*options.learningRate > 0.0 && std::isfinite(*options.learningRate)),
         "the learning rate must be above 0");
  for (const double momentum : {options.momentum, options.earlyMomentum})
    demand(momentum >= 0.0 && momentum < 1.0, "the momentum must be at least 0 and below 1");
  demand(!options.degreesOfFreedom ||
             (*options.degreesOfFreedom >= 1 && *options.degreesOfFreedom <= 2),
         "the kernel of t-SNE has 1 or 2 degrees of freedom");
  demand(!options.startDeviation || *options.startDeviation > 0.0,
         "the deviation of the start must be above 0");
}

}  // namespace

int tsneDegreesOfFreedom(const TsneOptions& options)
{
  return options.degreesOfFreedom.value_or(options.dimensions - 1);
}

double tsneTheta(const TsneOptions& options, std::int64_t features)
{
  return options.theta.value_or(features <= 1024 ? 0.0 : 0.7);
}

double tsneLateExaggeration(const TsneOptions& options)
{
  const double most = tsneDegreesOfFreedom(options) == 2 ? 1.12 : 1.0;
  return options.lateExaggeration.value_or(std::min(most, options.earlyExaggeration));
}

TsneRun::TsneRun(const Neighbors& neighbors, const Positions& start, const TsneOptions& options,
                 const Progress& progress)
    : TsneRun(
          (checkOptions(options), computeTsneAffinities(neighbors, options.perplexity, progress)),
          start, options)
{
  m_layout->options.metric = neighbors.metric;
}

TsneRun::TsneRun(TsneAffinities affinities, const Positions& start, const TsneOptions& options)
{
  checkOptions(options);
  if (start.cols() != affinities.graph.features())
    throw Error("the map cannot start from " + std::to_string(start.cols()) + " places for " +
                std::to_string(affinities.graph.features()) + " features");
  m_layout = makeTsneLayout(std::move(affinities), start, options);
}

TsneRun::~TsneRun() = default;
TsneRun::TsneRun(TsneRun&&) noexcept = default;
TsneRun& TsneRun::operator=(TsneRun&&) noexcept = default;

void TsneRun::advance(int steps, const Progress& progress)
{
  for (int step = 0; step < steps; ++step) {
    const auto began = std::chrono::steady_clock::now();
    m_layout->step(progress);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    m_layout->seconds += took.count();
    progress.update(step + 1, steps);
  }
}

int TsneRun::iteration() const
{
  return m_layout->iteration;
}

bool TsneRun::finished() const
{
  return m_layout->iteration >= m_layout->options.iterations;
}

Positions TsneRun::positions() const
{
  return m_layout->positions();
}

const TsneOptions& TsneRun::options() const
{
  return m_layout->options;
}

const TsneAffinities& TsneRun::affinities() const
{
  return m_layout->affinities;
}

double TsneRun::klDivergence(const Progress& progress) const
{
  return m_layout->klDivergence(progress);
}

Positions TsneRun::gradient(double theta, const Progress& progress) const
{
  return m_layout->gradient(theta, progress);
}

namespace {

std::string sentence(const TsneAffinities& affinities, const TsneOptions& options, int iterations,
                     std::int64_t n)
{
  std::string text = "t-SNE in " + std::to_string(options.dimensions) + " dimensions of " +
                     std::to_string(n - affinities.unplaced) + " features, perplexity " +
                     optionText(affinities.perplexity);
  if (affinities.perplexity < options.perplexity)
    text += " (reduced from " + optionText(options.perplexity) + ": too few features)";
  text += ", " + optionText(options.metric) + ", " + std::to_string(iterations) + " iterations, " +
          optionText(options.start) + " start, seed " + std::to_string(options.seed);
  if (affinities.unplaced > 0)
    text += "; " + std::to_string(affinities.unplaced) + " without any neighbour left out";
  return text + ".";
}

}  // namespace

Embedding TsneRun::embedding() const
{
  const TsneOptions& used = m_layout->options;
  Embedding map;
  map.positions = positions();
  map.method = EmbeddingMethod::Tsne;
  map.dimensions = used.dimensions;
  map.seconds = m_layout->seconds;
  map.description = sentence(m_layout->affinities, used, m_layout->iteration,
                             m_layout->affinities.graph.features());
  map.options = {
      {"degrees_of_freedom", std::to_string(m_layout->freedom)},
      {"early_exaggeration", optionText(used.earlyExaggeration)},
      {"early_iterations", std::to_string(used.earlyIterations)},
      {"fading_exaggeration", used.fadingExaggeration ? "yes" : "no"},
      {"iterations", std::to_string(m_layout->iteration)},
      {"late_exaggeration", optionText(tsneLateExaggeration(used))},
      {"learning_rate", used.learningRate ? optionText(*used.learningRate) : "auto"},
      {"metric", optionText(used.metric)},
      {"perplexity", optionText(m_layout->affinities.perplexity)},
      {"seed", std::to_string(used.seed)},
      {"start", optionText(used.start)},
      {"theta", optionText(tsneTheta(used, m_layout->placed))},
      {"unplaced", std::to_string(m_layout->affinities.unplaced)},
  };
  return map;
}

}  // namespace orrery
