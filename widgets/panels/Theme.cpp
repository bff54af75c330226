#include "widgets/panels/Theme.h"

#include "widgets/vtk/Palette.h"

#include <QApplication>
#include <QFile>
#include <QIconEngine>
#include <QPainter>
#include <QProxyStyle>
#include <QStyleOption>
#include <QSvgRenderer>
#include <QToolTip>

/// Resources of a static library have to be asked for; must stand outside any namespace.
static void takeResources()
{
  Q_INIT_RESOURCE(orrery);
}

namespace orrery {
namespace {

struct Colors {
  QRgb window, base, alternate, text, placeholder, disabled, button, highlight, link, tip;
};

QPalette paletteOf(const Colors& c)
{
  QPalette palette{QColor(c.text),
                   QColor(c.button),
                   QColor(c.base).lighter(140),
                   QColor(c.window).darker(160),
                   QColor(c.window).darker(130),
                   QColor(c.text),
                   Qt::white,
                   QColor(c.base),
                   QColor(c.window)};
  palette.setColor(QPalette::AlternateBase, QColor(c.alternate));
  palette.setColor(QPalette::PlaceholderText, QColor(c.placeholder));
  palette.setColor(QPalette::Highlight, QColor(c.highlight));
  palette.setColor(QPalette::HighlightedText, Qt::white);
  palette.setColor(QPalette::Inactive, QPalette::Highlight, QColor(c.highlight));
  palette.setColor(QPalette::Link, QColor(c.link));
  palette.setColor(QPalette::LinkVisited, QColor(c.link));
  palette.setColor(QPalette::ToolTipBase, QColor(c.tip));
  palette.setColor(QPalette::ToolTipText, QColor(c.text));
  for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
    palette.setColor(QPalette::Disabled, role, QColor(c.disabled));
  palette.setColor(QPalette::Disabled, QPalette::Highlight, QColor(c.disabled));
  return palette;
}

/// Fusion without the system's pictures on dialog buttons: the program has icons of its own.
class PlainStyle : public QProxyStyle {
 public:
  PlainStyle() : QProxyStyle(QStringLiteral("Fusion")) {}

  int styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget,
                QStyleHintReturn* result) const override
  {
    return hint == SH_DialogButtonBox_ButtonsHaveIcons
               ? 0
               : QProxyStyle::styleHint(hint, option, widget, result);
  }

  void drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                     const QWidget* widget) const override
  {
    QProxyStyle::drawPrimitive(element, option, painter, widget);
    // Fusion's outlines are darker than the window: on a dark one nothing is left of them.
    if ((element == PE_IndicatorCheckBox || element == PE_IndicatorRadioButton ||
         element == PE_IndicatorItemViewItemCheck || element == PE_PanelLineEdit) &&
        isDark(option->palette))
      outline(*option, *painter, element == PE_IndicatorRadioButton);
  }

  void drawComplexControl(ComplexControl control, const QStyleOptionComplex* option,
                          QPainter* painter, const QWidget* widget) const override
  {
    QProxyStyle::drawComplexControl(control, option, painter, widget);
    if (control == CC_SpinBox && isDark(option->palette))
      outline(*option, *painter, false);
  }

 private:
  static void outline(const QStyleOption& option, QPainter& painter, bool round)
  {
    if (option.state & State_HasFocus && !(option.state & (State_On | State_Off)))
      return;  // has the highlight's own
    const double strength = option.state & State_Enabled ? 0.45 : 0.22;
    const QColor window = option.palette.color(QPalette::Window);
    const QColor text = option.palette.color(QPalette::Active, QPalette::WindowText);
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(mixed(window, text, strength));
    painter.setBrush(Qt::NoBrush);
    const QRectF frame = QRectF(option.rect).adjusted(0.5, 0.5, -0.5, -0.5);
    if (round)
      painter.drawEllipse(frame);
    else
      painter.drawRoundedRect(frame, 2, 2);
    painter.restore();
  }
};

/// Paints an SVG whose ink is written as #000 in the palette's colours.
class SvgIconEngine : public QIconEngine {
 public:
  explicit SvgIconEngine(QByteArray svg) : m_svg(std::move(svg)) {}

  void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State) override
  {
    const QPalette palette = QApplication::palette();
    const QColor ink = mode == QIcon::Disabled
                           ? palette.color(QPalette::Disabled, QPalette::ButtonText)
                       : mode == QIcon::Selected ? palette.color(QPalette::HighlightedText)
                                                 : palette.color(QPalette::ButtonText);
    QByteArray svg = m_svg;
    svg.replace("#000", ink.name().toLatin1());
    QSvgRenderer renderer(svg);
    renderer.render(painter, rect);
  }

  QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override
  {
    QPixmap pixmap(size);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    paint(&painter, QRect(QPoint(0, 0), size), mode, state);
    return pixmap;
  }

  QIconEngine* clone() const override { return new SvgIconEngine(m_svg); }

 private:
  QByteArray m_svg;
};

}  // namespace

QPalette lightPalette()
{
  return paletteOf({0xF4F5F7, 0xFFFFFF, 0xF7F8FA, 0x1B1F24, 0x5B636E, 0x8A929C, 0xFBFBFC, 0x1A5FB4,
                    0x0B57B0, 0xFFFFFF});
}

QPalette darkPalette()
{
  return paletteOf({0x24272B, 0x1A1C1F, 0x1F2226, 0xE7E9EB, 0x9FA8B2, 0x717880, 0x2E3237, 0x2F66AD,
                    0x7FB2F0, 0x30343A});
}

void applyTheme(ThemeChoice choice)
{
  takeResources();
  static const bool systemIsDark = isDark(QGuiApplication::palette());  // before we set our own
  QApplication::setStyle(new PlainStyle);
  const bool dark = choice == ThemeChoice::System ? systemIsDark : choice == ThemeChoice::Dark;
  const QPalette palette = dark ? darkPalette() : lightPalette();
  QApplication::setPalette(palette);
  QToolTip::setPalette(palette);
}

bool isDark(const QPalette& palette)
{
  return palette.color(QPalette::Window).lightness() <
         palette.color(QPalette::WindowText).lightness();
}

QIcon icon(const QString& name)
{
  takeResources();
  QFile file(QStringLiteral(":/icons/%1.svg").arg(name));
  if (!file.open(QIODevice::ReadOnly))
    return {};
  return QIcon(new SvgIconEngine(file.readAll()));
}

}  // namespace orrery
