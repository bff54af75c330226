#include "widgets/panels/AppearancePanel.h"

#include "widgets/models/FeatureText.h"
#include "widgets/panels/ScrollColumn.h"
#include "widgets/vtk/CloudScene.h"

#include <QFormLayout>
#include <QPainter>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace orrery {

LegendWidget::LegendWidget(QWidget* parent) : QWidget(parent)
{
  setAccessibleName(tr("Legend"));
  setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Minimum);
}

int LegendWidget::lineHeight() const
{
  return fontMetrics().height() + 4;
}

void LegendWidget::setLegend(ColorLegend legend)
{
  m_legend = std::move(legend);
  QStringList spoken{m_legend.title};
  for (const auto& entry : m_legend.entries)
    spoken << QStringLiteral("%1 %2").arg(entry.color.name(), entry.name);
  setAccessibleDescription((spoken + legendNotes(m_legend)).join(QStringLiteral(", ")));
  updateGeometry();
  update();
}

QSize LegendWidget::sizeHint() const
{
  if (m_legend.title.isEmpty())
    return {80, 0};
  auto lines =
      static_cast<int>(m_legend.entries.size()) + static_cast<int>(legendNotes(m_legend).size());
  if (m_legend.numeric)
    lines += 2;
  return {160, lines * lineHeight() + 4};
}

void LegendWidget::paintEvent(QPaintEvent*)
{
  if (m_legend.title.isEmpty())
    return;
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  const int line = lineHeight();
  int y = 0;
  const QColor text = palette().color(QPalette::WindowText);
  const QColor quiet = palette().color(QPalette::PlaceholderText);
  if (m_legend.numeric) {
    const QRect bar(0, 2, width() - 1, line - 4);
    for (int x = 0; x < bar.width(); ++x)
      painter.fillRect(bar.left() + x, bar.top(), 1, bar.height(),
                       paletteColor(m_legend.palette, static_cast<double>(x) / bar.width()));
    y = line;
    painter.setPen(text);
    painter.drawText(QRect(0, y, width(), line), Qt::AlignLeft | Qt::AlignVCenter,
                     numberText(m_legend.low));
    painter.drawText(QRect(0, y, width(), line), Qt::AlignRight | Qt::AlignVCenter,
                     numberText(m_legend.high));
    const double middle = m_legend.logarithmic ? std::sqrt(m_legend.low * m_legend.high)
                                               : 0.5 * (m_legend.low + m_legend.high);
    painter.drawText(QRect(0, y, width(), line), Qt::AlignCenter, QString::number(middle, 'g', 3));
    y += line;
  }
  for (const auto& entry : m_legend.entries) {
    painter.setPen(Qt::NoPen);
    painter.setBrush(entry.color);
    painter.drawEllipse(QPointF(8, y + line / 2.0), 5, 5);
    painter.setPen(quiet);
    const QString count = displayCount(entry.count);
    const int countWidth = fontMetrics().horizontalAdvance(count);
    painter.drawText(QRect(0, y, width(), line), Qt::AlignRight | Qt::AlignVCenter, count);
    painter.setPen(text);
    painter.drawText(
        QRect(20, y, width() - 28 - countWidth, line), Qt::AlignLeft | Qt::AlignVCenter,
        fontMetrics().elidedText(entry.name, Qt::ElideRight, width() - 28 - countWidth));
    y += line;
  }
  painter.setPen(quiet);
  for (const QString& note : legendNotes(m_legend)) {
    painter.drawText(QRect(0, y, width(), line), Qt::AlignLeft | Qt::AlignVCenter, note);
    y += line;
  }
}

AppearancePanel::AppearancePanel(Document* document, QWidget* parent)
    : QWidget(parent),
      m_document(document),
      m_colorBy(new QComboBox(this)),
      m_palette(new QComboBox(this)),
      m_sizeBy(new QComboBox(this)),
      m_pointSize(new QSlider(Qt::Horizontal, this)),
      m_opacity(new QSlider(Qt::Horizontal, this)),
      m_labels(new QCheckBox(tr("Names beside points"), this)),
      m_legend(new LegendWidget(this))
{
  setAccessibleName(tr("Colours and sizes"));
  m_colorBy->setAccessibleName(tr("Colour by"));
  m_colorBy->setToolTip(tr("Which column gives the points their colours"));
  m_palette->setAccessibleName(tr("Palette"));
  m_palette->setToolTip(tr("Colours for numbers; all can be told apart by colour-blind readers"));
  m_sizeBy->setAccessibleName(tr("Size by"));
  m_sizeBy->setToolTip(tr("Which column gives the points their areas"));
  m_pointSize->setRange(2, 40);
  m_pointSize->setAccessibleName(tr("Point size"));
  m_pointSize->setToolTip(tr("Diameter of the points"));
  m_opacity->setRange(5, 100);
  m_opacity->setAccessibleName(tr("Opacity"));
  m_opacity->setToolTip(tr("How solid the points are"));
  m_labels->setAccessibleName(tr("Names beside points"));
  for (QComboBox* box : {m_colorBy, m_palette, m_sizeBy}) {
    box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    box->setMinimumContentsLength(10);
  }
  for (const std::string& name : numberPalettes())
    m_palette->addItem(QString::fromStdString(name), QString::fromStdString(name));

  auto* content = new QWidget(this);
  content->setAccessibleName(tr("Colours and sizes"));
  auto* form = m_form = new QFormLayout;
  form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
  form->setVerticalSpacing(5);
  form->addRow(tr("Colour &by"), m_colorBy);
  form->addRow(tr("&Palette"), m_palette);
  form->addRow(tr("Si&ze by"), m_sizeBy);
  form->addRow(tr("P&oint size"), m_pointSize);
  form->addRow(tr("Opacit&y"), m_opacity);
  form->addRow(QString(), m_labels);
  auto* layout = new QVBoxLayout(content);
  layout->setContentsMargins(8, 8, 8, 8);
  layout->addLayout(form);
  layout->addWidget(m_legend);
  layout->addStretch(1);
  auto* outer = new QVBoxLayout(this);
  outer->setContentsMargins(0, 0, 0, 0);
  outer->addWidget(scrollColumn(content, tr("Colours and sizes"), this));

  connect(document, &Document::currentLayerChanged, this, &AppearancePanel::fill);
  connect(document, &Document::dictionaryChanged, this, &AppearancePanel::fill);
  connect(document, &Document::appearanceChanged, this, &AppearancePanel::showAppearance);
  // activated, not changed: what the user chose, not what we filled in.
  for (QComboBox* box : {m_colorBy, m_palette, m_sizeBy})
    connect(box, &QComboBox::activated, this, &AppearancePanel::change);
  connect(m_pointSize, &QSlider::valueChanged, this, &AppearancePanel::change);
  connect(m_opacity, &QSlider::valueChanged, this, &AppearancePanel::change);
  connect(m_labels, &QCheckBox::toggled, this, &AppearancePanel::change);
  fill();
}

void AppearancePanel::setLegend(const ColorLegend& legend)
{
  m_legend->setLegend(legend);
}

void AppearancePanel::fill()
{
  m_colorBy->clear();
  m_sizeBy->clear();
  m_colorBy->addItem(tr("one colour"), QString());
  m_sizeBy->addItem(tr("one size"), QString());
  if (const auto dictionary = m_document->dictionary())
    for (const Column& column : dictionary->columns) {
      const QString name = QString::fromStdString(column.name);
      const QString shown = visibleText(column.name, 40);
      m_colorBy->addItem(shown, name);
      if (column.kind == Column::Kind::Number)
        m_sizeBy->addItem(shown, name);
    }
  setEnabled(m_document->dictionary() != nullptr);
  showAppearance();
}

void AppearancePanel::showAppearance()
{
  const Appearance& appearance = m_document->appearance();
  const auto choose = [](QComboBox* box, const std::string& name) {
    box->setCurrentIndex(std::max(0, box->findData(QString::fromStdString(name))));
  };
  choose(m_colorBy, appearance.colorBy);
  choose(m_sizeBy, appearance.sizeBy);
  choose(m_palette, appearance.palette);
  const QSignalBlocker quietSize(m_pointSize), quietOpacity(m_opacity), quietLabels(m_labels);
  const double shownSize = appearance.pointSize > 0 ? appearance.pointSize
                                                    : recommendedPointSize(m_document->features());
  m_pointSize->setValue(static_cast<int>(std::lround(shownSize * 2)));
  m_opacity->setValue(static_cast<int>(std::lround(appearance.opacity * 100)));
  m_labels->setChecked(appearance.showLabels);
  const auto dictionary = m_document->dictionary();
  const Column* column = dictionary ? dictionary->column(appearance.colorBy) : nullptr;
  // Categories have their own colours: no choice is offered where none has an effect.
  m_form->setRowVisible(m_palette, column && column->kind == Column::Kind::Number);
}

void AppearancePanel::change()
{
  Appearance appearance = m_document->appearance();
  appearance.colorBy = m_colorBy->currentData().toString().toStdString();
  appearance.sizeBy = m_sizeBy->currentData().toString().toStdString();
  if (sender() == m_palette)
    appearance.palette = m_palette->currentData().toString().toStdString();
  if (sender() == m_pointSize)  // else it stays automatic
    appearance.pointSize = m_pointSize->value() / 2.0;
  appearance.opacity = m_opacity->value() / 100.0;
  appearance.showLabels = m_labels->isChecked();
  m_document->setAppearance(appearance);
}

}  // namespace orrery
