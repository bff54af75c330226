// What a figure made without a window carries inside, so that the window can open it.
#pragma once

#include "core/document/Annotations.h"
#include "core/document/Layer.h"

#include <QString>

#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace orrery {

/// A layer as a figure shows it.
struct ShownLayer {
  std::shared_ptr<const Dictionary> dictionary;
  std::shared_ptr<const Embedding> embedding;
  LayerView view;
  LayerAnnotations annotations;
  std::set<std::string> computed;  ///< Names of columns that no file holds.
};

/// Metadata for a .png (pictureMetadata) with a session of @p layers, of which @p current is shown,
/// and @p parts as Session::parts. A QCoreApplication must be there.
std::map<QString, QString> figureSession(const std::vector<ShownLayer>& layers, std::size_t current,
                                         std::map<std::string, std::string> parts = {});

}  // namespace orrery
