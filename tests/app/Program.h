// Runs the real program as a user's shell would: arguments are bytes, there is no display.
#pragma once

#include <QFloat16>
#include <QtTest/QTest>

#include <QTemporaryDir>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace orrery::test {

struct RunOptions {
  std::vector<std::pair<std::string, std::string>> environment =
      {};                           ///< On top of an almost empty one.
  bool terminal = false;            ///< Standard error is a terminal of 100 columns.
  std::string throughShell = {};    ///< Run by sh after this, such as "ulimit -f 8;".
  std::string standardOutput = {};  ///< A file to write to in place of ours.
  /// Called with what standard error says so far until it returns a signal to send (then 0 ever
  /// after).
  std::function<int(const std::string& errorSoFar)> interrupt = {};
  int timeoutMs = 60000;
};

struct Run {
  int status = -1;  ///< Exit status, 128 + number where a signal ended it, −1 on time-out.
  std::string out;
  std::string error;
  double secondsAfterSignal = 0;

  /// The one JSON object on standard output; discarded where it is none.
  [[nodiscard]] nlohmann::json json() const;
  /// Lines of standard error that are no progress.
  [[nodiscard]] std::vector<std::string> remarks() const;
};

Run runOrrery(const std::vector<std::string>& arguments, const RunOptions& options = {});

/// Rows × columns of float32 as .npy (C order).
void writeNpy(const std::filesystem::path& path, const std::vector<float>& values,
              std::int64_t rows, std::int64_t columns);

void writeText(const std::filesystem::path& path, const std::string& text);
std::string readText(const std::filesystem::path& path);

/// Names of everything in a folder, sorted; hidden files too.
std::vector<std::string> listFolder(const std::filesystem::path& folder);

/// A folder of its own for each test function.
class Workplace {
 public:
  [[nodiscard]] std::filesystem::path operator/(const std::string& name) const
  {
    return std::filesystem::path(m_folder.path().toStdString()) / name;
  }
  [[nodiscard]] std::string text(const std::string& name) const { return (*this / name).native(); }
  [[nodiscard]] std::filesystem::path folder() const { return m_folder.path().toStdString(); }

 private:
  QTemporaryDir m_folder;
};

}  // namespace orrery::test

/// Exit status with all that the program said where it differs.
#define ORRERY_COMPARE_STATUS(run, expected)                                               \
  QVERIFY2((run).status == (expected), ("status " + std::to_string((run).status) +         \
                                        "\nout: " + (run).out + "\nerror: " + (run).error) \
                                           .c_str())

/// Not QCOMPARE: JSON converts to anything, and so to nothing that could be printed.
#define ORRERY_COMPARE_JSON(found, expected) \
  QVERIFY2((found) == nlohmann::json(expected), ("found " + nlohmann::json(found).dump()).c_str())

/// Fails with status 1 and one line "orrery: …" that holds @p says, and prints nothing else.
#define ORRERY_EXPECT_FAILURE(run, says)                                        \
  do {                                                                          \
    ORRERY_COMPARE_STATUS(run, 1);                                              \
    QCOMPARE((run).out, std::string());                                         \
    QVERIFY2((run).remarks().size() == 1, (run).error.c_str());                 \
    QVERIFY2((run).remarks()[0].starts_with("orrery: "), (run).error.c_str());  \
    QVERIFY2((run).error.find(says) != std::string::npos, (run).error.c_str()); \
  } while (false)
