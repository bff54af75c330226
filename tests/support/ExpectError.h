// Refusals are part of what the program promises: their sentences are tested.
#pragma once

#include "tests/support/TemporaryFolder.h"

#include <QtTest/QTest>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace orrery::test {

/// The whole of a file.
inline std::string bytesOf(const std::filesystem::path& path)
{
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline bool hasPart(const std::vector<std::string>& sentences, const std::string& part)
{
  for (const std::string& sentence : sentences)
    if (sentence.find(part) != std::string::npos)
      return true;
  return false;
}

}  // namespace orrery::test

/// Checks that the statement throws orrery::Error, and that its sentence holds @p part.
#define ORRERY_EXPECT_ERROR(statement, part)                                                     \
  do {                                                                                           \
    const std::string thrownText = orrery::test::errorOf([&] { static_cast<void>(statement); }); \
    QVERIFY2(!thrownText.empty(), "no Error was thrown");                                        \
    QVERIFY2(thrownText.find(part) != std::string::npos, thrownText.c_str());                    \
  } while (false)
