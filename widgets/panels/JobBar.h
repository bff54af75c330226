// What runs in the background: stage, percent, remaining time, stop.
#pragma once

#include "core/document/JobRunner.h"

#include <QLabel>
#include <QProgressBar>
#include <QTimer>
#include <QToolButton>
#include <QWidget>

#include <vector>

namespace orrery {

/// Knows only JobRunner. Short jobs never show: the bar appears once one has run for 200 ms. Of
/// several it shows the one that has run longest and says how many there are; stop ends that one.
class JobBar : public QWidget {
  Q_OBJECT
 public:
  explicit JobBar(const std::vector<JobRunner*>& jobs, QWidget* parent = nullptr);

  void addJob(JobRunner* job);

  /// The text beside the bar, as shown: for tests and screen readers.
  [[nodiscard]] QString text() const { return m_text->text(); }

 private:
  [[nodiscard]] JobRunner* longest(int* running) const;
  void showJobs();

  std::vector<JobRunner*> m_jobs;
  QLabel* m_text;
  QProgressBar* m_bar;
  QToolButton* m_stop;
  QTimer m_timer;
};

/// "about 40 s left", "about 3 min left"; empty if not known.
QString remainingText(double seconds);

}  // namespace orrery
