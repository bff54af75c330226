#include "widgets/panels/CrystalInspector.h"

#include "widgets/models/CrystalTables.h"
#include "widgets/models/FeatureText.h"
#include "widgets/panels/Theme.h"

#include <QHBoxLayout>
#include <QSplitter>
#include <QTabWidget>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace orrery {

CrystalInspector::CrystalInspector(Document* document, CrystalStudy* study, QWidget* parent)
    : QWidget(parent),
      m_document(document),
      m_study(study),
      m_save(new QToolButton(this)),
      m_note(new QLabel(this)),
      m_effect(new QLabel(this)),
      m_drawing(new PlanarDrawing(this)),
      m_measures(new ValueTable(tr("Measures"), tr("measures"), this)),
      m_fourth(new ValueTable(tr("Nearest to b − a + c"), tr("fourth-corner"), this))
{
  setAccessibleName(tr("Crystal"));
  auto* line = new QHBoxLayout;
  line->setContentsMargins(6, 2, 6, 0);
  const char* between[] = {":", "::", ":"};
  for (std::size_t i = 0; i < 4; ++i) {
    m_corners[i] = new QToolButton(this);
    m_corners[i]->setToolButtonStyle(Qt::ToolButtonTextOnly);
    m_corners[i]->setAutoRaise(true);
    QFont bold = m_corners[i]->font();
    bold.setBold(true);
    m_corners[i]->setFont(bold);
    line->addWidget(m_corners[i]);
    if (i < 3)
      line->addWidget(new QLabel(QString::fromLatin1(between[i]), this));
    connect(m_corners[i], &QToolButton::clicked, this, [this, i] {
      if (const auto& crystal = m_study->crystal())
        emit cornerChosen(crystal->corners()[i]);
    });
  }
  m_note->setTextFormat(Qt::PlainText);
  m_note->setAccessibleName(tr("About the crystal"));
  m_note->setForegroundRole(QPalette::PlaceholderText);
  m_note->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
  m_effect->setTextFormat(Qt::PlainText);
  m_effect->setWordWrap(true);
  m_effect->setContentsMargins(8, 0, 8, 0);
  m_effect->setAccessibleName(tr("What the cleaning did to this crystal"));
  m_effect->hide();
  m_save->setIcon(icon(QStringLiteral("figure")));
  m_save->setAutoRaise(true);
  m_save->setAccessibleName(tr("Save the drawing"));
  m_save->setToolTip(tr("Save the drawing as SVG, PDF or PNG"));
  line->addWidget(m_note, 1);
  line->addWidget(m_save);
  auto* splitter = new QSplitter(Qt::Horizontal, this);
  splitter->setAccessibleName(tr("Drawing, measures and neighbours"));
  splitter->addWidget(m_drawing);
  auto* tables = new QTabWidget(this);
  tables->setAccessibleName(tr("Measures and neighbours"));
  tables->setDocumentMode(true);
  tables->addTab(m_measures, tr("Measures"));
  tables->addTab(m_fourth, tr("Nearest to b − a + c"));
  splitter->addWidget(tables);
  splitter->setStretchFactor(0, 5);
  splitter->setStretchFactor(1, 4);
  splitter->setChildrenCollapsible(false);
  splitter->handle(1)->setAccessibleName(tr("Divider"));
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(2);
  layout->addLayout(line);
  layout->addWidget(m_effect);
  layout->addWidget(splitter, 1);
  m_drawing->setEmptyText(
      tr("Choose a crystal in a table, or make one: of four selected features, "
         "or of b − a + c."));
  m_fourth->setTitle(tr("a, b and c are left out; a click goes there"));

  connect(study, &CrystalStudy::crystalChanged, this, &CrystalInspector::showCrystal);
  connect(study, &CrystalStudy::reportChanged, this, &CrystalInspector::showReport);
  connect(m_measures, &ValueTable::saveRequested, this, &CrystalInspector::saveRequested);
  connect(m_fourth, &ValueTable::saveRequested, this, &CrystalInspector::saveRequested);
  connect(m_fourth, &ValueTable::rowChosen, this, [this](int row) {
    const auto report = m_study->report();
    const auto at = static_cast<std::size_t>(row);
    if (report && at < report->raw.fourthCorner.size())
      emit cornerChosen(report->raw.fourthCorner[at].feature);
  });
  connect(m_save, &QToolButton::clicked, this, &CrystalInspector::saveDrawingRequested);
  showCrystal();
  showReport();
}

void CrystalInspector::showCrystal()
{
  const auto dictionary = m_document->dictionary();
  const auto& crystal = m_study->crystal();
  const char* names[] = {"a", "b", "c", "d"};
  for (std::size_t i = 0; i < 4; ++i) {
    const QString name = QString::fromLatin1(names[i]);
    QString text = name;
    if (crystal && dictionary)
      text = labelText(*dictionary, crystal->corners()[i]).left(28);
    m_corners[i]->setText(text.replace(QLatin1Char('&'), QStringLiteral("&&")));
    m_corners[i]->setAccessibleName(tr("Corner %1: %2").arg(name, text));
    m_corners[i]->setToolTip(tr("Go to corner %1").arg(name));
    m_corners[i]->setEnabled(crystal.has_value());
  }
}

void CrystalInspector::showReport()
{
  const auto dictionary = m_document->dictionary();
  const auto report = m_study->report();
  m_save->setEnabled(report != nullptr);
  const QString effect =
      report && report->effect ? visibleText(report->effect->sentence(), 0).trimmed() : QString();
  m_effect->setText(effect);
  m_effect->setVisible(!effect.isEmpty());
  if (!report || !dictionary) {
    // The drawing of the one before would be taken for this one's.
    m_drawing->setPicture({});
    m_measures->setTable({}, {});
    m_fourth->setTable({}, {});
    m_measures->setTitle({});
    m_note->setText(m_study->crystal() ? tr("Measuring…") : QString());
    return;
  }
  m_drawing->setPicture(planarPicture(*dictionary, *report));
  auto rows = measureRows(*report, dictionary->features());
  m_measures->setTable(std::move(rows.columns), std::move(rows.rows));
  m_measures->setTitle(tr("Chance: 2000 random quadruples, seed 0"));
  auto nearest = fourthCornerRows(*dictionary, *report);
  m_fourth->setTable(std::move(nearest.columns), std::move(nearest.rows));
  QString note = report->cleaned ? tr("After: %1").arg(visibleText(report->cleaned->space, 0))
                                 : visibleText(report->raw.space, 0);
  if (const auto findings = m_study->findings())
    for (std::size_t i = 0; i < findings->qualities.size(); ++i)
      if (findings->result.found[i].crystal == report->crystal)
        note = tr("Found, place %1: z %2, false-discovery rate %3. ")
                   .arg(i + 1)
                   .arg(findings->qualities[i].z, 0, 'f', 1)
                   .arg(std::isfinite(findings->qualities[i].fdr)
                            ? QString::number(findings->qualities[i].fdr, 'g', 2)
                            : tr("not asked for")) +
               note;
  m_note->setText(note);
  m_note->setToolTip(note.toHtmlEscaped());
}

}  // namespace orrery
