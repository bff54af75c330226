#include <cstdio>
#include <string_view>

int main(int argumentCount, char** arguments)
{
  if (argumentCount == 2 && std::string_view(arguments[1]) == "--version")
    std::puts("orrery " ORRERY_VERSION);
  return 0;
}
