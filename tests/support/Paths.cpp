#include "tests/support/Paths.h"

namespace orrery::test {

std::string sourceFolder()
{
  return ORRERY_SOURCE_DIR;
}

std::string programFolder()
{
  return ORRERY_BINARY_DIR;
}

std::string defaultDataFolder()
{
  return ORRERY_DEFAULT_TEST_DATA;
}

}  // namespace orrery::test
