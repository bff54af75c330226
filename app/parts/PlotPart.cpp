#include "app/parts/PlotPart.h"

#include "core/document/ChangeCommand.h"

namespace orrery {
namespace {

constexpr char viewId[] = "columns";
constexpr int choiceStep = 3000;  ///< Apart from other kinds of steps that merge.

}  // namespace

PlotPart::PlotPart(const WindowContext& context, QObject* parent)
    : QObject(parent), m_context(context), m_plot(new ColumnPlot(context.document))
{
  context.views->addView(QLatin1String(viewId), tr("Plot"), m_plot);
  connect(m_plot, &ColumnPlot::sentenceChanged, this, [this](const QString& sentence) {
    m_context.views->setSentence(QLatin1String(viewId), sentence);
  });
  const auto say = [this](Message::Kind kind) {
    return [this, kind](const QString& sentence) {
      m_context.messages->add({kind, sentence, {}, {}, false});
    };
  };
  connect(m_plot->plot(), &PlotWidget::failed, this, say(Message::Kind::Failure));
  connect(m_plot->plot(), &PlotWidget::saved, this, say(Message::Kind::Note));
  connect(m_plot, &ColumnPlot::choiceMade, this,
          [this](const ColumnPlotChoice& before, const ColumnPlotChoice& after) {
            // Chosen already: the first "redo" only notes it.
            m_context.document->undoStack()->push(new ChangeCommand(
                choiceStep, tr("Plot other columns"),
                [this, after, first = true]() mutable {
                  if (!first)
                    m_plot->setChoice(after);
                  first = false;
                },
                [this, before] { m_plot->setChoice(before); }));
          });
  context.on("view.plot", this, [this] {
    ViewArea* views = m_context.views;
    // Beside the cloud, where one looks at both.
    if (views->arrangement().shape == ViewArrangement::Shape::Single &&
        !views->isShown(QLatin1String(viewId))) {
      views->showView(QStringLiteral("cloud"));
      views->chooseShape(ViewArrangement::Shape::Columns);
      views->choosePane(1);
    }
    views->showView(QLatin1String(viewId));
  });
  const auto showState = [this] {
    m_context.actions->action("view.plot")->setEnabled(m_context.document->layer() != nullptr);
  };
  connect(context.document, &Document::currentLayerChanged, this, showState);
  showState();
  context.keepState(
      "columns",
      [this] {
        const ColumnPlotChoice& choice = m_plot->choice();
        return QJsonObject{{QStringLiteral("x"), QString::fromStdString(choice.x)},
                           {QStringLiteral("y"), QString::fromStdString(choice.y)},
                           {QStringLiteral("bins"), choice.bins},
                           {QStringLiteral("logX"), choice.logX},
                           {QStringLiteral("logY"), choice.logY}};
      },
      [this](const QJsonObject& kept) {
        ColumnPlotChoice choice;
        choice.x = kept[QStringLiteral("x")].toString().toStdString();
        choice.y = kept[QStringLiteral("y")].toString().toStdString();
        choice.bins = kept[QStringLiteral("bins")].toInt(choice.bins);
        choice.logX = kept[QStringLiteral("logX")].toBool();
        choice.logY = kept[QStringLiteral("logY")].toBool();
        m_plot->setChoice(choice);
      });
}

}  // namespace orrery
