// `orrery render --view lobes`: the pictures of lobes as files.
#pragma once

#include "app/commands/Command.h"
#include "app/commands/RenderPanels.h"
#include "core/embedding/Embedding.h"

#include <filesystem>
#include <string>
#include <vector>

namespace orrery {

/// Page and kind of the figure.
struct LobeFigureSize {
  double widthMm = 170.0, heightMm = 110.0, dpi = 300.0;
};

/// The numbers of --clusters, or of @p usual where it is not given. Throws UsageError.
std::vector<int> clusterList(const Arguments& arguments, const std::string& usual);

/// @p session: lobes that are kept need no co-occurrences.
/// Throws UsageError for options that make no sense, before anything is read.
void checkLobeOptions(const CommandContext& context, bool session);

/// Cuts lobes as the window does and draws what --picture asks for into @p output: @p embedding six
/// times, the heat map of lobes and document types, locality over the number of lobes, or how they
/// split. Adds notes to @p result. Throws Error.
void renderLobes(const CommandContext& context, const Dictionary& dictionary,
                 const Embedding& embedding, const LobeFigureSize& size,
                 const std::filesystem::path& output, CommandOutput& result);

/// The maps of the lobes that a session keeps, as the window shows them.
void renderKeptLobes(const CommandContext& context, const SessionFigure& session,
                     const LobeFigureSize& size, const std::filesystem::path& output,
                     CommandOutput& result);

}  // namespace orrery
