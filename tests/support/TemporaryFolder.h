// A folder of the test's own, gone with it, and the text of the Error that something throws.
#pragma once

#include "core/base/Error.h"

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace orrery::test {

class TemporaryFolder {
 public:
  TemporaryFolder()
  {
    std::string pattern = (std::filesystem::temp_directory_path() / "orrery-test-XXXXXX").string();
    if (!::mkdtemp(pattern.data()))
      throw std::runtime_error("no temporary folder");
    m_path = pattern;
  }
  ~TemporaryFolder()
  {
    std::error_code ignored;
    std::filesystem::remove_all(m_path, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return m_path; }

  /// Writes @p bytes to @p name in this folder (making folders on the way); returns the path.
  std::filesystem::path write(const std::filesystem::path& name, std::string_view bytes) const
  {
    const std::filesystem::path path = m_path / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream stream(path, std::ios::binary);
    stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    stream.close();
    if (!stream)
      throw std::runtime_error("cannot write " + path.string());
    return path;
  }

 private:
  std::filesystem::path m_path;
};

/// The text of the Error that @p work throws; "" if it throws none.
template <typename Work>
std::string errorOf(Work&& work)
{
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

}  // namespace orrery::test
