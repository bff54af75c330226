#include "app/parts/ExportPart.h"

#include "core/base/Error.h"
#include "core/dictionary/FeatureAddress.h"
#include "core/document/CountText.h"
#include "widgets/models/FeatureList.h"
#include "widgets/models/FeatureText.h"

#include <QApplication>
#include <QClipboard>
#include <QInputDialog>

#include <numeric>
#include <utility>

namespace orrery {

ExportPart::ExportPart(const WindowContext& context, std::function<CloudPanel*()> cloud,
                       QObject* parent)
    : QObject(parent), m_context(context), m_cloud(std::move(cloud))
{
  context.on("file.savePositions", this, [this] {
    if (const QString file = m_context.askFileName(tr("map")); !file.isEmpty())
      savePositions(file.toStdString());
  });
  context.on("edit.copyPositions", this, [this] { copyPositions(); });
  context.on("edit.copyAddress", this, [this] { copyAddress(); });
  context.on("edit.address", this, [this] { editAddress(); });
  connect(context.document->selection(), &SelectionModel::changed, this, &ExportPart::showState);
  connect(context.document, &Document::currentLayerChanged, this, &ExportPart::showState);
  showState();
}

void ExportPart::showState()
{
  m_context.actions->action("edit.copyAddress")
      ->setEnabled(m_context.document->selection()->current() != noFeature);
}

std::vector<FeatureId> ExportPart::meant() const
{
  std::vector<FeatureId> features = m_context.document->selection()->features();
  if (features.empty()) {
    features.resize(static_cast<std::size_t>(m_context.document->features()));
    std::iota(features.begin(), features.end(), 0);
  }
  return features;
}

void ExportPart::savePositions(const std::filesystem::path& path)
{
  const auto dictionary = m_context.document->dictionary();
  const auto map = m_cloud()->embedding();
  if (!dictionary || !map)
    return;
  const std::vector<FeatureId> features = meant();
  m_context.saveTable(
      path,
      tr("Places of %1 are saved in %2.")
          .arg(countText(static_cast<std::int64_t>(features.size()), tr("feature"), tr("features")),
               QStringLiteral("%1")),
      [dictionary, map, features] { return positionTable(*dictionary, *map, features); });
}

void ExportPart::copyPositions()
{
  const auto dictionary = m_context.document->dictionary();
  const auto map = m_cloud()->embedding();
  if (dictionary && map)
    QApplication::clipboard()->setText(clipboardText(positionTable(*dictionary, *map, meant())));
}

void ExportPart::copyAddress()
{
  const auto dictionary = m_context.document->dictionary();
  const FeatureId feature = m_context.document->selection()->current();
  if (!dictionary || feature == noFeature)
    return;
  const QString pattern = m_context.settings->addressTemplate();
  try {
    const std::string address = featureAddress(
        *dictionary, feature, pattern.isEmpty() ? defaultAddressTemplate : pattern.toStdString());
    QApplication::clipboard()->setText(QString::fromStdString(address));
    m_context.messages->add(
        {Message::Kind::Note,
         tr("Copied: %1").arg(visibleText(address, 200)),
         pattern.isEmpty() ? tr("Edit ▸ Template of addresses takes what stands in front, such as "
                                "the host of a public catalogue of features.")
                           : QString(),
         {},
         false});
  } catch (const Error& error) {
    m_context.messages->add(
        {Message::Kind::Warning, QString::fromUtf8(error.what()), {}, {}, false});
  }
}

void ExportPart::editAddress()
{
  bool accepted = false;
  const QString now = m_context.settings->addressTemplate();
  const QString text = QInputDialog::getText(
      m_context.window, tr("Template of addresses"),
      tr("{model}, {source}, {layer}, {site}, {width}, {l0}, {feature} and {label} are filled in."),
      QLineEdit::Normal, now.isEmpty() ? QLatin1String(defaultAddressTemplate) : now, &accepted);
  if (accepted)
    m_context.settings->setAddressTemplate(
        text.trimmed() == QLatin1String(defaultAddressTemplate) ? QString() : text.trimmed());
}

}  // namespace orrery
