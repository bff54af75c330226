#include "widgets/panels/SelectionPanel.h"

#include "core/document/CountText.h"
#include "core/document/Growth.h"
#include "widgets/models/FeatureText.h"
#include "widgets/panels/ScrollColumn.h"
#include "widgets/panels/Theme.h"

#include <QDoubleValidator>
#include <QGroupBox>
#include <QHBoxLayout>
#include <QLocale>
#include <QSignalBlocker>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace orrery {
namespace {

QPushButton* pushButton(const QString& text, const QString& tip, QWidget* parent)
{
  auto* button = new QPushButton(text, parent);
  button->setToolTip(tip);
  button->setAutoDefault(false);
  return button;
}

QGroupBox* group(const QString& title, QWidget* parent)
{
  auto* box = new QGroupBox(title, parent);
  auto* layout = new QVBoxLayout(box);
  layout->setContentsMargins(8, 6, 8, 8);
  layout->setSpacing(5);
  return box;
}

void addLine(QWidget* box, std::initializer_list<QWidget*> widgets)
{
  auto* line = new QHBoxLayout;
  line->setSpacing(5);
  for (QWidget* widget : widgets)
    line->addWidget(widget);
  static_cast<QVBoxLayout*>(box->layout())->addLayout(line);
}

}  // namespace

SelectionPanel::SelectionPanel(Document* document, Annotations* annotations, QWidget* parent)
    : QWidget(parent),
      m_document(document),
      m_annotations(annotations),
      m_count(new QLabel(this)),
      m_mode(new QComboBox(this))
{
  using Mode = SelectionModel::Mode;
  setAccessibleName(tr("Selection"));
  m_count->setTextFormat(Qt::PlainText);
  m_count->setWordWrap(true);
  m_count->setAccessibleName(tr("Number of selected features"));
  QFont bold = m_count->font();
  bold.setWeight(QFont::DemiBold);
  m_count->setFont(bold);
  m_mode->setAccessibleName(tr("What happens with what is chosen"));
  m_mode->setToolTip(tr("How everything that is chosen in this panel meets the selection"));
  m_mode->addItem(tr("Replace the selection"), QVariant::fromValue(Mode::Replace));
  m_mode->addItem(tr("Add to the selection"), QVariant::fromValue(Mode::Add));
  m_mode->addItem(tr("Take from the selection"), QVariant::fromValue(Mode::Remove));
  m_mode->addItem(tr("Cut with the selection"), QVariant::fromValue(Mode::Intersect));

  auto* inner = new QWidget(this);
  auto* innerLayout = new QVBoxLayout(inner);
  innerLayout->setContentsMargins(8, 6, 8, 8);
  innerLayout->setSpacing(8);
  innerLayout->addWidget(m_count);
  innerLayout->addWidget(m_mode);
  innerLayout->addWidget(makeKept());
  innerLayout->addWidget(makeValues());
  innerLayout->addWidget(makeGrowth());
  innerLayout->addStretch(1);
  QScrollArea* scroll = scrollColumn(inner, tr("Selection"), this);
  scroll->setFocusPolicy(Qt::NoFocus);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(scroll);

  connect(document->selection(), &SelectionModel::changed, this, &SelectionPanel::showCount);
  connect(document, &Document::searchChanged, this, &SelectionPanel::showCount);
  connect(document, &Document::currentLayerChanged, this, [this] {
    showColumns();
    showKept();
    showFilter();
    showCount();
  });
  connect(document, &Document::dictionaryChanged, this, &SelectionPanel::showColumns);
  connect(annotations, &Annotations::changed, this, [this] {
    showKept();
    showFilter();
  });
  showColumns();
  showKept();
  showFilter();
  showCount();
}

QWidget* SelectionPanel::makeKept()
{
  QGroupBox* box = group(tr("Kept selections"), this);
  m_kept = new QListWidget(box);
  m_kept->setAccessibleName(tr("Kept selections"));
  m_kept->setToolTip(tr("A double click selects; F2 renames"));
  m_kept->setEditTriggers(QAbstractItemView::EditKeyPressed);
  m_kept->setMinimumHeight(fontMetrics().height() * 4);
  m_kept->setMaximumHeight(fontMetrics().height() * 9);
  box->layout()->addWidget(m_kept);
  m_keep = pushButton(tr("&Keep…"),
                      tr("Keep the selected features under a name, with the outline and the camera "
                         "they were drawn with"),
                      box);
  m_use = pushButton(tr("&Select"), tr("Bring this selection back, in the way chosen above"), box);
  m_draw = pushButton(
      tr("Sho&w"), tr("Look at the cloud as it was drawn, with its outline where it has one"), box);
  m_forget = pushButton(tr("&Delete"), tr("Keep this selection no longer"), box);
  addLine(box, {m_keep, m_use});
  addLine(box, {m_draw, m_forget});
  connect(m_keep, &QPushButton::clicked, this, &SelectionPanel::keepRequested);
  const auto use = [this] {
    const std::string name = chosen();
    for (const NamedSelection& kept : m_annotations->current().selections)
      if (kept.name == name) {
        apply(std::vector<FeatureId>(kept.features));
        return;
      }
  };
  connect(m_use, &QPushButton::clicked, this, use);
  connect(m_kept, &QListWidget::itemDoubleClicked, this, use);
  connect(m_draw, &QPushButton::clicked, this, [this] { emit drawRequested(chosen()); });
  connect(m_forget, &QPushButton::clicked, this, [this] {
    if (const auto layer = m_document->layer())
      m_annotations->removeSelection(layer->id, chosen());
  });
  connect(m_kept, &QListWidget::itemChanged, this, [this](QListWidgetItem* item) {
    const std::string before = item->data(Qt::UserRole).toString().toStdString();
    if (const auto layer = m_document->layer())
      m_annotations->renameSelection(layer->id, before,
                                     item->text().simplified().left(80).toStdString());
    QMetaObject::invokeMethod(this, &SelectionPanel::showKept, Qt::QueuedConnection);
  });
  connect(m_kept, &QListWidget::currentRowChanged, this, &SelectionPanel::showCount);
  return box;
}

QWidget* SelectionPanel::makeValues()
{
  QGroupBox* box = group(tr("By the values of a column"), this);
  m_column = new QComboBox(box);
  m_column->setAccessibleName(tr("Column"));
  m_column->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
  m_column->setMinimumContentsLength(12);
  m_category = new QComboBox(box);
  m_category->setAccessibleName(tr("Group"));
  m_category->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
  m_category->setMinimumContentsLength(12);
  m_range = new QWidget(box);
  m_minimum = new QLineEdit(m_range);
  m_maximum = new QLineEdit(m_range);
  for (QLineEdit* bound : {m_minimum, m_maximum}) {
    auto* validator = new QDoubleValidator(bound);
    validator->setLocale(QLocale::c());
    bound->setValidator(validator);
    bound->setMinimumWidth(40);
  }
  m_minimum->setAccessibleName(tr("From"));
  m_maximum->setAccessibleName(tr("To"));
  m_minimum->setToolTip(tr("The smallest value; nothing: no bound"));
  m_maximum->setToolTip(tr("The largest value; nothing: no bound"));
  auto* to = new QLabel(tr("to"), m_range);
  auto* line = new QHBoxLayout(m_range);
  line->setContentsMargins(0, 0, 0, 0);
  line->addWidget(m_minimum);
  line->addWidget(to);
  line->addWidget(m_maximum);
  m_inside = new QLabel(box);
  m_inside->setTextFormat(Qt::PlainText);
  m_inside->setAccessibleName(tr("Features with these values"));
  m_inside->setForegroundRole(QPalette::PlaceholderText);
  m_useValues = pushButton(tr("S&elect these"), tr("Select the features with these values"), box);
  m_wholeGroups =
      pushButton(tr("Whole gro&ups"),
                 tr("Add every feature that shares a group with a selected one, such as "
                    "a lobe"),
                 box);
  m_filter = new QCheckBox(tr("Only these are &lit, the rest is grey"), box);
  box->layout()->addWidget(m_column);
  box->layout()->addWidget(m_category);
  box->layout()->addWidget(m_range);
  box->layout()->addWidget(m_inside);
  addLine(box, {m_useValues, m_wholeGroups});
  box->layout()->addWidget(m_filter);
  connect(m_column, &QComboBox::currentIndexChanged, this, &SelectionPanel::showColumn);
  connect(m_category, &QComboBox::currentIndexChanged, this, &SelectionPanel::showInside);
  for (QLineEdit* bound : {m_minimum, m_maximum})
    connect(bound, &QLineEdit::textChanged, this, &SelectionPanel::showInside);
  connect(m_useValues, &QPushButton::clicked, this, [this] { apply(inside()); });
  connect(m_wholeGroups, &QPushButton::clicked, this, [this] {
    if (const Column* by = column())
      m_document->selection()->setFeatures(
          grownByCategory(*by, m_document->selection()->features()));
  });
  connect(m_filter, &QCheckBox::clicked, this, [this](bool lit) {
    if (const auto layer = m_document->layer())
      m_annotations->setFilter(layer->id, lit && column() ? std::optional(range()) : std::nullopt);
  });
  return box;
}

QWidget* SelectionPanel::makeGrowth()
{
  QGroupBox* box = group(tr("From elsewhere"), this);
  m_neighbors = new QSpinBox(box);
  m_neighbors->setRange(1, 200);
  m_neighbors->setValue(10);
  m_neighbors->setSuffix(tr(" nearest"));
  m_neighbors->setAccessibleName(tr("Neighbours of each selected feature"));
  m_grow = pushButton(tr("&Grow"),
                      tr("Add the nearest neighbours of every selected feature, found in the "
                         "original space"),
                      box);
  m_matches = pushButton(QString(), tr("The features whose labels match the search"), box);
  m_crystals =
      pushButton(tr("&Crystals"),
                 tr("Add the corners of every crystal found that has a selected corner"), box);
  auto* paste = pushButton(tr("&Paste list"),
                           tr("Select the indices or labels that lie in the clipboard"), box);
  auto* load =
      pushButton(tr("L&oad list…"), tr("Select the indices or labels that a file lists"), box);
  addLine(box, {m_neighbors, m_grow});
  addLine(box, {m_matches, m_crystals});
  addLine(box, {paste, load});
  connect(m_grow, &QPushButton::clicked, this,
          [this] { emit growRequested(m_neighbors->value()); });
  connect(m_matches, &QPushButton::clicked, this, [this] { apply(m_document->matches()); });
  connect(m_crystals, &QPushButton::clicked, this, &SelectionPanel::growByCrystalsRequested);
  connect(paste, &QPushButton::clicked, this, &SelectionPanel::pasteRequested);
  connect(load, &QPushButton::clicked, this, &SelectionPanel::loadRequested);
  m_crystals->setEnabled(false);
  return box;
}

SelectionModel::Mode SelectionPanel::mode() const
{
  return m_mode->currentData().value<SelectionModel::Mode>();
}

void SelectionPanel::setMode(SelectionModel::Mode mode)
{
  m_mode->setCurrentIndex(m_mode->findData(QVariant::fromValue(mode)));
}

void SelectionPanel::apply(const std::vector<FeatureId>& features)
{
  SelectionModel* selection = m_document->selection();
  selection->setFeatures(SelectionModel::combine(selection->features(), features, mode()));
}

std::string SelectionPanel::chosen() const
{
  const QListWidgetItem* item = m_kept->currentItem();
  return item ? item->data(Qt::UserRole).toString().toStdString() : std::string();
}

QString SelectionPanel::freshName() const
{
  const auto& kept = m_annotations->current().selections;
  for (int number = static_cast<int>(kept.size()) + 1;; ++number) {
    QString name = tr("Selection %1").arg(number);
    if (std::none_of(kept.begin(), kept.end(),
                     [&](const NamedSelection& other) { return other.name == name.toStdString(); }))
      return name;
  }
}

void SelectionPanel::setCrystalsKnown(bool known)
{
  m_crystals->setEnabled(known && !m_document->selection()->features().empty());
}

void SelectionPanel::showCount()
{
  const auto count = static_cast<std::int64_t>(m_document->selection()->features().size());
  const bool open = m_document->layer() != nullptr;
  m_count->setText(!open ? tr("Nothing is open")
                   : count == 0
                       ? tr("No feature is selected")
                       : tr("%1 of %2 features selected")
                             .arg(displayCount(count), displayCount(m_document->features())));
  const auto matches = static_cast<std::int64_t>(m_document->matches().size());
  m_matches->setText(tr("&Matches (%1)").arg(displayCount(matches)));
  m_matches->setEnabled(matches > 0);
  m_keep->setEnabled(count > 0);
  m_grow->setEnabled(count > 0);
  const Column* by = column();
  m_wholeGroups->setEnabled(count > 0 && by && by->kind == Column::Kind::Category);
  const bool one = !chosen().empty();
  for (QPushButton* button : {m_use, m_draw, m_forget})
    button->setEnabled(one);
}

void SelectionPanel::showKept()
{
  const QSignalBlocker quiet(m_kept);
  const QString before = QString::fromStdString(chosen());
  m_kept->clear();
  for (const NamedSelection& kept : m_annotations->current().selections) {
    const QString name = QString::fromStdString(kept.name);
    auto* item = new QListWidgetItem(visibleText(kept.name, 80), m_kept);
    item->setData(Qt::UserRole, name);
    item->setFlags(item->flags() | Qt::ItemIsEditable);
    QString about = orrery::countText(static_cast<std::int64_t>(kept.features.size()),
                                      tr("feature"), tr("features"));
    if (!kept.polygon.empty())
      about += kept.visibleOnly ? tr(", drawn around visible points")
                                : tr(", drawn around points, through the cloud");
    item->setToolTip(plainToolTip(about));
    item->setData(Qt::AccessibleDescriptionRole, about);
    item->setStatusTip(about);
    if (name == before)
      m_kept->setCurrentItem(item);
  }
  if (!m_kept->currentItem() && m_kept->count() > 0)
    m_kept->setCurrentRow(m_kept->count() - 1);
  showCount();
}

const Column* SelectionPanel::column() const
{
  const auto dictionary = m_document->dictionary();
  return dictionary ? dictionary->column(m_column->currentData().toString().toStdString())
                    : nullptr;
}

void SelectionPanel::showColumns()
{
  const QString before = m_column->currentData().toString();
  {
    const QSignalBlocker quiet(m_column);
    m_column->clear();
    if (const auto dictionary = m_document->dictionary())
      for (const Column& one : dictionary->columns)
        m_column->addItem(visibleText(one.name, 60), QString::fromStdString(one.name));
    m_column->setCurrentIndex(std::max(m_column->count() > 0 ? 0 : -1, m_column->findData(before)));
  }
  m_column->setEnabled(m_column->count() > 0);
  showColumn();
}

void SelectionPanel::showColumn()
{
  const Column* shown = column();
  const bool groups = shown && shown->kind == Column::Kind::Category;
  {
    const QSignalBlocker quiet(m_category);
    const QString before = m_category->currentText();
    m_category->clear();
    if (groups) {
      std::vector<std::int64_t> counts(shown->categoryNames.size());
      for (const std::int32_t category : shown->categories)
        if (category >= 0)
          ++counts[static_cast<std::size_t>(category)];
      for (std::size_t i = 0; i < counts.size(); ++i)
        m_category->addItem(QStringLiteral("%1 (%2)").arg(visibleText(shown->categoryNames[i], 60),
                                                          displayCount(counts[i])));
      m_category->setCurrentIndex(std::max(counts.empty() ? -1 : 0, m_category->findText(before)));
    }
  }
  m_category->setVisible(groups);
  m_range->setVisible(!groups);
  m_range->setEnabled(shown != nullptr);
  if (shown && !groups) {
    double least = INFINITY, most = -INFINITY;
    for (const double value : shown->numbers)
      if (std::isfinite(value)) {
        least = std::min(least, value);
        most = std::max(most, value);
      }
    m_minimum->setPlaceholderText(std::isfinite(least) ? numberText(least) : QString());
    m_maximum->setPlaceholderText(std::isfinite(most) ? numberText(most) : QString());
  }
  showInside();
  showCount();
}

ColumnFilter SelectionPanel::range() const
{
  ColumnFilter filter;
  const Column* by = column();
  if (!by)
    return filter;
  filter.column = by->name;
  if (by->kind == Column::Kind::Category) {
    filter.minimum = filter.maximum = m_category->currentIndex();
    return filter;
  }
  const auto bound = [](const QLineEdit* edit, double none) {
    bool ok = false;
    const double value = QLocale::c().toDouble(edit->text(), &ok);
    return ok ? value : none;
  };
  filter.minimum = bound(m_minimum, filter.minimum);
  filter.maximum = bound(m_maximum, filter.maximum);
  return filter;
}

std::vector<FeatureId> SelectionPanel::inside() const
{
  const Column* by = column();
  if (!by)
    return {};
  const ColumnFilter filter = range();
  return featuresInRange(*by, filter.minimum, filter.maximum);
}

void SelectionPanel::showInside()
{
  const bool any = column() != nullptr;
  const auto count = static_cast<std::int64_t>(inside().size());
  m_inside->setText(any ? orrery::countText(count, tr("feature has these values"),
                                            tr("features have these values"))
                        : tr("This dictionary has no columns"));
  m_useValues->setEnabled(count > 0);
  m_filter->setEnabled(any);
  // What is lit follows the values while the filter is on.
  if (const auto layer = m_document->layer();
      layer && any && m_filter->isChecked() && m_annotations->current().filter &&
      m_annotations->current().filter->column == range().column)
    m_annotations->setFilter(layer->id, range());
}

void SelectionPanel::showFilter()
{
  const auto& filter = m_annotations->current().filter;
  const QSignalBlocker quiet(m_filter);
  m_filter->setChecked(filter.has_value());
  m_filter->setToolTip(
      filter
          ? plainToolTip(
                tr("Lit are features by their values of “%1”").arg(visibleText(filter->column, 60)))
          : tr("Grey out every feature with other values; nothing is hidden"));
}

}  // namespace orrery
