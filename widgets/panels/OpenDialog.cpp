#include "widgets/panels/OpenDialog.h"

#include "core/io/ByteSource.h"
#include "widgets/models/FeatureText.h"
#include "widgets/panels/Theme.h"

#include <QDialogButtonBox>
#include <QFileDialog>
#include <QFormLayout>
#include <QGroupBox>
#include <QHeaderView>
#include <QVBoxLayout>

#include <algorithm>
#include <limits>

namespace orrery {
namespace {

constexpr int CandidateRole = Qt::UserRole;

QString shapeText(const std::vector<std::int64_t>& shape)
{
  QStringList sides;
  for (const std::int64_t side : shape)
    sides << displayCount(side);
  return shape.empty() ? OpenDialog::tr("single value") : sides.join(QStringLiteral(" × "));
}

QString bytesText(std::uint64_t bytes)
{
  return QString::fromStdString(displayBytes(bytes));
}

}  // namespace

OpenDialog::OpenDialog(std::filesystem::path path, QWidget* parent)
    : QDialog(parent),
      m_path(std::move(path)),
      m_file(new QLabel(this)),
      m_arrays(new QTreeWidget(this)),
      m_how(new QLabel(this)),
      m_transpose(new QCheckBox(tr("Turn rows and columns"), this)),
      m_labels(new QComboBox(this)),
      m_memory(new QLabel(this)),
      m_notes(new QLabel(this)),
      m_shape(new QWidget(this)),
      m_rows(new QSpinBox(this)),
      m_columns(new QSpinBox(this)),
      m_busy(new QProgressBar(this))
{
  const QString fileName = visibleText(m_path.filename().string());
  setWindowTitle(tr("Open %1").arg(fileName));
  setAccessibleName(windowTitle());
  resize(640, 560);
  for (QLabel* label : {m_file, m_how, m_memory, m_notes}) {
    label->setTextFormat(Qt::PlainText);
    label->setWordWrap(true);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
  }
  m_file->setAccessibleName(tr("File"));
  m_how->setAccessibleName(tr("How it will be read"));
  m_memory->setAccessibleName(tr("Memory"));
  m_notes->setAccessibleName(tr("Notes"));
  QFont bold = m_how->font();
  bold.setWeight(QFont::DemiBold);
  m_how->setFont(bold);

  m_arrays->setAccessibleName(tr("Arrays in the file"));
  m_arrays->setHeaderLabels({tr("Array"), tr("Shape"), tr("Type"), tr("Stored")});
  m_arrays->header()->setAccessibleName(tr("Columns"));
  m_arrays->setSelectionMode(QAbstractItemView::ExtendedSelection);
  m_arrays->setUniformRowHeights(true);
  m_arrays->setToolTip(tr("Choose the array to open; with Ctrl several, which open as layers"));
  m_transpose->setAccessibleName(tr("Turn rows and columns"));
  m_transpose->setToolTip(tr("Take the other axis as the features"));
  m_labels->setAccessibleName(tr("Labels"));
  m_labels->setToolTip(tr("Which file the labels come from"));
  m_labels->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
  m_labels->setMinimumContentsLength(20);
  m_busy->setRange(0, 0);
  m_busy->setTextVisible(false);
  m_busy->setMaximumHeight(8);
  m_busy->setAccessibleName(tr("Looking into the file"));

  m_shape->setAccessibleName(tr("Shape of the raw file"));
  auto* shapeLine = new QHBoxLayout(m_shape);
  shapeLine->setContentsMargins(0, 0, 0, 0);
  m_rows->setAccessibleName(tr("Features"));
  m_columns->setAccessibleName(tr("Dimensions"));
  for (QSpinBox* box : {m_rows, m_columns}) {
    box->setRange(0, std::numeric_limits<int>::max());
    box->setSpecialValueText(tr("not set"));
    box->setGroupSeparatorShown(false);
    connect(box, &QSpinBox::editingFinished, this, [this] {
      if (m_rows->value() > 0 && m_columns->value() > 0)
        inspect();
    });
  }
  shapeLine->addWidget(m_rows);
  shapeLine->addWidget(new QLabel(tr("features ×"), m_shape));
  shapeLine->addWidget(m_columns);
  shapeLine->addWidget(new QLabel(tr("dimensions"), m_shape), 1);
  m_shape->setVisible(false);

  auto* reading = new QGroupBox(tr("How it will be read"), this);
  reading->setAccessibleName(tr("How it will be read"));
  auto* form = new QFormLayout(reading);
  form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
  form->addRow(m_how);
  form->addRow(m_transpose);
  form->addRow(m_shape);
  form->addRow(tr("Labels"), m_labels);
  form->addRow(tr("Memory"), m_memory);
  form->addRow(m_notes);

  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Open | QDialogButtonBox::Cancel, this);
  buttons->setAccessibleName(tr("Open or cancel"));
  m_open = buttons->button(QDialogButtonBox::Open);
  m_open->setAccessibleName(tr("Open"));
  buttons->button(QDialogButtonBox::Cancel)->setAccessibleName(tr("Cancel"));
  m_open->setEnabled(false);
  connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);

  auto* layout = new QVBoxLayout(this);
  layout->addWidget(m_file);
  layout->addWidget(m_busy);
  layout->addWidget(m_arrays, 1);
  layout->addWidget(reading);
  layout->addWidget(buttons);

  connect(m_arrays, &QTreeWidget::itemSelectionChanged, this, &OpenDialog::showChoice);
  connect(m_arrays, &QTreeWidget::itemActivated, this, [this] {
    if (m_open->isEnabled())
      accept();
  });
  connect(m_transpose, &QCheckBox::toggled, this, &OpenDialog::showChoice);
  connect(m_labels, &QComboBox::activated, this, [this] {
    if (m_labels->currentData().toString() == QLatin1String("…"))
      chooseLabels();
  });
  connect(&m_job, &JobRunner::runningChanged, m_busy, &QWidget::setVisible);
  connect(&m_job, &JobRunner::failed, this, [this](const QString& sentence) {
    m_preview.reset();
    m_arrays->clear();
    m_how->setText(sentence);
    m_open->setEnabled(false);
    // Bytes without a header may still be a matrix whose shape somebody knows.
    m_shape->setVisible(true);
    emit inspected();
  });
  m_file->setText(visibleText(m_path.string(), 400));
  inspect();
}

void OpenDialog::inspect()
{
  ReadOptions options;
  if (m_rows->value() > 0 && m_columns->value() > 0)
    options.shape = std::pair<std::int64_t, std::int64_t>(m_rows->value(), m_columns->value());
  m_how->setText(tr("Looking into the file…"));
  m_job.start(
      tr("Looking into the file"),
      [path = m_path, options](const Progress& progress) {
        return inspectDictionaryFile(path, options, progress);
      },
      [this](FilePreview preview) {
        m_preview = std::move(preview);
        showPreview();
        emit inspected();
      });
}

void OpenDialog::showPreview()
{
  const FilePreview& preview = *m_preview;
  m_file->setText(tr("%1\n%2, %3")
                      .arg(visibleText(m_path.string(), 400),
                           QString::fromStdString(preview.format), bytesText(preview.fileSize)));
  m_arrays->clear();
  QList<QTreeWidgetItem*> items;
  QTreeWidgetItem* first = nullptr;
  for (const TensorInfo& tensor : preview.tensors) {
    const QString name = tensor.name.empty() ? tr("(the array)") : visibleText(tensor.name);
    auto* item =
        new QTreeWidgetItem({name, shapeText(tensor.shape), QString::fromStdString(tensor.typeName),
                             bytesText(tensor.storedBytes)});
    const auto candidate =
        std::find_if(preview.candidates.begin(), preview.candidates.end(),
                     [&](const MatrixCandidate& c) { return c.tensor.name == tensor.name; });
    if (candidate == preview.candidates.end()) {
      item->setFlags(item->flags() & ~Qt::ItemIsSelectable & ~Qt::ItemIsEnabled);
      item->setToolTip(
          0, plainToolTip(tensor.problem.empty() ? tr("Not a matrix of features")
                                                 : tr("Cannot be read: it ") +
                                                       QString::fromStdString(tensor.problem)));
    } else {
      const auto place = static_cast<int>(candidate - preview.candidates.begin());
      item->setData(0, CandidateRole, place);
      if (place == 0 && !preview.ambiguous)
        first = item;
    }
    items << item;
  }
  m_arrays->addTopLevelItems(items);
  for (int section = 0; section < 4; ++section)
    m_arrays->resizeColumnToContents(section);
  m_arrays->setColumnWidth(0, std::clamp(m_arrays->columnWidth(0), 160, 300));

  m_labels->clear();
  if (preview.labels)
    m_labels->addItem(
        tr("%1 (beside the file)").arg(visibleText(preview.labels->filename().string())),
        QStringLiteral("beside"));
  else
    m_labels->addItem(tr("as in the file"), QStringLiteral("beside"));
  m_labels->addItem(tr("none"), QStringLiteral("none"));
  m_labels->addItem(tr("Another file…"), QStringLiteral("…"));

  QStringList notes;
  for (const std::string& note : preview.notes)
    notes << QString::fromStdString(note);
  const Origin& origin = preview.origin;
  QStringList from;
  if (!origin.model.empty())
    from << QString::fromStdString(origin.model);
  if (origin.layer)
    from << tr("layer %1").arg(*origin.layer);
  if (!origin.site.empty())
    from << QString::fromStdString(origin.site);
  if (origin.l0)
    from << tr("L0 %1").arg(*origin.l0);
  if (!from.isEmpty())
    notes.prepend(tr("This is %1 (%2).")
                      .arg(from.join(QStringLiteral(", ")), QString::fromStdString(origin.source)));
  m_notes->setText(notes.join(QLatin1Char('\n')));
  m_notes->setVisible(!notes.isEmpty());
  m_shape->setVisible(preview.candidates.empty());
  if (first)
    m_arrays->setCurrentItem(first);
  showChoice();
}

std::vector<const MatrixCandidate*> OpenDialog::chosen() const
{
  std::vector<const MatrixCandidate*> chosen;
  if (!m_preview)
    return chosen;
  for (const QTreeWidgetItem* item : m_arrays->selectedItems())
    if (const QVariant place = item->data(0, CandidateRole); place.isValid())
      chosen.push_back(&m_preview->candidates[static_cast<std::size_t>(place.toInt())]);
  // A file without named arrays (word vectors, tables) has its one candidate.
  if (chosen.empty() && m_preview->tensors.empty() && m_preview->candidates.size() == 1)
    chosen.push_back(&m_preview->candidates.front());
  return chosen;
}

void OpenDialog::showChoice()
{
  const auto candidates = chosen();
  m_open->setEnabled(!candidates.empty());
  m_transpose->setEnabled(!candidates.empty());
  m_labels->setEnabled(!candidates.empty());
  if (candidates.empty()) {
    m_how->setText(m_preview && m_preview->candidates.empty()
                       ? tr("No matrix of numbers that could be a dictionary is in this file.")
                       : tr("Several arrays could be the dictionary: choose one above."));
    m_memory->clear();
    return;
  }
  std::uint64_t memory = 0;
  QStringList lines;
  for (const MatrixCandidate* candidate : candidates) {
    std::int64_t features = candidate->features, dimensions = candidate->dimensions;
    if (m_transpose->isChecked())
      std::swap(features, dimensions);
    memory += candidate->memory;
    const QString rule = m_transpose->isChecked() ? tr("because you turned it")
                                                  : QString::fromStdString(candidate->axisRule);
    QString line =
        tr("%1 features × %2 dimensions").arg(displayCount(features), displayCount(dimensions));
    if (!rule.isEmpty())
      line += QStringLiteral(", ") + rule;
    if (candidates.size() > 1)
      line.prepend(visibleText(candidate->tensor.name) + QStringLiteral(": "));
    if (lines.size() < 4)
      lines << line;
  }
  if (candidates.size() > 4)
    lines << tr("and %1 more, each a layer").arg(candidates.size() - 4);
  m_how->setText(lines.join(QLatin1Char('\n')));

  const std::uint64_t available = availableMemory();
  QString text = tr("%1 as float32").arg(bytesText(memory));
  if (available > 0)
    text += tr(", %1 are free").arg(bytesText(available));
  if (available > 0 && memory > available / 10 * 9)
    text += tr(". That is more than there is: the computer may come to a standstill.");
  m_memory->setText(text);
  QPalette colors = palette();
  m_memory->setPalette(colors);
}

void OpenDialog::chooseLabels()
{
  const QString file = QFileDialog::getOpenFileName(
      this, tr("Labels"), QString::fromStdString(m_path.parent_path().string()),
      tr("Labels (*.txt *.tsv *.csv *.json *.jsonl *.gz);;All files (*)"));
  m_labels->setCurrentIndex(0);
  if (file.isEmpty())
    return;
  m_labels->insertItem(0, visibleText(file.toStdString()), file);
  m_labels->setCurrentIndex(0);
}

std::vector<OpenRequest> OpenDialog::requests() const
{
  std::vector<OpenRequest> requests;
  for (const MatrixCandidate* candidate : chosen()) {
    OpenRequest request{m_path, {}};
    if (!candidate->tensor.name.empty() && m_preview->tensors.size() > 1)
      request.options.dataset = candidate->tensor.name;
    request.options.transpose = m_transpose->isChecked();
    if (m_rows->value() > 0 && m_columns->value() > 0)
      request.options.shape =
          std::pair<std::int64_t, std::int64_t>(m_rows->value(), m_columns->value());
    const QString labels = m_labels->currentData().toString();
    if (labels == QLatin1String("none"))
      request.options.withoutLabels = true;
    else if (labels != QLatin1String("beside") && labels != QLatin1String("…"))
      request.options.labels = std::filesystem::path(labels.toStdString());
    // Seen and accepted here, with the number.
    request.options.maxMemory = std::numeric_limits<std::uint64_t>::max();
    requests.push_back(std::move(request));
  }
  return requests;
}

}  // namespace orrery
