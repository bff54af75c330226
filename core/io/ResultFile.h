// Tables and arrays that leave the program, in the form the ending asks for: .csv .tsv .npy .npz
// .h5 .json.
#pragma once

#include "core/base/Progress.h"
#include "core/base/Types.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace orrery {

/// A named column or matrix of a result. Row-major, first axis the slowest, as NumPy and HDF5 users
/// expect.
struct ResultArray {
  std::string name;
  std::vector<std::int64_t> shape;
  std::variant<std::vector<float>, std::vector<double>, std::vector<std::int32_t>,
               std::vector<std::int64_t>, std::vector<std::string>>
      values;
};

struct ResultTable {
  /// Arrays with the same first axis form the table of .csv and .tsv (a matrix gives one column per
  /// entry of its second axis, named name_0 …); .npy holds the first numeric one alone; .npz, .h5
  /// and .json hold all.
  std::vector<ResultArray> arrays;
  /// Kept with the result: options, N, seed, source. HDF5 attributes, JSON object, "__options__" in
  /// npz, "# name: value" never in CSV.
  std::map<std::string, std::string> options;
};

enum class FormulaGuard { On, Off };

/// Writes to a temporary name in the same folder, syncs, verifies, renames, syncs the folder:
/// complete, or the old file byte for byte. Throws Error: unknown ending (listing the known ones),
/// folder missing or read-only (before any work), disk full (needed and free). CSV quoting by RFC
/// 4180; text cells that begin with = + - @ TAB CR get an apostrophe when @p guard is on.
void writeResult(const std::filesystem::path& path, const ResultTable& table,
                 FormulaGuard guard = FormulaGuard::On);

/// Throws the Error that writeResult would, as far as it can be known before the work.
void checkWritable(const std::filesystem::path& path);

/// The same for writeFileAtomically, which takes any ending.
void checkFileWritable(const std::filesystem::path& path);

/// The same promise for bytes made elsewhere (pictures, sessions).
void writeFileAtomically(const std::filesystem::path& path, const std::string& bytes);

/// One CSV or TSV cell.
std::string delimitedCell(const std::string& text, char separator, FormulaGuard guard);

}  // namespace orrery
