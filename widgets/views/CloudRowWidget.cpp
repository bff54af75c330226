#include "widgets/views/CloudRowWidget.h"

#include <QMouseEvent>
#include <QPainter>
#include <QStringList>

#include <algorithm>

namespace orrery {

CloudRowWidget::CloudRowWidget(QWidget* parent) : QWidget(parent)
{
  setAccessibleName(tr("Clouds of layers on the same axes"));
  setCursor(Qt::OpenHandCursor);
}

void CloudRowWidget::setClouds(std::vector<RowCloud> clouds, std::vector<int> entries)
{
  m_clouds = std::move(clouds);
  m_entries = std::move(entries);
  m_picture = {};
  QStringList titles;
  for (const RowCloud& cloud : m_clouds)
    titles << cloud.title;
  setAccessibleDescription(titles.join(QStringLiteral("; ")));
  update();
}

void CloudRowWidget::setPublished(bool published)
{
  m_options.published = published;
  m_picture = {};
  update();
}

void CloudRowWidget::setColorName(const QString& name)
{
  m_options.colorName = name;
  m_picture = {};
  update();
}

void CloudRowWidget::setCamera(const Camera& camera)
{
  m_options.camera = camera;
  m_picture = {};
  update();
}

void CloudRowWidget::setRadius(double radius)
{
  m_options.radius = radius;
  m_picture = {};
  update();
}

void CloudRowWidget::paintEvent(QPaintEvent*)
{
  const double ratio = devicePixelRatioF();
  const QSize pixels = (QSizeF(size()) * ratio).toSize();
  if (m_picture.size() != pixels || m_picture.devicePixelRatio() != ratio) {
    m_picture = QImage(pixels, QImage::Format_ARGB32_Premultiplied);
    m_picture.setDevicePixelRatio(ratio);
    QPainter painter(&m_picture);
    painter.setRenderHints(QPainter::Antialiasing | QPainter::TextAntialiasing);
    CloudRowStyle style;
    style.background = palette().color(QPalette::Base);
    style.foreground = palette().color(QPalette::Text);
    style.font = font();
    style.pixelsPerUnit = ratio;
    if (m_clouds.empty()) {
      painter.fillRect(rect(), style.background);
      painter.setPen(style.foreground);
      painter.drawText(rect().adjusted(12, 12, -12, -12), Qt::AlignCenter | Qt::TextWordWrap,
                       tr("Open dictionaries as layers, then choose Analyse: their clouds stand "
                          "here side by side."));
    } else {
      paintCloudRow(painter, rect(), m_clouds, m_options, style);
    }
  }
  QPainter(this).drawImage(0, 0, m_picture);
}

void CloudRowWidget::changeEvent(QEvent* event)
{
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange) {
    m_picture = {};
    update();
  }
}

void CloudRowWidget::mousePressEvent(QMouseEvent* event)
{
  m_pressed = m_last = event->position();
  m_turned = false;
}

void CloudRowWidget::mouseMoveEvent(QMouseEvent* event)
{
  if (!(event->buttons() & Qt::LeftButton) || m_clouds.empty())
    return;
  if ((event->position() - m_pressed).manhattanLength() > 4)
    m_turned = true;
  if (!m_turned)
    return;
  const QPointF step = event->position() - m_last;
  m_last = event->position();
  const Camera camera =
      m_options.camera.value_or(openingCamera(m_clouds.front().positions, false, 1.0));
  m_options.camera = orbit(camera, step.x() * 0.01, step.y() * 0.01);
  m_picture = {};
  update();
}

void CloudRowWidget::mouseReleaseEvent(QMouseEvent* event)
{
  if (m_turned || m_entries.empty())
    return;
  const auto place = static_cast<std::size_t>(
      std::clamp(event->position().x() / width() * static_cast<double>(m_entries.size()), 0.0,
                 static_cast<double>(m_entries.size()) - 1));
  emit chosen(m_entries[place]);
}

}  // namespace orrery
