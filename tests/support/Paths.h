// Where the tests find the source tree, the program and the data. Compiled in one file only, so
// that a compiler cache serves the tests of every checkout.
#pragma once

#include <string>

namespace orrery::test {

/// Root of the source tree.
std::string sourceFolder();
/// Where orrery, orrery-reader and the benchmark programs were built.
std::string programFolder();
/// Where the real data lie if ORRERY_TEST_DATA does not say.
std::string defaultDataFolder();

}  // namespace orrery::test
