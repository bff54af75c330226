#include "core/io/Hdf5File.h"

#include "core/base/Error.h"
#include "core/io/ByteSource.h"
#include "core/io/ParallelRead.h"
#include "core/io/Utf8.h"
#include "core/io/hdf5/Listing.h"
#include "core/io/hdf5/MatrixDecoding.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <future>
#include <limits>
#include <optional>
#include <sstream>
#include <utility>

namespace orrery {
namespace {

/// Numbers and texts that are read whole; matrices have their own path.
constexpr std::uint64_t maxListBytes = std::uint64_t{1} << 30;

/// Whether somebody holds a lock for writing on the file, as the HDF5 library does while it writes.
/// Looked up, not tried: trying would for a moment keep a writer out.
bool isLockedForWriting(int descriptor)
{
  struct stat status {};
  std::ifstream locks("/proc/locks");
  if (!locks || ::fstat(descriptor, &status) != 0)
    return false;
  // "1: FLOCK  ADVISORY  WRITE 708 08:01:1234 0 EOF", the device in hexadecimal.
  char identity[64];
  std::snprintf(identity, sizeof identity, "%02x:%02x:%llu", major(status.st_dev),
                minor(status.st_dev), static_cast<unsigned long long>(status.st_ino));
  std::string line;
  for (int i = 0; i < 10'000 && std::getline(locks, line); ++i) {
    std::istringstream words(line);
    std::string number, kind, mode, access, process, where;
    words >> number >> kind >> mode >> access >> process >> where;
    if (access == "WRITE" && where == identity)
      return true;
  }
  return false;
}

class Hdf5File : public TensorFile {
 public:
  Hdf5File(const std::filesystem::path& path, const ReaderLimits& limits, const Progress& progress)
      : m_source(path), m_limits(limits)
  {
    if (m_source.size() == 0)
      m_source.fail("is empty (expected HDF5)");
    // Beside the rest: the kernel takes some ten milliseconds for its list of locks.
    m_isLocked = std::async(std::launch::async, isLockedForWriting, m_source.descriptor());
    m_listing = listHdf5(m_source, m_limits, progress);
  }

  [[nodiscard]] std::string formatName() const override { return m_listing.formatName; }
  [[nodiscard]] const std::vector<TensorInfo>& tensors() const override
  {
    return m_listing.tensors;
  }
  [[nodiscard]] const std::map<std::string, std::string>& metadata() const override
  {
    return m_listing.metadata;
  }
  [[nodiscard]] const std::vector<std::string>& notes() const override
  {
    if (m_isLocked.valid() && m_isLocked.get())
      m_listing.notes.emplace_back(
          "another program has the file open for writing; what is read may be incomplete");
    return m_listing.notes;
  }

  [[nodiscard]] FeatureMatrix readMatrix(const TensorInfo& tensor, FeatureAxis axis,
                                         const Progress& progress,
                                         std::int64_t* overflowed) override
  {
    TensorInfo info = known(tensor.name);
    const Hdf5Entry& entry = m_listing.entries.at(info.name);
    // A single axis of length one may be left out.
    if (info.shape.size() == 3 && std::count(info.shape.begin(), info.shape.end(), 1) == 1)
      std::erase(info.shape, 1);
    if (!info.isMatrix())
      fail(info, "has " + std::to_string(info.shape.size()) + " axes instead of 2");
    if (info.type == ElementType::Text || info.type == ElementType::Other)
      fail(info, "holds no numbers but " + info.typeName);
    if (info.shape[0] == 0 || info.shape[1] == 0)
      fail(info, "has no elements (its shape is " + std::to_string(info.shape[0]) + " × " +
                     std::to_string(info.shape[1]) + ")");
    std::int64_t tooLarge = 0;
    FeatureMatrix matrix = entry.kind == Hdf5Entry::Kind::Sparse
                               ? readSparse(info, entry, axis, progress, tooLarge)
                               : readDense(info, entry, axis, progress, tooLarge);
    if (overflowed)
      *overflowed += tooLarge;
    noteConversion(info, entry);
    return matrix;
  }

  void readBlocks(const TensorInfo& tensor, FeatureAxis axis, const Progress& progress,
                  const TakeBlock& take) override
  {
    const TensorInfo& info = known(tensor.name);
    const Hdf5Entry& entry = m_listing.entries.at(info.name);
    const bool isNumber = info.type != ElementType::Text && info.type != ElementType::Other;
    if (entry.kind != Hdf5Entry::Kind::Dataset || !info.isMatrix() || !isNumber ||
        info.shape[0] == 0 || info.shape[1] == 0) {
      TensorFile::readBlocks(tensor, axis, progress, take);
      return;
    }
    if (const auto stored = inOnePiece(info, entry, axis)) {
      checkUnchanged();
      readBlocksParallel(m_source, *stored, progress, take);
    } else {
      ReaderProcess helper = ask(reader::Task::Matrix, info.name, entry, progress);
      noteMissing(info,
                  decodeBlocks(m_source, helper, info.name, info.shape, axis, progress, take));
    }
    noteConversion(info, entry);
  }

  [[nodiscard]] std::vector<double> readNumbers(const TensorInfo& tensor,
                                                const Progress& progress) override
  {
    const TensorInfo& info = known(tensor.name);
    const Hdf5Entry& entry = m_listing.entries.at(info.name);
    const bool isNumber = info.type != ElementType::Text && info.type != ElementType::Other;
    if (entry.kind == Hdf5Entry::Kind::Sparse || !isNumber)
      fail(info, "is no list of numbers but " + info.typeName);
    std::vector<double> numbers;
    reserve(numbers, info);
    forEachNumber(entry, info, progress, [&](const double* values, std::size_t count) {
      numbers.insert(numbers.end(), values, values + count);
    });
    return numbers;
  }

  [[nodiscard]] std::vector<std::string> readStrings(const TensorInfo& tensor,
                                                     const Progress& progress) override
  {
    const TensorInfo& info = known(tensor.name);
    const Hdf5Entry& entry = m_listing.entries.at(info.name);
    if (info.type != ElementType::Text)
      fail(info, "holds no texts but " + info.typeName);
    return entry.kind == Hdf5Entry::Kind::Categories ? readCategories(info, entry, progress)
                                                     : readTexts(info, entry, progress);
  }

 private:
  [[noreturn]] void fail(const TensorInfo& info, const std::string& problem) const
  {
    m_source.fail("dataset '" + displayText(info.name) + "' " + displayText(problem));
  }

  /// Our own entry for a name: what the caller hands in may be a copy of long ago.
  const TensorInfo& known(const std::string& name) const
  {
    for (const TensorInfo& info : m_listing.tensors) {
      if (info.name != name)
        continue;
      if (!info.problem.empty())
        fail(info, info.problem);
      return info;
    }
    m_source.fail("has no dataset '" + displayText(name) + "'");
  }

  /// Throws Error if the file is not the one that was listed any more.
  void checkUnchanged() const
  {
    struct stat status {};
    if (::fstat(m_source.descriptor(), &status) != 0 ||
        static_cast<std::uint64_t>(status.st_size) != m_source.size() ||
        status.st_mtim.tv_sec * std::int64_t{1'000'000'000} + status.st_mtim.tv_nsec !=
            m_source.modifiedNs())
      m_source.fail("has changed since it was opened; open it again");
    // The bytes are still there, but the HDF5 library asks for the name behind the descriptor.
    if (status.st_nlink == 0)
      m_source.fail("has been deleted since it was opened");
  }

  /// The helper, asked for one dataset.
  ReaderProcess ask(reader::Task task, const std::string& name, const Hdf5Entry& entry,
                    const Progress& progress) const
  {
    checkUnchanged();
    reader::Request request;
    request.task = task;
    request.name = displayText(name).substr(0, reader::maxNameBytes);
    request.address = entry.address;
    return ReaderProcess(m_source, request, m_limits, progress);
  }

  /// Where the values lie, if the listing says so and it can be true.
  std::optional<StoredMatrix> inOnePiece(const TensorInfo& info, const Hdf5Entry& entry,
                                         FeatureAxis axis) const
  {
    const auto format = decodableFormat(entry.format);
    if (!format || entry.offset == 0 || entry.offset > m_source.size())
      return std::nullopt;
    std::uint64_t bytes = elementSize(format->kind);
    for (const std::int64_t size : info.shape)
      if (!multiplyChecked(bytes, static_cast<std::uint64_t>(size), bytes))
        return std::nullopt;
    if (bytes > m_source.size() - entry.offset)
      return std::nullopt;
    return StoredMatrix{entry.offset, info.shape[0], info.shape[1], *format,
                        axis == FeatureAxis::Rows};
  }

  FeatureMatrix readDense(const TensorInfo& info, const Hdf5Entry& entry, FeatureAxis axis,
                          const Progress& progress, std::int64_t& overflowed)
  {
    if (const auto stored = inOnePiece(info, entry, axis)) {
      checkUnchanged();
      return readMatrixParallel(m_source, *stored, progress, &overflowed);
    }
    ReaderProcess helper = ask(reader::Task::Matrix, info.name, entry, progress);
    DecodedMatrix decoded = decodeMatrix(m_source, helper, info.name, info.shape, axis, progress);
    overflowed = decoded.overflowed;
    noteMissing(info, decoded.missing);
    return std::move(decoded.matrix);
  }

  /// Calls @p take(values, count) for all elements in order.
  void forEachNumber(const Hdf5Entry& entry, const TensorInfo& info, const Progress& progress,
                     const std::function<void(const double*, std::size_t)>& take) const
  {
    ReaderProcess helper = ask(reader::Task::Numbers, info.name, entry, progress);
    const std::uint64_t total = elements(info);
    std::uint64_t done = 0;
    std::vector<double> values;
    ReaderProcess::Frame frame;
    try {
      while (helper.next(frame)) {
        reader::MessageReader message(frame.payload);
        if (frame.kind != reader::FrameKind::Block)
          helper.failOnAnswer("unexpected answer");
        const reader::Block block = readBlock(message);
        const auto bytes = message.rest();
        if (block.column != done || block.columns == 0 || block.columns > total - done ||
            bytes.size() != block.columns * sizeof(double))
          helper.failOnAnswer("a block outside the list");
        values.resize(block.columns);
        std::memcpy(values.data(), bytes.data(), bytes.size());
        take(values.data(), values.size());
        done += block.columns;
        progress.update(static_cast<std::int64_t>(done), static_cast<std::int64_t>(total));
      }
    } catch (const reader::ProtocolError& error) {
      helper.failOnAnswer(error.what());
    }
    if (done != total)
      helper.failOnAnswer("the answer does not cover the list");
  }

  static std::uint64_t elements(const TensorInfo& info)
  {
    std::uint64_t count = 1;
    for (const std::int64_t size : info.shape)
      count *= static_cast<std::uint64_t>(size);
    return count;
  }

  template <typename T>
  void reserve(std::vector<T>& values, const TensorInfo& info) const
  {
    const std::uint64_t count = elements(info);
    if (count > maxListBytes / sizeof(double))
      fail(info, "holds " + std::to_string(count) + " values, above the limit of " +
                     std::to_string(maxListBytes / sizeof(double)) + " for a list");
    values.reserve(count);
  }

  const TensorInfo& part(const std::string& name) const { return known(name); }

  std::vector<std::int64_t> readIndices(const std::string& name, std::int64_t below,
                                        const TensorInfo& whole, const Progress& progress) const
  {
    std::vector<std::int64_t> indices;
    reserve(indices, part(name));
    forEachNumber(m_listing.entries.at(name), part(name), progress,
                  [&](const double* values, std::size_t count) {
                    for (std::size_t i = 0; i < count; ++i) {
                      if (!(values[i] >= 0.0 && values[i] < static_cast<double>(below)))
                        fail(whole, "is damaged: index " + std::to_string(indices.size()) +
                                        " of '" + name + "' is outside of 0 … " +
                                        std::to_string(below - 1));
                      indices.push_back(static_cast<std::int64_t>(values[i]));
                    }
                  });
    return indices;
  }

  /// A sparse matrix, spread out. Equal places are added, as SciPy does.
  FeatureMatrix readSparse(const TensorInfo& info, const Hdf5Entry& entry, FeatureAxis axis,
                           const Progress& progress, std::int64_t& overflowed)
  {
    const std::int64_t stored = part(entry.values).shape[0];
    const std::int64_t lines = info.shape[entry.compressedRows ? 0 : 1];
    const std::int64_t width = info.shape[entry.compressedRows ? 1 : 0];
    const std::vector<std::int64_t> pointers =
        readIndices(entry.pointers, stored + 1, info, progress);
    if (static_cast<std::int64_t>(pointers.size()) != lines + 1 || pointers.front() != 0 ||
        pointers.back() != stored || !std::is_sorted(pointers.begin(), pointers.end()))
      fail(info, "is damaged: its row pointers do not count up to its " + std::to_string(stored) +
                     " values");
    const std::vector<std::int64_t> indices = readIndices(entry.indices, width, info, progress);

    const bool featuresAreLines = entry.compressedRows == (axis == FeatureAxis::Rows);
    FeatureMatrix matrix =
        featuresAreLines ? allocateMatrix(width, lines) : allocateMatrix(lines, width);
    matrix.setZero();
    std::int64_t line = 0, position = 0;
    forEachNumber(m_listing.entries.at(entry.values), part(entry.values), progress,
                  [&](const double* values, std::size_t count) {
                    for (std::size_t i = 0; i < count; ++i, ++position) {
                      while (position >= pointers[static_cast<std::size_t>(line) + 1])
                        ++line;
                      const auto value = static_cast<float>(values[i]);
                      overflowed += std::isinf(value) && std::isfinite(values[i]) ? 1 : 0;
                      const std::int64_t index = indices[static_cast<std::size_t>(position)];
                      (featuresAreLines ? matrix(index, line) : matrix(line, index)) += value;
                    }
                  });
    note("dataset '" + displayText(info.name) + "' is sparse (" + std::to_string(stored) +
         " stored values) and was spread out");
    return matrix;
  }

  std::vector<std::string> readTexts(const TensorInfo& info, const Hdf5Entry& entry,
                                     const Progress& progress)
  {
    ReaderProcess helper = ask(reader::Task::Strings, info.name, entry, progress);
    const std::uint64_t total = elements(info);
    std::vector<std::string> texts;
    std::int64_t replaced = 0;
    std::uint64_t bytes = 0;
    ReaderProcess::Frame frame;
    try {
      while (helper.next(frame)) {
        if (frame.kind != reader::FrameKind::Strings)
          helper.failOnAnswer("unexpected answer");
        reader::MessageReader message(frame.payload);
        bytes += frame.payload.size();
        if (bytes > maxListBytes)
          fail(info, "holds more than " + displayBytes(maxListBytes) + " of text");
        while (!message.rest().empty())
          texts.push_back(repairUtf8(message.text(), replaced));
        if (texts.size() > total)
          helper.failOnAnswer("too many texts");
        progress.update(static_cast<std::int64_t>(texts.size()), static_cast<std::int64_t>(total));
      }
    } catch (const reader::ProtocolError& error) {
      helper.failOnAnswer(error.what());
    }
    if (texts.size() != total)
      helper.failOnAnswer("the answer does not cover the list");
    if (replaced > 0)
      note("dataset '" + displayText(info.name) + "': " + std::to_string(replaced) +
           " bytes that are not UTF-8 were replaced by U+FFFD");
    return texts;
  }

  std::vector<std::string> readCategories(const TensorInfo& info, const Hdf5Entry& entry,
                                          const Progress& progress)
  {
    const TensorInfo& namesInfo = part(entry.categories);
    const std::vector<std::string> names =
        readTexts(namesInfo, m_listing.entries.at(entry.categories), progress);
    std::vector<std::string> texts;
    reserve(texts, info);
    forEachNumber(m_listing.entries.at(entry.codes), info, progress,
                  [&](const double* codes, std::size_t count) {
                    for (std::size_t i = 0; i < count; ++i) {
                      // A code of −1 means that the value is missing.
                      if (codes[i] < 0.0)
                        texts.emplace_back();
                      else if (codes[i] < static_cast<double>(names.size()))
                        texts.push_back(names[static_cast<std::size_t>(codes[i])]);
                      else
                        fail(info, "is damaged: element " + std::to_string(texts.size()) +
                                       " has no category");
                    }
                  });
    return texts;
  }

  void noteMissing(const TensorInfo& info, const MissingChunks& missing)
  {
    if (missing.count > 0)
      note("dataset '" + displayText(info.name) + "': " + std::to_string(missing.count) + " of " +
           std::to_string(missing.all) +
           " chunks were never written; their values are the fill value");
  }

  void noteConversion(const TensorInfo& info, const Hdf5Entry& entry)
  {
    const std::string name = "dataset '" + displayText(info.name) + "'";
    if (info.type == ElementType::Boolean)
      note(name + " holds booleans (an enumeration of FALSE and TRUE), converted to 0 and 1");
    else if (info.type == ElementType::Integer)
      note(name + " holds whole numbers (" + info.typeName + "), converted to float32");
    else if (entry.format.kind == reader::ElementKind::OtherFloat)
      note(name + " holds numbers of an unusual type (" + info.typeName +
           "), converted to float32");
  }

  void note(const std::string& text)
  {
    if (std::find(m_listing.notes.begin(), m_listing.notes.end(), text) == m_listing.notes.end())
      m_listing.notes.push_back(text);
  }

  ByteSource m_source;
  ReaderLimits m_limits;
  mutable Hdf5Listing m_listing;
  mutable std::future<bool> m_isLocked;  ///< Valid until its answer is among the notes.
};

}  // namespace

std::unique_ptr<TensorFile> openHdf5(const std::filesystem::path& path, const ReaderLimits& limits,
                                     const Progress& progress)
{
  return std::make_unique<Hdf5File>(path, limits, progress);
}

std::unique_ptr<TensorFile> openHdf5(const std::filesystem::path& path, const Progress& progress)
{
  return openHdf5(path, ReaderLimits{}, progress);
}

}  // namespace orrery
