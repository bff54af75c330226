// `orrery render --view crystals`: the cloud with crystals as quads, and one of them in its own
// plane before and after distractors are taken out.
#pragma once

#include "app/commands/Command.h"
#include "widgets/figure/Figure.h"

#include <filesystem>
#include <memory>
#include <string>

namespace orrery {

/// Throws UsageError for options that make no sense, before anything is read. @p session: the
/// crystal may come from the file.
void checkCrystalFigure(const CommandContext& context, bool session);

/// @p cloud: positions, colours and size of the page (170 × 80 mm unless the command line says
/// otherwise). @p state: what a session keeps of crystals, JSON, or empty. The crystal that is
/// looked at is --check's, else the session's, else the best of the relations. Adds to @p result.
void renderCrystals(const CommandContext& context, std::shared_ptr<const Dictionary> dictionary,
                    FigureRequest cloud, const std::string& state,
                    const std::filesystem::path& output, CommandOutput& result);

}  // namespace orrery
