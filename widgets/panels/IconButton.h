// The small flat buttons with a picture that stand beside lists and titles.
#pragma once

#include "widgets/panels/Theme.h"

#include <QToolButton>

namespace orrery {

/// @p name for screen readers; @p tip says what it does.
inline QToolButton* iconButton(const QString& iconName, const QString& name, const QString& tip,
                               QWidget* parent)
{
  auto* button = new QToolButton(parent);
  button->setIcon(icon(iconName));
  button->setAccessibleName(name);
  button->setToolTip(tip);
  button->setAutoRaise(true);
  return button;
}

}  // namespace orrery
