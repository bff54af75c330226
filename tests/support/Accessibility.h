// A walk through all controls of a window: does every one have a name for screen readers?
#pragma once

#include <QAbstractButton>
#include <QAbstractScrollArea>
#include <QAbstractSpinBox>
#include <QComboBox>
#include <QGroupBox>
#include <QLabel>
#include <QLineEdit>
#include <QScrollBar>
#include <QStringList>
#include <QTabBar>
#include <QWidget>

namespace orrery::test {

/// What a screen reader would call it: a name, or words of its own.
inline bool isNamed(const QWidget* widget)
{
  if (!widget->accessibleName().isEmpty())
    return true;
  if (const auto* button = qobject_cast<const QAbstractButton*>(widget))
    return !button->text().isEmpty();
  if (const auto* label = qobject_cast<const QLabel*>(widget))
    return !label->text().isEmpty();
  if (const auto* group = qobject_cast<const QGroupBox*>(widget))
    return !group->title().isEmpty();
  return false;
}

/// Qt's own inner parts of a named control: viewports, scroll bars, a spin box's line edit, a combo
/// box's list.
inline bool isInnerPart(const QWidget* widget)
{
  const QWidget* parent = widget->parentWidget();
  if (!parent || widget->objectName().startsWith(QLatin1String("qt_")))
    return true;
  if (qobject_cast<const QScrollBar*>(widget) || qobject_cast<const QTabBar*>(widget) ||
      widget->inherits("QSizeGrip") || widget->inherits("QTableCornerButton") ||
      widget->inherits("QRubberBand") || widget->inherits("QSplitterHandle") ||
      widget->inherits("QToolBarExtension") || widget->inherits("QToolBarSeparator") ||
      widget->inherits("QMenu") || widget->inherits("QComboBoxPrivateContainer") ||
      widget->inherits("QStackedWidget"))
    return true;
  for (const QWidget* above = parent; above; above = above->parentWidget())
    if (qobject_cast<const QAbstractSpinBox*>(above) || qobject_cast<const QComboBox*>(above) ||
        qobject_cast<const QLineEdit*>(above) || above->inherits("QComboBoxPrivateContainer") ||
        above->inherits("QDockWidgetTitleButton") || above->inherits("QTabBar"))
      return true;
  if (const auto* area = qobject_cast<const QAbstractScrollArea*>(parent))
    return area->viewport() == widget || widget->inherits("QTableCornerButton") ||
           widget->inherits("QAbstractButton");
  return false;
}

/// Every control below @p root that a screen reader could not call anything, with the way to it.
inline QStringList unnamed(QWidget* root)
{
  QStringList found;
  QList<QWidget*> widgets = root->findChildren<QWidget*>();
  widgets.prepend(root);
  for (const QWidget* widget : widgets) {
    if (isInnerPart(widget) || isNamed(widget) || widget->inherits("QDockWidgetTitleButton"))
      continue;
    // Plain containers of a form are nothing that could be reached.
    if (widget->metaObject()->className() == QByteArray("QWidget") &&
        widget->focusPolicy() == Qt::NoFocus)
      continue;
    if (qobject_cast<const QLabel*>(widget) && widget->focusPolicy() == Qt::NoFocus)
      continue;
    QString path;
    for (const QWidget* above = widget; above; above = above->parentWidget())
      path += QLatin1String(above->metaObject()->className()) + QLatin1Char(' ');
    found << path;
  }
  return found;
}

}  // namespace orrery::test
