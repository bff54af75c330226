#include "core/io/ResultFile.h"

#include "core/base/Error.h"
#include "core/io/ByteSource.h"
#include "core/io/results/ResultFormats.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace orrery {
namespace {

enum class ResultFormat { Csv, Tsv, Npy, Npz, Hdf5, Json };

ResultFormat formatOf(const std::filesystem::path& path)
{
  constexpr std::array endings = {
      std::pair{".csv", ResultFormat::Csv},  std::pair{".tsv", ResultFormat::Tsv},
      std::pair{".npy", ResultFormat::Npy},  std::pair{".npz", ResultFormat::Npz},
      std::pair{".h5", ResultFormat::Hdf5},  std::pair{".hdf5", ResultFormat::Hdf5},
      std::pair{".json", ResultFormat::Json}};
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  for (const auto& [known, format] : endings)
    if (ending == known)
      return format;
  throw Error(
      displayName(path) + ": the ending " +
      (ending.empty() ? std::string("is missing") : "'" + displayText(ending) + "' is unknown") +
      " (expected .csv, .tsv, .npy, .npz, .h5 or .json)");
}

std::string bytesOf(const ResultTable& table, ResultFormat format, FormulaGuard guard)
{
  switch (format) {
    case ResultFormat::Csv:
      return delimitedBytes(table, ',', guard);
    case ResultFormat::Tsv:
      return delimitedBytes(table, '\t', guard);
    case ResultFormat::Npy:
      return npyBytes(table);
    case ResultFormat::Npz:
      return npzBytes(table);
    case ResultFormat::Hdf5:
      return hdf5Bytes(table);
    case ResultFormat::Json:
      break;
  }
  return jsonBytes(table);
}

}  // namespace

std::int64_t checkedValueCount(const ResultArray& array)
{
  std::uint64_t count = 1;
  bool sound = true;
  for (const std::int64_t length : array.shape)
    sound =
        sound && length >= 0 && multiplyChecked(count, static_cast<std::uint64_t>(length), count);
  const std::size_t found =
      std::visit([](const auto& values) { return values.size(); }, array.values);
  if (!sound || count != found)
    throw Error("The result '" + displayText(array.name) + "' holds " + std::to_string(found) +
                " values, its shape asks for " +
                (sound ? std::to_string(count) : std::string("more than there can be")));
  return static_cast<std::int64_t>(count);
}

void checkWritable(const std::filesystem::path& path)
{
  formatOf(path);
  checkFileWritable(path);
}

void writeResult(const std::filesystem::path& path, const ResultTable& table, FormulaGuard guard)
{
  checkWritable(path);
  if (table.arrays.empty())
    throw Error(displayName(path) + ": there is no result to save");
  for (const ResultArray& array : table.arrays)
    checkedValueCount(array);
  writeFileAtomically(path, bytesOf(table, formatOf(path), guard));
}

}  // namespace orrery
