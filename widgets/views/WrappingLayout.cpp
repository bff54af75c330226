#include "widgets/views/WrappingLayout.h"

#include <QWidget>

#include <algorithm>

namespace orrery {

WrappingLayout::~WrappingLayout()
{
  for (QLayoutItem* item : m_items)
    delete item;
}

void WrappingLayout::addItem(QLayoutItem* item)
{
  m_items.push_back(item);
}

QLayoutItem* WrappingLayout::itemAt(int index) const
{
  return index >= 0 && index < count() ? m_items[static_cast<std::size_t>(index)] : nullptr;
}

QLayoutItem* WrappingLayout::takeAt(int index)
{
  QLayoutItem* item = itemAt(index);
  if (item)
    m_items.erase(m_items.begin() + index);
  return item;
}

int WrappingLayout::heightForWidth(int width) const
{
  return arrange(QRect(0, 0, width, 0), false);
}

QSize WrappingLayout::minimumSize() const
{
  QSize least;
  for (const QLayoutItem* item : m_items)
    least = least.expandedTo(item->minimumSize());
  const QMargins margins = contentsMargins();
  return least + QSize(margins.left() + margins.right(), margins.top() + margins.bottom());
}

void WrappingLayout::setGeometry(const QRect& area)
{
  QLayout::setGeometry(area);
  arrange(area, true);
}

int WrappingLayout::arrange(const QRect& area, bool place) const
{
  std::vector<QLayoutItem*> shown;
  std::copy_if(m_items.begin(), m_items.end(), std::back_inserter(shown),
               [](const QLayoutItem* item) { return !item->isEmpty(); });
  const QRect inside = area.marginsRemoved(contentsMargins());
  const int gap = std::max(0, spacing());
  int y = inside.top();
  for (std::size_t first = 0; first < shown.size();) {
    // As many as fit, at least one; then all of the row on one middle line.
    int wide = 0, high = 0;
    std::size_t end = first;
    for (; end < shown.size(); ++end) {
      const QSize size = shown[end]->sizeHint();
      const int with = wide + (end > first ? gap : 0) + size.width();
      if (end > first && with > inside.width())
        break;
      wide = with;
      high = std::max(high, size.height());
    }
    int x = inside.left();
    for (; first < end; ++first) {
      const QSize size = shown[first]->sizeHint();
      if (place)
        shown[first]->setGeometry(QRect(x, y + (high - size.height()) / 2,
                                        std::min(size.width(), inside.width()), size.height()));
      x += size.width() + gap;
    }
    y += high + (first < shown.size() ? gap : 0);
  }
  return y - area.top() + contentsMargins().bottom();
}

}  // namespace orrery
