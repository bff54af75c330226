#include "core/io/Crc32.h"
#include "core/io/Npy.h"
#include "core/io/Zip.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace orrery {
namespace {

constexpr std::string_view ending = ".npy";

class NpzFile : public TensorFile {
 public:
  explicit NpzFile(const std::filesystem::path& path) : m_zip(path)
  {
    bool anyDeflated = false;
    bool anyStored = false;
    for (const ZipMember& member : m_zip.members()) {
      addMember(member);
      (member.isStored() ? anyStored : anyDeflated) = true;
    }
    m_format = std::string("NumPy .npz (") +
               (anyDeflated ? (anyStored ? "partly deflated" : "deflated") : "stored") + ")";
  }

  [[nodiscard]] std::string formatName() const override { return m_format; }
  [[nodiscard]] const std::vector<TensorInfo>& tensors() const override { return m_tensors; }
  [[nodiscard]] const std::map<std::string, std::string>& metadata() const override
  {
    return m_metadata;
  }
  [[nodiscard]] const std::vector<std::string>& notes() const override { return m_notes; }

  FeatureMatrix readMatrix(const TensorInfo& tensor, FeatureAxis axis, const Progress& progress,
                           std::int64_t* overflowed) override
  {
    FeatureMatrix matrix;
    const auto fromStored = [&](const StoredMatrix& place, std::uint32_t& crc) {
      matrix = readMatrixParallel(m_zip.source(), place, progress, overflowed, &crc);
    };
    const auto fromDeflated = [&](const StoredMatrix& place, const auto& next) {
      matrix = readMatrixInOrder(next, place, progress, overflowed);
    };
    readMember(tensor, axis, fromStored, fromDeflated);
    return matrix;
  }

  void readBlocks(const TensorInfo& tensor, FeatureAxis axis, const Progress& progress,
                  const TakeBlock& take) override
  {
    const auto fromStored = [&](const StoredMatrix& place, std::uint32_t& crc) {
      readBlocksParallel(m_zip.source(), place, progress, take, &crc);
    };
    const auto fromDeflated = [&](const StoredMatrix& place, const auto& next) {
      readBlocksInOrder(next, place, progress, take);
    };
    readMember(tensor, axis, fromStored, fromDeflated);
  }

  std::vector<double> readNumbers(const TensorInfo& tensor, const Progress& progress) override
  {
    const Array& array = find(tensor);
    if (!array.header.format)
      m_zip.fail(*array.member, "is not an array of numbers but of " + array.header.typeName);
    InOrder bytes(m_zip, *array.member);
    auto numbers = readNpyNumbers(array.header, bytes.fetch(), progress);
    bytes.finish();
    return numbers;
  }

  std::vector<std::string> readStrings(const TensorInfo& tensor, const Progress& progress) override
  {
    const Array& array = find(tensor);
    if (array.header.text == NpyHeader::Text::None || array.header.shape.size() > 1)
      m_zip.fail(*array.member, "is not a list of texts but " + shapeText(array.header.shape) +
                                    " of " + array.header.typeName);
    InOrder bytes(m_zip, *array.member);
    std::int64_t replaced = 0;
    auto texts = readNpyStrings(array.header, bytes.fetch(), progress, replaced);
    bytes.finish();
    if (replaced > 0)
      m_notes.push_back(std::to_string(replaced) + " bytes of '" + displayText(tensor.name) +
                        "' that are not text were replaced.");
    return texts;
  }

 private:
  struct Array {
    const ZipMember* member = nullptr;
    NpyHeader header;
  };

  /// The bytes of a member by rising offset, small pieces from a buffer.
  class InOrder {
   public:
    InOrder(const ZipFile& zip, const ZipMember& member) : m_reader(zip, member) {}

    NpyFetch fetch()
    {
      return [this](std::uint64_t offset, void* target, std::size_t count) {
        skip(m_reader, offset - m_at);
        m_reader.read(target, count);
        m_at = offset + count;
      };
    }
    void finish() { m_reader.finish(); }

   private:
    ZipMemberReader m_reader;
    std::uint64_t m_at = 0;
  };

  static void skip(ZipMemberReader& reader, std::uint64_t count)
  {
    std::byte buffer[4096];
    while (count > 0) {
      const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(count, sizeof buffer));
      reader.read(buffer, part);
      count -= part;
    }
  }

  void addMember(const ZipMember& member)
  {
    TensorInfo info;
    info.name = member.name;
    info.typeName = "no array";
    Array array{&member, {}};
    if (!member.name.ends_with(ending)) {
      info.problem = "is not a NumPy array (" + std::string(ending) + ")";
    } else {
      info.name.resize(info.name.size() - ending.size());
      if (member.problem.empty()) {
        array.header = readHeader(member);
        info = array.header.info(info.name);
      } else {
        info.problem = member.problem;
      }
    }
    info.storedBytes = member.storedSize;
    if (!m_arrays.emplace(info.name, array).second) {
      info.problem = "is the second member of that name";
      m_notes.push_back("Two members are called '" + displayText(info.name) +
                        "'; the first was taken.");
    }
    m_tensors.push_back(std::move(info));
  }

  NpyHeader readHeader(const ZipMember& member) const
  {
    const auto fail = [&](const std::string& message) { m_zip.fail(member, message); };
    // Nearly every header is 128 bytes long; the rest is asked for where it is not.
    ZipMemberReader reader(m_zip, member, 4096);
    std::vector<std::byte> start(128);
    start.resize(reader.readSome(start.data(), start.size()));
    auto header = parseNpyHeader(start, member.size, fail);
    if (!header) {
      const std::size_t have = start.size();
      start.resize(
          static_cast<std::size_t>(std::min<std::uint64_t>(longestNpyHeader, member.size)));
      start.resize(have + reader.readSome(start.data() + have, start.size() - have));
      header = parseNpyHeader(start, start.size(), fail);
    }
    if (header->problem.empty() && header->dataBytes != member.size - header->dataOffset)
      fail("does not hold what its header says: " + shapeText(header->shape) + " of " +
           header->typeName + " needs " + std::to_string(header->dataBytes) + " bytes, found " +
           std::to_string(member.size - header->dataOffset));
    return std::move(*header);
  }

  const Array& find(const TensorInfo& tensor) const
  {
    const auto found = m_arrays.find(tensor.name);
    if (found == m_arrays.end())
      m_zip.source().fail("has no array '" + displayText(tensor.name) + "'");
    if (!tensor.problem.empty())
      m_zip.fail(*found->second.member, tensor.problem);
    return found->second;
  }

  /// Has a matrix read by @p fromStored(place, crc) from its place in the file, or by
  /// @p fromDeflated(place, next) as it is inflated, and compares the member's check sum.
  template <typename FromStored, typename FromDeflated>
  void readMember(const TensorInfo& tensor, FeatureAxis axis, const FromStored& fromStored,
                  const FromDeflated& fromDeflated) const
  {
    const Array& array = find(tensor);
    const ZipMember& member = *array.member;
    if (!tensor.isMatrix() || !array.header.format)
      m_zip.fail(member, "is not a two-dimensional array of numbers");
    if (!member.isStored()) {
      ZipMemberReader reader(m_zip, member);
      skip(reader, array.header.dataOffset);
      fromDeflated(array.header.matrix(0, tensor.shape, axis),
                   [&](void* target, std::size_t count) { reader.read(target, count); });
      reader.finish();
      return;
    }
    std::vector<std::byte> head(static_cast<std::size_t>(array.header.dataOffset));
    m_zip.source().read(member.dataOffset, head.data(), head.size());
    std::uint32_t crc = 0;
    fromStored(array.header.matrix(member.dataOffset, tensor.shape, axis), crc);
    if (joinCrc(crc32Of(0, head.data(), head.size()), crc, array.header.dataBytes) != member.crc)
      m_zip.fail(member, "is damaged: its check sum differs from the one stored");
  }

  ZipFile m_zip;
  std::string m_format;
  std::unordered_map<std::string, Array> m_arrays;
  std::vector<TensorInfo> m_tensors;
  std::map<std::string, std::string> m_metadata;
  std::vector<std::string> m_notes;
};

}  // namespace

std::unique_ptr<TensorFile> openNpz(const std::filesystem::path& path)
{
  return std::make_unique<NpzFile>(path);
}

}  // namespace orrery
