#include "app/commands/Command.h"

namespace orrery {

const CommandSpec& renderSpec()
{
  static const CommandSpec spec = {
      .name = "render",
      .summary = "draw a figure into a file",
      .synopsis = {"render FILE --output FIGURE.png|.svg|.pdf"},
      .description = "",
      .options = {},
      .files = "FILE",
      .examples = {},
  };
  return spec;
}

CommandOutput runRender(const CommandContext&)
{
  throw UsageError("not in this version yet");
}

}  // namespace orrery
