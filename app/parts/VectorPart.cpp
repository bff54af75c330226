#include "app/parts/VectorPart.h"

#include <QFileDialog>

namespace orrery {

VectorPart::VectorPart(const WindowContext& context, QObject* parent)
    : QObject(parent),
      m_context(context),
      m_study(new VectorStudy(context.document, context.annotations, this)),
      m_panel(new VectorPanel(context.document, m_study))
{
  QDockWidget* dock =
      context.addPanel("vectors", tr("Vectors"), m_panel, Qt::LeftDockWidgetArea, false);
  for (JobRunner* job : m_study->jobs())
    context.addJob(job);
  connect(m_study, &VectorStudy::messageRaised, context.messages, &MessageBar::add);
  connect(m_study, &VectorStudy::changed, this, &VectorPart::showState);
  connect(m_panel, &VectorPanel::loadRequested, this, &VectorPart::choose);
  connect(context.document->selection(), &SelectionModel::changed, this, &VectorPart::showState);
  const auto show = [dock] {
    dock->show();
    dock->raise();
  };
  context.on("vectors.panel", this, show);
  context.on("vectors.load", this, [this, show] {
    show();
    choose();
  });
  context.on("vectors.mean", this, [this, show] {
    show();
    m_study->addMeanOfSelection();
  });
  context.on("vectors.rank", this, [this] { m_study->rank(m_panel->chosen()); });
  context.on("vectors.twins", this, [this] { m_study->findTwins(); });
  context.on("vectors.add", this, [this] { m_study->addAsPoints(m_panel->chosen()); });
  context.on("vectors.takeOut", this, [this] { m_study->takeOut(m_panel->chosen()); });
  context.keepState(
      "vectors", [this] { return m_study->state(); },
      [this](const QJsonObject& kept) { m_study->restoreState(kept); });
  showState();
}

void VectorPart::choose()
{
  const QStringList files = QFileDialog::getOpenFileNames(
      m_context.window, tr("Load vectors"), {},
      tr("Vectors (*.npy *.npz *.safetensors *.h5 *.hdf5 *.bin *.txt *.tsv *.csv *.vec);;"
         "All files (*)"));
  std::vector<std::filesystem::path> paths;
  for (const QString& file : files)
    paths.emplace_back(file.toStdString());
  m_study->load(std::move(paths));
}

void VectorPart::showState()
{
  const bool open = m_context.document->layer() != nullptr;
  bool any = false;
  for (std::size_t i = 0; i < m_study->vectors().size(); ++i)
    any = any || m_study->fits(i);
  const auto enable = [this](const char* id, bool enabled) {
    m_context.actions->action(id)->setEnabled(enabled);
  };
  enable("vectors.panel", open);
  enable("vectors.load", open);
  enable("vectors.twins", open);
  enable("vectors.mean", open && !m_context.document->selection()->features().empty());
  for (const char* id : {"vectors.rank", "vectors.add", "vectors.takeOut"})
    enable(id, any);
}

}  // namespace orrery
