// The middle of the window: the views, one shown at a time, chosen by tabs above.
#pragma once

#include <QStackedWidget>
#include <QString>
#include <QTabBar>
#include <QWidget>

#include <vector>

namespace orrery {

/// Holds views under stable names. The tabs show once there are two views.
class ViewArea : public QWidget {
  Q_OBJECT
 public:
  explicit ViewArea(QWidget* parent = nullptr);

  /// @p id is what sessions and commands call it; the area owns @p view. The first is shown.
  void addView(const QString& id, const QString& title, QWidget* view);
  /// Nothing happens if there is no view of this name.
  void showView(const QString& id);
  [[nodiscard]] QString currentView() const;
  [[nodiscard]] QWidget* view(const QString& id) const;

 signals:
  void currentChanged(const QString& id);

 private:
  struct View {
    QString id;
    QWidget* widget = nullptr;
  };
  QTabBar* m_tabs;
  QStackedWidget* m_stack;
  std::vector<View> m_views;  ///< In the order of the tabs.
};

}  // namespace orrery
