// `orrery render --view lobes`: the six-map panel as a file.
#pragma once

#include "app/commands/Command.h"
#include "core/embedding/Embedding.h"

#include <filesystem>

namespace orrery {

/// Page and kind of the figure.
struct LobeFigureSize {
  double widthMm = 170.0, heightMm = 110.0, dpi = 300.0;
};

/// Throws UsageError for options that make no sense, before anything is read.
void checkLobeOptions(const CommandContext& context);

/// Cuts lobes by all affinities, as the window does, and draws @p embedding six times into
/// @p output. Adds notes to @p result. Throws Error.
void renderLobes(const CommandContext& context, const Dictionary& dictionary,
                 const Embedding& embedding, const LobeFigureSize& size,
                 const std::filesystem::path& output, CommandOutput& result);

}  // namespace orrery
