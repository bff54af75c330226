// The galaxy view in the whole window: analysed, dragged, clicked, followed.
#include "app/MainWindow.h"
#include "core/synthetic/SyntheticDictionary.h"
#include "widgets/views/GalaxyView.h"

#include <qcustomplot.h>
#include <QTemporaryDir>
#include <QtTest/QTest>

using namespace orrery;

class tst_GalaxyPart : public QObject {
  Q_OBJECT
 private slots:
  void initTestCase() { QStandardPaths::setTestModeEnabled(true); }

  void layersAreAnalysedDraggedAndFollowed()
  {
    QTemporaryDir folder;
    Settings settings;
    MainWindow window(&settings);
    window.resize(1280, 800);
    window.show();
    SyntheticOptions options;
    options.features = 600;
    options.dimensions = 64;
    options.blocks = 0;
    for (int layer = 0; layer < 3; ++layer) {
      options.spectrumExponent = 0.3 + 0.2 * layer;
      auto made = makeSyntheticDictionary(options);
      made.dictionary.origin.layer = layer;
      made.dictionary.origin.l0 = 70.0 + 20 * layer;
      made.dictionary.name = "layer " + std::to_string(layer);
      window.document()->addLayer(std::make_shared<const Dictionary>(std::move(made.dictionary)));
    }
    auto* view = qobject_cast<GalaxyView*>(window.views()->view(QStringLiteral("galaxy")));
    QVERIFY(view);
    window.views()->showView(QStringLiteral("galaxy"));
    QPushButton *analyse = nullptr, *follow = nullptr;
    for (QPushButton* button : view->findChildren<QPushButton*>()) {
      analyse = button->text() == QLatin1String("Analyse") ? button : analyse;
      follow = button->text().startsWith(QLatin1String("Follow")) ? button : follow;
    }
    QVERIFY(analyse && follow);
    analyse->click();
    QTRY_COMPARE_WITH_TIMEOUT(view->clouds()->clouds().size(), std::size_t{3}, 60000);

    // The spectrum of the layer that is shown, named with its numbers.
    QVERIFY(view->spectrumPlot()->summary().contains(QLatin1String("600 features")));
    QVERIFY(view->spectrumPlot()->summary().contains(QLatin1String("Marchenko")));
    QTest::qWait(50);
    QCustomPlot* plot = view->spectrumPlot()->plot();
    const int y = plot->height() / 2;
    const auto x = [&](double rank) {
      return static_cast<int>(std::lround(plot->xAxis->coordToPixel(rank)));
    };
    QTest::mousePress(plot, Qt::LeftButton, {}, QPoint(x(11), y));
    QTest::mouseMove(plot, QPoint(x(5), y));
    QTest::mouseRelease(plot, Qt::LeftButton, {}, QPoint(x(5), y));
    QVERIFY2(view->spectrumPlot()->summary().contains(QLatin1String("ranks 5 to")),
             qPrintable(view->spectrumPlot()->summary()));

    // A click on a curve's point shows that layer.
    PlotWidget* curve = view->curvePlot(CurveValue::Slope);
    QTest::qWait(50);
    QCPGraph* graph = curve->plot()->graph(0);
    QCOMPARE(graph->dataCount(), 3);
    const QPoint first(
        static_cast<int>(curve->plot()->xAxis->coordToPixel(graph->dataMainKey(0))),
        static_cast<int>(curve->plot()->yAxis->coordToPixel(graph->dataMainValue(0))));
    QTest::mouseClick(curve->plot(), Qt::LeftButton, {}, first);
    QCOMPARE(*window.document()->dictionary()->origin.layer, 0);

    // L0 varies, and that is said.
    bool said = false;
    for (QLabel* label : view->findChildren<QLabel*>())
      said = said || label->text().contains(QLatin1String("L0 varies"));
    QVERIFY(said);

    window.document()->selection()->setFeatures({3}, 3);
    follow->click();
    auto* table = view->findChild<QTableWidget*>();
    QTRY_COMPARE_WITH_TIMEOUT(table->rowCount(), 3, 60000);
    QCOMPARE(table->item(0, 3)->text(), QStringLiteral("start"));

    const auto path = std::filesystem::path(folder.filePath("row.svg").toStdString());
    view->saveClouds(path);
    QFile svg(folder.filePath("row.svg"));
    QVERIFY(svg.open(QIODevice::ReadOnly));
    const QByteArray text = svg.readAll();
    QVERIFY(text.contains("True to scale") && text.contains("Layer 2"));
  }
};

QTEST_MAIN(tst_GalaxyPart)
#include "tst_GalaxyPart.moc"
