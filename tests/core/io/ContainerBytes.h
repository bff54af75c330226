// Containers made byte by byte in the test, sound or with the fault that is wanted.
#pragma once

#include <sys/resource.h>
#include <zlib.h>

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

namespace orrery::test {

template <typename Word>
void put(std::string& bytes, Word word)
{
  char raw[sizeof word];
  std::memcpy(raw, &word, sizeof word);
  bytes.append(raw, sizeof raw);
}

template <typename Value>
std::string bytesOf(const std::vector<Value>& values)
{
  return std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(Value));
}

/// A .npy of version @p version with @p dictionary as its header's text, padded as NumPy does.
inline std::string npyOf(const std::string& dictionary, const std::string& data, int version = 1)
{
  std::string bytes = "\x93NUMPY";
  bytes += static_cast<char>(version);
  bytes += '\0';
  std::string text = dictionary;
  const std::size_t preamble = version == 1 ? 10 : 12;
  while ((preamble + text.size() + 1) % 64 != 0)
    text += ' ';
  text += '\n';
  if (version == 1)
    put(bytes, static_cast<std::uint16_t>(text.size()));
  else
    put(bytes, static_cast<std::uint32_t>(text.size()));
  return bytes + text + data;
}

inline std::string npyHeader(const std::string& descr, const std::string& shape,
                             bool fortran = false)
{
  return "{'descr': '" + descr + "', 'fortran_order': " + (fortran ? "True" : "False") +
         ", 'shape': " + shape + ", }";
}

inline std::string npyFloats(const std::string& shape, const std::vector<float>& values,
                             bool fortran = false)
{
  return npyOf(npyHeader("<f4", shape, fortran), bytesOf(values));
}

inline std::string safetensorsOf(const std::string& header, const std::string& data)
{
  std::string bytes;
  put(bytes, static_cast<std::uint64_t>(header.size()));
  return bytes + header + data;
}

struct ZipEntry {
  std::string name;
  std::string data;
  std::optional<std::string> packed;  ///< Deflated elsewhere; then `data` is left empty.
  bool deflate = false;
  bool zip64 = false;       ///< Sizes in the extra field of its own header, as NumPy writes them.
  bool descriptor = false;  ///< Sizes after the data, zero in its own header.
  std::uint16_t flags = 0;
  std::optional<std::uint16_t> method;           ///< What it claims.
  std::optional<std::uint32_t> crc;              ///< What it claims.
  std::optional<std::uint32_t> directorySize;    ///< Unpacked size that the directory claims.
  std::optional<std::uint32_t> localSize;        ///< Unpacked size that its own header claims.
  std::optional<std::uint32_t> directoryOffset;  ///< Where the directory says it is.
};

struct ZipOptions {
  std::string prefix = {};
  std::string comment = {};
  bool zip64End = false;
  std::optional<std::uint16_t> count = {};
};

inline std::string deflated(const std::string& data)
{
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, data.size()) + 16, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  ::deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

inline std::string zipOf(const std::vector<ZipEntry>& entries, const ZipOptions& options = {})
{
  std::string bytes = options.prefix;
  std::string directory;
  for (const ZipEntry& entry : entries) {
    const std::string packed = entry.packed    ? *entry.packed
                               : entry.deflate ? deflated(entry.data)
                                               : entry.data;
    const auto crc = entry.crc.value_or(
        static_cast<std::uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(entry.data.data()),
                                         static_cast<uInt>(entry.data.size()))));
    const auto flags = static_cast<std::uint16_t>(entry.flags | (entry.descriptor ? 8 : 0));
    const std::uint16_t method = entry.method.value_or(entry.deflate ? 8 : 0);
    const auto size = static_cast<std::uint32_t>(entry.data.size());
    const auto packedSize = static_cast<std::uint32_t>(packed.size());
    const auto offset = static_cast<std::uint32_t>(bytes.size() - options.prefix.size());
    std::string extra;
    if (entry.zip64) {
      put(extra, std::uint16_t{1});
      put(extra, std::uint16_t{16});
      put(extra, static_cast<std::uint64_t>(entry.localSize.value_or(size)));
      put(extra, static_cast<std::uint64_t>(packedSize));
    }
    const auto common = [&](std::string& target) {
      put(target, std::uint16_t{20});
      put(target, flags);
      put(target, method);
      put(target, std::uint32_t{0});
    };
    put(bytes, std::uint32_t{0x04034B50});
    common(bytes);
    put(bytes, entry.descriptor ? 0 : crc);
    put(bytes, entry.zip64 ? 0xFFFFFFFF : entry.descriptor ? 0 : packedSize);
    put(bytes, entry.zip64 ? 0xFFFFFFFF : entry.descriptor ? 0 : entry.localSize.value_or(size));
    put(bytes, static_cast<std::uint16_t>(entry.name.size()));
    put(bytes, static_cast<std::uint16_t>(extra.size()));
    bytes += entry.name + extra + packed;
    if (entry.descriptor) {
      put(bytes, std::uint32_t{0x08074B50});
      put(bytes, crc);
      put(bytes, packedSize);
      put(bytes, size);
    }
    put(directory, std::uint32_t{0x02014B50});
    put(directory, std::uint16_t{20});
    common(directory);
    put(directory, crc);
    put(directory, packedSize);
    put(directory, entry.directorySize.value_or(size));
    put(directory, static_cast<std::uint16_t>(entry.name.size()));
    directory.append(12, '\0');
    put(directory, entry.directoryOffset.value_or(offset));
    directory += entry.name;
  }
  const std::size_t start = bytes.size() - options.prefix.size();
  bytes += directory;
  if (options.zip64End) {
    const std::uint64_t record = bytes.size() - options.prefix.size();
    put(bytes, std::uint32_t{0x06064B50});
    put(bytes, std::uint64_t{44});
    put(bytes, std::uint32_t{0x2D002D});
    put(bytes, std::uint64_t{0});
    put(bytes, static_cast<std::uint64_t>(entries.size()));
    put(bytes, static_cast<std::uint64_t>(entries.size()));
    put(bytes, static_cast<std::uint64_t>(directory.size()));
    put(bytes, static_cast<std::uint64_t>(start));
    put(bytes, std::uint32_t{0x07064B50});
    put(bytes, std::uint32_t{0});
    put(bytes, record);
    put(bytes, std::uint32_t{1});
  }
  const std::uint16_t count = options.count.value_or(static_cast<std::uint16_t>(entries.size()));
  put(bytes, std::uint32_t{0x06054B50});
  put(bytes, std::uint32_t{0});
  put(bytes, options.zip64End ? std::uint16_t{0xFFFF} : count);
  put(bytes, options.zip64End ? std::uint16_t{0xFFFF} : count);
  put(bytes, options.zip64End ? 0xFFFFFFFF : static_cast<std::uint32_t>(directory.size()));
  put(bytes, options.zip64End ? 0xFFFFFFFF : static_cast<std::uint32_t>(start));
  put(bytes, static_cast<std::uint16_t>(options.comment.size()));
  return bytes + options.comment;
}

/// Highest memory use so far of this process, in bytes.
inline std::uint64_t peakMemory()
{
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

}  // namespace orrery::test
