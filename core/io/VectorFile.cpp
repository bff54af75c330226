#include "core/io/VectorFile.h"

#include "core/base/Error.h"
#include "core/io/ByteSource.h"
#include "core/io/DictionaryFile.h"
#include "core/io/FileKind.h"
#include "core/io/TensorFile.h"

#include <memory>
#include <utility>

namespace orrery {
namespace {

std::string lastPart(const std::string& name)
{
  const auto slash = name.find_last_of('/');
  return slash == std::string::npos ? name : name.substr(slash + 1);
}

std::unique_ptr<TensorFile> openTensors(const std::filesystem::path& path, const Progress& progress)
{
  if (std::filesystem::is_directory(path))
    return nullptr;
  ReadOptions options;
  switch (sniffFile(path, options).kind) {
    case FileKind::Npy:
      return openNpy(path);
    case FileKind::Npz:
      return openNpz(path);
    case FileKind::Safetensors:
      return openSafetensors(path);
    case FileKind::Hdf5:
      return openHdf5(path, progress);
    default:
      return nullptr;
  }
}

/// Gathers vectors, counting what it leaves out.
class Gathering {
 public:
  Gathering(std::int64_t dimensions, std::int64_t most) : m_dimensions(dimensions), m_most(most) {}

  template <typename Vector>
  void add(const Vector& vector, std::string name)
  {
    if (!vector.allFinite() || vector.isZero(0.0f)) {
      ++m_unusable;
    } else if (static_cast<std::int64_t>(m_vectors.size()) >= m_most) {
      ++m_beyond;
    } else {
      m_vectors.emplace_back(vector);
      m_names.push_back(std::move(name));
    }
  }

  VectorSet take(const std::filesystem::path& path, const std::string& found)
  {
    if (m_vectors.empty() && m_unusable == 0)
      throw Error(displayName(path) + ": holds no vector of " + std::to_string(m_dimensions) +
                  " numbers, as this dictionary's features have" + found);
    if (m_vectors.empty())
      throw Error(displayName(path) + ": its " + std::to_string(m_unusable) +
                  " vectors are zero or not finite");
    VectorSet set;
    set.vectors.resize(m_dimensions, static_cast<Eigen::Index>(m_vectors.size()));
    for (std::size_t i = 0; i < m_vectors.size(); ++i)
      set.vectors.col(static_cast<Eigen::Index>(i)) = m_vectors[i];
    set.names = std::move(m_names);
    if (m_unusable > 0)
      set.notes.push_back(std::to_string(m_unusable) +
                          " vectors are zero or not finite and are left out.");
    if (m_beyond > 0)
      set.notes.push_back("The first " + std::to_string(m_most) + " vectors are taken, " +
                          std::to_string(m_beyond) + " more are left out.");
    return set;
  }

 private:
  std::int64_t m_dimensions, m_most, m_unusable = 0, m_beyond = 0;
  std::vector<Eigen::VectorXf> m_vectors;
  std::vector<std::string> m_names;
};

std::string shapeText(const std::vector<std::int64_t>& shape)
{
  std::string text;
  for (const std::int64_t length : shape)
    text += (text.empty() ? "" : " × ") + std::to_string(length);
  return text;
}

}  // namespace

VectorSet readVectors(const std::filesystem::path& path, std::int64_t dimensions, std::int64_t most,
                      const Progress& progress)
{
  Gathering gathering(dimensions, most);
  const std::string stem = displayName(path.stem());
  std::string found;
  if (const auto file = openTensors(path, progress)) {
    std::int64_t listed = 0;
    for (const TensorInfo& tensor : file->tensors()) {
      progress.checkStopped();
      if (!tensor.problem.empty() || !tensor.aliasOf.empty() ||
          (!tensor.isFloat() && tensor.type != ElementType::Integer))
        continue;
      const std::string name = tensor.name.empty() ? stem : displayText(lastPart(tensor.name));
      const auto& shape = tensor.shape;
      if (shape.size() == 1 && shape[0] == dimensions) {
        const std::vector<double> values = file->readNumbers(tensor, progress);
        gathering.add(Eigen::Map<const Eigen::VectorXd>(values.data(),
                                                        static_cast<Eigen::Index>(values.size()))
                          .cast<float>(),
                      name);
      } else if (shape.size() == 2 && (shape[1] == dimensions || shape[0] == dimensions)) {
        const auto axis = shape[1] == dimensions ? FeatureAxis::Rows : FeatureAxis::Columns;
        const FeatureMatrix matrix = file->readMatrix(tensor, axis, progress);
        for (Eigen::Index i = 0; i < matrix.cols(); ++i)
          gathering.add(matrix.col(i), matrix.cols() == 1 ? name : name + " " + std::to_string(i));
      } else if (++listed <= 5) {
        found += (found.empty() ? "; it has " : ", ") + name + " (" + shapeText(shape) + ")";
      }
    }
    return gathering.take(path, found);
  }
  ReadOptions options;
  options.compareEncoder = false;
  const Dictionary read = readDictionary(path, options, progress);
  if (read.dimensions() == dimensions)
    for (std::int64_t i = 0; i < read.features(); ++i) {
      const auto place = static_cast<std::size_t>(i);
      const bool named = place < read.labels.size() && !read.labels[place].empty();
      gathering.add(read.decoder->col(i), named                  ? read.labels[place]
                                          : read.features() == 1 ? stem
                                                                 : stem + " " + std::to_string(i));
    }
  else
    found = "; its vectors have " + std::to_string(read.dimensions());
  return gathering.take(path, found);
}

}  // namespace orrery
