#include "widgets/panels/FigureDialog.h"

#include "core/base/Error.h"
#include "core/document/Layer.h"
#include "core/io/ResultFile.h"

#include <QDialogButtonBox>
#include <QFileDialog>
#include <QFileInfo>
#include <QFormLayout>
#include <QGroupBox>
#include <QHBoxLayout>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <new>

namespace orrery {
namespace {

constexpr int noLegend = -1;

/// Column widths that journals ask for.
constexpr struct {
  double widthMm;
  const char* name;
} presets[] = {{85, "85 mm · one column"},
               {114, "114 mm · one and a half"},
               {170, "170 mm · two columns"},
               {180, "180 mm · two columns, wide"}};

}  // namespace

FigureDialog::FigureDialog(FigureRequest view, const QString& stem, QWidget* parent)
    : QDialog(parent),
      m_view(std::move(view)),
      m_stem(stem),
      m_preset(new QComboBox(this)),
      m_width(new QDoubleSpinBox(this)),
      m_height(new QDoubleSpinBox(this)),
      m_dpi(new QSpinBox(this)),
      m_background(new QComboBox(this)),
      m_fontPoints(new QDoubleSpinBox(this)),
      m_legend(new QComboBox(this)),
      m_caption(new QCheckBox(tr("Caption: what is shown"), this)),
      m_labels(new QCheckBox(tr("Names beside points"), this)),
      m_frames(new QSpinBox(this)),
      m_preview(new QLabel(this)),
      m_estimate(new QLabel(this)),
      m_problem(new QLabel(this)),
      m_progress(new QProgressBar(this))
{
  setWindowTitle(tr("Export figure"));
  setAccessibleName(windowTitle());
  for (const auto& preset : presets)
    m_preset->addItem(tr(preset.name), preset.widthMm);
  m_preset->addItem(tr("Own size"), 0.0);
  m_preset->setAccessibleName(tr("Preset"));
  m_preset->setToolTip(tr("Column widths that journals ask for"));
  for (QDoubleSpinBox* box : {m_width, m_height}) {
    box->setRange(10, 2000);
    box->setDecimals(1);
    box->setSuffix(tr(" mm"));
  }
  m_width->setAccessibleName(tr("Width in millimetres"));
  m_height->setAccessibleName(tr("Height in millimetres"));
  m_dpi->setRange(50, 2400);
  m_dpi->setValue(300);
  m_dpi->setSuffix(tr(" dpi"));
  m_dpi->setAccessibleName(tr("Resolution in dots per inch"));
  m_background->addItem(tr("White"), static_cast<int>(FigureBackground::White));
  m_background->addItem(tr("Transparent"), static_cast<int>(FigureBackground::Transparent));
  m_background->addItem(tr("Dark"), static_cast<int>(FigureBackground::Dark));
  m_background->setAccessibleName(tr("Background"));
  m_fontPoints->setRange(3, 24);
  m_fontPoints->setSingleStep(0.5);
  m_fontPoints->setDecimals(1);
  m_fontPoints->setValue(7);
  m_fontPoints->setSuffix(tr(" pt"));
  m_fontPoints->setAccessibleName(tr("Text size in points"));
  m_fontPoints->setToolTip(tr("Size of all text on the page; it does not shrink with the picture"));
  m_legend->addItem(tr("Where it covers nothing"), static_cast<int>(LegendPlace::Auto));
  m_legend->addItem(tr("In the picture"), static_cast<int>(LegendPlace::Inside));
  m_legend->addItem(tr("Beside the picture"), static_cast<int>(LegendPlace::Beside));
  m_legend->addItem(tr("None"), noLegend);
  m_legend->setCurrentIndex(m_view.legend.isEmpty() ? m_legend->count() - 1 : 0);
  m_legend->setEnabled(!m_view.legend.isEmpty());
  m_legend->setAccessibleName(tr("Legend"));
  m_caption->setChecked(true);  // a figure says what it shows, as the command line writes it
  m_caption->setAccessibleName(tr("Caption"));
  m_labels->setChecked(!m_view.labels.empty());
  m_labels->setEnabled(!m_view.labels.empty());
  m_labels->setAccessibleName(tr("Names beside points"));
  m_frames->setRange(1, mostFrames);
  m_frames->setSpecialValueText(tr("one picture"));
  m_frames->setSuffix(tr(" frames of a turn"));
  m_frames->setEnabled(!m_view.planar);
  m_frames->setAccessibleName(tr("Frames of a turn"));
  m_frames->setToolTip(
      tr("More than one: the cloud turns once, in numbered PNG pictures for a film"));
  m_preview->setAccessibleName(tr("Preview"));
  m_preview->setAlignment(Qt::AlignCenter);
  m_preview->setMinimumSize(420, 320);
  m_preview->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
  m_preview->setFrameShape(QFrame::StyledPanel);
  m_estimate->setAccessibleName(tr("Size of the picture"));
  m_estimate->setTextFormat(Qt::PlainText);
  m_estimate->setWordWrap(true);
  m_estimate->setForegroundRole(QPalette::PlaceholderText);
  m_problem->setAccessibleName(tr("Problem"));
  m_problem->setTextFormat(Qt::PlainText);
  m_problem->setWordWrap(true);
  m_progress->setAccessibleName(tr("Progress"));
  m_progress->setRange(0, 1000);
  m_progress->setVisible(false);

  auto* form = new QFormLayout;
  form->addRow(tr("Preset"), m_preset);
  form->addRow(tr("Width"), m_width);
  form->addRow(tr("Height"), m_height);
  form->addRow(tr("Resolution"), m_dpi);
  form->addRow(tr("Text"), m_fontPoints);
  form->addRow(tr("Background"), m_background);
  form->addRow(tr("Legend"), m_legend);
  form->addRow(tr("Film"), m_frames);
  form->addRow(m_labels);
  form->addRow(m_caption);
  auto* side = new QVBoxLayout;
  side->addLayout(form);
  side->addWidget(m_estimate);
  side->addWidget(m_problem);
  side->addStretch(1);
  auto* line = new QHBoxLayout;
  line->addWidget(m_preview, 1);
  line->addLayout(side);
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Save | QDialogButtonBox::Cancel, this);
  buttons->setAccessibleName(tr("Save or cancel"));
  m_save = buttons->button(QDialogButtonBox::Save);
  m_save->setText(tr("Save…"));
  m_save->setAccessibleName(tr("Save"));
  buttons->button(QDialogButtonBox::Cancel)->setAccessibleName(tr("Cancel"));
  connect(m_save, &QPushButton::clicked, this, &FigureDialog::save);
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
  auto* layout = new QVBoxLayout(this);
  layout->addLayout(line, 1);
  layout->addWidget(m_progress);
  layout->addWidget(buttons);
  resize(820, 480);

  const double shape =
      m_view.heightMm > 0 && m_view.widthMm > 0 ? m_view.heightMm / m_view.widthMm : 0.7;
  m_width->setValue(presets[0].widthMm);
  m_height->setValue(std::round(presets[0].widthMm * shape));
  m_later.setSingleShot(true);
  m_later.setInterval(150);
  m_turn.setInterval(0);
  connect(&m_later, &QTimer::timeout, this, &FigureDialog::showPreview);
  connect(&m_turn, &QTimer::timeout, this, &FigureDialog::advance);
  connect(m_preset, &QComboBox::activated, this, [this] {
    const double wanted = m_preset->currentData().toDouble();
    if (wanted > 0) {
      const double ratio = m_height->value() / m_width->value();
      m_width->setValue(wanted);
      m_height->setValue(std::round(wanted * ratio));
    }
  });
  const auto changed = [this] {
    const int own = m_preset->count() - 1;
    const int known = m_preset->findData(m_width->value());
    m_preset->setCurrentIndex(known >= 0 ? known : own);
    showEstimate();
    m_later.start();
  };
  for (QDoubleSpinBox* box : {m_width, m_height, m_fontPoints})
    connect(box, &QDoubleSpinBox::valueChanged, this, changed);
  for (QSpinBox* box : {m_dpi, m_frames})
    connect(box, &QSpinBox::valueChanged, this, changed);
  for (QComboBox* box : {m_background, m_legend})
    connect(box, &QComboBox::activated, this, changed);
  for (QCheckBox* box : {m_caption, m_labels})
    connect(box, &QCheckBox::toggled, this, changed);
  changed();
}

FigureDialog::~FigureDialog() = default;

FigureRequest FigureDialog::request() const
{
  FigureRequest request = m_view;
  request.widthMm = m_width->value();
  request.heightMm = m_height->value();
  request.dpi = m_dpi->value();
  request.fontPoints = m_fontPoints->value();
  request.background = static_cast<FigureBackground>(m_background->currentData().toInt());
  if (const int place = m_legend->currentData().toInt(); place == noLegend)
    request.legend = {};
  else
    request.legendPlace = static_cast<LegendPlace>(place);
  if (!m_caption->isChecked())
    request.caption.clear();
  if (!m_labels->isChecked())
    request.labels.clear();
  return request;
}

void FigureDialog::showEstimate()
{
  const FigureRequest wanted = request();
  try {
    const FigureEstimate estimate = estimateFigure(wanted);
    m_estimate->setText(
        tr("%1 × %2 pixels, %3 MB while it is drawn")
            .arg(displayCount(estimate.pixels.width()), displayCount(estimate.pixels.height()))
            .arg(std::ceil(estimate.megabytes)));
    checkFigure(wanted, std::filesystem::temp_directory_path() / "figure.png");
    m_problem->clear();
    m_save->setEnabled(true);
  } catch (const Error& error) {
    m_problem->setText(QString::fromUtf8(error.what()));
    m_save->setEnabled(false);
  }
}

void FigureDialog::showPreview()
{
  FigureRequest wanted = request();
  // As many pixels as the preview has, the page otherwise unchanged.
  const QSizeF room = QSizeF(m_preview->contentsRect().size() - QSize(12, 12));
  const double scale = std::min(room.width() / wanted.widthMm, room.height() / wanted.heightMm);
  wanted.dpi = std::max(20.0, scale * 25.4 * devicePixelRatioF());
  try {
    QImage picture = renderFigure(wanted);
    picture.setDevicePixelRatio(devicePixelRatioF());
    m_preview->setPixmap(QPixmap::fromImage(picture));
  } catch (const std::exception& error) {
    m_preview->setText(QString::fromUtf8(error.what()));
  }
}

void FigureDialog::save()
{
  const QString path = QFileDialog::getSaveFileName(
      this, tr("Save figure"), m_stem + QStringLiteral(".png"),
      m_frames->value() > 1
          ? tr("Numbered PNG pictures (*.png)")
          : tr("PNG picture (*.png);;PDF with real text (*.pdf);;SVG with real text (*.svg)"));
  if (!path.isEmpty())
    write(path);
}

void FigureDialog::write(const QString& path)
{
  try {
    const FigureRequest wanted = request();
    const std::filesystem::path file(path.toStdString());
    checkFigure(wanted, file);
    if (m_frames->value() > 1)
      m_turntable = std::make_unique<TurntableRenderer>(wanted, file, m_frames->value());
    else
      m_renderer = std::make_unique<FigureRenderer>(wanted);
    m_path = path;
    m_save->setEnabled(false);
    m_progress->setVisible(true);
    m_turn.start();
  } catch (const std::exception& error) {
    m_problem->setText(QString::fromUtf8(error.what()));
  }
}

void FigureDialog::advance()
{
  try {
    writeNext();
  } catch (const std::bad_alloc&) {
    m_problem->setText(tr("Out of memory: choose a lower resolution."));
    endWriting();
  } catch (const std::exception& error) {
    m_problem->setText(QString::fromUtf8(error.what()));
    endWriting();
  }
}

void FigureDialog::writeNext()
{
  const bool more = m_turntable ? m_turntable->advance() : m_renderer->advance();
  if (more) {
    const double done = m_turntable ? m_turntable->fraction() : m_renderer->fraction();
    m_progress->setValue(static_cast<int>(1000 * done));
    return;
  }
  std::filesystem::path path(m_path.toStdString());
  if (m_turntable)
    path = framePath(path, 0, m_frames->value());
  else
    writeFileAtomically(path, m_renderer->bytes(path.extension().string()));
  endWriting();
  emit written(QString::fromStdString(path.string()));
  accept();
}

void FigureDialog::endWriting()
{
  m_turn.stop();
  m_renderer.reset();
  m_turntable.reset();
  m_progress->setVisible(false);
  m_save->setEnabled(true);
}

void FigureDialog::done(int result)
{
  if (m_renderer || m_turntable)
    endWriting();  // Cancel while it is being drawn: nothing is written
  QDialog::done(result);
}

void FigureDialog::resizeEvent(QResizeEvent* event)
{
  QDialog::resizeEvent(event);
  m_later.start();
}

}  // namespace orrery
