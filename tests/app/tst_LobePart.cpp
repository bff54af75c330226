// The brain scale in the window, clicked through on the offscreen platform.
#include "app/MainWindow.h"
#include "app/parts/LobePart.h"
#include "core/document/MapTasks.h"
#include "core/io/ResultFile.h"
#include "tests/support/SyntheticLobes.h"
#include "widgets/panels/Theme.h"

#include <QAbstractButton>
#include <QDir>
#include <QDockWidget>
#include <QHeaderView>
#include <QJsonArray>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QtTest/QTest>

#include <algorithm>
#include <fstream>
#include <set>

using namespace orrery;

namespace {

template <typename Widget>
Widget* named(QWidget* in, const QString& name)
{
  for (Widget* widget : in->findChildren<Widget*>())
    if (widget->accessibleName() == name)
      return widget;
  return nullptr;
}

QAbstractButton* buttonOf(QWidget* in, const QString& text)
{
  for (QAbstractButton* button : in->findChildren<QAbstractButton*>())
    if (button->text() == text || button->accessibleName() == text)
      return button;
  return nullptr;
}

/// Colours of a widget's picture.
std::set<QRgb> colorsOf(QWidget* widget)
{
  const QImage picture = widget->grab().toImage();
  std::set<QRgb> colors;
  for (int y = 0; y < picture.height(); ++y)
    for (int x = 0; x < picture.width(); ++x)
      colors.insert(picture.pixel(x, y) | 0xFF000000U);
  return colors;
}

}  // namespace

class tst_LobePart : public QObject {
  Q_OBJECT
 private:
  QTemporaryDir m_folder;
  std::unique_ptr<Settings> m_settings;
  std::unique_ptr<MainWindow> m_window;
  SyntheticLobes m_truth;

  LobePart& part() { return *m_window->lobes(); }
  LobeStudy& study() { return *part().study(); }
  Document& document() { return *m_window->document(); }
  const std::vector<FeatureId>& selected() { return document().selection()->features(); }

 private slots:
  void initTestCase()
  {
    applyTheme(ThemeChoice::Light);
    m_truth = syntheticLobes();
    m_settings = std::make_unique<Settings>(m_folder.filePath(QStringLiteral("settings.ini")));
    m_window = std::make_unique<MainWindow>(m_settings.get());
    m_window->resize(1280, 800);
    m_window->show();
    document().setCurrentLayer(document().addLayer(m_truth.dictionary));
    QTRY_VERIFY_WITH_TIMEOUT(document().embedding(), 10000);
  }

  void cleanupTestCase() { m_window.reset(); }

  void withoutDataNothingCanStart()
  {
    m_window->actions()->action("lobes.panel")->trigger();
    QVERIFY(part().panel()->isVisible());
    QVERIFY(!buttonOf(part().panel(), QStringLiteral("Cut lobes"))->isEnabled());
    QVERIFY(!m_window->actions()->action("lobes.save")->isEnabled());
    study().setCooccurrence(document().layer()->id, m_truth.data);
    QVERIFY(buttonOf(part().panel(), QStringLiteral("Cut lobes"))->isEnabled());
  }

  void numbersOfLobesAreRead()
  {
    QCOMPARE(clusterNumbers(QStringLiteral("2-4, 8 3")), (std::vector<int>{2, 3, 4, 8}));
    for (const char* wrong : {"", "1", "2, x", "4-2", "3-", "99999"})
      QVERIFY2(!clusterNumbers(QString::fromLatin1(wrong)), wrong);
    auto* clusters = named<QLineEdit>(part().panel(), QStringLiteral("Numbers of lobes"));
    clusters->setText(QStringLiteral("two"));
    QVERIFY(!buttonOf(part().panel(), QStringLiteral("Cut lobes"))->isEnabled());
    clusters->setText(QStringLiteral("2, 3, 4"));
  }

  void cutting()
  {
    for (QCheckBox* box : part().panel()->findChildren<QCheckBox*>())
      box->setChecked(true);
    named<QSpinBox>(part().panel(), QStringLiteral("Draws of every null"))->setValue(5);
    QVERIFY(named<QLabel>(part().panel(), QStringLiteral("What it will take"))
                ->text()
                .contains(QStringLiteral("MiB")));
    auto* start = buttonOf(part().panel(), QStringLiteral("Cut lobes"));
    QTest::mouseClick(start, Qt::LeftButton);
    QCOMPARE(start->text(), QStringLiteral("Stop"));
    QTRY_VERIFY_WITH_TIMEOUT(study().purpose(), 90000);
    QCOMPARE(start->text(), QStringLiteral("Cut lobes"));
    QCOMPARE(study().shown(), (LobeChoice{AffinityMeasure::Phi, 3}));
    QCOMPARE(part().panel()->model()->rowCount(), 3);
    QVERIFY(named<QLabel>(part().panel(), QStringLiteral("Locality of the lobes"))
                ->text()
                .contains(QStringLiteral("AMI")));
    // The cloud's legend knows them.
    QCOMPARE(m_window->cloud()->colors().legend.entries.size(), std::size_t{3});
    QCOMPARE(m_window->cloud()->colors().legend.title, QStringLiteral("lobe (phi, k = 3)"));
  }

  void aRowSelectsItsFeaturesAndIsRenamed()
  {
    auto* table = named<QTableView>(part().panel(), QStringLiteral("Lobes"));
    const QModelIndex size = table->model()->index(1, LobeTableModel::Size);
    table->scrollTo(size);
    QTest::mouseClick(table->viewport(), Qt::LeftButton, {}, table->visualRect(size).center());
    QCOMPARE(selected(), study().shownLobes()->members(1));
    const QModelIndex name = table->model()->index(1, LobeTableModel::Name);
    QVERIFY(table->model()->setData(name, QStringLiteral("mine"), Qt::EditRole));
    QCOMPARE(table->model()->data(name, Qt::DisplayRole).toString(), QStringLiteral("mine"));
    m_window->actions()->action("edit.undo")->trigger();
    QVERIFY(table->model()
                ->data(table->model()->index(1, LobeTableModel::Name), Qt::DisplayRole)
                .toString() != QStringLiteral("mine"));
  }

  void aCellSelectsItsFeatures()
  {
    m_window->actions()->action("lobes.heatMap")->trigger();
    LobeHeatMap* map = part().heatMap();
    QTRY_VERIFY(map->isVisible());
    document().selection()->setFeatures({});
    const auto purpose = study().purpose();
    const std::string type = purpose->documents.types[purpose->typeOrder[0]];
    Eigen::Index lobe = 0;
    purpose->documents.shares.col(static_cast<Eigen::Index>(purpose->typeOrder[0])).maxCoeff(&lobe);
    QTest::mouseClick(map, Qt::LeftButton, {},
                      map->cellRect(0, static_cast<int>(lobe)).center().toPoint());
    QVERIFY(!selected().empty());
    QCOMPARE(selected(),
             featuresOfCell(*m_truth.data->firings, *study().shownLobes(),
                            static_cast<std::int32_t>(lobe), m_truth.data->blockTypes, type));
    for (const FeatureId feature : selected())
      QCOMPARE(study().shownLobes()->labels[static_cast<std::size_t>(feature)], lobe);
  }

  void aBandSelectsWhatItsLobesShare()
  {
    m_window->actions()->action("lobes.flow")->trigger();
    LobeFlowView* flow = part().flow();
    QTRY_VERIFY(flow->isVisible());
    document().selection()->setFeatures({});
    const FlowLayout layout = flow->flowLayout();
    QCOMPARE(layout.lobes.size(), std::size_t{3});
    QTest::mouseClick(flow, Qt::LeftButton, {}, layout.lobes[0][0].center().toPoint());
    QCOMPARE(selected(), study().result()->lobes({AffinityMeasure::Phi, 2})->members(0));
    // All of a lobe's height is bands to the next level.
    QVERIFY(layout.lobes[0][0].height() > layout.lobes[0][1].height());
  }

  void sixMapsShowEveryColor()
  {
    m_window->actions()->action("lobes.maps")->trigger();
    document().selection()->setFeatures({});
    SixMaps* maps = part().maps();
    QTRY_VERIFY(maps->isVisible());
    QCOMPARE(maps->content().panels.size(), std::size_t{6});
    for (const auto& panel : maps->content().panels) {
      std::set<std::int32_t> colors(panel.colors.begin(), panel.colors.end());
      colors.erase(-1);
      QCOMPARE(colors.size(), std::size_t{3});
    }
    if (!CloudScene().isUsable())
      QSKIP("no OpenGL here");
    const QImage before = maps->grab().toImage();
    QVERIFY(colorsOf(maps).size() > 100);
    // One camera for all six: a drag over one changes the others.
    const QRect last = mapPanel(maps->size(), maps->drawingStyle(), 5, 6).toRect();
    const QPoint from = mapPanel(maps->size(), maps->drawingStyle(), 0, 6).center().toPoint();
    QTest::mousePress(maps, Qt::LeftButton, {}, from);
    QMouseEvent move(QEvent::MouseMove, from + QPoint(40, 10), maps->mapToGlobal(from),
                     Qt::NoButton, Qt::LeftButton, Qt::NoModifier);
    QCoreApplication::sendEvent(maps, &move);
    QTest::mouseRelease(maps, Qt::LeftButton, {}, from + QPoint(40, 10));
    QCOMPARE(study().shown(), (LobeChoice{AffinityMeasure::Phi, 3}));  // no click
    QVERIFY(maps->grab().toImage().copy(last) != before.copy(last));
    // A click shows that map's lobes.
    QTest::mouseClick(maps, Qt::LeftButton, {}, last.center());
    QCOMPARE(study().shown(), (LobeChoice{AffinityMeasure::Dice, 3}));
    study().show({AffinityMeasure::Phi, 3});
    QTRY_VERIFY(study().purpose());
  }

  void curvesHoldAllAffinities()
  {
    m_window->actions()->action("lobes.curves")->trigger();
    const CurveContent content = curveContent(study().result()->analysis);
    QCOMPARE(content.curves.size(), std::size_t{5});
    const auto panels =
        layoutCurves(content, part().curves()->size(), part().curves()->drawingStyle());
    QCOMPARE(panels.size(), std::size_t{4});
    for (const CurvePanel& panel : panels)
      for (const auto& points : panel.points)
        for (const QPointF& point : points)
          if (std::isfinite(point.y()))
            QVERIFY(panel.plot.adjusted(-1, -1, 1, 1).contains(point));
    // A click on the second point of the second curve shows those lobes.
    QTest::mouseClick(part().curves(), Qt::LeftButton, {}, panels[0].points[1][1].toPoint());
    QCOMPARE(study().shown().clusters, 3);
    study().show({AffinityMeasure::Phi, 3});
    QTRY_VERIFY(study().purpose());
  }

  void replayStepsThroughBlocks()
  {
    m_window->actions()->action("lobes.replay")->trigger();
    LobeReplay* replay = part().replay();
    QTRY_VERIFY(replay->isVisible());
    QTest::mouseClick(buttonOf(replay, QStringLiteral("Step")), Qt::LeftButton);
    QCOMPARE(replay->step(), 1);
    const ReplayTrack track = replayTrack(*m_truth.data, &m_truth.data->blockTypes,
                                          *study().shownLobes(), *m_truth.dictionary, 1);
    std::int64_t lit = 0;
    for (const float activity : track.activity)
      lit += activity >= 1.0f;
    QCOMPARE(lit, m_truth.data->firings->starts[2] - m_truth.data->firings->starts[1]);
    // Its winner is the one that the scores say.
    QCOMPARE(track.winner, study().purpose()->blocks.winners[1]);
    // Beside it begins the next text of another kind.
    auto* beside = replay->findChild<QCheckBox*>();
    beside->setChecked(true);
    for (const QSpinBox* place : replay->findChildren<QSpinBox*>())
      if (place->accessibleName() == QStringLiteral("Step of the second text")) {
        const auto other = static_cast<std::size_t>(replay->step() + place->value() - 1);
        QVERIFY(m_truth.data->blockTypes[other] != m_truth.data->blockTypes[1]);
        QCOMPARE(m_truth.data->blockTypes[other - 1], m_truth.data->blockTypes[1]);
      }
    beside->setChecked(false);
    replay->setPlaying(true);
    QTRY_VERIFY(replay->step() > 1);
    replay->setPlaying(false);
    QSignalSpy written(replay, &LobeReplay::framesWritten);
    replay->writeFrames(m_folder.path(), 3);
    QVERIFY(written.wait(20000));
    QCOMPARE(written.front().front().toInt(), 3);
    const QImage frame(m_folder.filePath(QStringLiteral("replay-00003.png")));
    QVERIFY(frame.width() > 600);
  }

  void replayFadesTokens()
  {
    auto data = std::make_shared<CooccurrenceData>(*m_truth.data);
    data->tokens = tokensOf(*data->firings, 4);
    QCOMPARE(replaySteps(*data), 4 * data->blocks());
    const ReplayTrack now =
        replayTrack(*data, nullptr, *study().shownLobes(), *m_truth.dictionary, 6);
    const FeatureId old = data->tokens->ids[static_cast<std::size_t>(data->tokens->starts[5])];
    QVERIFY(std::abs(now.activity[static_cast<std::size_t>(old)] - replayFading) < 1e-6 ||
            now.activity[static_cast<std::size_t>(old)] == 1.0f);
    QCOMPARE(now.words.size(), std::size_t{3});  // of its block so far
    QCOMPARE(now.words.back().first, QStringLiteral("word2"));
    // A new block begins in the dark.
    const ReplayTrack next =
        replayTrack(*data, nullptr, *study().shownLobes(), *m_truth.dictionary, 8);
    for (const float activity : next.activity)
      QVERIFY(activity == 0.0f || activity == 1.0f);
  }

  void figuresHoldRealText()
  {
    for (DrawingView* view :
         std::initializer_list<DrawingView*>{part().heatMap(), part().curves(), part().flow()}) {
      QVERIFY(!view->isEmpty());
      QVERIFY(!view->summary().isEmpty());
      const QByteArray svg = drawingBytes(view->figure(), ".svg");
      QVERIFY(svg.contains("<text"));
      QVERIFY(drawingBytes(view->figure(), ".pdf").startsWith("%PDF"));
      DrawingFigure small = view->figure();
      small.dpi = 100;
      const QImage image = QImage::fromData(drawingBytes(small, ".png"));
      QCOMPARE(image.width(), qRound(170 / 25.4 * 100));
    }
    QVERIFY(drawingBytes(part().heatMap()->figure(), ".svg").contains("wins"));
  }

  void publishedLobesAreShown()
  {
    const QString file = m_folder.filePath(QStringLiteral("published.json"));
    QFile stream(file);
    QVERIFY(stream.open(QIODevice::WriteOnly));
    stream.write(R"({"source": "a test", "2_lobes": [["web", "law", "film"], ["code"]],
                     "3_lobes": [["web", "film"], ["law"], ["code"]]})");
    stream.close();
    part().openPublished(file.toStdString());
    QTRY_VERIFY(part().published()->isVisible());
    const QByteArray svg = drawingBytes(part().published()->figure(), ".svg");
    for (const char* word : {"law", "k = 3", "lobe 2"})
      QVERIFY2(svg.contains(word), word);
    part().openPublished(m_folder.filePath(QStringLiteral("settings.ini")).toStdString());
    QVERIFY(m_window->messages()->text().contains(QStringLiteral("settings.ini")));
  }

  // What `orrery lobes` and the authors write comes back as the layer's lobes.
  void savedLobesComeBack()
  {
    const auto before = study().result();
    QVERIFY(before);
    const std::filesystem::path file = m_folder.filePath(QStringLiteral("own.npz")).toStdString();
    writeResult(file, study().table());
    part().openPublished(file);
    QTRY_VERIFY(study().result() != before);
    const auto after = study().result();
    QCOMPARE(after->choices().size(), before->choices().size());
    for (const LobeChoice& choice : before->choices())
      QCOMPARE(after->lobes(choice)->labels, before->lobes(choice)->labels);
    QTRY_VERIFY(study().purpose() && study().purpose()->hasBlocks);
  }

  // Sessions keep where co-occurrences came from, and ask before they open what lies elsewhere.
  void sessionsKeepCooccurrences()
  {
    constexpr std::int64_t n = 12;
    const std::filesystem::path folder = m_folder.path().toStdString();
    std::filesystem::create_directories(folder / "data");
    std::filesystem::create_directories(folder / "else");
    std::vector<float> rows(n * 5);
    for (std::size_t i = 0; i < rows.size(); ++i)
      rows[i] = static_cast<float>((i * 5) % 13) - 6;
    ResultTable vectors, blocks;
    vectors.arrays = {{"W_dec", {n, 5}, rows}};
    writeResult(folder / "data" / "kept.npy", vectors);
    std::vector<std::int32_t> pointers{0}, indices;
    for (int block = 0; block < 30; ++block) {
      for (std::int32_t id = block % 3; id < n; id += 3)
        indices.push_back(id);
      pointers.push_back(static_cast<std::int32_t>(indices.size()));
    }
    blocks.arrays = {{"indptr", {31}, pointers},
                     {"indices", {static_cast<std::int64_t>(indices.size())}, indices},
                     {"data",
                      {static_cast<std::int64_t>(indices.size())},
                      std::vector<float>(indices.size(), 1.0f)},
                     {"shape", {2}, std::vector<std::int64_t>{30, n}}};
    writeResult(folder / "else" / "blocks.npz", blocks);
    std::string types;
    for (int block = 0; block < 30; ++block)
      types += block % 2 ? "odd\n" : "even\n";
    std::ofstream(folder / "else" / "types.txt") << types;

    m_window->openFiles({folder / "data" / "kept.npy"});
    QTRY_VERIFY_WITH_TIMEOUT(document().features() == n && document().layer(), 20000);
    study().openCooccurrence(folder / "else" / "blocks.npz");
    QTRY_VERIFY(study().data() && study().data()->blocks() == 30);
    study().openDocuments(folder / "else" / "types.txt");
    QTRY_VERIFY(study().documentTypes());
    const QJsonObject kept = part().saveState();
    const auto dictionary = document().layer()->dictionary;
    document().closeLayer(document().layer()->id);

    QStringList asked;
    bool answer = false;
    part().setQuestion([&](const QStringList& paths) {
      asked = paths;
      return answer;
    });
    // The same layers in the same order, as a session has them.
    document().setCurrentLayer(document().addLayer(dictionary));
    part().restoreState(kept);
    QTRY_COMPARE(asked.size(), 2);
    QTest::qWait(50);
    QVERIFY(!study().data());
    answer = true;
    part().restoreState(kept);
    QTRY_VERIFY(study().data() && study().documentTypes());
    QCOMPARE(study().data()->blocks(), 30);
    QCOMPARE(study().documentTypes()->size(), std::size_t{30});
    // What is no state of ours does nothing.
    part().restoreState(QJsonObject{{"sources", QJsonArray{1, QJsonObject{{"layer", 99}}}}});
    document().closeLayer(document().layer()->id);
  }

  void darkThemeToo()
  {
    applyTheme(ThemeChoice::Dark);
    m_window->actions()->action("lobes.flow")->trigger();
    QCoreApplication::processEvents();
    QVERIFY(colorsOf(part().flow()).count(part().flow()->palette().color(QPalette::Base).rgb()));
    applyTheme(ThemeChoice::Light);
  }

  // Dropped together, in any order: the counts find the dictionary that opens after them.
  void droppedCountsFindTheirDictionary()
  {
    constexpr std::int64_t n = 12;
    const std::filesystem::path folder = m_folder.path().toStdString();
    ResultTable vectors, counts;
    std::vector<float> rows(n * 5);
    for (std::size_t i = 0; i < rows.size(); ++i)
      rows[i] = static_cast<float>((i * 7) % 11) - 5;
    vectors.arrays = {{"W_dec", {n, 5}, rows}};
    std::vector<std::int32_t> histogram(n * n, 1);
    for (std::int64_t i = 0; i < n; ++i)
      histogram[static_cast<std::size_t>(i * n + i)] = 3;
    counts.arrays = {{"histogram", {n, n}, histogram},
                     {"n_chunks", {1}, std::vector<std::int64_t>{40}}};
    writeResult(folder / "few.npy", vectors);
    writeResult(folder / "few-cooccurrences.npz", counts);
    m_window->openFiles({folder / "few-cooccurrences.npz", folder / "few.npy"});
    QTRY_VERIFY_WITH_TIMEOUT(document().features() == n && study().data(), 20000);
    QCOMPARE(study().data()->blocks(), 40);
    QCOMPARE(study().data()->own, std::vector<std::int64_t>(n, 3));
    QVERIFY(!study().data()->firings);
    QCOMPARE(document().layers().size(), std::size_t{2});
  }
};

QTEST_MAIN(tst_LobePart)
#include "tst_LobePart.moc"
