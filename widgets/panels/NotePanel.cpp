#include "widgets/panels/NotePanel.h"

#include "core/document/CountText.h"
#include "widgets/models/FeatureText.h"
#include "widgets/panels/IconButton.h"

#include <QCompleter>
#include <QEvent>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QSignalBlocker>
#include <QVBoxLayout>

#include <algorithm>

namespace orrery {
namespace {

constexpr int restMs = 1500;  ///< Without a key, what is typed is written.
constexpr std::size_t mostListed = 5000;

QString joined(const std::vector<std::string>& tags)
{
  QStringList all;
  for (const std::string& tag : tags)
    all << QString::fromStdString(tag);
  return all.join(QStringLiteral(", "));
}

}  // namespace

NotePanel::NotePanel(Document* document, Annotations* annotations, QWidget* parent)
    : QWidget(parent),
      m_document(document),
      m_annotations(annotations),
      m_label(new QLabel(this)),
      m_tags(new QLineEdit(this)),
      m_note(new QPlainTextEdit(this)),
      m_tag(new QLineEdit(this)),
      m_filter(new QLineEdit(this)),
      m_found(new QLabel(this)),
      m_list(new QTreeWidget(this))
{
  setAccessibleName(tr("Notes"));
  m_label->setTextFormat(Qt::PlainText);
  m_label->setAccessibleName(tr("Feature that the note is about"));
  m_label->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
  QFont bold = m_label->font();
  bold.setWeight(QFont::DemiBold);
  m_label->setFont(bold);
  m_tags->setAccessibleName(tr("Tags of the feature"));
  m_tags->setPlaceholderText(tr("Tags, divided by commas"));
  m_tags->setMaxLength(1000);
  m_note->setAccessibleName(tr("Note on the feature"));
  m_note->setPlaceholderText(tr("Note"));
  m_note->setTabChangesFocus(true);
  m_note->setMinimumHeight(fontMetrics().height() * 3);
  m_tags->installEventFilter(this);
  m_note->installEventFilter(this);
  m_tag->setAccessibleName(tr("Tag for all selected features"));
  m_tag->setPlaceholderText(tr("Tag for the selection"));
  m_tag->setMaxLength(100);
  m_addTag = iconButton(QStringLiteral("tag"), tr("Tag the selection"),
                        tr("Give this tag to every selected feature (Enter)"), this);
  m_removeTag = iconButton(QStringLiteral("delete"), tr("Take the tag from the selection"),
                           tr("Take this tag from every selected feature"), this);
  m_filter->setAccessibleName(tr("Search notes and tags"));
  m_filter->setPlaceholderText(tr("Search notes, or tag:name"));
  m_filter->setToolTip(tr("Text of notes and tags; “tag:” and a name finds that tag alone"));
  m_filter->setClearButtonEnabled(true);
  m_filter->addAction(icon(QStringLiteral("search")), QLineEdit::LeadingPosition);
  m_found->setTextFormat(Qt::PlainText);
  m_found->setAccessibleName(tr("Notes found"));
  m_found->setForegroundRole(QPalette::PlaceholderText);
  m_found->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
  m_list->setAccessibleName(tr("Features with notes"));
  m_list->setHeaderLabels({tr("Feature"), tr("Tags"), tr("Note")});
  m_list->header()->setAccessibleName(tr("Columns"));
  m_list->setRootIsDecorated(false);
  m_list->setUniformRowHeights(true);
  m_list->setAlternatingRowColors(true);
  m_list->setSelectionMode(QAbstractItemView::ExtendedSelection);
  m_list->setTextElideMode(Qt::ElideRight);
  m_select = iconButton(QStringLiteral("select-all"), tr("Select the listed features"),
                        tr("Select every feature of this list"), this);
  m_copy = iconButton(QStringLiteral("copy"), tr("Copy the notes"),
                      tr("Copy ids, labels, tags and notes of this list as text"), this);
  m_save = iconButton(QStringLiteral("save"), tr("Save the notes"),
                      tr("Save this list as CSV, TSV, NPZ, HDF5 or JSON"), this);

  auto* tagLine = new QHBoxLayout;
  tagLine->setSpacing(1);
  tagLine->addWidget(m_tag, 1);
  tagLine->addWidget(m_addTag);
  tagLine->addWidget(m_removeTag);
  auto* foundLine = new QHBoxLayout;
  foundLine->setSpacing(1);
  foundLine->addWidget(m_found, 1);
  for (QToolButton* button : {m_select, m_copy, m_save})
    foundLine->addWidget(button);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(8, 6, 8, 8);
  layout->setSpacing(5);
  layout->addWidget(m_label);
  layout->addWidget(m_tags);
  layout->addWidget(m_note, 1);
  layout->addLayout(tagLine);
  layout->addWidget(m_filter);
  layout->addLayout(foundLine);
  layout->addWidget(m_list, 2);

  m_typing.setSingleShot(true);
  m_typing.setInterval(restMs);
  connect(&m_typing, &QTimer::timeout, this, &NotePanel::commit);
  connect(m_tags, &QLineEdit::textEdited, &m_typing, qOverload<>(&QTimer::start));
  connect(m_note, &QPlainTextEdit::textChanged, &m_typing, qOverload<>(&QTimer::start));
  connect(m_tags, &QLineEdit::returnPressed, this, &NotePanel::commit);
  connect(m_filter, &QLineEdit::textChanged, this, &NotePanel::showList);
  connect(m_list, &QTreeWidget::itemActivated, this, [this](QTreeWidgetItem* item) {
    const auto id = static_cast<FeatureId>(item->data(0, Qt::UserRole).toInt());
    m_document->selection()->setFeatures({id}, id);
  });
  connect(m_list, &QTreeWidget::itemClicked, this, [this] {
    std::vector<FeatureId> chosen;
    const auto items = m_list->selectedItems();
    for (const QTreeWidgetItem* item : items)
      chosen.push_back(static_cast<FeatureId>(item->data(0, Qt::UserRole).toInt()));
    const FeatureId current = chosen.empty() ? noFeature : chosen.back();
    m_document->selection()->setFeatures(std::move(chosen), current);
  });
  connect(m_select, &QToolButton::clicked, this,
          [this] { m_document->selection()->setFeatures(m_listed); });
  connect(m_copy, &QToolButton::clicked, this, [this] { emit copyRequested(m_listed); });
  connect(m_save, &QToolButton::clicked, this, [this] { emit saveRequested(m_listed); });
  const auto tag = [this](bool add) {
    if (const QString name = m_tag->text().simplified(); !name.isEmpty())
      emit tagSelectionRequested(name, add);
  };
  connect(m_tag, &QLineEdit::returnPressed, this, [tag] { tag(true); });
  connect(m_tag, &QLineEdit::textChanged, this, &NotePanel::showButtons);
  connect(m_addTag, &QToolButton::clicked, this, [tag] { tag(true); });
  connect(m_removeTag, &QToolButton::clicked, this, [tag] { tag(false); });
  connect(document->selection(), &SelectionModel::changed, this, &NotePanel::showFeature);
  connect(document, &Document::currentLayerChanged, this, [this] {
    showFeature();
    showList();
  });
  connect(annotations, &Annotations::changed, this, [this] {
    showFeature();
    showList();
  });
  showFeature();
  showList();
}

NotePanel::~NotePanel() = default;

void NotePanel::focusNote()
{
  m_note->setFocus(Qt::ShortcutFocusReason);
}

void NotePanel::focusTags()
{
  m_tag->setFocus(Qt::ShortcutFocusReason);
  m_tag->selectAll();
}

void NotePanel::setFilter(const QString& text)
{
  m_filter->setText(text);
}

void NotePanel::commit()
{
  m_typing.stop();
  if (!m_document || !m_annotations || m_feature == noFeature || !m_document->layer(m_layer))
    return;
  const FeatureNote note{m_note->toPlainText().trimmed().toStdString(),
                         tagsOf(m_tags->text().toStdString())};
  const auto& notes = m_annotations->of(m_layer).notes;
  const auto before = notes.find(m_feature);
  if (before == notes.end() ? note.isEmpty() : before->second == note)
    return;
  m_annotations->setNote(m_layer, m_feature, note);
}

bool NotePanel::eventFilter(QObject* watched, QEvent* event)
{
  if (event->type() == QEvent::FocusOut && (watched == m_tags || watched == m_note))
    commit();
  return QWidget::eventFilter(watched, event);
}

void NotePanel::showFeature()
{
  const auto layer = m_document->layer();
  const FeatureId wanted = layer ? m_document->selection()->current() : noFeature;
  const int id = layer ? layer->id : 0;
  if (wanted != m_feature || id != m_layer) {
    if (m_typing.isActive())
      commit();
  } else if (m_typing.isActive()) {
    return;  // somebody is typing here: what is typed is newer than what is kept
  }
  m_feature = wanted;
  m_layer = id;
  const QSignalBlocker quietTags(m_tags), quietNote(m_note);
  const bool one = m_feature != noFeature;
  m_label->setText(
      one ? QStringLiteral("%1 · %2").arg(m_feature).arg(labelText(*layer->dictionary, m_feature))
          : tr("Select a feature to write about it"));
  m_label->setToolTip(plainToolTip(m_label->text()));
  FeatureNote note;
  if (one)
    if (const auto& notes = m_annotations->of(id).notes; notes.count(m_feature))
      note = notes.at(m_feature);
  if (tagsOf(m_tags->text().toStdString()) != note.tags || !one)
    m_tags->setText(joined(note.tags));
  const QString text = QString::fromStdString(note.text);
  if (m_note->toPlainText().trimmed() != text || !one)
    m_note->setPlainText(text);
  m_tags->setEnabled(one);
  m_note->setEnabled(one);
  showButtons();
}

void NotePanel::showList()
{
  const LayerAnnotations& annotations = m_annotations->current();
  m_listed = featuresNoted(annotations, m_filter->text().toStdString());
  const auto dictionary = m_document->dictionary();
  m_list->setUpdatesEnabled(false);
  m_list->clear();
  QList<QTreeWidgetItem*> items;
  for (std::size_t i = 0; i < std::min(m_listed.size(), mostListed) && dictionary; ++i) {
    const FeatureId id = m_listed[i];
    const FeatureNote& note = annotations.notes.at(id);
    auto* item = new QTreeWidgetItem({labelText(*dictionary, id),
                                      visibleText(joined(note.tags).toStdString(), 200),
                                      visibleText(note.text, 300)});
    item->setData(0, Qt::UserRole, id);
    for (int column = 0; column < 3; ++column)
      item->setToolTip(column, plainToolTip(item->text(column)));
    items << item;
  }
  m_list->addTopLevelItems(items);
  m_list->setUpdatesEnabled(true);
  const auto all = static_cast<std::int64_t>(annotations.notes.size());
  const auto found = static_cast<std::int64_t>(m_listed.size());
  m_found->setText(all == 0 ? tr("No notes yet")
                   : found == all
                       ? countText(all, tr("feature with a note"), tr("features with notes"))
                       : tr("%1 of %2 with notes").arg(displayCount(found), displayCount(all)));
  QStringList tags;
  for (const auto& [tag, count] : tagCounts(annotations))
    tags << QString::fromStdString(tag);
  auto* completer = new QCompleter(tags, m_tag);
  completer->setCaseSensitivity(Qt::CaseInsensitive);
  delete m_tag->completer();
  m_tag->setCompleter(completer);
  showButtons();
}

void NotePanel::showButtons()
{
  const bool selected = !m_document->selection()->features().empty();
  const bool named = !m_tag->text().simplified().isEmpty();
  m_addTag->setEnabled(selected && named);
  m_removeTag->setEnabled(selected && named);
  for (QToolButton* button : {m_select, m_copy, m_save})
    button->setEnabled(!m_listed.empty());
}

}  // namespace orrery
