// Runs a command in a process of its own and collects what it prints.
#pragma once

#include <string>
#include <vector>

namespace orrery::benchmark {

struct ChildResult {
  int status = -1;     ///< Exit status; −1 if it did not end by itself.
  std::string output;  ///< Its standard output. Standard error goes through.
};

/// @p environment: NAME=value entries that replace or join ours. Throws Error if it cannot be
/// started.
ChildResult runChild(const std::vector<std::string>& command,
                     const std::vector<std::string>& environment);

}  // namespace orrery::benchmark
