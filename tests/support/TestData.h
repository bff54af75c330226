// Where the real data lie, and what a test does where they are absent.
#pragma once

#include "tests/support/Paths.h"

#include <QtTest/QTest>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace orrery::test {

/// The folder of real data: ORRERY_TEST_DATA, else beside the source tree.
inline std::filesystem::path dataFolder()
{
  const char* folder = std::getenv("ORRERY_TEST_DATA");
  return folder && *folder ? std::filesystem::path(folder)
                           : std::filesystem::path(defaultDataFolder());
}

inline bool onCi()
{
  const char* value = std::getenv("CI");
  return value && std::string(value) == "true";
}

}  // namespace orrery::test

/// Skips the test function, saying so, where @p relative below the data folder is absent; fails it
/// under CI=true, where the data must be there. Defines `dataPath`.
#define ORRERY_NEED_DATA(relative)                                                              \
  const std::filesystem::path dataPath = orrery::test::dataFolder() / (relative);               \
  if (!std::filesystem::exists(dataPath)) {                                                     \
    if (orrery::test::onCi())                                                                   \
      QFAIL(("test data are missing: " + dataPath.string()).c_str());                           \
    QSKIP(("test data are missing: " + dataPath.string() + " (set ORRERY_TEST_DATA)").c_str()); \
  }
