// What every container of named arrays (npy, npz, safetensors, HDF5) offers to the reader above it.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace orrery {

enum class ElementType { Float16, BFloat16, Float32, Float64, Integer, Boolean, Text, Other };

/// One array of a container, as listed before anything of it is read.
struct TensorInfo {
  std::string name;  ///< Inside the container; "/group/dataset" in HDF5; "" in a bare .npy.
  std::vector<std::int64_t>
      shape;  ///< As in the file, slowest axis first whatever the storage order.
  ElementType type = ElementType::Other;
  std::string typeName;  ///< For people: "float32", "float64 (big endian)", "complex64" …
  std::uint64_t storedBytes = 0;  ///< What the file really holds of it.
  std::string problem;  ///< Why it cannot be read, as the end of a sentence; empty if it can.
  std::string aliasOf;  ///< The listed name that this one is only another name of (HDF5 links).
  std::map<std::string, std::string>
      attributes;  ///< HDF5 attributes of it and its groups, as text.

  [[nodiscard]] bool isMatrix() const { return shape.size() == 2; }
  [[nodiscard]] bool isFloat() const
  {
    return type == ElementType::Float16 || type == ElementType::BFloat16 ||
           type == ElementType::Float32 || type == ElementType::Float64;
  }
};

/// Which axis of a 2-D array counts the features.
enum class FeatureAxis { Rows, Columns };

/// Part of a d × n matrix: some of the dimensions of some of the features.
struct MatrixBlock {
  std::int64_t firstDimension = 0;
  std::int64_t firstFeature = 0;
  FeatureMatrix values;
};

using TakeBlock = std::function<void(const MatrixBlock& block)>;

/// An open container. Opening checks the whole structure (header, offsets, sizes against the file)
/// and allocates in proportion to what the file holds; reading allocates the result and a bounded
/// work space. Files are opened read-only. All functions throw Error with one sentence that begins
/// with the file's name: what is wrong, where, expected, found.
class TensorFile {
 public:
  virtual ~TensorFile() = default;

  /// "NumPy .npy", "NumPy .npz", "safetensors", "HDF5".
  [[nodiscard]] virtual std::string formatName() const = 0;
  [[nodiscard]] virtual const std::vector<TensorInfo>& tensors() const = 0;
  /// Text that belongs to the file as a whole (safetensors __metadata__, HDF5 root attributes).
  [[nodiscard]] virtual const std::map<std::string, std::string>& metadata() const = 0;
  /// What was noticed while opening: bytes left over, links not followed, a listing that was cut.
  [[nodiscard]] virtual const std::vector<std::string>& notes() const = 0;

  /// Reads a 2-D tensor of floats, integers or booleans as d × n float, on all threads where the
  /// container allows.
  /// @p axis says which axis of the file's array counts the features; columns are turned while
  /// reading. Values of float64 that overflow float32 become infinities and are counted in @p
  /// overflowed if given.
  [[nodiscard]] virtual FeatureMatrix readMatrix(const TensorInfo& tensor, FeatureAxis axis,
                                                 const Progress& progress,
                                                 std::int64_t* overflowed = nullptr) = 0;

  /// The same in blocks of a few MiB (of HDF5, whole rows of chunks) that together are the matrix,
  /// each handed to @p take on the calling thread: for matrices of which only sums are wanted. The
  /// dimensions of a feature come in rising order. Where the container cannot (what the HDF5
  /// library alone can undo), the one block is the whole matrix.
  virtual void readBlocks(const TensorInfo& tensor, FeatureAxis axis, const Progress& progress,
                          const TakeBlock& take)
  {
    take({0, 0, readMatrix(tensor, axis, progress)});
  }

  /// Reads all elements of a numeric tensor in C order (thresholds, biases, frequencies, indices).
  [[nodiscard]] virtual std::vector<double> readNumbers(const TensorInfo& tensor,
                                                        const Progress& progress) = 0;

  /// Reads a 1-D tensor of strings as UTF-8 (bad bytes become U+FFFD; how many is added to
  /// notes()).
  [[nodiscard]] virtual std::vector<std::string> readStrings(const TensorInfo& tensor,
                                                             const Progress& progress) = 0;
};

/// Each opener sniffs nothing: the caller has decided by content. Each throws Error if the file is
/// not a sound container of its kind.
std::unique_ptr<TensorFile> openNpy(const std::filesystem::path& path);
std::unique_ptr<TensorFile> openNpz(const std::filesystem::path& path);
std::unique_ptr<TensorFile> openSafetensors(const std::filesystem::path& path);
/// Works in a helper process (orrery-reader) with limits on time and memory; see Hdf5File.h.
std::unique_ptr<TensorFile> openHdf5(const std::filesystem::path& path, const Progress& progress);

}  // namespace orrery
