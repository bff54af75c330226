#include "core/base/Error.h"
#include "core/io/TensorFile.h"
#include "tests/benchmark/Case.h"

#include <algorithm>
#include <memory>

namespace orrery::benchmark {
namespace {

using Opener = std::unique_ptr<TensorFile> (*)(const std::filesystem::path&);

std::unique_ptr<TensorFile> openHdf5Quietly(const std::filesystem::path& path)
{
  return openHdf5(path, {});
}

/// Opens the file and reads one array, every byte of it in memory, page cache warm.
std::function<void(Run&)> load(const char* file, const char* dataset, Opener open)
{
  return [=](Run& run) {
    const std::filesystem::path path = run.data(file);
    const auto read = [&] {
      const auto container = open(path);
      const std::vector<TensorInfo>& tensors = container->tensors();
      const auto found = std::find_if(tensors.begin(), tensors.end(), [&](const TensorInfo& info) {
        return info.name == dataset || info.name == std::string("/") + dataset;
      });
      if (found == tensors.end())
        throw Error(path.string() + " has no " + dataset);
      return container->readMatrix(*found, FeatureAxis::Rows, {});
    };
    double sum = read().col(0).cast<double>().sum();
    FeatureMatrix matrix;
    // Giving the memory back is not timed, as it is not with the peers.
    run.time([&] { matrix = read(); },
             [&] {
               sum += static_cast<double>(matrix(0, 0));
               matrix.resize(0, 0);
             });
    run.note("check sum " + std::to_string(sum));
  };
}

}  // namespace

std::vector<Case> loadCases()
{
  const char* script = "bench_load.py";
  return {
      {"load_npy",
       "load 151 MB, .npy",
       {{script, "load_npy_read_warm"}},
       1.3,
       load("X16k.npy", "", openNpy)},
      {"load_safetensors",
       "load 151 MB, safetensors",
       {{script, "load_safetensors_read_warm"}},
       1.3,
       load("X16k.safetensors", "W_dec", openSafetensors)},
      {"load_hdf5",
       "load 151 MB, HDF5",
       {{script, "load_hdf5_contiguous_warm"}},
       1.3,
       load("X16k.h5", "W_dec", openHdf5Quietly)},
      {"load_npz",
       "load 151 MB, .npz member",
       {{script, "load_npz_member_warm"}},
       4.0,
       load("params.npz", "W_dec", openNpz)},
      {"load_hdf5_gzip",
       "load 151 MB, HDF5 gzip 4 and shuffle",
       {{script, "load_hdf5_gzip4_shuffle_warm"}},
       2.0,
       load("X16k.h5", "W_dec_gz", openHdf5Quietly)},
  };
}

}  // namespace orrery::benchmark
