// The galaxy view in the whole window: analysed, dragged, clicked, followed.
#include "app/MainWindow.h"
#include "core/base/Random.h"
#include "core/io/ResultFile.h"
#include "core/synthetic/SyntheticDictionary.h"
#include "widgets/views/GalaxyView.h"

#include <qcustomplot.h>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QtTest/QTest>

#include <algorithm>

using namespace orrery;

namespace {

/// Pixels and coordinates belong together once what has been asked for is laid out and drawn: a
/// plot draws when the event loop comes to it, on a busy machine late.
void layOut(QCustomPlot* plot)
{
  QCoreApplication::processEvents();
  plot->replot(QCustomPlot::rpImmediateRefresh);
}

}  // namespace

class tst_GalaxyPart : public QObject {
  Q_OBJECT
 private slots:
  void initTestCase() { QStandardPaths::setTestModeEnabled(true); }

  void layersAreAnalysedDraggedAndFollowed()
  {
    QTemporaryDir folder;
    // Of its own: other tests run beside this one and keep their layouts in the common place.
    Settings settings(folder.filePath(QStringLiteral("settings.ini")));
    MainWindow window(&settings);
    window.resize(1280, 800);
    window.show();
    QVERIFY(QTest::qWaitForWindowExposed(&window));
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
      follow = button->text() == QLatin1String("Follow the selection") ? button : follow;
    }
    QVERIFY(analyse && follow);
    analyse->click();
    QTRY_COMPARE_WITH_TIMEOUT(view->clouds()->clouds().size(), std::size_t{3}, 60000);

    // The spectrum of the layer that is shown, named with its numbers.
    QVERIFY(view->spectrumPlot()->summary().contains(QLatin1String("600 features")));
    QVERIFY(view->spectrumPlot()->summary().contains(QLatin1String("Marchenko")));
    QCustomPlot* plot = view->spectrumPlot()->plot();
    layOut(plot);
    const int y = plot->height() / 2;
    const auto x = [&](double rank) {
      return static_cast<int>(std::lround(plot->xAxis->coordToPixel(rank)));
    };
    QTest::mousePress(plot, Qt::LeftButton, {}, QPoint(x(11), y));
    QTest::mouseMove(plot, QPoint(x(5), y));
    QTest::mouseRelease(plot, Qt::LeftButton, {}, QPoint(x(5), y));
    QVERIFY2(view->spectrumPlot()->summary().contains(QLatin1String("ranks 5 to")),
             qPrintable(view->spectrumPlot()->summary()));
    // Intervals are of the new window at once, and the correction follows by itself.
    QVERIFY(view->spectrumPlot()->summary().contains(QLatin1String("random halves")));
    QTRY_VERIFY_WITH_TIMEOUT(
        view->spectrumPlot()->summary().contains(QLatin1String("corrected for it")), 60000);

    // A click on a curve's point shows that layer.
    PlotWidget* curve = view->curvePlot(CurveValue::Slope);
    layOut(curve->plot());
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
    auto* table = view->findChild<QTableWidget*>(QStringLiteral("followed"));
    QTRY_COMPARE_WITH_TIMEOUT(table->rowCount(), 3, 60000);
    QCOMPARE(table->item(0, 2)->text(), QStringLiteral("start"));

    const auto path = std::filesystem::path(folder.filePath("row.svg").toStdString());
    view->saveClouds(path);
    QFile svg(folder.filePath("row.svg"));
    QVERIFY(svg.open(QIODevice::ReadOnly));
    const QByteArray text = svg.readAll();
    QVERIFY(text.contains("True to scale") && text.contains("Layer 2"));
  }

  // Layers that are files and groups of a file: listed, analysed, edited, matched, looked into.
  void filesAndGroupsAreLayersThatCanBeEditedMatchedAndMorphed()
  {
    QTemporaryDir folder;
    SyntheticOptions options;
    options.features = 300;
    options.dimensions = 48;
    options.blocks = 0;
    std::vector<std::filesystem::path> paths;
    for (int layer = 0; layer < 3; ++layer) {
      // The same features, moved a little more from layer to layer.
      auto made = makeSyntheticDictionary(options);
      FeatureMatrix moved = *made.dictionary.decoder;
      Random random(static_cast<std::uint64_t>(layer + 1));
      for (Eigen::Index i = 0; i < moved.size(); ++i)
        moved.data()[i] += static_cast<float>(0.01 * layer * random.normal());
      ResultTable table;
      table.arrays.push_back({"W_dec",
                              {moved.cols(), moved.rows()},
                              std::vector<float>(moved.data(), moved.data() + moved.size())});
      paths.emplace_back(folder.filePath(QStringLiteral("sae_%1.npz").arg(layer)).toStdString());
      writeResult(paths.back(), table);
    }
    Document document;
    GalaxyStudy galaxy(&document);
    GalaxyStudy* study = &galaxy;
    GalaxyView shown(&document, study);
    GalaxyView* view = &shown;
    view->resize(1000, 700);
    view->show();
    study->addLayers(paths);
    QTRY_COMPARE_WITH_TIMEOUT(study->entries().size(), std::size_t{3}, 20000);
    study->analyze();
    QTRY_COMPARE_WITH_TIMEOUT(view->clouds()->clouds().size(), std::size_t{3}, 60000);

    // Numbers and L0 typed in, a wrong one refused.
    auto* layers = view->findChild<GalaxyLayersTable*>();
    QVERIFY(layers);
    const auto type = [&](int file, int column, const QString& typed) {
      for (int row = 0; row < layers->rowCount(); ++row)  // an edit may sort them anew
        if (layers->item(row, GalaxyLayersTable::Name)
                ->text()
                .contains(QStringLiteral("sae_%1").arg(file))) {
          layers->item(row, column)->setText(typed);
          QCoreApplication::processEvents();
          return;
        }
    };
    type(0, GalaxyLayersTable::LayerNumber, QStringLiteral("many"));
    QVERIFY(!study->entries()[0].source.origin.layer);
    for (int file = 0; file < 3; ++file) {
      type(file, GalaxyLayersTable::LayerNumber, QString::number(file));
      type(file, GalaxyLayersTable::L0, QString::number(file == 1 ? 90 : 70 + file));
    }
    for (std::size_t i = 0; i < 3; ++i)
      QCOMPARE(*study->entries()[i].source.origin.layer, static_cast<int>(i));
    bool warned = study->warnings().join(QString()).contains(QLatin1String("L0 varies"));
    QVERIFY(warned);

    study->matchLayers();
    QTRY_VERIFY_WITH_TIMEOUT(study->transition(1, 2), 60000);
    QVERIFY(study->transition(0, 1)->from.size() > 250);
    auto* morph = [&]() -> QCheckBox* {
      for (QCheckBox* box : view->findChildren<QCheckBox*>())
        if (box->text() == QLatin1String("Morph"))
          return box;
      return nullptr;
    }();
    QVERIFY(morph);
    morph->setChecked(true);
    auto* slider = view->findChild<QSlider*>();
    slider->setValue(slider->maximum() / 4);
    QCOMPARE(view->clouds()->clouds().size(), std::size_t{1});
    QVERIFY2(view->clouds()->clouds()[0].title.contains(QLatin1String("50 % of the way")),
             qPrintable(view->clouds()->clouds()[0].title));
    morph->setChecked(false);
    QCOMPARE(view->clouds()->clouds().size(), std::size_t{3});
    for (QComboBox* box : view->findChildren<QComboBox*>())
      if (box->accessibleName().contains(QLatin1String("colours")))
        box->setCurrentIndex(1);
    for (const RowCloud& cloud : view->clouds()->clouds())
      QCOMPARE(cloud.values.size(), std::size_t{300});

    // Only layers of about the same L0.
    study->setMatchedL0(MatchedL0{70.0, 0.1});
    QCOMPARE(study->compared().size(), std::size_t{2});
    QCOMPARE(view->clouds()->clouds().size(), std::size_t{2});
    study->setMatchedL0(MatchedL0{7.0, 0.1});
    QVERIFY(study->warnings().first().contains(QLatin1String("nothing is compared")));
    study->setMatchedL0(std::nullopt);

    // What lies on a component of a layer that is not open, and where its features go.
    study->setCurrent(1);
    study->inspect(1);
    auto* component = view->findChild<GalaxyComponentPanel*>();
    QVERIFY(component);
    QTRY_COMPARE_WITH_TIMEOUT(component->extremes()->rowCount(), 20, 20000);
    QVERIFY(component->correlations()->rowCount() >= 1);
    const FeatureId extreme = study->component()->report.highest[0].first;
    study->follow({extreme}, 1);
    QTRY_VERIFY_WITH_TIMEOUT(study->followed(), 60000);
    QCOMPARE(study->followed()->start, std::size_t{1});

    // Raw activations beside them.
    study->setActivations(paths[2]);
    QTRY_VERIFY_WITH_TIMEOUT(study->activations()->analysis, 60000);
    QVERIFY(view->spectrumPlot()->summary().contains(QLatin1String("Raw activations")));
  }

  void stoppingKeepsTheLayersThatAreFinished()
  {
    SyntheticOptions options;
    options.features = 1500;
    options.dimensions = 256;
    options.blocks = 0;
    const Dictionary made = makeSyntheticDictionary(options).dictionary;
    Document document;
    // So many that the worker cannot come to the end, however long this thread has to wait.
    constexpr int layers = 200;
    for (int layer = 0; layer < layers; ++layer) {
      auto dictionary = std::make_shared<Dictionary>(made);
      dictionary->origin.layer = layer;
      document.addLayer(std::move(dictionary));
    }
    GalaxyStudy study(&document);
    LayerAnalysisOptions analysis = study.options();
    analysis.spectrum.halves = 4;
    study.setOptions(analysis);
    QSignalSpy said(&study, &GalaxyStudy::messageRaised);
    study.analyze();
    const auto finished = [&] {
      return std::ranges::count_if(
          study.entries(), [](const GalaxyEntry& entry) { return entry.analysis != nullptr; });
    };
    QTRY_VERIFY_WITH_TIMEOUT(finished() >= 2, 60000);
    study.jobs().front()->cancel();
    QTRY_VERIFY_WITH_TIMEOUT(said.count() > 0, 10000);
    const auto kept = finished();
    QVERIFY(kept >= 2 && kept < layers);
    QVERIFY(said.last().first().value<Message>().text.contains(QString::number(kept)));
    const auto first = study.entries()[0].analysis;
    study.analyze();  // goes on with what is missing
    QTRY_VERIFY_WITH_TIMEOUT(finished() > kept, 60000);
    QCOMPARE(study.entries()[0].analysis, first);
    study.jobs().front()->cancel();
    waitForJobThreads(60000);
  }
};

QTEST_MAIN(tst_GalaxyPart)
#include "tst_GalaxyPart.moc"
