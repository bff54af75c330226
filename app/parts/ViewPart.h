// Views side by side: their arrangement, the further clouds and their cameras, layouts under names.
#pragma once

#include "app/parts/WindowContext.h"
#include "core/document/MapStudy.h"
#include "core/document/SideViews.h"

#include <QJsonObject>
#include <QObject>

#include <array>
#include <functional>
#include <vector>

class QMenu;

namespace orrery {

/// The place of a further cloud: made when it is first seen and gone when it is put away, so that
/// nobody pays for clouds that are not looked at.
class SideCloud : public QWidget {
  Q_OBJECT
 public:
  SideCloud(Document* document, SideViews* views, int index, QWidget* parent = nullptr);

  /// Null while it is not shown.
  [[nodiscard]] CloudPanel* panel() { return m_panel; }
  void setMaps(MapStudy* maps) { m_maps = maps; }
  void release();
  /// Column and map as the views' state says.
  void showState();

 signals:
  void panelMade(orrery::CloudPanel* panel);

 protected:
  void showEvent(QShowEvent* event) override;

 private:
  Document* m_document;
  SideViews* m_views;
  MapStudy* m_maps = nullptr;
  int m_index;
  CloudPanel* m_panel = nullptr;
};

class ViewPart : public QObject {
  Q_OBJECT
 public:
  /// @p layout and @p restoreLayout: the window's panels and views, as sessions keep them.
  ViewPart(const WindowContext& context, std::function<QJsonObject()> layout,
           std::function<void(const QJsonObject&)> restoreLayout, QObject* parent = nullptr);

  void setMaps(MapStudy* maps);
  [[nodiscard]] SideViews* sideViews() { return m_views; }
  [[nodiscard]] SideCloud* sideCloud(int index)
  {
    return m_clouds.at(static_cast<std::size_t>(index));
  }
  /// Of the pane that has the focus, else the first one: what commands of the camera mean.
  [[nodiscard]] CloudPanel* activeCloud();
  /// Those that are shown beside the first one.
  [[nodiscard]] std::vector<CloudPanel*> furtherClouds() const;

  /// Names of the layouts that can be asked for now: kept ones, then those of the session.
  [[nodiscard]] QStringList layouts() const;
  void saveLayout(const QString& name);
  void applyLayout(const QString& name);
  void renameLayout(const QString& name, const QString& newName);
  void removeLayout(const QString& name);

  /// What only the user can decide; a dialog by default.
  std::function<QString(const QString& suggestion)> askName;

 signals:
  void layoutsChanged();
  /// A further cloud has come, or shows another map.
  void furtherCloudChanged(orrery::CloudPanel* cloud);

 private:
  void makeClouds();
  void connectActions();
  void fillSettings(QMenu* menu, int index);
  void fillLayouts(QMenu* menu);
  void connectSide(int index, CloudPanel* panel);
  /// Brings the cameras of all linked views to where @p source is; −1: the first view.
  void follow(int source);
  void recordSide(int index, const Camera& before, const Camera& after);
  void showState();
  void editLayouts();
  [[nodiscard]] QJsonObject sideState() const;
  void restoreSide(const QJsonObject& kept);
  [[nodiscard]] QJsonObject allLayouts() const;

  WindowContext m_context;
  std::function<QJsonObject()> m_layout;
  std::function<void(const QJsonObject&)> m_restoreLayout;
  SideViews* m_views;
  MapStudy* m_maps = nullptr;
  std::array<SideCloud*, SideViews::count> m_clouds{};
  QJsonObject m_sessionLayouts;  ///< Came with the session, and are not among the user's own.
  bool m_following = false;
};

}  // namespace orrery
