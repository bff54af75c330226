#include "widgets/panels/CloudPanel.h"

#include "widgets/figure/LayerFigure.h"
#include "widgets/models/FeatureText.h"
#include "widgets/panels/Theme.h"

#include <QApplication>
#include <QEvent>
#include <QToolTip>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace orrery {
namespace {

constexpr int glideMs = 250;

}  // namespace

CloudPanel::CloudPanel(Document* document, QWidget* parent, Role role)
    : QWidget(parent), m_document(document), m_role(role), m_view(new CloudView(this))
{
  setAccessibleName(tr("Cloud of features"));
  if (m_view->accessibleName().isEmpty())
    m_view->setAccessibleName(tr("Cloud of features"));
  m_view->setFocusPolicy(Qt::StrongFocus);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(m_view);

  connect(document, &Document::currentLayerChanged, this, &CloudPanel::showLayer);
  connect(document, &Document::dictionaryChanged, this, [this] {
    showAppearance();
    showLabels();
  });
  connect(document, &Document::embeddingChanged, this, [this] { showEmbedding(true); });
  connect(document, &Document::embeddingPublished, this,
          [this](const std::shared_ptr<const Embedding>& embedding) {
            if (m_map)
              return;
            m_view->setPositions(embedding->positions, embedding->dimensions == 2, m_shown);
            m_view->setCaption(QString::fromStdString(embedding->description));
            m_view->setAxisNames(axisNames(*embedding));
            m_shown = true;
          });
  connect(document, &Document::appearanceChanged, this, [this] {
    showAppearance();
    showLabels();
  });
  connect(document, &Document::searchChanged, this, &CloudPanel::showSearch);
  if (role == Role::First)
    connect(document, &Document::cameraRestored, this,
            [this](const Camera& camera) { m_view->setCamera(camera, glideMs); });
  connect(document->selection(), &SelectionModel::changed, this, &CloudPanel::showSelection);
  connect(document->selection(), &SelectionModel::hoveredChanged, this, &CloudPanel::showHovered);

  connect(m_view, &CloudView::clicked, this,
          [this](FeatureId feature, Qt::KeyboardModifiers modifiers) {
            using Mode = SelectionModel::Mode;
            const Mode mode = modifiers & Qt::ControlModifier ? Mode::Toggle
                              : modifiers & Qt::ShiftModifier ? Mode::Add
                                                              : Mode::Replace;
            if (feature != noFeature)
              select({feature}, mode, feature);
            else if (mode == Mode::Replace)
              select({}, mode, noFeature);
          });
  connect(m_view, &CloudView::doubleClicked, this, [this](FeatureId feature) {
    if (feature != noFeature)
      m_view->setRotationCenter(feature);
  });
  connect(m_view, &CloudView::regionSelected, this,
          [this](const std::vector<FeatureId>& features, SelectionModel::Mode mode) {
            select(features, mode, m_document->selection()->current());
          });
  connect(m_view, &CloudView::regionCountChanged, this, [this](qint64 count) {
    emit hintChanged(count < 0 ? QString() : tr("%1 inside").arg(displayCount(count)));
  });
  if (role == Role::First)
    connect(m_view, &CloudView::cameraGestureFinished, document, &Document::recordCamera);
  else
    connect(m_view, &CloudView::cameraGestureFinished, this, &CloudPanel::cameraMoved);
  connect(m_view, &CloudView::hovered, this, [this](FeatureId feature, QPoint global) {
    m_document->selection()->setHovered(feature);
    const auto dictionary = m_document->dictionary();
    if (feature == noFeature || !dictionary) {
      QToolTip::hideText();
      return;
    }
    QString text = labelText(*dictionary, feature) + tr("\nFeature %1").arg(feature);
    int shown = 0;
    for (const Column& column : dictionary->columns) {
      const QString value = columnText(column, feature);
      if (!value.isEmpty() && ++shown <= 4)
        text += QStringLiteral("\n%1: %2").arg(visibleText(column.name, 40), value);
    }
    QToolTip::showText(global, plainToolTip(text), m_view);
  });
  showLayer();
}

void CloudPanel::select(const std::vector<FeatureId>& features, SelectionModel::Mode mode,
                        FeatureId current)
{
  SelectionModel* selection = m_document->selection();
  selection->setFeatures(SelectionModel::combine(selection->features(), features, mode), current);
}

void CloudPanel::setCrystals(std::vector<CrystalShape> crystals)
{
  m_crystals = std::move(crystals);
  m_view->setCrystals(m_crystals);
  emit overlaysChanged();
}

void CloudPanel::takeOverlays(const CloudPanel& other)
{
  setCrystals(other.m_crystals);
  setFilter(other.m_filter);
  setHideRest(other.m_hideRest);
}

void CloudPanel::setTies(FeatureTies ties, const QString& sentence)
{
  m_ties = std::move(ties);
  m_tiesSentence = sentence;
  m_view->setTies(m_ties);
  m_view->setCaption(caption());
  showLabels();
}

void CloudPanel::showLayer()
{
  m_shown = false;
  m_map.reset();
  setCrystals({});
  setTies({}, {});
  showAppearance();
  showEmbedding(false);
  showSelection();
  showSearch();
}

QString CloudPanel::caption() const
{
  const auto layer = m_document->layer();
  if (!layer)
    return {};
  Layer mapped = *layer;
  mapped.embedding = embedding();
  const QString made = layerCaption(mapped);
  return made.isEmpty() || m_tiesSentence.isEmpty() ? made
                                                    : made + QLatin1Char(' ') + m_tiesSentence;
}

std::shared_ptr<const Embedding> CloudPanel::embedding() const
{
  return m_map ? m_map : m_document->embedding();
}

Appearance CloudPanel::appearance() const
{
  Appearance appearance = m_document->appearance();
  if (m_colorBy)
    appearance.colorBy = *m_colorBy;
  return appearance;
}

void CloudPanel::setOwn(std::optional<std::string> colorBy, std::shared_ptr<const Embedding> map)
{
  if (map && map->positions.cols() != m_document->features())
    map.reset();
  const bool otherMap = map != m_map;
  m_colorBy = std::move(colorBy);
  m_map = std::move(map);
  showAppearance();
  if (otherMap)
    showEmbedding(true);
}

void CloudPanel::showEmbedding(bool sameLayer)
{
  const auto embedding = this->embedding();
  if (!embedding) {
    m_view->setEmptyText(m_document->dictionary() ? tr("Computing the first map…")
                                                  : tr("Nothing is open"));
    m_view->setPositions(Positions(3, 0), false);
    m_view->setCaption({});
    m_shown = false;
    return;
  }
  const bool planar = embedding->dimensions == 2;
  if (sameLayer && m_shown) {
    m_view->glideTo(embedding->positions, planar, 400);
  } else {
    m_view->setPositions(embedding->positions, planar);
    if (m_role == Role::First && m_document->camera())
      m_view->setCamera(*m_document->camera());
  }
  m_shown = true;
  m_view->setCaption(caption());
  m_view->setAxisNames(axisNames(*embedding));
  m_view->setHidden(hidden());
  showLabels();
}

void CloudPanel::showAppearance()
{
  const auto dictionary = m_document->dictionary();
  const Appearance wanted = appearance();
  const bool dark = isDark(QApplication::palette());
  Appearance compared = m_coloredBy;
  compared.pointSize = wanted.pointSize;
  compared.opacity = wanted.opacity;
  compared.showLabels = wanted.showLabels;
  if (dictionary != m_coloredDictionary || compared != wanted || dark != m_coloredDark) {
    m_colors = dictionary ? colorFeatures(*dictionary, wanted, dark) : FeatureColors();
    m_coloredDictionary = dictionary;
    m_coloredDark = dark;
    m_view->setLegend(pictureLegend(m_colors.legend));
    emit colorsChanged();
  }
  m_coloredBy = wanted;

  m_view->setAppearance(pointAppearance());
}

CloudAppearance CloudPanel::pointAppearance() const
{
  CloudAppearance appearance =
      cloudAppearance(this->appearance(), m_colors, m_document->features(), m_coloredDark);
  appearance.background = QApplication::palette().color(QPalette::Base);
  appearance.foreground = QApplication::palette().color(QPalette::Text);
  return appearance;
}

FigureRequest CloudPanel::figure() const
{
  const auto layer = m_document->layer();
  if (!layer || !embedding())
    return {};
  Layer shown = *layer;
  shown.embedding = embedding();
  LayerView view = m_document->viewState();
  view.appearance = appearance();
  view.selection = m_document->selection()->features();
  view.current = m_document->selection()->current();
  FigureRequest figure = layerFigure(shown, view, m_document->matches(), m_colors, m_coloredDark);
  figure.emphasis = lit();
  figure.hidden = hidden();
  figure.crystals = m_crystals;
  figure.ties = m_ties;
  figure.caption = caption();
  figure.labels = labels();
  figure.camera = m_view->camera();
  figure.viewWidth = m_view->width();
  figure.heightMm = figure.widthMm * m_view->height() / std::max(1, m_view->width());
  return figure;
}

void CloudPanel::showSelection()
{
  const SelectionModel& selection = *m_document->selection();
  m_view->setSelection(selection.features(), selection.current());
  showLabels();
}

void CloudPanel::showHovered()
{
  m_view->setHovered(m_document->selection()->hovered());
}

void CloudPanel::setFilter(std::optional<std::vector<FeatureId>> lit)
{
  if (lit == m_filter)
    return;
  m_filter = std::move(lit);
  showSearch();
  emit overlaysChanged();
}

void CloudPanel::setHideRest(bool hide)
{
  if (hide == m_hideRest)
    return;
  m_hideRest = hide;
  showSearch();
  emit overlaysChanged();
}

std::vector<FeatureId> CloudPanel::hidden() const
{
  const auto shown = lit();
  if (!m_hideRest || !shown)
    return {};
  return featuresBeside(*shown, m_document->features());
}

std::optional<std::vector<FeatureId>> CloudPanel::lit() const
{
  const bool searching = !m_document->searchText().text.empty();
  if (!searching || !m_filter)
    return searching ? std::optional(m_document->matches()) : m_filter;
  return SelectionModel::combine(*m_filter, m_document->matches(), SelectionModel::Mode::Intersect);
}

void CloudPanel::showSearch()
{
  if (auto features = lit())
    m_view->setEmphasis(std::move(*features));
  else
    m_view->clearEmphasis();
  m_view->setHidden(hidden());
  showLabels();
}

void CloudPanel::showLabels()
{
  m_view->setLabels(labels());
}

std::vector<std::pair<FeatureId, QString>> CloudPanel::labels() const
{
  const auto dictionary = m_document->dictionary();
  if (!dictionary || !embedding())
    return {};
  LayerView view = m_document->viewState();
  view.selection = m_document->selection()->features();
  view.current = m_document->selection()->current();
  std::vector<std::pair<FeatureId, QString>> named =
      namedFeatures(*dictionary, view, m_document->matches());
  if (!view.appearance.showLabels || m_ties.to.empty())
    return named;
  // What the lines lead to is named next after where they come from.
  std::vector<std::pair<FeatureId, QString>> ends;
  for (const FeatureId feature : m_ties.to)
    ends.emplace_back(feature, shortLabel(*dictionary, feature));
  std::erase_if(named, [&](const auto& label) {
    return std::find(m_ties.to.begin(), m_ties.to.end(), label.first) != m_ties.to.end();
  });
  named.insert(named.begin() + (named.empty() ? 0 : 1), ends.begin(), ends.end());
  return named;
}

void CloudPanel::changeEvent(QEvent* event)
{
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange)
    showAppearance();
}

}  // namespace orrery
