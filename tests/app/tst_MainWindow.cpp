// The whole window on the offscreen platform: opening, linking, naming, closing.
#include "app/CommandPalette.h"
#include "app/HelpDialogs.h"
#include "app/KeyDialog.h"
#include "app/MainWindow.h"
#include "tests/support/Accessibility.h"
#include "tests/support/TestData.h"
#include "widgets/panels/FigureDialog.h"
#include "widgets/panels/OpenDialog.h"

#include <QApplication>
#include <QClipboard>
#include <QDockWidget>
#include <QElapsedTimer>
#include <QLineEdit>
#include <QMimeData>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTextBlock>
#include <QTextEdit>
#include <QToolBar>
#include <QtTest/QTest>

#include <set>
#include <thread>

using namespace orrery;
using orrery::test::unnamed;
using Ids = std::vector<FeatureId>;

namespace {

std::shared_ptr<const Dictionary> words(int features)
{
  auto dictionary = std::make_shared<Dictionary>();
  dictionary->name = "words";
  dictionary->decoder = std::make_shared<const FeatureMatrix>(FeatureMatrix::Random(6, features));
  for (int i = 0; i < features; ++i)
    dictionary->labels.push_back("word " + std::to_string(i));
  Column column;
  column.name = "frequency";
  for (int i = 0; i < features; ++i)
    column.numbers.push_back(i);
  dictionary->columns.push_back(std::move(column));
  return dictionary;
}

}  // namespace

class tst_MainWindow : public QObject {
  Q_OBJECT
 private:
  QTemporaryDir m_folder;
  int m_files = 0;

  std::unique_ptr<Settings> freshSettings()
  {
    return std::make_unique<Settings>(m_folder.filePath(QString::number(++m_files) + ".ini"));
  }

 private slots:
  void initTestCase() { applyTheme(ThemeChoice::Light); }

  void startPageComesFirst()
  {
    const auto settings = freshSettings();
    MainWindow window(settings.get());
    window.show();
    QCOMPARE(window.windowTitle(), QStringLiteral("Orrery"));
    QVERIFY(window.findChild<StartPage*>()->isVisible());
    for (const QDockWidget* dock : window.findChildren<QDockWidget*>())
      QVERIFY(!dock->isVisible());
    QVERIFY(!window.actions()->action("select.all")->isEnabled());
    QVERIFY(window.actions()->action("file.open")->isEnabled());
    window.document()->addLayer(words(20));
    QVERIFY(!window.findChild<StartPage*>()->isVisible());
    // Panels of a scale wait until they are asked for.
    for (const char* id : {"features", "inspector", "appearance"})
      QVERIFY(window.findChild<QDockWidget*>(QLatin1String(id))->isVisible());
    window.actions()->action("file.close")->trigger();
    QVERIFY(window.findChild<StartPage*>()->isVisible());
  }

  // Select in one, look at the others.
  void selectingAnywhereShowsEverywhere()
  {
    const auto settings = freshSettings();
    MainWindow window(settings.get());
    window.resize(1280, 800);
    window.show();
    Document& document = *window.document();
    document.addLayer(words(300));
    QTRY_VERIFY(document.embedding());
    auto* table = window.featurePanel()->table();
    const auto everywhere = [&](const Ids& features, FeatureId current) {
      QCOMPARE(document.selection()->features(), features);
      QCOMPARE(window.inspector()->feature(), current);
      for (const FeatureId feature : features)
        QVERIFY(
            table->selectionModel()->isRowSelected(window.featurePanel()->model()->row(feature)));
    };

    // Table.
    QTest::mouseClick(table->viewport(), Qt::LeftButton, {},
                      table->visualRect(window.featurePanel()->model()->index(2, 1)).center());
    everywhere({2}, 2);
    QTRY_COMPARE(window.inspector()->neighbors()->model()->rowCount(), 20);

    // Inspector: a click on the nearest neighbour goes there.
    const FeatureId nearest = window.inspector()->neighbors()->model()->feature(0);
    auto* list = window.inspector()->neighbors()->table();
    QTest::mouseClick(list->viewport(), Qt::LeftButton, {},
                      list->visualRect(list->model()->index(0, 1)).center());
    everywhere({nearest}, nearest);

    // Cloud: what it reports of a click and of a region.
    emit window.cloud()->view()->clicked(17, Qt::NoModifier);
    everywhere({17}, 17);
    emit window.cloud()->view()->clicked(19, Qt::ShiftModifier);
    everywhere({17, 19}, 19);
    emit window.cloud()->view()->clicked(17, Qt::ControlModifier);
    everywhere({19}, 19);
    emit window.cloud()->view()->regionSelected({1, 2, 3}, SelectionModel::Mode::Add);
    everywhere({1, 2, 3, 19}, 19);
    emit window.cloud()->view()->clicked(noFeature, Qt::NoModifier);
    QVERIFY(document.selection()->features().empty());

    // Search: next match.
    document.setSearch({"^word 25", true, false});
    QTRY_COMPARE(document.matches().size(), std::size_t{11});
    window.actions()->action("edit.next")->trigger();
    everywhere({25}, 25);
    window.actions()->action("edit.next")->trigger();
    everywhere({250}, 250);
    window.actions()->action("edit.previous")->trigger();
    window.actions()->action("edit.previous")->trigger();
    everywhere({259}, 259);  // around the end

    // Query.
    document.ask("#1 - #2 + #3");
    QTRY_COMPARE(window.inspector()->answers()->model()->rowCount(), 20);

    // And all of it back again.
    while (document.undoStack()->canUndo())
      window.actions()->action("edit.undo")->trigger();
    QVERIFY(document.selection()->features().empty());
    QVERIFY(document.searchText().text.empty());
  }

  void actionsSelect()
  {
    const auto settings = freshSettings();
    MainWindow window(settings.get());
    window.show();
    window.document()->addLayer(words(50));
    QTRY_VERIFY(window.document()->embedding());
    const auto run = [&](const char* id) { window.actions()->action(id)->trigger(); };
    const auto selected = [&] { return window.document()->selection()->features().size(); };
    run("select.all");
    QCOMPARE(selected(), std::size_t{50});
    run("select.none");
    QCOMPARE(selected(), std::size_t{0});
    window.document()->selection()->setFeatures({1, 2});
    run("select.invert");
    QCOMPARE(selected(), std::size_t{48});
    run("edit.copySelection");
    QVERIFY(QApplication::clipboard()->text().contains(QStringLiteral("word 49")));
    run("edit.copyView");
    QVERIFY(QApplication::clipboard()->mimeData()->hasImage());
    for (const auto& [id, tool] :
         {std::pair("select.lasso", CloudTool::Lasso), std::pair("select.brush", CloudTool::Brush),
          std::pair("select.navigate", CloudTool::Navigate)}) {
      run(id);
      QCOMPARE(window.cloud()->view()->tool(), tool);
    }
  }

  // The keys that hands know, each on one action only.
  void keysAreUnique()
  {
    std::set<QString> seen;
    for (const ActionSpec& spec : actionSpecs())
      for (const QString& key :
           QString::fromLatin1(spec.shortcut).split(QStringLiteral("; "), Qt::SkipEmptyParts)) {
        QVERIFY2(seen.insert(key).second, qPrintable(key));
        QVERIFY2(!QKeySequence::fromString(key).isEmpty(), qPrintable(key));
      }
    for (const char* key : {"R",
                            "L",
                            "P",
                            "B",
                            "Ctrl+A",
                            "Ctrl+Shift+A",
                            "Ctrl+I",
                            "Ctrl+Z",
                            "Ctrl+Shift+Z",
                            "F",
                            "Home",
                            "1",
                            "3",
                            "7",
                            "5",
                            "Ctrl+F",
                            "Ctrl+Shift+P",
                            "?",
                            "F12",
                            "Ctrl+Shift+E",
                            "Ctrl+O"})
      QVERIFY2(seen.count(QLatin1String(key)), key);
  }

  void everyControlHasAName()
  {
    const auto settings = freshSettings();
    MainWindow window(settings.get());
    window.show();
    QCOMPARE(unnamed(&window).join(QLatin1Char('\n')), QString());
    window.document()->addLayer(words(30));
    QTRY_VERIFY(window.document()->embedding());
    window.document()->selection()->setFeatures({3});
    QCOMPARE(unnamed(&window).join(QLatin1Char('\n')), QString());
    OpenDialog open(std::filesystem::path("/no/such/file.npy"));
    QCOMPARE(unnamed(&open).join(QLatin1Char('\n')), QString());
    CommandPalette palette(*window.actions());
    QCOMPARE(unnamed(&palette).join(QLatin1Char('\n')), QString());
    CheatSheet sheet(*window.actions());
    QCOMPARE(unnamed(&sheet).join(QLatin1Char('\n')), QString());
    HelpDialog help(*window.actions());
    QCOMPARE(unnamed(&help).join(QLatin1Char('\n')), QString());
    KeyDialog keys(*window.actions());
    QCOMPARE(unnamed(&keys).join(QLatin1Char('\n')), QString());
    AboutDialog about(QStringLiteral("software"));
    QCOMPARE(unnamed(&about).join(QLatin1Char('\n')), QString());
    FigureDialog figure(window.cloud()->figure(), QStringLiteral("figure"));
    QCOMPARE(unnamed(&figure).join(QLatin1Char('\n')), QString());
  }

  // Every view and panel follows a change of theme at once, also while a map is being made.
  void themeChangesEverything()
  {
    const auto settings = freshSettings();
    MainWindow window(settings.get());
    window.resize(1280, 800);
    window.show();
    window.document()->addLayer(words(600));
    QTRY_VERIFY(window.document()->embedding());
    for (QDockWidget* dock : window.findChildren<QDockWidget*>())
      dock->setVisible(true);
    window.document()->selection()->setFeatures({3}, 3);
    const auto* details = window.inspector()->findChild<QTextEdit*>();
    QVERIFY(details);
    window.actions()->action("tools.tsne2")->trigger();
    // The share of pixels that belong to the other theme.
    const auto strange = [](const QImage& picture, bool dark) {
      qint64 count = 0;
      for (int y = 0; y < picture.height(); y += 3)
        for (int x = 0; x < picture.width(); x += 3) {
          const int grey = qGray(picture.pixel(x, y));
          count += dark ? grey > 190 : grey < 70;
        }
      return 9.0 * static_cast<double>(count) / (picture.width() * picture.height());
    };
    for (int turn = 0; turn < 3; ++turn)
      for (const ThemeChoice theme : {ThemeChoice::Dark, ThemeChoice::Light})
        for (const char* view : {"cloud", "lobes", "planes", "galaxy"}) {
          window.views()->showView(QLatin1String(view));
          applyTheme(theme);
          QTest::qWait(turn == 0 ? 60 : 5);
          const bool dark = theme == ThemeChoice::Dark;
          const double whole = strange(window.grab().toImage(), dark);
          QVERIFY2(
              whole < 0.15,
              qPrintable(
                  QStringLiteral("%1 in %2: %3").arg(view, dark ? "dark" : "light").arg(whole)));
          const QImage cloud = window.cloud()->view()->grabPicture();
          QCOMPARE(qGray(cloud.pixel(2, 2)) < 128, dark);
          // What is written in colours of its own is written anew.
          const auto isLight = [&] {
            const auto first = details->document()->begin().begin();
            return qGray(first.fragment().charFormat().foreground().color().rgb()) > 128;
          };
          QTRY_COMPARE(isLight(), dark);
          applyTheme(dark ? ThemeChoice::Light : ThemeChoice::Dark);
        }
    applyTheme(ThemeChoice::Light);
  }

  // Keys of commands work where one types, too; what every field knows stays the field's.
  void keysWorkInTextFields()
  {
    const auto settings = freshSettings();
    MainWindow window(settings.get());
    window.resize(1280, 800);
    window.show();
    window.document()->addLayer(words(50));
    QVERIFY(QTest::qWaitForWindowActive(&window));
    window.actions()->action("edit.find")->trigger();
    auto* search = qobject_cast<QLineEdit*>(QApplication::focusWidget());
    QVERIFY(search);
    QTest::keyClicks(search, QStringLiteral("word"));
    QTest::keyClick(search, Qt::Key_E, Qt::ControlModifier);
    auto* query = qobject_cast<QLineEdit*>(QApplication::focusWidget());
    QVERIFY(query && query != search);
    QCOMPARE(query->accessibleName(), QStringLiteral("Query"));
    // In a field, Ctrl+A means its text, not all features.
    search->setFocus();
    QTest::keyClick(search, Qt::Key_A, Qt::ControlModifier);
    QCOMPARE(search->selectedText(), QStringLiteral("word"));
    QVERIFY(window.document()->selection()->features().empty());
  }

  void figureDialogWrites()
  {
    const auto settings = freshSettings();
    MainWindow window(settings.get());
    window.show();
    window.document()->addLayer(words(30));
    QTRY_VERIFY(window.document()->embedding());
    FigureDialog dialog(window.cloud()->figure(), QStringLiteral("figure"));
    QSignalSpy written(&dialog, &FigureDialog::written);
    const QString path = m_folder.filePath(QStringLiteral("figure.png"));
    dialog.write(path);
    QTRY_COMPARE_WITH_TIMEOUT(written.count(), 1, 20000);
    const QImage picture(path);
    QCOMPARE(picture.width(), 1004);  // 85 mm at 300 dpi
    QCOMPARE(qRound(picture.dotsPerMeterX() * 0.0254), 300);
  }

  void noTextIsTakenForMarkup()
  {
    const auto settings = freshSettings();
    MainWindow window(settings.get());
    auto dictionary = std::make_shared<Dictionary>(*words(30));
    for (std::string& label : dictionary->labels)
      label = "<h1>huge</h1><img src='file:///etc/passwd'>";
    window.document()->addLayer(dictionary);
    window.document()->selection()->setFeatures({3});
    QCoreApplication::processEvents();
    for (const QLabel* label : window.findChildren<QLabel*>())
      if (label->text().contains(QStringLiteral("<h1>")))
        QCOMPARE(label->textFormat(), Qt::PlainText);
  }

  void layoutHoldsAtEverySize()
  {
    const auto settings = freshSettings();
    MainWindow window(settings.get());
    window.show();
    window.document()->addLayer(words(30));
    QTRY_VERIFY(window.document()->embedding());
    for (const QSize size : {QSize(1, 1), QSize(200, 150), QSize(1280, 800), QSize(2560, 1600)}) {
      window.resize(size);
      QCoreApplication::processEvents();
      QVERIFY(window.width() <= std::max(size.width(), 1280));
    }
    window.resize(1280, 800);
    QCoreApplication::processEvents();
    QVERIFY(window.cloud()->view()->width() >= 400);
    QVERIFY(window.cloud()->view()->height() >= 500);
  }

  void geometryIsClampedToTheScreens()
  {
    const QList<QRect> screens{QRect(0, 0, 1920, 1080), QRect(1920, 0, 1280, 1024)};
    QCOMPARE(clampedToScreens(QRect(100, 100, 800, 600), screens), QRect(100, 100, 800, 600));
    QCOMPARE(clampedToScreens(QRect(-5000, -5000, 800, 600), screens), QRect(0, 0, 800, 600));
    QCOMPARE(clampedToScreens(QRect(9000, 500, 5000, 5000), screens), QRect(1920, 0, 1280, 1024));
    const auto settings = freshSettings();
    {
      MainWindow window(settings.get());
      window.setGeometry(40, 50, 700, 500);
      window.show();
      window.close();
    }
    MainWindow again(settings.get());
    QCOMPARE(again.geometry(), QRect(40, 50, 700, 500));
  }

  void brokenSettingsAreNoHarm()
  {
    const QString file = m_folder.filePath(QStringLiteral("broken.ini"));
    {
      QFile stream(file);
      QVERIFY(stream.open(QIODevice::WriteOnly));
      stream.write(
          "[General]\ntheme=@Invalid()\nrecent=@Variant(\\0\\0\\0\\x7f)\n[window]\n"
          "geometry=@Rect(-99999 -99999 999999 999999)\nlayout=\"@ByteArray(\\xff\\xff)\"\n");
    }
    Settings settings(file);
    MainWindow window(&settings);
    window.show();
    const QRect screen = QGuiApplication::primaryScreen()->geometry();
    QVERIFY(screen.intersects(window.geometry()));
    QVERIFY(window.width() <= screen.width());
  }

  void commandPaletteFinds()
  {
    QVERIFY(matchesWords(QStringLiteral("Select: Lasso"), QStringLiteral("la sel")));
    QVERIFY(!matchesWords(QStringLiteral("Select: Lasso"), QStringLiteral("asso")));
    const auto settings = freshSettings();
    MainWindow window(settings.get());
    CommandPalette palette(*window.actions());
    QTest::keyClicks(palette.findChild<QLineEdit*>(), QStringLiteral("open demo"));
    QTest::keyClick(palette.findChild<QLineEdit*>(), Qt::Key_Return);
    QVERIFY(palette.chosen());
    QCOMPARE(palette.chosen()->objectName(), QStringLiteral("file.demo"));
  }

  void demoIsCalledSyntheticEverywhere()
  {
    const auto settings = freshSettings();
    MainWindow window(settings.get());
    window.show();
    window.document()->openDemo();
    QTRY_VERIFY_WITH_TIMEOUT(window.document()->embedding(), 20000);
    const QString word = QStringLiteral("synthetic");
    QVERIFY(window.windowTitle().contains(word));
    QVERIFY(window.cloud()->caption().contains(word));
    auto* layer = window.findChild<QToolBar*>()->findChild<QComboBox*>();
    QCOMPARE(layer->count(), 6);
    for (int i = 0; i < layer->count(); ++i)
      QVERIFY(layer->itemText(i).contains(word));
    QVERIFY(window.messages()->text().contains(word));
  }

  void googleNewsEndToEnd()
  {
    ORRERY_NEED_DATA("embeddings/googlenews_8168x300.npy");
    const auto settings = freshSettings();
    MainWindow window(settings.get());
    window.resize(1280, 800);
    window.show();
    QElapsedTimer clock;
    clock.start();
    window.openFiles({dataPath});
    Document& document = *window.document();
    // Whatever runs, the window answers: the longest turn of the event loop is measured.
    qint64 longest = 0;
    while (!document.embedding() || window.cloud()->view()->lastFrame().points == 0) {
      QElapsedTimer turn;
      turn.start();
      QCoreApplication::processEvents(QEventLoop::AllEvents);
      longest = std::max(longest, turn.elapsed());
      QTest::qSleep(1);
      QVERIFY2(clock.elapsed() < 30000, "no points after 30 s");
    }
    qInfo("8,168 × 300: first points after %lld ms, longest turn %lld ms",
          static_cast<long long>(clock.elapsed()), static_cast<long long>(longest));
    QVERIFY(window.windowTitle().contains(QStringLiteral("googlenews")));
    QVERIFY(window.messages()->text().contains(QStringLiteral("8,168 features × 300 dimensions")));
    QCOMPARE(document.dictionary()->labels.size(), std::size_t{8168});
    QCOMPARE(window.featurePanel()->model()->rowCount(), 8168);
    QCOMPARE(settings->recent().size(), 1);

    document.ask("king - man + woman");
    QTRY_VERIFY_WITH_TIMEOUT(!document.answer().neighbors.empty(), 10000);
    const auto queen = document.answer().neighbors.front().feature;
    QCOMPARE(document.dictionary()->labels[static_cast<std::size_t>(queen)], std::string("queen"));

    document.setSearch({"^queen$", true, true});
    QTRY_COMPARE(document.matches(), (Ids{queen}));
    window.actions()->action("edit.next")->trigger();
    QCOMPARE(window.inspector()->labelShown(), QStringLiteral("queen"));
    window.actions()->action("view.frameSelection")->trigger();
    QTest::qWait(500);

    // The picture is not empty.
    const QImage picture = window.cloud()->view()->grabPicture();
    std::set<QRgb> colors;
    for (int y = 0; y < picture.height(); y += 3)
      for (int x = 0; x < picture.width(); x += 3)
        colors.insert(picture.pixel(x, y));
    QVERIFY(colors.size() > 8);
  }

  void closesWithinASecondWhateverRuns()
  {
    const auto settings = freshSettings();
    QElapsedTimer clock;
    {
      MainWindow window(settings.get());
      window.show();
      window.document()->addLayer(words(30));
      QTRY_VERIFY(window.document()->embedding());
      EmbeddingTask task;
      task.name = QStringLiteral("endless");
      task.work = [](const Layer&, const Progress& progress,
                     const EmbeddingTask::Publish&) -> EmbeddingTask::Result {
        for (std::int64_t i = 0;; ++i) {
          progress.update(i % 100, 100);
          std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
      };
      window.document()->computeEmbedding(task);
      QTest::qWait(100);
      clock.start();
      window.close();
    }
    QVERIFY(waitForJobThreads(1000));
    QVERIFY(clock.elapsed() < 1000);
  }
};

QTEST_MAIN(tst_MainWindow)
#include "tst_MainWindow.moc"
