#include "app/Arguments.h"
#include "app/CommandLine.h"
#include "app/RunWindow.h"

#include <cstdio>
#include <string>
#include <vector>

namespace {

int runProgram(int argumentCount, char** arguments)
{
  using namespace orrery;
  const std::vector<std::string> words(arguments + 1, arguments + argumentCount);
  const Invocation invocation = sortArguments(words);
  if (invocation.command)
    return runCommand(*invocation.command, invocation.arguments);

  const Arguments parsed = Arguments::parse(windowSpec(), invocation.arguments);
  if (parsed.has("help") || parsed.has("version")) {
    std::puts((parsed.has("help") ? helpText(windowSpec()) : versionText()).c_str());
    return 0;
  }
  WindowRequest request;
  request.files = parsed.files();
  request.labels = parsed.path("labels");
  request.dataset = parsed.text("dataset");
  request.transpose = parsed.has("transpose");
  request.session = parsed.path("session");
  request.demo = parsed.has("demo");
  request.softwareGl = parsed.has("software-gl");
  return runWindow(argumentCount, arguments, request);
}

}  // namespace

int main(int argumentCount, char** arguments)
{
  try {
    return runProgram(argumentCount, arguments);
  } catch (const orrery::UsageError& error) {
    orrery::printError(error.what());
    return 2;
  } catch (const std::exception& error) {
    orrery::printError(error.what());
    return 1;
  }
}
