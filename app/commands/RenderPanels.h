// Figures from sessions and figures of several panels: render's other half.
#pragma once

#include "app/commands/Command.h"
#include "core/embedding/Embedding.h"
#include "widgets/figure/Figure.h"

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace orrery {

/// Whether --layout names a description of panels (JSON), not a map.
bool isPanelLayout(const std::filesystem::path& path);

/// Draws what a session (or a picture that carries one) shows, or the panels of a layout, each a
/// view of the command's file, of another file or of a layer of the session. @p page has size,
/// resolution and background.
CommandOutput renderPanels(const CommandContext& context, const FigureRequest& page,
                           const std::filesystem::path& output);

/// What a session, or a picture that carries one, shows of its current layer.
struct SessionFigure {
  FigureRequest figure;
  std::shared_ptr<const Dictionary> dictionary;
  std::shared_ptr<const Embedding> embedding;
  std::size_t layer = 0;                                  ///< Which of the session's layers it is.
  std::map<std::string, std::string> parts;               ///< As Session::parts.
  std::vector<std::shared_ptr<const Dictionary>> layers;  ///< All of them, in the session's order.

  /// A part's JSON as text; empty: the session has none of this name.
  [[nodiscard]] std::string part(const std::string& name) const
  {
    const auto found = parts.find(name);
    return found == parts.end() ? std::string() : found->second;
  }
};
SessionFigure sessionFigure(const CommandContext& context, const FigureRequest& page,
                            CommandOutput& result);

/// The exact principal components in @p dimensions, or the map itself where it is one.
Embedding mapOf(const Dictionary& dictionary, int dimensions, std::uint64_t seed,
                const Progress& progress);

/// Throws Error, with the columns that there are, if there is none of this name.
void checkColumn(const Dictionary& dictionary, const std::string& name, bool number);

}  // namespace orrery
