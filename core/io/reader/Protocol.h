// What the program and its helper orrery-reader say to each other, over one socket. Both sides are
// built together and run on one machine, so numbers travel as they lie in memory; every frame has a
// bounded length and every field is checked against it, since a damaged file may have made the
// helper say anything.
#pragma once

#include "core/io/reader/ElementKind.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orrery::reader {

inline constexpr std::uint32_t protocolMagic = 0x52524F32;  ///< Also says the version: "2ORR".
inline constexpr std::uint32_t maxFrameBytes = 16u << 20;
/// Blocks of values are kept well below the largest frame, so that stopping stays quick.
inline constexpr std::uint64_t blockBytes = 4u << 20;

/// What the listing may hold, in all.
inline constexpr std::uint64_t maxObjects = 20'000;
inline constexpr std::uint32_t maxDepth = 64;
inline constexpr std::size_t maxNameBytes = 4096;
inline constexpr std::size_t maxAttributeBytes = 4096;
inline constexpr std::uint32_t maxAttributes = 64;
inline constexpr std::size_t maxListingBytes = 32u << 20;
/// The largest chunk that is read.
inline constexpr std::uint64_t maxChunkBytes = 256u << 20;

/// The descriptors that the helper is started with.
inline constexpr int socketDescriptor = 0;
inline constexpr int fileDescriptor = 3;

enum class FrameKind : std::uint32_t {
  Request = 1,  ///< Program to helper; all others the other way.
  Object,       ///< ListedObject
  Note,         ///< text: something noticed, for people
  Plan,         ///< MatrixPlan, before any of the next four
  Chunks,       ///< PlannedChunk, as many as fit
  RawChunk,     ///< PlannedChunk and its stored bytes
  Block,        ///< Block and its values
  Strings,      ///< texts
  Failure,      ///< sentence (without the file's name), details
  End,          ///< Nothing follows: the answer is complete.
};

struct FrameHeader {
  std::uint32_t magic = protocolMagic;
  FrameKind kind = FrameKind::End;
  std::uint32_t length = 0;
};

using orrery::ElementKind;

/// How one element of a dataset is stored.
struct ElementFormat {
  ElementKind kind = ElementKind::Other;
  bool bigEndian = false;
  std::uint32_t bytes = 0;  ///< Of one element in the file.

  bool operator==(const ElementFormat&) const = default;
};

enum class ObjectKind : std::uint8_t { Dataset, Group, Other, Count };

using Attributes = std::vector<std::pair<std::string, std::string>>;

/// One name of the file: a dataset, a group (for its attributes), or something that cannot be read.
struct ListedObject {
  ObjectKind kind = ObjectKind::Other;
  std::string name;     ///< Path from the root, "/group/dataset".
  std::string aliasOf;  ///< Where a soft or second hard link leads.
  std::vector<std::uint64_t> shape;
  ElementFormat format;
  std::string typeName;
  std::uint64_t storedBytes = 0;
  std::string problem;
  std::uint64_t address = 0;  ///< What a request names the object by.
  /// Where in the file the values lie, if they lie in one piece that the program can read by
  /// itself, without asking for a plan; otherwise 0.
  std::uint64_t offset = 0;
  Attributes attributes;
};

enum class Task : std::uint8_t { List, Matrix, Numbers, Strings, Count };

struct Request {
  Task task = Task::List;
  std::uint64_t address = 0;
  std::string name;  ///< For messages.
  std::uint64_t memoryBytes = 0;
  std::uint32_t cpuSeconds = 0;
};

enum class Layout : std::uint8_t {
  Contiguous,  ///< The program reads the bytes itself, from `offset`.
  Chunks,      ///< The same, chunk by chunk; frames Chunks follow.
  RawChunks,   ///< The helper reads the stored chunks; frames RawChunk follow.
  Blocks,      ///< The HDF5 library reads; frames Block follow.
  Count,
};

enum class Filter : std::uint32_t { Deflate = 1, Shuffle = 2, Fletcher32 = 3, Lzf = 32000 };

struct FilterStep {
  Filter filter = Filter::Deflate;
  std::uint32_t elementBytes = 1;  ///< Shuffle only.

  bool operator==(const FilterStep&) const = default;
};

/// How to get at the values of a matrix.
struct MatrixPlan {
  Layout layout = Layout::Blocks;
  std::uint64_t rows = 0;
  std::uint64_t columns = 0;
  ElementFormat format;      ///< Of the bytes that are read or sent.
  std::uint64_t offset = 0;  ///< Contiguous: where in the file.
  std::uint64_t chunkRows = 0;
  std::uint64_t chunkColumns = 0;
  std::vector<FilterStep> filters;  ///< In the order in which they were applied.
  double fillValue = 0.0;           ///< What chunks that were never written hold.
};

struct PlannedChunk {
  std::uint64_t row = 0;
  std::uint64_t column = 0;
  std::uint64_t offset = 0;  ///< In the file.
  std::uint64_t bytes = 0;   ///< As stored.
  std::uint32_t skippedFilters = 0;
};

/// A rectangle of a matrix, or a run of a list of numbers (one row).
struct Block {
  std::uint64_t row = 0;
  std::uint64_t rows = 0;
  std::uint64_t column = 0;
  std::uint64_t columns = 0;
};

/// What the other side said does not follow the protocol.
class ProtocolError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class MessageWriter {
 public:
  template <typename T>
  void number(T value)
  {
    static_assert(std::is_arithmetic_v<T> || std::is_enum_v<T>);
    m_bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void text(std::string_view value);
  void raw(const void* data, std::size_t count)
  {
    m_bytes.append(static_cast<const char*>(data), count);
  }
  [[nodiscard]] const std::string& bytes() const { return m_bytes; }

 private:
  std::string m_bytes;
};

class MessageReader {
 public:
  explicit MessageReader(std::span<const std::byte> bytes) : m_rest(bytes) {}

  template <typename T>
  [[nodiscard]] T number()
  {
    static_assert(std::is_arithmetic_v<T>);
    T value;
    copy(&value, sizeof value);
    return value;
  }
  /// An enumerator that is smaller than @p count.
  template <typename T>
  [[nodiscard]] T enumerator()
  {
    const auto value = number<std::underlying_type_t<T>>();
    if (value >= static_cast<std::underlying_type_t<T>>(T::Count))
      throw ProtocolError("value out of range");
    return static_cast<T>(value);
  }
  [[nodiscard]] std::string text(std::size_t longest = maxFrameBytes);
  /// A count of things that each take at least @p bytesEach bytes of what is left.
  [[nodiscard]] std::uint32_t count(std::size_t bytesEach);
  [[nodiscard]] std::span<const std::byte> rest() const { return m_rest; }
  void expectEnd() const;

 private:
  void copy(void* target, std::size_t count);

  std::span<const std::byte> m_rest;
};

void write(MessageWriter& writer, const Request& request);
void write(MessageWriter& writer, const ListedObject& object);
void write(MessageWriter& writer, const MatrixPlan& plan);
void write(MessageWriter& writer, const PlannedChunk& chunk);
void write(MessageWriter& writer, const Block& block);

Request readRequest(MessageReader& reader);
ListedObject readObject(MessageReader& reader);
MatrixPlan readPlan(MessageReader& reader);
PlannedChunk readChunk(MessageReader& reader);
Block readBlock(MessageReader& reader);

/// Bytes of a PlannedChunk in a frame.
inline constexpr std::size_t plannedChunkBytes = 36;

}  // namespace orrery::reader
