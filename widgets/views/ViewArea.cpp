#include "widgets/views/ViewArea.h"

#include <QVBoxLayout>

#include <algorithm>

namespace orrery {

ViewArea::ViewArea(QWidget* parent)
    : QWidget(parent), m_tabs(new QTabBar(this)), m_stack(new QStackedWidget(this))
{
  setAccessibleName(tr("Views"));
  m_tabs->setAccessibleName(tr("Views"));
  m_tabs->setDocumentMode(true);
  m_tabs->setExpanding(false);
  m_tabs->hide();
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  layout->addWidget(m_tabs);
  layout->addWidget(m_stack, 1);
  connect(m_tabs, &QTabBar::currentChanged, this, [this](int index) {
    m_stack->setCurrentIndex(index);
    emit currentChanged(currentView());
  });
}

void ViewArea::addView(const QString& id, const QString& title, QWidget* view)
{
  m_views.push_back({id, view});
  // The largest of the views' own minimums would keep the window from being small.
  view->setMinimumSize(320, 240);
  m_stack->addWidget(view);
  m_tabs->addTab(title);
  m_tabs->setVisible(m_views.size() > 1);
}

void ViewArea::showView(const QString& id)
{
  const auto found =
      std::find_if(m_views.begin(), m_views.end(), [&](const View& view) { return view.id == id; });
  if (found != m_views.end())
    m_tabs->setCurrentIndex(static_cast<int>(found - m_views.begin()));
}

QString ViewArea::currentView() const
{
  const auto index = static_cast<std::size_t>(m_tabs->currentIndex());
  return index < m_views.size() ? m_views[index].id : QString();
}

QWidget* ViewArea::view(const QString& id) const
{
  for (const View& view : m_views)
    if (view.id == id)
      return view.widget;
  return nullptr;
}

}  // namespace orrery
