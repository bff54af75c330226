// `orrery render --view galaxy`: the clouds of up to five layers side by side as a file.
#pragma once

#include "app/commands/Command.h"
#include "app/commands/RenderPanels.h"
#include "widgets/vtk/Camera.h"

#include <filesystem>
#include <optional>

namespace orrery {

/// Lists the layers of the command's file or folder, takes five evenly over all, and draws their
/// first three components on the same axes; --variant published multiplies them by √λ as the paper
/// did. One layer is in memory at a time. Throws Error.
CommandOutput renderGalaxy(const CommandContext& context, const std::optional<Camera>& camera,
                           double dpi, const std::filesystem::path& output,
                           const SessionFigure* session = nullptr);

}  // namespace orrery
