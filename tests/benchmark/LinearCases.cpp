#include "core/embedding/Pca.h"
#include "core/galaxy/Spectrum.h"
#include "tests/benchmark/Case.h"

namespace orrery::benchmark {
namespace {

void pca3(Run& run)
{
  const FeatureMatrix x = run.matrix();
  Pca pca;
  run.time([&] { pca = computePca(x); });
  run.note(text("explained variance %.6g %.6g %.6g", pca.eigenvalues[0], pca.eigenvalues[1],
                pca.eigenvalues[2]));
}

std::function<void(Run&)> spectrum(const char* file, Precision precision)
{
  return [=](Run& run) {
    const FeatureMatrix x = run.matrix(file);
    SpectrumOptions options;
    options.precision = precision;
    Spectrum result;
    run.time([&] { result = computeSpectrum(x, options); });
    run.note(text("largest %.8g, slope ranks 11..150 %.4f, smallest %.8g", result.eigenvalues[0],
                  result.slope, result.eigenvalues[result.eigenvalues.size() - 1]));
  };
}

}  // namespace

std::vector<Case> linearCases()
{
  const char* script = "bench_pca.py";
  return {
      {"pca3",
       "PCA top 3, 16384 x 2304",
       {{script, "pca3_sklearn_arpack_16k"}, {script, "pca3_sklearn_auto_16k"}},
       4.0,
       pca3},
      {"spectrum",
       "covariance spectrum, 16384 x 2304",
       {{script, "spectrum_numpy_cov_eigvalsh_16k"}},
       2.5,
       spectrum("X16k.npy", Precision::Single)},
      {"spectrum_exact",
       "the same in double throughout",
       {{script, "spectrum_numpy_cov_eigvalsh_16k"}},
       1.0,
       spectrum("X16k.npy", Precision::Double)},
      {"spectrum_65k",
       "covariance spectrum, 65536 x 2304",
       {{script, "spectrum_numpy_cov_eigvalsh_65k"}},
       2.5,
       spectrum("X65k.npy", Precision::Single),
       true},
  };
}

}  // namespace orrery::benchmark
