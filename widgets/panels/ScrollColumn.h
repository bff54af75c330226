// A panel's content in a column that scrolls up and down where the window is low.
#pragma once

#include <QScrollArea>

namespace orrery {

/// @p content, as wide as the area and without a frame; @p name is what screen readers say. In a
/// panel that is narrower than its content it scrolls sideways too: nothing is cut off.
inline QScrollArea* scrollColumn(QWidget* content, const QString& name, QWidget* parent)
{
  auto* scroll = new QScrollArea(parent);
  scroll->setAccessibleName(name);
  scroll->setFrameShape(QFrame::NoFrame);
  scroll->setWidgetResizable(true);
  scroll->setWidget(content);
  return scroll;
}

}  // namespace orrery
