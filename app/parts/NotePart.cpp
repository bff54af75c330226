#include "app/parts/NotePart.h"

#include "widgets/models/FeatureList.h"

#include <QApplication>
#include <QClipboard>
#include <QMainWindow>

namespace orrery {

NotePart::NotePart(const WindowContext& context, QObject* parent)
    : QObject(parent),
      m_context(context),
      m_panel(new NotePanel(context.document, context.annotations))
{
  QDockWidget* dock =
      context.addPanel("notes", tr("Notes"), m_panel, Qt::RightDockWidgetArea, true);
  // Beside the inspector: both are about the feature in hand.
  if (auto* window = qobject_cast<QMainWindow*>(context.window))
    if (auto* inspector = window->findChild<QDockWidget*>(QStringLiteral("inspector"))) {
      window->tabifyDockWidget(inspector, dock);
      inspector->raise();
    }
  const auto show = [dock] {
    dock->show();
    dock->raise();
  };
  context.on("notes.write", this, [this, show] {
    show();
    m_panel->focusNote();
  });
  context.on("notes.tag", this, [this, show] {
    show();
    m_panel->focusTags();
  });
  context.on("notes.save", this, [this] { askAndSave(noted()); });
  context.on("notes.copy", this, [this] { copyNotes(noted()); });
  connect(m_panel, &NotePanel::saveRequested, this, &NotePart::askAndSave);
  connect(m_panel, &NotePanel::copyRequested, this, &NotePart::copyNotes);
  connect(m_panel, &NotePanel::tagSelectionRequested, this, [this](const QString& tag, bool add) {
    const auto layer = m_context.document->layer();
    if (!layer)
      return;
    const auto& features = m_context.document->selection()->features();
    if (add)
      m_context.annotations->addTag(layer->id, features, tag.toStdString());
    else
      m_context.annotations->removeTag(layer->id, features, tag.toStdString());
  });
  connect(context.annotations, &Annotations::changed, this, [this](int layer) {
    showColumns(layer);
    showState();
  });
  connect(context.document, &Document::layerClosed, this, [this](int id) { m_shown.erase(id); });
  connect(context.document, &Document::currentLayerChanged, this, &NotePart::showState);
  connect(context.document->selection(), &SelectionModel::changed, this, &NotePart::showState);
  context.keepState(
      "notes",
      [this] {
        m_panel->commit();
        return QJsonObject();
      },
      [](const QJsonObject&) {});
  showState();
}

void NotePart::showState()
{
  const bool open = m_context.document->layer() != nullptr;
  const auto enable = [this](const char* id, bool enabled) {
    m_context.actions->action(id)->setEnabled(enabled);
  };
  enable("notes.write", open && m_context.document->selection()->current() != noFeature);
  enable("notes.tag", open && !m_context.document->selection()->features().empty());
  const bool any = !m_context.annotations->current().notes.empty();
  enable("notes.save", any);
  enable("notes.copy", any);
}

/// Tags and notes are columns like others: to colour, filter, sort and export by.
void NotePart::showColumns(int id)
{
  const auto layer = m_context.document->layer(id);
  const LayerAnnotations& annotations = m_context.annotations->of(id);
  auto& shown = m_shown[id];
  if (!layer || shown == annotations.notes)
    return;
  shown = annotations.notes;
  m_context.document->setColumns(id, noteColumns(annotations, layer->dictionary->features()));
}

std::vector<FeatureId> NotePart::noted() const
{
  return featuresNoted(m_context.annotations->current(), {});
}

void NotePart::copyNotes(const std::vector<FeatureId>& features)
{
  if (const auto dictionary = m_context.document->dictionary())
    QApplication::clipboard()->setText(
        clipboardText(noteTable(*dictionary, m_context.annotations->current(), features)));
}

void NotePart::askAndSave(const std::vector<FeatureId>& features)
{
  if (const QString file = m_context.askFileName(tr("notes")); !file.isEmpty())
    saveNotes(file.toStdString(), features);
}

void NotePart::saveNotes(const std::filesystem::path& path, const std::vector<FeatureId>& features)
{
  if (const auto dictionary = m_context.document->dictionary())
    m_context.saveTable(path, tr("The notes are saved in %1."),
                        [dictionary, features, annotations = m_context.annotations->current()] {
                          return noteTable(*dictionary, annotations, features);
                        });
}

}  // namespace orrery
