// One picture everywhere: what the window shows, what it exports, and what `orrery render` draws of
// the saved session with no display, for crystals, lobes and layers. (The plain cloud is
// tst_SessionPart's.)
#include "app/MainWindow.h"
#include "app/parts/LobePart.h"
#include "app/parts/SessionPart.h"
#include "core/io/ResultFile.h"
#include "tests/support/Paths.h"
#include "tests/support/Pictures.h"
#include "tests/support/SyntheticLobes.h"
#include "tests/support/TemporaryFolder.h"
#include "widgets/figure/PictureSession.h"
#include "widgets/panels/CrystalInspector.h"
#include "widgets/panels/Theme.h"
#include "widgets/views/GalaxyView.h"
#include "widgets/views/PlanarDrawing.h"

#include <QFontInfo>
#include <QProcess>
#include <QSignalSpy>
#include <QtTest/QTest>

#include <cmath>

using namespace orrery;
using orrery::test::similarity;
using orrery::test::TemporaryFolder;

namespace {

constexpr double same = 0.98;
/// Points of a page in a pixel of the screen, where drawings count in half points.
constexpr double pageDpi = 144.0;

#define VERIFY_SAME(first, second)                                                                 \
  do {                                                                                             \
    const QImage a = (first), b = (second);                                                        \
    QVERIFY2(!a.isNull() && a.size() == b.size(), qPrintable(QStringLiteral("%1 × %2 and %3 × %4") \
                                                                 .arg(a.width())                   \
                                                                 .arg(a.height())                  \
                                                                 .arg(b.width())                   \
                                                                 .arg(b.height())));               \
    const double found = similarity(a, b);                                                         \
    if (found < same) {                                                                            \
      a.save(QStringLiteral("%1-first.png").arg(QTest::currentTestFunction()));                    \
      b.save(QStringLiteral("%1-second.png").arg(QTest::currentTestFunction()));                   \
    }                                                                                              \
    QVERIFY2(found >= same, qPrintable(QString::number(found)));                                   \
  } while (false)

void writeDictionary(const std::filesystem::path& path, const Dictionary& dictionary)
{
  const FeatureMatrix& decoder = *dictionary.decoder;
  const std::vector<float> values(decoder.data(), decoder.data() + decoder.size());
  writeResult(path, {{{"decoder", {decoder.cols(), decoder.rows()}, values}}, {}});
  std::string labels;
  for (const std::string& label : dictionary.labels)
    labels += label + "\n";
  writeFileAtomically(std::filesystem::path(path).replace_extension(".labels.txt"), labels);
}

/// Blocks × features as SciPy's save_npz writes them.
void writeBlocks(const std::filesystem::path& path, const Firings& firings)
{
  const auto fired = static_cast<std::int64_t>(firings.ids.size());
  const std::vector<std::int64_t> starts(firings.starts.begin(), firings.starts.end());
  const std::vector<std::int32_t> ids(firings.ids.begin(), firings.ids.end());
  writeResult(path, {{{"indices", {fired}, ids},
                      {"indptr", {firings.blocks() + 1}, starts},
                      {"format", {}, std::vector<std::string>{"csr"}},
                      {"shape", {2}, std::vector<std::int64_t>{firings.blocks(), firings.features}},
                      {"data", {fired}, std::vector<float>(ids.size(), 1.0f)}},
                     {}});
}

/// A window with settings of its own.
struct Bench {
  explicit Bench(const std::filesystem::path& folder)
      : settings(QString::fromStdString((folder / "settings.ini").string())), window(&settings)
  {
    window.resize(1600, 1200);
    window.show();
    window.session()->questions().mayOpen = [](const QStringList&) { return true; };
  }
  bool open(const std::filesystem::path& path)
  {
    window.openFiles({path});
    return QTest::qWaitFor([&] { return window.document()->embedding() != nullptr; }, 20000);
  }
  bool save(const std::filesystem::path& path)
  {
    QSignalSpy saved(window.session(), &SessionPart::saved);
    window.session()->saveTo(path);
    return QTest::qWaitFor([&] { return saved.count() == 1; }, 20000);
  }
  bool openSession(const std::filesystem::path& path)
  {
    QSignalSpy opened(window.session(), &SessionPart::opened);
    window.openFiles({path});
    return QTest::qWaitFor([&] { return opened.count() == 1; }, 20000);
  }

  Settings settings;
  MainWindow window;
};

/// `orrery render` on a file, to a picture.
QImage headless(const TemporaryFolder& folder, const char* session, const QStringList& more)
{
  const QString output = QString::fromStdString((folder.path() / "headless.png").string());
  QProcess program;
  program.start(QString::fromStdString(orrery::test::programFolder() + "/orrery"),
                QStringList{QStringLiteral("render"),
                            QString::fromStdString((folder.path() / session).string()),
                            QStringLiteral("--output"), output} +
                    more);
  if (!program.waitForFinished(60000) || program.exitCode() != 0)
    qWarning("%s", program.readAllStandardError().constData());
  const QImage picture(output);
  QFile::remove(output);
  return picture;
}

/// What the widget shows, once it shows it.
QImage shown(QWidget* widget)
{
  QTest::qWait(50);
  return widget->grab().toImage();
}

/// The drawing on a page that is as large as the view, its text as large as the view's.
QImage onPage(const DrawingView& view)
{
  DrawingFigure figure = view.figure();
  figure.caption.clear();  // in the window, the sentence stands below the view
  figure.widthMm = view.width() * 25.4 / pageDpi;
  figure.heightMm = view.height() * 25.4 / pageDpi;
  figure.dpi = pageDpi;
  figure.fontPoints = QFontInfo(view.font()).pixelSize() * 72.0 / pageDpi;
  return QImage::fromData(drawingBytes(figure, ".png"), "png");
}

QImage pictureOf(const std::filesystem::path& path)
{
  return QImage(QString::fromStdString(path.string()));
}

}  // namespace

class tst_SamePictures : public QObject {
  Q_OBJECT

 private slots:
  void initTestCase() { applyTheme(ThemeChoice::Light); }

  // Lobes are cut, saved, and stand in another window without being cut again.
  void sixMapsOfLobes()
  {
    const TemporaryFolder folder;
    const SyntheticLobes truth = syntheticLobes(300, 400);
    writeDictionary(folder.path() / "words.npz", *truth.dictionary);
    writeBlocks(folder.path() / "blocks.npz", *truth.data->firings);
    QImage before;
    {
      Bench bench(folder.path());
      QVERIFY(bench.open(folder.path() / "words.npz"));
      LobeStudy* study = bench.window.lobes()->study();
      bench.window.lobes()->openFiles({folder.path() / "blocks.npz"}, [](const auto&) {});
      QTRY_VERIFY_WITH_TIMEOUT(study->data(), 20000);
      LobeAnalysisOptions options;
      options.measures.assign(std::begin(allAffinityMeasures), std::end(allAffinityMeasures));
      options.clustering.clusters = {2, 3};
      options.locality.permutations = 10;
      options.locality.logistic = false;
      study->analyze(options);
      QTRY_VERIFY_WITH_TIMEOUT(study->result() && study->purpose(), 60000);
      study->rename(study->shown(), 0, "my own name");
      bench.window.actions()->action("lobes.maps")->trigger();
      SixMaps* maps = bench.window.lobes()->maps();
      QTRY_VERIFY(maps->isVisible());
      // Turned, so that the camera is kept as well.
      QTest::mousePress(maps, Qt::LeftButton, {}, QPoint(80, 80));
      QTest::mouseMove(maps, QPoint(100, 90));
      QTest::mouseMove(maps, QPoint(140, 110));
      QTest::mouseRelease(maps, Qt::LeftButton, {}, QPoint(140, 110));
      before = shown(maps);
      QVERIFY(bench.save(folder.path() / "work.orrery"));
    }
    Bench bench(folder.path());
    QVERIFY(bench.openSession(folder.path() / "work.orrery"));
    LobeStudy* study = bench.window.lobes()->study();
    QVERIFY(study->result());
    QCOMPARE(study->shown(), (LobeChoice{AffinityMeasure::Phi, 3}));
    QCOMPARE(study->names(study->shown())[0], std::string("my own name"));
    SixMaps* maps = bench.window.lobes()->maps();
    maps->setFixedSize(before.size());
    bench.window.actions()->action("lobes.maps")->trigger();
    QTRY_VERIFY(maps->isVisible());
    VERIFY_SAME(shown(maps), before);
    VERIFY_SAME(onPage(*maps), before);
    // Their firings come back behind them, and they stay.
    QTRY_VERIFY_WITH_TIMEOUT(study->data() && study->purpose() && study->purpose()->hasBlocks,
                             20000);
    QVERIFY(study->result());
    VERIFY_SAME(shown(maps), before);
    maps->save(folder.path() / "maps.png");
    const QImage file = pictureOf(folder.path() / "maps.png");
    VERIFY_SAME(
        headless(folder, "work.orrery",
                 {QStringLiteral("--view"), QStringLiteral("lobes"), QStringLiteral("--height-mm"),
                  QString::number(maps->figure().heightMm, 'f', 6)}),
        file);
  }

  void cloudsOfLayers()
  {
    const TemporaryFolder folder;
    SyntheticOptions options;
    options.features = 400;
    options.dimensions = 32;
    options.blocks = 0;
    std::vector<std::filesystem::path> files;
    for (int layer = 0; layer < 3; ++layer) {
      options.spectrumExponent = 0.3 + 0.2 * layer;
      options.seed = static_cast<std::uint64_t>(layer);
      files.push_back(folder.path() / ("layer_" + std::to_string(layer) + ".npz"));
      writeDictionary(files.back(), makeSyntheticDictionary(options).dictionary);
    }
    {
      Bench bench(folder.path());
      bench.window.openFiles(files);
      QTRY_COMPARE_WITH_TIMEOUT(bench.window.document()->layers().size(), std::size_t{3}, 20000);
      auto* view = qobject_cast<GalaxyView*>(bench.window.views()->view(QStringLiteral("galaxy")));
      QVERIFY(view);
      GalaxyLook look = view->look();
      look.published = true;
      Camera camera;
      camera.position = {0.5, 0.4, 3.0};
      look.camera = camera;
      view->setLook(look);
      auto* layers = view->findChild<GalaxyLayersTable*>();
      QVERIFY(layers && layers->rowCount() == 3);
      layers->item(0, GalaxyLayersTable::L0)->setText(QStringLiteral("55"));
      QCoreApplication::processEvents();  // an edit is taken after the table is done with it
      QVERIFY(bench.save(folder.path() / "work.orrery"));
    }
    Bench bench(folder.path());
    QVERIFY(bench.openSession(folder.path() / "work.orrery"));
    bench.window.views()->showView(QStringLiteral("galaxy"));
    auto* view = qobject_cast<GalaxyView*>(bench.window.views()->view(QStringLiteral("galaxy")));
    QVERIFY(view && view->look().published && view->look().camera);
    for (QPushButton* button : view->findChildren<QPushButton*>())
      if (button->text() == QLatin1String("Analyse"))
        button->click();
    CloudRowWidget* clouds = view->clouds();
    QTRY_COMPARE_WITH_TIMEOUT(clouds->clouds().size(), std::size_t{3}, 60000);
    QCOMPARE(clouds->clouds().front().title, QStringLiteral("Layer 0, L0 55"));
    // As large as the page, its text as large as the page's.
    constexpr double widthMm = 170;
    QFont font = clouds->font();
    font.setPixelSize(13);
    clouds->setFont(font);
    clouds->setFixedSize(
        static_cast<int>(std::lround(widthMm / 25.4 * pageDpi)),
        static_cast<int>(std::lround(cloudRowHeight(widthMm, 3) / 25.4 * pageDpi)));
    writeCloudRow(clouds->clouds(), clouds->options(), folder.path() / "page.png", widthMm,
                  cloudRowHeight(widthMm, 3), pageDpi);
    VERIFY_SAME(pictureOf(folder.path() / "page.png"), shown(clouds));
    view->saveClouds(folder.path() / "clouds.png");
    VERIFY_SAME(
        headless(folder, "work.orrery", {QStringLiteral("--view"), QStringLiteral("galaxy")}),
        pictureOf(folder.path() / "clouds.png"));
  }

  // A crystal over the cloud, in its plane, and a filter that greys the others.
  void crystals()
  {
    const TemporaryFolder folder;
    SyntheticOptions options;
    options.features = 300;
    options.dimensions = 32;
    options.relations = 1;
    options.blocks = 0;
    const SyntheticDictionary made = makeSyntheticDictionary(options);
    writeDictionary(folder.path() / "words.npz", made.dictionary);
    const auto& pairs = made.relations.front().pairs;
    {
      Bench bench(folder.path());
      QVERIFY(bench.open(folder.path() / "words.npz"));
      Document& document = *bench.window.document();
      bench.window.cloud()->view()->lookAlong(0);
      QTest::qWait(400);
      Column score{"score", Column::Kind::Number, {}, {}, {}, "A number."};
      for (std::int64_t i = 0; i < document.features(); ++i)
        score.numbers.push_back(static_cast<double>(i));
      document.computeColumns(document.layer()->id, {score}, QStringLiteral("Number"));
      bench.window.annotations()->setFilter(document.layer()->id, ColumnFilter{"score", 0, 150});
      document.selection()->setFeatures(
          {pairs[0].first, pairs[0].second, pairs[1].first, pairs[1].second});
      bench.window.actions()->action("crystals.make")->trigger();
      QTRY_VERIFY_WITH_TIMEOUT(!bench.window.cloud()->figure().crystals.empty(), 20000);
      QVERIFY(bench.save(folder.path() / "work.orrery"));
    }
    Bench bench(folder.path());
    QVERIFY(bench.openSession(folder.path() / "work.orrery"));
    CloudPanel* cloud = bench.window.cloud();
    auto* inspector = bench.window.findChild<CrystalInspector*>();
    QVERIFY(inspector);
    QTRY_VERIFY_WITH_TIMEOUT(!inspector->drawing()->isEmpty(), 20000);
    QTRY_VERIFY(inspector->drawing()->share() == 1.0);
    QVERIFY(!cloud->figure().crystals.empty());
    QVERIFY(cloud->figure().emphasis);

    // The ring around the feature that is looked at is the window's alone, like its cursor.
    bench.window.document()->selection()->setFeatures({});
    const QImage seen = cloud->view()->grabPicture();
    FigureRequest figure = cloud->figure();
    figure.dpi = 25.4 * seen.width() / figure.widthMm;
    figure.heightMm = figure.widthMm * seen.height() / seen.width();
    figure.fontPoints = QFontInfo(bench.window.font()).pixelSize() * 72.0 / figure.dpi;
    figure.linePoints = 72.0 / figure.dpi;
    figure.legendPlace = LegendPlace::Inside;
    VERIFY_SAME(renderFigure(figure), seen);

    // In a file, and without a display. The session's window was of another shape.
    FigureRequest file = cloud->figure();
    file.dpi = 300;
    const QStringList size{QStringLiteral("--height-mm"), QString::number(file.heightMm, 'f', 6)};
    QVERIFY(bench.save(folder.path() / "work.orrery"));
    VERIFY_SAME(headless(folder, "work.orrery", size), renderFigure(file));

    // In its own plane: the view, a file of it, and the half of render's page.
    PlanarDrawing* drawing = inspector->drawing();
    drawing->setFixedSize(482, 454);  // 85 × 80 mm
    VERIFY_SAME(onPage(*drawing), shown(drawing));
    const QImage both =
        headless(folder, "work.orrery", {QStringLiteral("--view"), QStringLiteral("crystals")});
    QCOMPARE(both.width(), 2008);
    DrawingFigure plane = drawing->figure();
    plane.widthMm = 85;
    plane.heightMm = 80;
    const QImage half = QImage::fromData(drawingBytes(plane, ".png"), "png");
    VERIFY_SAME(both.copy(both.width() - half.width(), 0, half.width(), half.height()), half);
  }
};

QTEST_MAIN(tst_SamePictures)
#include "tst_SamePictures.moc"
