#include "app/parts/GalaxyPart.h"

#include "core/document/CountText.h"

#include <QFileDialog>
#include <QJsonDocument>
#include <QMenu>

namespace orrery {

GalaxyPart::GalaxyPart(const WindowContext& context, QObject* parent)
    : QObject(parent),
      m_context(context),
      m_study(context.document, this),
      m_view(new GalaxyView(context.document, &m_study))
{
  context.views->addView(QStringLiteral("galaxy"), tr("Galaxy"), m_view);
  for (JobRunner* job : m_study.jobs())
    context.addJob(job);
  connect(m_view, &GalaxyView::addLayersRequested, this, &GalaxyPart::askForLayers);
  connect(m_view, &GalaxyView::addFilesRequested, this, &GalaxyPart::askForFiles);
  connect(m_view, &GalaxyView::activationsRequested, this, &GalaxyPart::askForActivations);
  connect(m_view, &GalaxyView::referenceRequested, this, &GalaxyPart::askForReference);
  connect(m_view, &GalaxyView::saveCloudsRequested, this, &GalaxyPart::askWhereClouds);
  const auto show = [this](const Message& message) {
    emit m_context.document->messageRaised(message);
  };
  connect(m_view, &GalaxyView::messageRaised, this, show);
  context.keepState(
      "galaxy", [this] { return galaxyLookJson(m_view->look()); },
      [this](const QJsonObject& kept) { m_view->setLook(galaxyLook(kept)); });
  connect(&m_study, &GalaxyStudy::messageRaised, this, show);
  connect(&m_study, &GalaxyStudy::entriesChanged, this, &GalaxyPart::showSentence);
  connect(&m_study, &GalaxyStudy::currentChanged, this, &GalaxyPart::showSentence);
  context.keepState(
      "galaxy_layers",
      [this] {
        return QJsonDocument::fromJson(QByteArray::fromStdString(galaxyStateText(m_study.state())))
            .object();
      },
      [this](const QJsonObject& kept) {
        m_study.restore(
            galaxyState(QJsonDocument(kept).toJson(QJsonDocument::Compact).toStdString()));
      });
  showSentence();
}

void GalaxyPart::showSentence()
{
  const auto count = static_cast<std::int64_t>(m_study.entries().size());
  std::int64_t computed = 0;
  for (const GalaxyEntry& entry : m_study.entries())
    computed += entry.analysis ? 1 : 0;
  m_context.views->setSentence(
      QStringLiteral("galaxy"),
      count == 0
          ? tr("Layers side by side: clouds, spectra and figures over depth.")
          : tr("%1 side by side, %2 computed: clouds by their own principal components, "
               "the spectrum with its power law over ranks %3 to %4, and figures over depth.")
                .arg(countText(count, tr("layer"), tr("layers")), displayCount(computed))
                .arg(m_study.options().spectrum.firstRank)
                .arg(m_study.options().spectrum.lastRank));
}

void GalaxyPart::askForLayers()
{
  const QString folder = QFileDialog::getExistingDirectory(
      m_context.window, tr("A folder of layers, such as a Gemma Scope tree"));
  if (!folder.isEmpty())
    m_study.addLayers({folder.toStdString()});
}

void GalaxyPart::askForFiles()
{
  const QStringList chosen = QFileDialog::getOpenFileNames(
      m_context.window, tr("Files as layers; an HDF5 file gives a layer for each group"), {},
      tr("Matrices (*.npz *.npy *.safetensors *.h5 *.hdf5);;All files (*)"));
  std::vector<std::filesystem::path> paths;
  for (const QString& path : chosen)
    paths.emplace_back(path.toStdString());
  if (!paths.empty())
    m_study.addLayers(std::move(paths));
}

void GalaxyPart::askForActivations()
{
  const QString path = QFileDialog::getOpenFileName(
      m_context.window, tr("Raw activations, a row each"), {},
      tr("Matrices (*.npz *.npy *.safetensors *.h5 *.hdf5);;All files (*)"));
  if (!path.isEmpty())
    m_study.setActivations(path.toStdString());
}

void GalaxyPart::askForReference()
{
  const QString path = QFileDialog::getOpenFileName(
      m_context.window, tr("A table of published values"), {}, tr("Tables (*.csv)"));
  if (!path.isEmpty())
    m_view->setReference(path.toStdString());
}

void GalaxyPart::askWhereClouds()
{
  const QString path =
      QFileDialog::getSaveFileName(m_context.window, tr("Save the clouds"),
                                   QStringLiteral("layers.pdf"), tr("Figures (*.pdf *.svg *.png)"));
  if (!path.isEmpty())
    m_view->saveClouds(path.toStdString());
}

}  // namespace orrery
