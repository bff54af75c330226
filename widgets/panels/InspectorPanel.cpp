#include "widgets/panels/InspectorPanel.h"

#include "widgets/models/FeatureText.h"
#include "widgets/panels/Theme.h"

#include <QApplication>
#include <QEvent>
#include <QPushButton>
#include <QScrollBar>
#include <QSplitter>
#include <QTextCursor>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace orrery {
namespace {

/// Writes a feature's details as text with formats: insertText takes no markup, whatever the file
/// holds.
class DetailWriter {
 public:
  explicit DetailWriter(QTextEdit* target) : m_cursor(target->document())
  {
    // The program's: a new theme comes to the target after it came to the panel.
    const QPalette palette = QApplication::palette();
    m_plain.setForeground(palette.color(QPalette::Text));
    m_quiet.setForeground(palette.color(QPalette::PlaceholderText));
    m_heading = m_quiet;
    m_heading.setFontWeight(QFont::DemiBold);
    m_accent = palette.color(QPalette::Highlight);
    m_dark = isDark(palette);
  }

  void heading(const QString& text)
  {
    line();
    m_cursor.insertText(text, m_heading);
  }
  void paragraph(const QString& text)
  {
    line();
    m_cursor.insertText(text, m_plain);
  }
  void number(const QString& name, const QString& value)
  {
    line();
    m_cursor.insertText(name + QStringLiteral("  "), m_quiet);
    m_cursor.insertText(value.isEmpty() ? QStringLiteral("–") : value, m_plain);
  }
  void context(const ActivationContext& context)
  {
    line();
    float largest = 0.0f;
    for (const float activation : context.activations)
      largest = std::max(largest, activation);
    for (std::size_t i = 0; i < context.tokens.size(); ++i) {
      QTextCharFormat format = m_plain;
      const float activation = i < context.activations.size() ? context.activations[i] : 0.0f;
      if (activation > 0.0f && largest > 0.0f) {
        QColor shade = m_accent;
        // Half opaque at most: the text keeps its contrast on every shade.
        shade.setAlphaF(0.08f + (m_dark ? 0.6f : 0.32f) * activation / largest);
        format.setBackground(shade);
        format.setToolTip(numberText(static_cast<double>(activation)));
      }
      m_cursor.insertText(token(context.tokens[i]), format);
    }
  }
  void logits(const std::vector<TokenLogit>& logits)
  {
    line();
    const std::size_t shown = std::min<std::size_t>(logits.size(), 12);
    for (std::size_t i = 0; i < shown; ++i) {
      if (i)
        m_cursor.insertText(QStringLiteral("   "), m_plain);
      m_cursor.insertText(token(logits[i].token), m_plain);
      m_cursor.insertText(
          QStringLiteral(" %1").arg(static_cast<double>(logits[i].logit), 0, 'f', 2), m_quiet);
    }
  }

 private:
  void line()
  {
    if (!m_first)
      m_cursor.insertBlock();
    m_first = false;
  }
  static QString token(const std::string& text)
  {
    // A token's own blank is part of it; the tokenizers' marks for one are only noise here.
    QString shown = visibleText(text, 60);
    return shown.replace(QChar(0x2581), QLatin1Char(' ')).replace(QChar(0x0120), QLatin1Char(' '));
  }

  QTextCursor m_cursor;
  QTextCharFormat m_plain, m_quiet, m_heading;
  QColor m_accent;
  bool m_dark = false;
  bool m_first = true;
};

constexpr std::size_t shownContexts = 20;

}  // namespace

InspectorPanel::InspectorPanel(Document* document, QWidget* parent)
    : QWidget(parent),
      m_document(document),
      m_label(new QLabel(this)),
      m_key(new QLabel(this)),
      m_details(new QTextEdit(this)),
      m_tabs(new QTabWidget(this)),
      m_neighbors(new NeighborPanel(document, tr("Nearest neighbours"), this)),
      m_query(new QLineEdit(this)),
      m_answers(new NeighborPanel(document, tr("Answers to the query"), this))
{
  setAccessibleName(tr("Inspector"));
  m_label->setTextFormat(Qt::PlainText);
  m_label->setWordWrap(true);
  m_label->setTextInteractionFlags(Qt::TextSelectableByMouse);
  m_label->setAccessibleName(tr("Label of the feature"));
  // A label without a blank must not make the panel as wide as itself.
  m_label->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
  QFont large = m_label->font();
  large.setPointSizeF(large.pointSizeF() * 1.35);
  large.setWeight(QFont::DemiBold);
  m_label->setFont(large);
  m_key->setTextFormat(Qt::PlainText);
  m_key->setWordWrap(true);
  m_key->setAccessibleName(tr("Key figures of the feature"));
  m_key->setForegroundRole(QPalette::PlaceholderText);
  m_details->setReadOnly(true);
  m_details->setAcceptRichText(false);
  m_details->setAccessibleName(tr("Explanations, contexts, logits and numbers"));
  m_details->setFrameShape(QFrame::NoFrame);
  m_details->viewport()->setAutoFillBackground(false);
  m_details->document()->setDocumentMargin(0);
  m_details->setTabChangesFocus(true);

  m_query->setPlaceholderText(tr("king - man + woman"));
  m_query->setAccessibleName(tr("Query"));
  m_query->setToolTip(
      tr("Labels joined by + and − with blanks around them; labels with blanks in "
         "double quotes; #123 is feature 123"));
  m_query->setClearButtonEnabled(true);
  auto* queryPage = new QWidget(this);
  queryPage->setAccessibleName(tr("Vector query"));
  auto* queryLayout = new QVBoxLayout(queryPage);
  queryLayout->setContentsMargins(4, 6, 4, 4);
  queryLayout->addWidget(m_query);
  queryLayout->addWidget(m_answers, 1);
  auto* neighborPage = new QWidget(this);
  neighborPage->setAccessibleName(tr("Neighbours"));
  auto* neighborLayout = new QVBoxLayout(neighborPage);
  neighborLayout->setContentsMargins(4, 4, 4, 4);
  neighborLayout->addWidget(m_neighbors);
  m_tabs->addTab(neighborPage, tr("Neighbours"));
  m_tabs->addTab(queryPage, QStringLiteral("a − b + c"));
  m_tabs->setTabToolTip(0, tr("The nearest features in the original space"));
  m_tabs->setTabToolTip(1, tr("Calculate with features, as in king − man + woman"));
  m_tabs->setAccessibleName(tr("Neighbours and queries"));
  m_tabs->setDocumentMode(true);

  auto* head = new QWidget(this);
  head->setAccessibleName(tr("Feature"));
  auto* headLayout = new QVBoxLayout(head);
  headLayout->setContentsMargins(8, 6, 8, 2);
  headLayout->setSpacing(3);
  headLayout->addWidget(m_label);
  headLayout->addWidget(m_key);
  headLayout->addWidget(m_details, 1);
  auto* splitter = new QSplitter(Qt::Vertical, this);
  splitter->setAccessibleName(tr("Feature and neighbours"));
  splitter->addWidget(head);
  splitter->addWidget(m_tabs);
  splitter->setStretchFactor(0, 2);
  splitter->setStretchFactor(1, 3);
  splitter->setChildrenCollapsible(false);
  splitter->handle(1)->setAccessibleName(tr("Divider"));
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(splitter);

  // Following a cursor that sweeps over the cloud would only flicker.
  m_later.setSingleShot(true);
  m_later.setInterval(40);
  connect(&m_later, &QTimer::timeout, this, &InspectorPanel::showFeature);
  connect(document->selection(), &SelectionModel::changed, this, &InspectorPanel::showFeature);
  connect(document->selection(), &SelectionModel::hoveredChanged, &m_later,
          qOverload<>(&QTimer::start));
  connect(document, &Document::currentLayerChanged, this, [this] {
    m_feature = noFeature;
    m_query->clear();
    showFeature();
  });
  connect(document, &Document::dictionaryChanged, this, [this] {
    m_feature = noFeature;
    showFeature();
  });
  connect(document, &Document::neighborsChanged, this, &InspectorPanel::showNeighbors);
  connect(document, &Document::queryAnswered, this, &InspectorPanel::showAnswer);
  connect(m_query, &QLineEdit::returnPressed, this, &InspectorPanel::ask);
  connect(m_neighbors, &NeighborPanel::saveRequested, this, &InspectorPanel::saveRequested);
  connect(m_answers, &NeighborPanel::saveRequested, this, &InspectorPanel::saveRequested);
  showFeature();
  showNeighbors();
  showAnswer();
}

void InspectorPanel::focusQuery()
{
  m_tabs->setCurrentIndex(1);
  m_query->setFocus(Qt::ShortcutFocusReason);
  m_query->selectAll();
}

void InspectorPanel::showFeature()
{
  const SelectionModel& selection = *m_document->selection();
  const FeatureId wanted =
      selection.current() != noFeature ? selection.current() : selection.hovered();
  const auto dictionary = m_document->dictionary();
  const bool other = wanted != m_feature;
  m_feature = dictionary ? wanted : noFeature;
  if (m_feature == noFeature) {
    m_label->setText(dictionary ? tr("Nothing selected") : QString());
    m_key->setText(dictionary ? tr("Click a point, a row or a neighbour; rest on a point to look "
                                   "at it in passing.")
                              : QString());
    m_details->clear();
    if (other)
      m_document->requestNeighbors(noFeature);
    return;
  }
  m_label->setText(labelText(*dictionary, m_feature));
  QString key = tr("Feature %1").arg(m_feature);
  const auto count = static_cast<std::int64_t>(selection.features().size());
  if (selection.current() == noFeature)
    key += tr(" · under the cursor");
  else if (count > 1)
    key += tr(" · one of %1 selected").arg(displayCount(count));
  if (dictionary->synthetic)
    key += tr(" · synthetic");
  m_key->setText(key);
  if (!other)
    return;
  showDetails(*dictionary);
  m_document->requestNeighbors(m_feature);
}

void InspectorPanel::showDetails(const Dictionary& dictionary)
{
  m_details->clear();
  DetailWriter writer(m_details);
  const auto found = dictionary.details.find(m_feature);
  if (found != dictionary.details.end() && found->second.explanations.size() > 1) {
    writer.heading(tr("Explanations"));
    for (const std::string& explanation : found->second.explanations)
      writer.paragraph(QStringLiteral("• ") + visibleText(explanation, 2000));
  }
  const bool normIsColumn = dictionary.column("norm") || dictionary.column("decoder norm");
  if (!dictionary.isMap() && !normIsColumn) {
    const double norm = static_cast<double>(dictionary.decoder->col(m_feature).stableNorm());
    writer.number(tr("norm"), numberText(norm));
  }
  for (const Column& column : dictionary.columns)
    writer.number(visibleText(column.name, 60), columnText(column, m_feature));
  if (found != dictionary.details.end()) {
    const FeatureDetails& details = found->second;
    if (!details.positiveLogits.empty()) {
      writer.heading(tr("Promotes"));
      writer.logits(details.positiveLogits);
    }
    if (!details.negativeLogits.empty()) {
      writer.heading(tr("Suppresses"));
      writer.logits(details.negativeLogits);
    }
    if (!details.contexts.empty()) {
      writer.heading(tr("Top contexts"));
      for (std::size_t i = 0; i < std::min(details.contexts.size(), shownContexts); ++i)
        writer.context(details.contexts[i]);
      if (details.contexts.size() > shownContexts)
        writer.paragraph(
            tr("and %1 more contexts in the file").arg(details.contexts.size() - shownContexts));
    }
  }
  m_details->verticalScrollBar()->setValue(0);
}

void InspectorPanel::showNeighbors()
{
  const NeighborList& list = m_document->neighbors();
  QString note = list.note;
  if (note.isEmpty() && list.feature != noFeature)
    note = list.metric == Metric::Cosine
               ? tr("By cosine in all %1 dimensions")
                     .arg(m_document->dictionary()
                              ? displayCount(m_document->dictionary()->dimensions())
                              : QString())
               : tr("By distance on the map as given");
  if (note.isEmpty() && list.feature == noFeature && m_document->dictionary())
    note = tr("The nearest of the selected feature, from the original space, will stand here.");
  m_neighbors->setList(list, note);
}

void InspectorPanel::showAnswer()
{
  const NeighborList& list = m_document->answer();
  QString note = list.note;
  if (note.isEmpty())
    note = list.query.empty() ? tr("Calculate with features and press Enter.")
           : list.neighbors.empty()
               ? tr("Looking…")
               : tr("Nearest to %1, its own words left out").arg(visibleText(list.query, 80));
  m_answers->setList(list, note);
}

void InspectorPanel::changeEvent(QEvent* event)
{
  QWidget::changeEvent(event);
  // The details are written in the colours of the theme.
  const auto dictionary = m_document->dictionary();
  if (event->type() == QEvent::PaletteChange && dictionary && m_feature != noFeature)
    showDetails(*dictionary);
}

void InspectorPanel::ask()
{
  m_document->ask(m_query->text().trimmed().toStdString());
  showAnswer();
}

}  // namespace orrery
