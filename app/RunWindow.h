// The graphical half of the program: from what the command line asked for to the window's end.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace orrery {

/// What the window shows first.
struct WindowRequest {
  std::vector<std::filesystem::path> files;  ///< None and no demo: the start page.
  std::optional<std::filesystem::path> labels;
  std::optional<std::filesystem::path> cooccurrence;
  std::optional<std::string> dataset;
  /// Features and dimensions of a raw .bytes file.
  std::optional<std::pair<std::int64_t, std::int64_t>> shape;
  bool transpose = false;
  std::optional<std::filesystem::path> session;
  bool demo = false;
  bool softwareGl = false;
};

/// Runs the window until it is closed and returns the exit status. Without a display it says so on
/// standard error, in one sentence, and returns 1. Call it once, from main; it makes the
/// QApplication.
int runWindow(int argumentCount, char** arguments, const WindowRequest& request);

}  // namespace orrery
