// What leaves by one command: places on the map, the address of a feature's public page.
#pragma once

#include "app/parts/WindowContext.h"

#include <QObject>

#include <filesystem>
#include <functional>
#include <vector>

namespace orrery {

class ExportPart : public QObject {
  Q_OBJECT
 public:
  /// @p cloud: the one whose map is meant.
  ExportPart(const WindowContext& context, std::function<CloudPanel*()> cloud,
             QObject* parent = nullptr);

  /// Places of the selected features, or of all if none is selected.
  void savePositions(const std::filesystem::path& path);
  void copyPositions();
  /// To the clipboard; nothing is opened.
  void copyAddress();

 private:
  [[nodiscard]] std::vector<FeatureId> meant() const;
  void editAddress();
  void showState();

  WindowContext m_context;
  std::function<CloudPanel*()> m_cloud;
};

}  // namespace orrery
