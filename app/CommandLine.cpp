#include "app/CommandLine.h"

#include "app/Console.h"
#include "app/ProgressReport.h"
#include "core/base/Error.h"
#include "core/base/Parallel.h"
#include "core/io/ByteSource.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <new>
#include <string_view>

namespace orrery {
namespace {

const Command* findCommand(std::string_view name)
{
  const auto& all = commands();
  const auto found = std::find_if(
      all.begin(), all.end(), [&](const Command& command) { return command.spec.name == name; });
  return found == all.end() ? nullptr : &*found;
}

bool takesValue(std::string_view option)
{
  for (const std::vector<Option>* options : {&windowSpec().options, &commonOptions()})
    for (const Option& known : *options)
      if (known.name == option)
        return !known.value.empty();
  return false;
}

void refuseIfNoCommand(const std::string& word)
{
  std::error_code error;
  if (word.find('/') != std::string::npos || word.find('.') != std::string::npos ||
      std::filesystem::exists(std::filesystem::symlink_status(word, error)))
    return;
  std::vector<std::string_view> names;
  for (const Command& command : commands())
    names.push_back(command.spec.name);
  if (const auto near = nearestWord(word, names))
    throw UsageError("there is no command '" + word + "'; did you mean '" + *near + "'?");
}

/// Breaks @p text into lines of at most 80 characters, each after @p indent blanks.
std::string wrapped(std::string_view text, std::size_t indent)
{
  constexpr std::size_t width = 80;
  std::string result, line;
  const auto flush = [&] {
    result += std::string(indent, ' ') + line + "\n";
    line.clear();
  };
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.empty() && indent + line.size() + 1 + word.size() > width)
      flush();
    line.append(line.empty() ? "" : " ").append(word);
  }
  if (!line.empty())
    flush();
  return result;
}

std::string optionsText(const std::vector<Option>& options)
{
  std::string text;
  for (const Option& option : options) {
    text.append("       --").append(option.name);
    if (!option.value.empty())
      text.append(" ").append(option.value);
    text.append("\n");
    text += wrapped(option.help, 15);
  }
  return text;
}

bool asksForJson(const std::vector<std::string>& arguments)
{
  return std::find(arguments.begin(), arguments.end(), "--json") != arguments.end();
}

std::string commandName(const CommandSpec& spec)
{
  return spec.name.empty() ? "orrery" : "orrery " + std::string(spec.name);
}

/// @p message with the input's name before it, unless it names a file of the command already: what
/// core says of labels, queries and computations does not know where they came from.
std::string withFileName(const std::string& message, const Arguments& arguments)
{
  std::vector<std::filesystem::path> files = arguments.files();
  if (files.empty())
    return message;
  for (const char* option : {"output", "labels", "layout", "cooccurrence"})
    if (const auto value = arguments.text(option))
      files.emplace_back(*value);
  for (const std::filesystem::path& file : files)
    if (message.find(displayName(file.filename())) != std::string::npos)
      return message;
  return displayName(files.front()) + ": " + message;
}

/// The computation, between the parsed arguments and what is printed.
CommandOutput compute(const Command& command, const Arguments& arguments,
                      Interruption& interruption)
{
  // Wiped before anything is printed, also when it throws.
  ProgressReport report(arguments.has("quiet"));
  const CommandContext context = {arguments, interruption,
                                  report.progress(interruption.stopToken())};
  return command.run(context);
}

int runParsed(const Command& command, const Arguments& arguments)
{
  [[maybe_unused]] const std::string checkedVariant =
      arguments.choice("variant", "textbook", {"textbook", "published"});
  if (arguments.has("threads"))
    setThreadCount(static_cast<int>(arguments.integer("threads", 1, 1, 1024)));
  [[maybe_unused]] const std::uint64_t checkedSeed = arguments.seed();
  CommandOutput output;
  {
    Interruption interruption;
    const auto interrupted = [&] { return 128 + interruption.signalNumber(); };
    try {
      output = compute(command, arguments, interruption);
    } catch (const Cancelled&) {
      return interrupted();
    } catch (const Error& error) {
      // The signal reaches a helper process too, whose end then looks like a failure.
      if (interruption.signalNumber() != 0)
        return interrupted();
      throw Error(withFileName(error.what(), arguments));
    } catch (const std::bad_alloc&) {
      throw Error(withFileName("there is not enough memory for this", arguments));
    }
  }
  if (!arguments.has("quiet"))
    for (const std::string& note : output.notes)
      printError(note);
  // File names and labels are bytes; JSON is UTF-8, and what is not becomes U+FFFD.
  writeToStandardOutput(arguments.has("json")
                            ? output.json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"
                            : output.text);
  return 0;
}

}  // namespace

const CommandSpec& windowSpec()
{
  static const CommandSpec spec = {
      .name = "",
      .summary = "see, turn and question the dictionaries of sparse autoencoders",
      .synopsis = {"[FILE...] [--labels FILE] [--cooccurrence FILE] [--session FILE]", "--demo",
                   "COMMAND ... (info, embed, neighbors, crystals, lobes, galaxy,",
                   "      render, demo; each has its own --help)"},
      .description =
          "Opens a window on the files: the features of a sparse autoencoder's dictionary as a "
          "cloud "
          "of points, with their labels, neighbours and numbers. Without a file, a start page. "
          "With "
          "a command it computes the same without any display and prints the answer.",
      .options = {{"cooccurrence", "FILE", "Co-occurrence counts of the features."},
                  {"session", "FILE", "A session saved before."},
                  {"demo", "", "Open the built-in synthetic demo."},
                  {"software-gl", "", "Draw without the graphics card."}},
      .files = "FILE",
      .fewestFiles = 0,
      .mostFiles = -1,
      .examples = {"orrery params.npz", "orrery --demo", "orrery info params.npz"},
  };
  return spec;
}

const std::vector<Command>& commands()
{
  static const std::vector<Command> all = {
      {infoSpec(), runInfo},         {embedSpec(), runEmbed}, {neighborsSpec(), runNeighbors},
      {crystalsSpec(), runCrystals}, {lobesSpec(), runLobes}, {galaxySpec(), runGalaxy},
      {renderSpec(), runRender},     {demoSpec(), runDemo}};
  return all;
}

Invocation sortArguments(const std::vector<std::string>& arguments)
{
  Invocation invocation;
  invocation.arguments = arguments;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--")
      break;
    if (argument.size() > 1 && argument.front() == '-') {
      const bool separate = argument.find('=') == std::string::npos;
      if (separate && argument.starts_with("--") && takesValue(argument.substr(2)))
        ++i;
      continue;
    }
    invocation.command = findCommand(argument);
    if (invocation.command)
      invocation.arguments.erase(invocation.arguments.begin() + static_cast<std::ptrdiff_t>(i));
    else
      refuseIfNoCommand(argument);
    break;
  }
  return invocation;
}

std::string helpText(const CommandSpec& spec)
{
  std::string text = "NAME\n" + wrapped(commandName(spec) + " - " + std::string(spec.summary), 7);
  text += "\nSYNOPSIS\n";
  // A line that does not begin with the command's name goes on with the one before.
  for (const std::string_view line : spec.synopsis)
    text += (line.starts_with(spec.name) ? "       orrery " : "              ") +
            std::string(line) + "\n";
  text += "\nDESCRIPTION\n" + wrapped(spec.description, 7);
  if (spec.name.empty()) {
    text += "\nCOMMANDS\n";
    for (const Command& command : commands())
      text += "       " + std::string(command.spec.name) + "\n" + wrapped(command.spec.summary, 15);
  }
  text += "\nOPTIONS\n" + optionsText(spec.options);
  text += "\nCOMMON OPTIONS\n" + optionsText(commonOptions());
  text += "\nEXIT STATUS\n" +
          wrapped(
              "0 done; 1 the input or the computation failed, with one line on standard error and "
              "nothing half-written; 2 wrong usage; 130 interrupted.",
              7);
  text += "\nEXAMPLES\n";
  for (const std::string_view example : spec.examples)
    text += "       " + std::string(example) + "\n";
  return text;
}

std::string versionText()
{
  return "orrery " ORRERY_VERSION;
}

void printError(const std::string& message)
{
  const std::string line = "orrery: " + displayText(message) + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
  std::fflush(stderr);
}

int runCommand(const Command& command, const std::vector<std::string>& arguments)
{
  // A reader that has gone away is an error of writing, not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  // Nor is a limit on the size of files.
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    const Arguments parsed = Arguments::parse(command.spec, arguments);
    if (parsed.has("help") || parsed.has("version")) {
      writeToStandardOutput(parsed.has("help")       ? helpText(command.spec)
                            : asksForJson(arguments) ? "{\"version\": \"" ORRERY_VERSION "\"}\n"
                                                     : versionText() + "\n");
      return 0;
    }
    return runParsed(command, parsed);
  } catch (const UsageError& error) {
    printError(std::string(command.spec.name) + ": " + error.what() + " (see " +
               commandName(command.spec) + " --help)");
    return 2;
  } catch (const std::exception& error) {
    printError(error.what());
    return 1;
  }
}

}  // namespace orrery
