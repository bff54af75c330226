// What stands where the cloud will be, before anything is open.
#pragma once

#include <QPushButton>
#include <QStringList>
#include <QVBoxLayout>
#include <QWidget>

namespace orrery {

class StartPage : public QWidget {
  Q_OBJECT
 public:
  explicit StartPage(QWidget* parent = nullptr);

  /// Newest first. Files that are gone are shown greyed, with the reason in the tool tip.
  void setRecent(const QStringList& paths);

 signals:
  void openRequested();
  void demoRequested();
  void recentRequested(const QString& path);

 private:
  QVBoxLayout* m_recent;
  QWidget* m_recentGroup;
};

}  // namespace orrery
