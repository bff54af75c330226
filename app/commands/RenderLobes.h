// `orrery render --view lobes`: the six-map panel as a file.
#pragma once

#include "app/commands/Command.h"
#include "app/commands/RenderPanels.h"
#include "core/embedding/Embedding.h"

#include <filesystem>

namespace orrery {

/// Page and kind of the figure.
struct LobeFigureSize {
  double widthMm = 170.0, heightMm = 110.0, dpi = 300.0;
};

/// @p session: lobes that are kept need no co-occurrences.
/// Throws UsageError for options that make no sense, before anything is read.
void checkLobeOptions(const CommandContext& context, bool session);

/// Cuts lobes by all affinities, as the window does, and draws @p embedding six times into
/// @p output. Adds notes to @p result. Throws Error.
void renderLobes(const CommandContext& context, const Dictionary& dictionary,
                 const Embedding& embedding, const LobeFigureSize& size,
                 const std::filesystem::path& output, CommandOutput& result);

/// The maps of the lobes that a session keeps, as the window shows them.
void renderKeptLobes(const CommandContext& context, const SessionFigure& session,
                     const LobeFigureSize& size, const std::filesystem::path& output,
                     CommandOutput& result);

}  // namespace orrery
