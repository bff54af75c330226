// The small outputs of the scripts in tests/reference, and real matrices that tests read without
// the program's own readers.
#pragma once

#include "core/base/Types.h"
#include "tests/support/Paths.h"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

namespace orrery::test {

/// The cells of a tab-separated file below tests/reference; lines that begin with # are left out.
/// Empty if the file is missing.
inline std::vector<std::vector<std::string>> referenceTable(const std::string& name)
{
  std::ifstream file(orrery::test::sourceFolder() + "/tests/reference/" + name);
  std::vector<std::vector<std::string>> table;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.front() == '#')
      continue;
    std::vector<std::string> cells;
    std::istringstream stream(line);
    for (std::string cell; std::getline(stream, cell, '\t');)
      cells.push_back(cell);
    table.push_back(std::move(cells));
  }
  return table;
}

/// Columns of a .npy of little-endian floats in C order whose shape is known: d × n.
inline FeatureMatrix npyMatrix(const std::filesystem::path& path, Eigen::Index n, Eigen::Index d)
{
  FeatureMatrix matrix(d, n);
  std::ifstream file(path, std::ios::binary);
  char head[10] = {};
  file.read(head, sizeof head);
  const auto length =
      static_cast<unsigned char>(head[8]) + 256 * static_cast<unsigned char>(head[9]);
  file.seekg(10 + length);
  file.read(reinterpret_cast<char*>(matrix.data()),
            static_cast<std::streamsize>(matrix.size()) * 4);
  if (!file)
    matrix.setConstant(std::numeric_limits<float>::quiet_NaN());
  return matrix;
}

/// Lines of a text file.
inline std::vector<std::string> textLines(const std::filesystem::path& path)
{
  std::vector<std::string> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);)
    lines.push_back(line);
  return lines;
}

}  // namespace orrery::test
