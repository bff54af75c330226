// A panel's content in a column that scrolls up and down where the window is low.
#pragma once

#include <QScrollArea>

namespace orrery {

/// @p content, as wide as the area and without a frame; @p name is what screen readers say.
inline QScrollArea* scrollColumn(QWidget* content, const QString& name, QWidget* parent)
{
  auto* scroll = new QScrollArea(parent);
  scroll->setAccessibleName(name);
  scroll->setFrameShape(QFrame::NoFrame);
  scroll->setWidgetResizable(true);
  scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  scroll->setWidget(content);
  return scroll;
}

}  // namespace orrery
