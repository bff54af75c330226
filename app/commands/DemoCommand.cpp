#include "app/commands/Command.h"

#include "core/io/ByteSource.h"
#include "core/synthetic/SyntheticDictionary.h"

namespace orrery {

const CommandSpec& demoSpec()
{
  static const CommandSpec spec = {
      .name = "demo",
      .summary = "write the files of the built-in demo",
      .synopsis = {"demo --output DIR"},
      .description =
          "Writes a synthetic model's files into DIR, which is made if it is missing: the "
          "dictionaries of six layers, labels, co-occurrences, blocks, document types and word "
          "pairs. Crystals, lobes and spectra are planted in them; every file says that it is "
          "synthetic. The same bytes each time.",
      .options = {{"output", "DIR", "The folder to write into."}},
      .files = "",
      .fewestFiles = 0,
      .mostFiles = 0,
      .examples = {"orrery demo --output demo"},
  };
  return spec;
}

CommandOutput runDemo(const CommandContext& context)
{
  const auto folder = context.arguments.path("output");
  if (!folder)
    throw UsageError("--output is missing");
  const std::vector<std::filesystem::path> files = writeDemo(*folder, context.progress);
  CommandOutput output;
  output.json["files"] = Json::array();
  for (const std::filesystem::path& file : files) {
    output.json["files"].push_back(file.native());
    output.text += displayName(file) + "\n";
  }
  return output;
}

}  // namespace orrery
