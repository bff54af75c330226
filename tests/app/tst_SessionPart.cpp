// Sessions in the window: saving, opening, asking before work is lost, recovery after a crash, and
// figures that open again.
#include "app/MainWindow.h"
#include "app/parts/SessionPart.h"
#include "core/io/ResultFile.h"
#include "tests/support/Paths.h"
#include "tests/support/Pictures.h"
#include "tests/support/TemporaryFolder.h"
#include "widgets/figure/PictureSession.h"
#include "widgets/panels/FigureDialog.h"
#include "widgets/views/GalaxyLayersTable.h"

#include <QCoreApplication>
#include <QFontInfo>
#include <QProcess>
#include <QSignalSpy>
#include <QtTest/QTest>

#include <cmath>
#include <set>

using namespace orrery;
using orrery::test::TemporaryFolder;
using Ids = std::vector<FeatureId>;

namespace {

std::filesystem::path writtenMatrix(const std::filesystem::path& path, int features)
{
  ResultArray array{"decoder", {features, 6}, std::vector<float>()};
  for (int i = 0; i < features * 6; ++i)
    std::get<std::vector<float>>(array.values).push_back(std::sin(1.7f * static_cast<float>(i)));
  writeResult(path, {{array}, {}});
  return path;
}

bool runProgram(const QStringList& arguments)
{
  QProcess program;
  program.start(QString::fromStdString(orrery::test::programFolder() + "/orrery"), arguments);
  if (!program.waitForFinished(60000) || program.exitCode() != 0) {
    qWarning("%s", program.readAllStandardError().constData());
    return false;
  }
  return true;
}

/// A window with settings of its own, that answers its questions by a script.
struct Bench {
  explicit Bench(const std::filesystem::path& folder)
      : settings(QString::fromStdString((folder / "settings.ini").string())), window(&settings)
  {
    window.resize(1000, 700);
    window.show();
    SessionQuestions& questions = window.session()->questions();
    questions.beforeClosing = [this](const QString&) {
      ++asked;
      return onClose;
    };
    questions.whereToSave = [this](const QString&) { return saveTo; };
    questions.mayOpen = [this](const QStringList& paths) {
      listed = paths;
      return mayOpen;
    };
    questions.whereIsIt = [this](const QString& missing) {
      listed << missing;
      return foundAt;
    };
    questions.recover = [this](const QStringList& names) {
      recoverable = names;
      return onRecover;
    };
  }
  void openAndWait(const std::filesystem::path& path)
  {
    window.openFiles({path});
    QTRY_VERIFY_WITH_TIMEOUT(window.document()->embedding(), 10000);
  }
  bool saveAndWait(const std::filesystem::path& path)
  {
    QSignalSpy saved(window.session(), &SessionPart::saved);
    window.session()->saveTo(path);
    return QTest::qWaitFor([&] { return saved.count() == 1; }, 10000);
  }
  bool openSession(const std::filesystem::path& path)
  {
    QSignalSpy opened(window.session(), &SessionPart::opened);
    window.openFiles({path});
    return QTest::qWaitFor([&] { return opened.count() == 1; }, 10000);
  }

  Settings settings;
  MainWindow window;
  SessionQuestions::Close onClose = SessionQuestions::Close::Cancel;
  SessionQuestions::Recovery onRecover = SessionQuestions::Recovery::Open;
  QString saveTo, foundAt;
  bool mayOpen = false;
  int asked = 0;
  QStringList listed, recoverable;
};

/// Something of everything that a session keeps.
void work(Bench& bench)
{
  Document& document = *bench.window.document();
  const int id = document.layer()->id;
  Column lobe{"lobe", Column::Kind::Category, {}, {}, {"a", "b"}, "Two lobes."};
  for (std::int64_t i = 0; i < document.features(); ++i)
    lobe.categories.push_back(static_cast<std::int32_t>(i % 2));
  document.setColumns(id, {lobe});
  document.selection()->setFeatures({2, 3, 11});
  Appearance look = document.appearance();
  look.colorBy = "lobe";
  look.pointSize = 7;
  document.setAppearance(look);
  bench.window.annotations()->setNote(id, 3, {"a note", {"tag"}});
  auto* layers = bench.window.findChild<GalaxyLayersTable*>();
  QVERIFY(layers && layers->rowCount() >= 1);
  layers->item(0, GalaxyLayersTable::LayerNumber)->setText(QStringLiteral("12"));
  QCoreApplication::processEvents();
  layers->item(0, GalaxyLayersTable::L0)->setText(bench.window.locale().toString(71.5));
  QCoreApplication::processEvents();
}

void compareWork(Bench& bench)
{
  const Document& document = *bench.window.document();
  QVERIFY(document.embedding());
  QCOMPARE(document.selection()->features(), (Ids{2, 3, 11}));
  QCOMPARE(document.appearance().colorBy, std::string("lobe"));
  QCOMPARE(document.appearance().pointSize, 7.0);
  QVERIFY(document.dictionary()->column("lobe"));
  QCOMPARE(bench.window.annotations()->current().notes.at(3).text, std::string("a note"));
  const auto* layers = bench.window.findChild<GalaxyLayersTable*>();
  QVERIFY(layers && layers->rowCount() >= 1);
  QCOMPARE(layers->item(0, GalaxyLayersTable::LayerNumber)->text(), QStringLiteral("12"));
  QCOMPARE(layers->item(0, GalaxyLayersTable::L0)->text(), QStringLiteral("71.5"));
}

}  // namespace

class tst_SessionPart : public QObject {
  Q_OBJECT

 private slots:
  void savesAndOpens()
  {
    const TemporaryFolder folder;
    const auto input = writtenMatrix(folder.path() / "in.npy", 30);
    const auto path = folder.path() / "work.orrery";
    Camera camera;
    QByteArray positions;
    {
      Bench bench(folder.path());
      bench.openAndWait(input);
      QVERIFY(!bench.window.session()->isModified());
      work(bench);
      QVERIFY(bench.window.session()->isModified());
      QVERIFY(bench.window.windowTitle().startsWith(QLatin1Char('*')));
      bench.window.cloud()->view()->lookAlong(0);
      QTest::qWait(500);
      camera = bench.window.cloud()->view()->camera();
      const Positions& map = bench.window.document()->embedding()->positions;
      positions = QByteArray(reinterpret_cast<const char*>(map.data()), map.size() * 4);
      bench.window.findChild<QDockWidget*>(QStringLiteral("appearance"))->hide();
      QVERIFY(bench.saveAndWait(path));
      QVERIFY(!bench.window.session()->isModified());
      QVERIFY(bench.window.windowTitle().startsWith(QStringLiteral("work.orrery")));
      // Now every step counts.
      bench.window.document()->selection()->setFeatures({1});
      QVERIFY(bench.window.session()->isModified());
    }
    Bench again(folder.path());
    QVERIFY(again.openSession(path));
    compareWork(again);
    QVERIFY(again.listed.isEmpty());
    QVERIFY(!again.window.session()->isModified());
    const Positions& map = again.window.document()->embedding()->positions;
    QCOMPARE(QByteArray(reinterpret_cast<const char*>(map.data()), map.size() * 4), positions);
    const Camera restored = again.window.cloud()->view()->camera();
    QVERIFY((restored.position - camera.position).norm() < 1e-9);
    QVERIFY(again.window.findChild<QDockWidget*>(QStringLiteral("appearance"))->isHidden());
    QVERIFY(!again.window.document()->undoStack()->canUndo());
  }

  void asksBeforeWorkIsLost()
  {
    const TemporaryFolder folder;
    Bench bench(folder.path());
    bench.window.session()->start();
    bench.openAndWait(writtenMatrix(folder.path() / "in.npy", 30));
    // Looking around is no work.
    bench.window.document()->selection()->setFeatures({1});
    work(bench);
    bench.onClose = SessionQuestions::Close::Cancel;
    QVERIFY(!bench.window.close());
    QCOMPARE(bench.asked, 1);
    QVERIFY(bench.window.isVisible());
    // Save: the window goes when that is done. Cancelled: it stays.
    bench.onClose = SessionQuestions::Close::Save;
    QVERIFY(!bench.window.close());
    QVERIFY(bench.window.isVisible());
    bench.saveTo = QString::fromStdString((folder.path() / "work.orrery").string());
    QVERIFY(!bench.window.close());
    QTRY_VERIFY_WITH_TIMEOUT(!bench.window.isVisible(), 10000);
    QVERIFY(readSession(folder.path() / "work.orrery").notes.empty());
    QCOMPARE(bench.asked, 3);
    bench.window.show();
    work(bench);
    bench.window.document()->selection()->setFeatures({9});
    bench.onClose = SessionQuestions::Close::Discard;
    QVERIFY(bench.window.close());
    QCOMPARE(bench.asked, 4);
  }

  void comesBackAfterACrash()
  {
    const TemporaryFolder folder;
    const auto input = writtenMatrix(folder.path() / "in.npy", 30);
    std::filesystem::path left;
    {
      Bench bench(folder.path());
      bench.window.session()->start();
      bench.openAndWait(input);
      QVERIFY(bench.saveAndWait(folder.path() / "old.orrery"));
      work(bench);
      bench.window.session()->end();  // a signal has come
      left = bench.window.session()->recoveryFile();
      QVERIFY(std::filesystem::exists(left));
    }
    Bench again(folder.path());
    QSignalSpy opened(again.window.session(), &SessionPart::opened);
    again.window.session()->start();
    QTRY_COMPARE_WITH_TIMEOUT(opened.count(), 1, 10000);
    QCOMPARE(again.recoverable.size(), 1);
    QVERIFY(again.recoverable.front().contains(QStringLiteral("old.orrery")));
    compareWork(again);
    // Unsaved, under its old name; kept until it is saved.
    QVERIFY(again.window.session()->isModified());
    QCOMPARE(again.window.session()->path(), folder.path() / "old.orrery");
    QVERIFY(std::filesystem::exists(left));
    QVERIFY(again.saveAndWait(folder.path() / "old.orrery"));
    QVERIFY(!std::filesystem::exists(left));
    QVERIFY(readSession(folder.path() / "old.orrery").layers[0].view.selection == (Ids{2, 3, 11}));
  }

  void brokenRecoveryIsSkipped()
  {
    const TemporaryFolder folder;
    folder.write("recovery/broken.orrery", "{\"kind\": \"orrery ses");
    Bench bench(folder.path());
    bench.window.session()->start();
    QVERIFY(bench.recoverable.isEmpty());
    QVERIFY(bench.window.messages()->text().contains(QStringLiteral("cannot be read")));
    QVERIFY(std::filesystem::exists(folder.path() / "recovery/broken.orrery"));
  }

  void twoCrashesInARowStartWithoutRecovery()
  {
    const TemporaryFolder folder;
    folder.write("recovery/a.orrery", "{}");
    // Locks of processes that are gone: what a killed program leaves.
    for (int crash = 1; crash <= 2; ++crash) {
      folder.write(
          "recovery/" + std::to_string(crash) + ".orrery.lock",
          "2147483647\ntst_SessionPart\n" + QSysInfo::machineHostName().toStdString() + "\n");
      Bench bench(folder.path());
      bench.window.session()->start();
      QCOMPARE(bench.settings.crashes(), crash);
      QCOMPARE(bench.window.messages()->text().contains(QStringLiteral("twice in a row")),
               crash == 2);
    }
    Bench bench(folder.path());
    bench.window.session()->start();
    QCOMPARE(bench.settings.crashes(), 0);
  }

  void straysGoAtTheStart()
  {
    const TemporaryFolder folder;
    folder.write("recovery/.orrery-save-0123456789abcdef.tmp", "half a session");
    Bench bench(folder.path());
    bench.window.session()->start();
    QTRY_VERIFY(
        !std::filesystem::exists(folder.path() / "recovery/.orrery-save-0123456789abcdef.tmp"));
  }

  // A stranger's session lists what it wants, and opens nothing unasked.
  void strangersAskFirst()
  {
    const TemporaryFolder folder, theirs;
    const auto input = writtenMatrix(folder.path() / "in.npy", 30);
    {
      Bench bench(folder.path());
      bench.openAndWait(input);
      work(bench);
      QVERIFY(bench.saveAndWait(theirs.path() / "work.orrery"));
    }
    Bench stranger(theirs.path());
    stranger.window.openFiles({theirs.path() / "work.orrery"});
    QTRY_COMPARE(stranger.listed.size(), 1);
    QVERIFY(stranger.listed.front().endsWith(QStringLiteral("in.npy")));
    QTest::qWait(50);
    QVERIFY(stranger.window.document()->layers().empty());
    stranger.mayOpen = true;
    QVERIFY(stranger.openSession(theirs.path() / "work.orrery"));
    compareWork(stranger);
    // Moved away: asked for; and what runs stays if there is no answer.
    std::filesystem::rename(input, folder.path() / "moved.npy");
    stranger.listed.clear();
    stranger.window.openFiles({theirs.path() / "work.orrery"});
    QTRY_VERIFY(stranger.window.messages()->text().contains(QStringLiteral("open again")));
    QTRY_COMPARE(stranger.listed.size(), 1);
    QTest::qWait(50);
    compareWork(stranger);
    stranger.foundAt = QString::fromStdString((folder.path() / "moved.npy").string());
    QVERIFY(stranger.openSession(theirs.path() / "work.orrery"));
    compareWork(stranger);
  }

  void brokenSessionsLeaveTheWindowAlone()
  {
    const TemporaryFolder folder;
    Bench bench(folder.path());
    bench.openAndWait(writtenMatrix(folder.path() / "in.npy", 30));
    QVERIFY(bench.saveAndWait(folder.path() / "work.orrery"));
    QVERIFY(bench.saveAndWait(folder.path() / "work.orrery"));
    folder.write("work.orrery", "{\"kind\": \"orrery session\", \"format\":");
    const auto layer = bench.window.document()->layer();
    while (!bench.window.messages()->text().isEmpty())
      bench.window.messages()->closeMessage();
    bench.window.openFiles({folder.path() / "work.orrery"});
    QTRY_VERIFY(bench.window.messages()->text().contains(QStringLiteral("work.orrery~")));
    QCOMPARE(bench.window.document()->layer(), layer);
    QVERIFY(bench.openSession(folder.path() / "work.orrery~"));
    QVERIFY(bench.window.session()->path().empty());
  }

  void changedFilesAreSaid()
  {
    const TemporaryFolder folder;
    const auto input = writtenMatrix(folder.path() / "in.npy", 30);
    Bench bench(folder.path());
    bench.openAndWait(input);
    while (!bench.window.messages()->text().isEmpty())
      bench.window.messages()->closeMessage();
    writtenMatrix(input, 31);
    QTRY_VERIFY(bench.window.messages()->text().contains(QStringLiteral("changed on the disk")));
    QCOMPARE(bench.window.document()->features(), std::int64_t{30});
  }

  void picturesOpenAgain()
  {
    const TemporaryFolder folder;
    const auto picture = folder.path() / "figure.png";
    FigureRequest asked;
    {
      Bench bench(folder.path());
      bench.openAndWait(writtenMatrix(folder.path() / "in.npy", 30));
      work(bench);
      bench.window.cloud()->view()->lookAlong(1);
      QTest::qWait(500);
      FigureRequest figure = bench.window.cloud()->figure();
      figure.metadata = pictureMetadata(bench.window.session()->text());
      FigureDialog dialog(figure, QStringLiteral("figure"));
      QSignalSpy written(&dialog, &FigureDialog::written);
      dialog.write(QString::fromStdString(picture.string()));
      QTRY_COMPARE_WITH_TIMEOUT(written.count(), 1, 20000);
      asked = dialog.request();
    }
    QVERIFY(sessionOfPicture(picture).find("\"orrery session\"") != std::string::npos);
    Bench again(folder.path());
    QVERIFY(again.openSession(picture));
    compareWork(again);
    QVERIFY(again.window.session()->path().empty());
    // The same picture to the pixel, drawn from what came out of the file.
    FigureRequest figure = again.window.cloud()->figure();
    figure.widthMm = asked.widthMm;
    figure.heightMm = asked.heightMm;
    figure.dpi = asked.dpi;
    figure.viewWidth = asked.viewWidth;
    figure.fontPoints = asked.fontPoints;
    const QImage first(QString::fromStdString(picture.string()));
    const QImage second = renderFigure(figure);
    QCOMPARE(second.size(), first.size());
    QVERIFY2(orrery::test::similarity(second, first) >= 0.999,
             qPrintable(QString::number(orrery::test::similarity(second, first))));
    // And with no display at all, by the program itself.
    const QString headless = QString::fromStdString((folder.path() / "headless.png").string());
    QVERIFY(runProgram({QStringLiteral("render"), QString::fromStdString(picture.string()),
                        QStringLiteral("--output"), headless, QStringLiteral("--height-mm"),
                        QString::number(asked.heightMm)}));
    const QImage third(headless);
    QCOMPARE(third.size(), second.size());
    QVERIFY2(orrery::test::similarity(third, second) >= 0.98,
             qPrintable(QString::number(orrery::test::similarity(third, second))));
    // As the window shows it, pixel for pixel of the view.
    const QImage shown = again.window.cloud()->view()->grabPicture();
    FigureRequest onScreen = again.window.cloud()->figure();
    onScreen.dpi = 25.4 * shown.width() / onScreen.widthMm;
    onScreen.heightMm = onScreen.widthMm * shown.height() / shown.width();
    onScreen.fontPoints = again.window.font().pixelSize() > 0
                              ? again.window.font().pixelSize() * 72.0 / onScreen.dpi
                              : QFontInfo(again.window.font()).pixelSize() * 72.0 / onScreen.dpi;
    onScreen.linePoints = 72.0 / onScreen.dpi;
    onScreen.legendPlace = LegendPlace::Inside;  // as windows have it
    const QImage drawn = renderFigure(onScreen);
    QCOMPARE(drawn.size(), shown.size());
    QVERIFY2(orrery::test::similarity(drawn, shown) >= 0.98,
             qPrintable(QString::number(orrery::test::similarity(drawn, shown))));
    QImage plain(10, 10, QImage::Format_RGB32);
    plain.fill(Qt::red);
    plain.save(QString::fromStdString((folder.path() / "plain.png").string()));
    while (!again.window.messages()->text().isEmpty())
      again.window.messages()->closeMessage();
    again.window.openFiles({folder.path() / "plain.png"});
    QTRY_VERIFY(again.window.messages()->text().contains(QStringLiteral("holds no session")));
  }

  // A figure of several panels is one command.
  void fourPanelsByOneCommand()
  {
    const TemporaryFolder folder;
    writtenMatrix(folder.path() / "in.npy", 60);
    std::string labels;
    for (int i = 0; i < 60; ++i)
      labels += "word " + std::to_string(i) + "\n";
    folder.write("in.labels.txt", labels);
    folder.write("four.json", R"({"width_mm": 170, "height_mm": 120, "columns": 2, "dpi": 150,
      "panels": [{"title": "Whole"}, {"title": "Plane", "dimensions": 2, "names": ["word 7", 3]},
                 {"title": "Found", "search": "word 1", "caption": true}, {"select": [1, 2]}]})");
    const auto at = [&](const char* name) {
      return QString::fromStdString((folder.path() / name).string());
    };
    const auto render = [&](const char* output) {
      return runProgram({QStringLiteral("render"), at("in.npy"), QStringLiteral("--layout"),
                         at("four.json"), QStringLiteral("--output"), at(output)});
    };
    QVERIFY(render("four.png"));
    const QImage picture(at("four.png"));
    QCOMPARE(picture.size(), QSize(1004, 709));
    QCOMPARE(picture.dotsPerMeterX(), 5906);
    // Something stands in each quarter.
    for (int quarter = 0; quarter < 4; ++quarter) {
      std::set<QRgb> colors;
      for (int y = 30; y < 350; ++y)
        for (int x = 5; x < 490; ++x)
          colors.insert(picture.pixel(x + quarter % 2 * 510, y + quarter / 2 * 355));
      QVERIFY(colors.size() > 10);
    }
    // It opens again: with the first panel's layer, map and look.
    {
      Bench bench(folder.path());
      QVERIFY(bench.openSession(folder.path() / "four.png"));
      QCOMPARE(bench.window.document()->layers().size(), std::size_t{1});
      QCOMPARE(bench.window.document()->features(), std::int64_t{60});
      QVERIFY(bench.window.document()->embedding());
      QCOMPARE(bench.window.document()->embedding()->dimensions, 3);
      QCOMPARE(bench.window.document()->dictionary()->labels[7], std::string("word 7"));
    }
    QVERIFY(render("four.svg"));
    QFile svg(at("four.svg"));
    QVERIFY(svg.open(QIODevice::ReadOnly));
    const QByteArray text = svg.readAll();
    for (const char* word : {"(a)", "(d)", "Plane", "word 7", "word 3"})
      QVERIFY2(text.contains(word), word);
    // What is misspelt is said, and nothing is drawn.
    folder.write("four.json", R"({"panels": [{"titel": "x"}]})");
    QProcess program;
    program.start(QString::fromStdString(orrery::test::programFolder() + "/orrery"),
                  {QStringLiteral("render"), at("in.npy"), QStringLiteral("--layout"),
                   at("four.json"), QStringLiteral("--output"), at("no.png")});
    QVERIFY(program.waitForFinished(60000));
    QCOMPARE(program.exitCode(), 1);
    QVERIFY(program.readAllStandardError().contains("did you mean 'title'"));
    QVERIFY(!std::filesystem::exists(folder.path() / "no.png"));
  }
};

QTEST_MAIN(tst_SessionPart)
#include "tst_SessionPart.moc"
