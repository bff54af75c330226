#include "widgets/panels/JobBar.h"

#include "widgets/panels/Theme.h"

#include <QHBoxLayout>

#include <cmath>

namespace orrery {

QString remainingText(double seconds)
{
  if (!(seconds >= 0.0))
    return {};
  if (seconds < 1.5)
    return JobBar::tr("nearly done");
  if (seconds < 90)
    return JobBar::tr("about %1 s left").arg(std::lround(seconds));
  if (seconds < 5400)
    return JobBar::tr("about %1 min left").arg(std::lround(seconds / 60));
  return JobBar::tr("about %1 h left").arg(std::lround(seconds / 3600));
}

JobBar::JobBar(const std::vector<JobRunner*>& jobs, QWidget* parent)
    : QWidget(parent),
      m_text(new QLabel(this)),
      m_bar(new QProgressBar(this)),
      m_stop(new QToolButton(this))
{
  setAccessibleName(tr("Running jobs"));
  m_text->setTextFormat(Qt::PlainText);
  m_text->setAccessibleName(tr("What is running"));
  m_bar->setRange(0, 1000);
  m_bar->setTextVisible(false);
  m_bar->setFixedWidth(160);
  m_bar->setMaximumHeight(14);
  m_bar->setAccessibleName(tr("Progress"));
  m_stop->setIcon(icon(QStringLiteral("stop")));
  m_stop->setToolTip(tr("Stop what is running"));
  m_stop->setAccessibleName(tr("Stop"));
  m_stop->setAutoRaise(true);

  auto* layout = new QHBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(m_text);
  layout->addWidget(m_bar);
  layout->addWidget(m_stop);

  m_timer.setInterval(100);
  connect(&m_timer, &QTimer::timeout, this, &JobBar::showJobs);
  for (JobRunner* job : jobs)
    addJob(job);
  connect(m_stop, &QToolButton::clicked, this, [this] {
    if (JobRunner* job = longest(nullptr))
      job->cancel();
  });
  setVisible(false);
}

void JobBar::addJob(JobRunner* job)
{
  m_jobs.push_back(job);
  connect(job, &JobRunner::runningChanged, this, [this](bool running) {
    if (running)
      m_timer.start();
    else
      showJobs();
  });
  connect(job, &QObject::destroyed, this, [this, job] { std::erase(m_jobs, job); });
}

JobRunner* JobBar::longest(int* running) const
{
  JobRunner* longest = nullptr;
  int count = 0;
  for (JobRunner* job : m_jobs) {
    if (!job->isRunning())
      continue;
    ++count;
    if (!longest || job->progress().elapsedSeconds > longest->progress().elapsedSeconds)
      longest = job;
  }
  if (running)
    *running = count;
  return longest;
}

void JobBar::showJobs()
{
  int running = 0;
  const JobRunner* job = longest(&running);
  if (!job) {
    m_timer.stop();
    setVisible(false);
    return;
  }
  const JobProgress progress = job->progress();
  if (progress.elapsedSeconds < 0.2) {
    setVisible(false);  // what the bar says is of the job before
    return;
  }
  QString text = progress.name;
  if (!progress.stage.isEmpty() && progress.stage != progress.name)
    text += QStringLiteral(": ") + progress.stage;
  text += QStringLiteral(" · %1 %").arg(std::floor(progress.fraction * 100));
  if (const QString remaining = remainingText(progress.remainingSeconds); !remaining.isEmpty())
    text += QStringLiteral(" · ") + remaining;
  if (running > 1)
    text += tr(" (and %1 more)").arg(running - 1);
  m_text->setText(text);
  m_bar->setValue(static_cast<int>(progress.fraction * 1000));
  setVisible(true);
}

}  // namespace orrery
