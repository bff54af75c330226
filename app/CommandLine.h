// From the command line to a subcommand or the window.
#pragma once

#include "app/Arguments.h"
#include "app/commands/Command.h"

#include <string>
#include <vector>

namespace orrery {

/// What stands on the command line, sorted: the subcommand that is named, if one is, and all other
/// arguments in order.
struct Invocation {
  const Command* command = nullptr;  ///< Null: the window.
  std::vector<std::string> arguments;
};

/// The first argument that is neither an option nor an option's value names the subcommand if it is
/// one of them. Throws UsageError for one that is planned but not there yet, and for what looks
/// like a misspelt one and is no file either.
Invocation sortArguments(const std::vector<std::string>& arguments);

const CommandSpec& windowSpec();
const std::vector<Command>& commands();

/// The manual page of @p spec, in lines of at most 80 characters.
std::string helpText(const CommandSpec& spec);

/// "orrery 0.1.0".
std::string versionText();

/// Runs a subcommand without any display and returns the exit status: 0 done, 1 the input or the
/// computation failed (one line on standard error), 2 wrong usage, 128 + signal if interrupted.
int runCommand(const Command& command, const std::vector<std::string>& arguments);

/// One line on standard error, made safe for a terminal.
void printError(const std::string& message);

}  // namespace orrery
