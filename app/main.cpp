#include "app/CommandLine.h"
#include "app/Console.h"
#include "app/RunWindow.h"
#include "core/base/Error.h"

#include <exception>
#include <string>
#include <vector>

using namespace orrery;

namespace {

int openWindow(int argumentCount, char** argumentValues, const std::vector<std::string>& arguments)
{
  const Arguments parsed = Arguments::parse(windowSpec(), arguments);
  if (parsed.has("help") || parsed.has("version")) {
    writeToStandardOutput(parsed.has("help") ? helpText(windowSpec()) : versionText() + "\n");
    return 0;
  }
  WindowRequest request;
  request.files = parsed.files();
  request.labels = parsed.path("labels");
  request.cooccurrence = parsed.path("cooccurrence");
  request.dataset = parsed.text("dataset");
  request.shape = parsed.shape();
  request.transpose = parsed.has("transpose");
  request.session = parsed.path("session");
  request.demo = parsed.has("demo");
  request.softwareGl = parsed.has("software-gl");
  return runWindow(argumentCount, argumentValues, request);
}

}  // namespace

int main(int argumentCount, char** argumentValues)
{
  const std::vector<std::string> arguments(argumentValues + 1, argumentValues + argumentCount);
  try {
    const Invocation invocation = sortArguments(arguments);
    if (invocation.command)
      return runCommand(*invocation.command, invocation.arguments);
    return openWindow(argumentCount, argumentValues, arguments);
  } catch (const UsageError& error) {
    printError(std::string(error.what()) + " (see orrery --help)");
    return 2;
  } catch (const std::exception& error) {
    printError(error.what());
    return 1;
  }
}
