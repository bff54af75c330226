// Selections, lists, notes, vectors and plots in the window: by their panels and actions, undone,
// and kept in sessions.
#include "app/MainWindow.h"
#include "app/parts/ExportPart.h"
#include "app/parts/NotePart.h"
#include "app/parts/PlotPart.h"
#include "app/parts/SelectionPart.h"
#include "app/parts/SessionPart.h"
#include "app/parts/VectorPart.h"
#include "app/parts/ViewPart.h"
#include "core/io/ResultFile.h"
#include "tests/support/ExpectError.h"
#include "tests/support/TemporaryFolder.h"
#include "widgets/models/FeatureList.h"

#include <qcustomplot.h>
#include <QApplication>
#include <QClipboard>
#include <QDir>
#include <QJsonDocument>
#include <QSignalSpy>
#include <QtTest/QTest>

#include <cmath>

using namespace orrery;
using orrery::test::TemporaryFolder;
using Ids = std::vector<FeatureId>;
using Mode = SelectionModel::Mode;

namespace {

std::filesystem::path writtenWords(const TemporaryFolder& folder, int features)
{
  ResultArray array{"decoder", {features, 6}, std::vector<float>()};
  std::string labels = "feature\tlabel\tfrequency\tgroup\n";
  for (int i = 0; i < features; ++i) {
    for (int j = 0; j < 6; ++j)
      std::get<std::vector<float>>(array.values)
          .push_back(std::sin(1.0f + 2.3f * static_cast<float>(i * 6 + j)));
    labels += std::to_string(i) + "\tword " + std::to_string(i) + "\t" +
              std::to_string(i % 10 + 0.5) + "\t" + (i % 3 == 0 ? "red" : "blue") + "\n";
  }
  writeResult(folder.path() / "words.npy", {{array}, {}});
  folder.write("words.tsv", labels);
  return folder.path() / "words.npy";
}

struct Bench {
  TemporaryFolder folder;
  Settings settings{QString::fromStdString((folder.path() / "settings.ini").string())};
  MainWindow window{&settings};

  explicit Bench(bool opened = true)
  {
    window.resize(1280, 800);
    window.show();
    if (!opened)
      return;
    window.openFiles({writtenWords(folder, 120)});
  }
  [[nodiscard]] bool isReady() { return window.document()->embedding() != nullptr; }
  Document& document() { return *window.document(); }
  void run(const char* id) { window.actions()->action(id)->trigger(); }
  void undo() { document().undoStack()->undo(); }
  [[nodiscard]] const Ids& selected() { return document().selection()->features(); }
  template <typename Widget>
  Widget* control(QWidget* within, const char* name)
  {
    for (Widget* widget : within->findChildren<Widget*>())
      if (widget->accessibleName() == QLatin1String(name))
        return widget;
    return nullptr;
  }
  QPushButton* button(QWidget* within, const QString& text)
  {
    for (QPushButton* one : within->findChildren<QPushButton*>())
      if (one->text().remove(QLatin1Char('&')).startsWith(text))
        return one;
    return nullptr;
  }
  void quiet()
  {
    while (!window.messages()->text().isEmpty())
      window.messages()->closeMessage();
  }
  bool saveAndWait(const std::filesystem::path& path)
  {
    QSignalSpy saved(window.session(), &SessionPart::saved);
    window.session()->saveTo(path);
    return saved.wait(20000);
  }
  bool openAndWait(const std::filesystem::path& path)
  {
    QSignalSpy opened(window.session(), &SessionPart::opened);
    window.session()->open(path);
    return opened.wait(20000);
  }
  /// For people: what it looks like, where ORRERY_PICTURES says so.
  void picture(const char* name)
  {
    const QString folderName = qEnvironmentVariable("ORRERY_PICTURES");
    if (folderName.isEmpty())
      return;
    QTest::qWait(400);
    window.grab().save(QDir(folderName).filePath(QLatin1String(name) + QStringLiteral(".png")));
  }
};

}  // namespace

class tst_Workspace : public QObject {
  Q_OBJECT

 private slots:
  void initTestCase()
  {
    applyTheme(qEnvironmentVariable("ORRERY_THEME") == QLatin1String("dark") ? ThemeChoice::Dark
                                                                             : ThemeChoice::Light);
  }

  void keptSelectionsRememberHowTheyWereDrawn()
  {
    Bench bench;
    QTRY_VERIFY(bench.isReady());
    SelectionPart* part = bench.window.selectionPart();
    CloudView* view = bench.window.cloud()->view();
    bench.run("select.rectangle");
    QTest::mousePress(view, Qt::LeftButton, {}, QPoint(40, 40));
    QTest::mouseMove(view, QPoint(view->width() / 2, view->height() / 2));
    QTest::mouseRelease(view, Qt::LeftButton, {}, QPoint(view->width() / 2, view->height() / 2));
    const Ids drawn = bench.selected();
    QVERIFY(!drawn.empty());
    part->keepSelection(QStringLiteral(" corner\n "));
    const auto& kept = bench.window.annotations()->current().selections;
    QCOMPARE(kept.size(), std::size_t{1});
    QCOMPARE(kept[0].name, std::string("corner"));
    QCOMPARE(kept[0].features, drawn);
    QCOMPARE(kept[0].polygon.size(), std::size_t{4});
    QVERIFY(std::abs(kept[0].polygon[0].x() - 40.0 / view->width()) < 0.01);
    QVERIFY(kept[0].camera && *kept[0].camera == view->camera());
    // What was chosen otherwise has no outline.
    bench.document().selection()->setFeatures({1, 2});
    part->keepSelection(QStringLiteral("two"));
    QVERIFY(bench.window.annotations()->current().selections[1].polygon.empty());
    // Back to where it was drawn, and that is a step.
    view->lookAlong(0);
    QTest::qWait(1100);
    const Camera turned = view->camera();
    part->draw("corner");
    QVERIFY(view->camera() == *kept[0].camera);
    bench.picture("kept");
    bench.undo();
    QTRY_VERIFY(view->camera() == turned);
    bench.undo();  // the turn
    bench.undo();  // "two" is kept
    QCOMPARE(bench.window.annotations()->current().selections.size(), std::size_t{1});
  }

  void keptSelectionsCombine()
  {
    Bench bench;
    QTRY_VERIFY(bench.isReady());
    SelectionPanel* panel = bench.window.selectionPart()->panel();
    bench.document().selection()->setFeatures({1, 2, 3});
    bench.window.selectionPart()->keepSelection(QStringLiteral("a"));
    bench.document().selection()->setFeatures({3, 4});
    const auto use = [&](Mode mode) {
      panel->setMode(mode);
      bench.button(panel, QStringLiteral("Select"))->click();
    };
    QCOMPARE(panel->chosen(), std::string("a"));
    use(Mode::Add);
    QCOMPARE(bench.selected(), (Ids{1, 2, 3, 4}));
    QVERIFY(panel->countText().startsWith(QStringLiteral("4 of 120")));
    use(Mode::Remove);
    QCOMPARE(bench.selected(), Ids{4});
    bench.document().selection()->setFeatures({2, 3, 9});
    use(Mode::Intersect);
    QCOMPARE(bench.selected(), (Ids{2, 3}));
    use(Mode::Replace);
    QCOMPARE(bench.selected(), (Ids{1, 2, 3}));
    auto* list = bench.control<QListWidget>(panel, "Kept selections");
    list->item(0)->setText(QStringLiteral("renamed"));
    QCOMPARE(bench.window.annotations()->current().selections[0].name, std::string("renamed"));
    bench.undo();
    QTRY_COMPARE(list->item(0)->text(), QStringLiteral("a"));
    bench.button(panel, QStringLiteral("Delete"))->click();
    QVERIFY(bench.window.annotations()->current().selections.empty());
    bench.undo();
    QCOMPARE(bench.window.annotations()->current().selections.size(), std::size_t{1});
  }

  void byValuesGroupsAndNeighbours()
  {
    Bench bench;
    QTRY_VERIFY(bench.isReady());
    SelectionPanel* panel = bench.window.selectionPart()->panel();
    auto* column = bench.control<QComboBox>(panel, "Column");
    column->setCurrentIndex(column->findText(QStringLiteral("frequency")));
    bench.control<QLineEdit>(panel, "From")->setText(QStringLiteral("3"));
    bench.control<QLineEdit>(panel, "To")->setText(QStringLiteral("4.6"));
    bench.button(panel, QStringLiteral("Select these"))->click();
    QCOMPARE(bench.selected().size(), std::size_t{24});  // 3.5 and 4.5, of 120
    for (const FeatureId id : bench.selected())
      QVERIFY(id % 10 == 3 || id % 10 == 4);
    // Lit, not hidden.
    for (QCheckBox* lit : panel->findChildren<QCheckBox*>())
      lit->click();
    QVERIFY(bench.window.annotations()->current().filter.has_value());
    const auto figure = bench.window.cloud()->figure();
    QVERIFY(figure.emphasis && *figure.emphasis == bench.selected());
    bench.undo();
    QVERIFY(!bench.window.annotations()->current().filter);
    QVERIFY(!bench.window.cloud()->figure().emphasis);
    // Groups.
    column->setCurrentIndex(column->findText(QStringLiteral("group")));
    bench.document().selection()->setFeatures({3});
    bench.button(panel, QStringLiteral("Whole groups"))->click();
    QCOMPARE(bench.selected().size(), std::size_t{40});
    for (const FeatureId id : bench.selected())
      QCOMPARE(id % 3, 0);
    // Neighbours.
    bench.document().selection()->setFeatures({7});
    bench.window.selectionPart()->growByNeighbors(5);
    QTRY_COMPARE(bench.selected().size(), std::size_t{6});
    bench.undo();
    QCOMPARE(bench.selected(), Ids{7});
    // Matches of the search.
    bench.document().setSearch({"^word 11$", true, false});
    QTRY_COMPARE(bench.document().matches().size(), std::size_t{1});
    panel->setMode(Mode::Add);
    bench.button(panel, QStringLiteral("Matches"))->click();
    QCOMPARE(bench.selected(), (Ids{7, 11}));
  }

  void listsThatArePasted()
  {
    Bench bench;
    QTRY_VERIFY(bench.isReady());
    bench.quiet();
    QApplication::clipboard()->setText(QStringLiteral("3\nword 5\n#7\nnobody\n500"));
    bench.run("select.paste");
    QTRY_COMPARE(bench.selected(), (Ids{3, 5, 7}));
    QVERIFY(bench.window.messages()->text().contains(QStringLiteral("not found: 2")));
    bench.quiet();
    // What is copied is pasted.
    bench.run("edit.copySelection");
    bench.document().selection()->setFeatures({});
    bench.run("select.paste");
    QTRY_COMPARE(bench.selected(), (Ids{3, 5, 7}));
    bench.undo();
    QVERIFY(bench.selected().empty());
    bench.folder.write("list.csv", "id\n9\n4\n");
    bench.window.selectionPart()->loadList(bench.folder.path() / "list.csv");
    QTRY_COMPARE(bench.selected(), (Ids{4, 9}));
    bench.quiet();
    bench.window.selectionPart()->selectList(QString());
    QTRY_VERIFY(bench.window.messages()->text().contains(QStringLiteral("no list")));
    QCOMPARE(bench.selected(), (Ids{4, 9}));
  }

  void notesAndTags()
  {
    Bench bench;
    QTRY_VERIFY(bench.isReady());
    NotePanel* panel = bench.window.notePart()->panel();
    bench.document().selection()->setFeatures({4, 5, 6}, 5);
    bench.run("notes.write");
    auto* note = panel->findChild<QPlainTextEdit*>();
    QCOMPARE(panel->feature(), 5);
    QTest::keyClicks(note, QStringLiteral("odd one"));
    auto* tags = bench.control<QLineEdit>(panel, "Tags of the feature");
    tags->setText(QStringLiteral("check, later"));
    // Turning to another feature writes what was typed, where it was meant.
    bench.document().selection()->setFeatures({6}, 6);
    QCOMPARE(bench.window.annotations()->current().notes.at(5).text, std::string("odd one"));
    QCOMPARE(bench.window.annotations()->current().notes.at(5).tags,
             (std::vector<std::string>{"check", "later"}));
    QCOMPARE(note->toPlainText(), QString());
    bench.document().selection()->setFeatures({6, 7}, 6);
    emit panel->tagSelectionRequested(QStringLiteral("later"), true);
    QCOMPARE(bench.window.annotations()->current().notes.size(), std::size_t{3});
    // Columns, for colours and table.
    const Column* column = bench.document().dictionary()->column("tags");
    QVERIFY(column);
    QCOMPARE(column->categoryNames[static_cast<std::size_t>(column->categories[5])],
             std::string("check, later"));
    QCOMPARE(column->categories[8], -1);
    // Found by tag.
    panel->setFilter(QStringLiteral("tag:check"));
    QCOMPARE(panel->listed(), Ids{5});
    panel->setFilter(QStringLiteral("later"));
    QCOMPARE(panel->listed(), (Ids{5, 6, 7}));
    bench.picture("notes");
    // Out of it.
    bench.run("notes.copy");
    QVERIFY(QApplication::clipboard()->text().contains(
        QStringLiteral("word 5\tcheck, later\todd one")));
    for (const char* name : {"notes.csv", "notes.npz", "notes.h5"}) {
      bench.window.notePart()->saveNotes(bench.folder.path() / name, panel->listed());
      QTRY_VERIFY(std::filesystem::exists(bench.folder.path() / name));
    }
    QTRY_VERIFY(orrery::test::bytesOf(bench.folder.path() / "notes.csv").find("odd one") !=
                std::string::npos);
    while (bench.document().undoStack()->canUndo())
      bench.undo();
    QVERIFY(bench.window.annotations()->current().notes.empty());
    QCOMPARE(bench.document().dictionary()->column("tags")->categories[5], -1);
  }

  void placesLeave()
  {
    Bench bench;
    QTRY_VERIFY(bench.isReady());
    bench.document().selection()->setFeatures({2, 9});
    bench.run("edit.copyPositions");
    const QStringList lines = QApplication::clipboard()->text().split(QLatin1Char('\n'));
    QCOMPARE(lines[0], QStringLiteral("feature\tlabel\tx\ty\tz"));
    QVERIFY(lines[2].startsWith(QStringLiteral("9\tword 9\t")));
    QCOMPARE(lines[2].split(QLatin1Char('\t'))[2].toFloat(),
             bench.document().embedding()->positions(0, 9));
    const ResultTable table = positionTable(*bench.document().dictionary(),
                                            *bench.document().embedding(), bench.selected());
    QCOMPARE(table.arrays.size(), std::size_t{5});
    QVERIFY(table.options.at("map").find("PCA") != std::string::npos);
  }

  void addressesAreCopiedAndNothingIsOpened()
  {
    Bench bench;
    QTRY_VERIFY(bench.isReady());
    auto known = std::make_shared<Dictionary>(*bench.document().dictionary());
    known->origin = {"gemma-2-2b", 12, "res", 16384, {}, "path"};
    bench.document().setCurrentLayer(bench.document().addLayer(known));
    QTRY_VERIFY(bench.isReady());
    QVERIFY(!bench.window.actions()->action("edit.copyAddress")->isEnabled());
    bench.document().selection()->setFeatures({8}, 8);
    bench.run("edit.copyAddress");
    QCOMPARE(QApplication::clipboard()->text(),
             QStringLiteral("gemma-2-2b/12-gemmascope-res-16k/8"));
    bench.settings.setAddressTemplate(
        QStringLiteral("https://features.example/{source}#{feature}"));
    bench.run("edit.copyAddress");
    QCOMPARE(QApplication::clipboard()->text(),
             QStringLiteral("https://features.example/12-gemmascope-res-16k#8"));
  }

  void plotOfColumns()
  {
    Bench bench;
    QTRY_VERIFY(bench.isReady());
    bench.run("view.plot");
    ColumnPlot* plot = bench.window.plotPart()->plot();
    QTRY_VERIFY(plot->isVisible());
    QVERIFY(bench.window.views()->isShown(QStringLiteral("cloud")));
    ColumnPlotChoice choice;
    choice.x = "frequency";
    choice.bins = 10;
    plot->setChoice(choice);
    QVERIFY(plot->sentence().contains(QStringLiteral("120")));
    QCOMPARE(bench.window.views()->sentence(QStringLiteral("columns")), plot->sentence());
    QCOMPARE(plot->inside(2.0, 4.0, 0, 0).size(), std::size_t{24});
    // A drag over some bars selects their features, and they stand out.
    QCustomPlot* canvas = plot->plot()->plot();
    canvas->replot(QCustomPlot::rpImmediateRefresh);
    const auto pixel = [&](double x) {
      return QPoint(static_cast<int>(canvas->xAxis->coordToPixel(x)), canvas->height() / 2);
    };
    const auto drag = [&](double from, double to, Qt::KeyboardModifiers modifiers) {
      QTest::mousePress(canvas, Qt::LeftButton, modifiers, pixel(from));
      QTest::mouseMove(canvas, pixel((from + to) / 2));
      QTest::mouseMove(canvas, pixel(to));
      QTest::mouseRelease(canvas, Qt::LeftButton, modifiers, pixel(to));
    };
    drag(2.2, 4.2, Qt::NoModifier);
    QCOMPARE(bench.selected().size(), std::size_t{24});
    QVERIFY(plot->sentence().contains(QStringLiteral("24 selected")));
    canvas->replot(QCustomPlot::rpImmediateRefresh);
    drag(6.2, 7.2, Qt::ShiftModifier);
    QCOMPARE(bench.selected().size(), std::size_t{36});
    bench.picture("histogram");
    // A click on one bar.
    canvas->replot(QCustomPlot::rpImmediateRefresh);
    QTest::mouseClick(canvas, Qt::LeftButton, {}, pixel(0.6));
    QCOMPARE(bench.selected().size(), std::size_t{12});
    // Scatter.
    choice.y = "group";
    plot->setChoice(choice);
    QCOMPARE(plot->inside(0, 20, -0.5, 0.5).size() + plot->inside(0, 20, 0.5, 1.5).size(),
             std::size_t{120});
    bench.picture("scatter");
    choice.logX = true;
    plot->setChoice(choice);
    QVERIFY(plot->sentence().contains(QStringLiteral("log10")));
    QCOMPARE(plot->inside(std::log10(0.4), std::log10(0.6), -1, 2).size(), std::size_t{12});
  }

  void plotOfManyIsShades()
  {
    Bench bench(false);
    auto dictionary = std::make_shared<Dictionary>();
    dictionary->name = "many";
    dictionary->decoder = std::make_shared<const FeatureMatrix>(FeatureMatrix::Random(3, 60'000));
    for (const char* name : {"a", "b"}) {
      Column column;
      column.name = name;
      for (int i = 0; i < 60'000; ++i)
        column.numbers.push_back(i == 3 ? std::nan("")
                                        : std::sin(i * (name[0] == 'a' ? 1.3 : 2.9)));
      dictionary->columns.push_back(std::move(column));
    }
    bench.document().addLayer(dictionary);
    QTRY_VERIFY(bench.isReady());
    bench.run("view.plot");
    ColumnPlotChoice choice;
    choice.x = "a";
    choice.y = "b";
    bench.window.plotPart()->plot()->setChoice(choice);
    const QString sentence = bench.window.plotPart()->plot()->sentence();
    QVERIFY(sentence.contains(QStringLiteral("shades")));
    QVERIFY(sentence.contains(QStringLiteral("1 have no value")));
    bench.picture("shades");
  }

  // Every new setting comes back, and what was made in the window too.
  void sessionsKeepAllOfIt()
  {
    Bench bench;
    QTRY_VERIFY(bench.isReady());
    bench.document().selection()->setFeatures({2, 3, 4}, 3);
    bench.window.selectionPart()->keepSelection(QStringLiteral("few"));
    const int first = bench.document().layer()->id;
    bench.window.annotations()->setNote(first, 3, {"noted", {"tag"}});
    bench.window.annotations()->setFilter(first, ColumnFilter{"frequency", 1.0, 5.0});
    bench.run("view.plot");
    ColumnPlotChoice choice{"frequency", "group", 17, true, false};
    bench.window.plotPart()->plot()->setChoice(choice);
    bench.run("vectors.mean");
    VectorStudy* vectors = bench.window.vectorPart()->study();
    QCOMPARE(vectors->vectors().size(), std::size_t{1});
    bench.run("vectors.add");
    QTRY_COMPARE(bench.document().layers().size(), std::size_t{2});
    QTRY_VERIFY(bench.isReady());
    QCOMPARE(bench.document().features(), std::int64_t{121});
    bench.picture("vectors");
    QVERIFY(bench.saveAndWait(bench.folder.path() / "work.orrery"));

    Bench other(false);
    other.window.session()->questions().mayOpen = [](const QStringList&) { return true; };
    QVERIFY(other.openAndWait(bench.folder.path() / "work.orrery"));
    QCOMPARE(other.document().layers().size(), std::size_t{2});
    QCOMPARE(other.document().features(), std::int64_t{121});
    QVERIFY(*other.document().dictionary()->decoder == *bench.document().dictionary()->decoder);
    QCOMPARE(other.document().dictionary()->labels, bench.document().dictionary()->labels);
    QVERIFY(other.document().dictionary()->column("kind"));
    QVERIFY(other.window.annotations()->current() == bench.window.annotations()->current());
    QCOMPARE(other.window.annotations()->current().notes.at(3).text, std::string("noted"));
    QCOMPARE(other.window.vectorPart()->study()->vectors().size(), std::size_t{1});
    QVERIFY(other.window.vectorPart()->study()->vectors()[0].values ==
            vectors->vectors()[0].values);
    QVERIFY(other.window.plotPart()->plot()->choice() == choice);
    QCOMPARE(other.window.views()->arrangement(), bench.window.views()->arrangement());
    other.document().setCurrentLayer(other.document().layers().front()->id);
    QVERIFY(other.window.annotations()->current().filter.has_value());
    QVERIFY(other.window.cloud()->figure().emphasis.has_value());
  }

  // Any sequence of what these panels do, undone, is the start again.
  void everyStepIsUndone()
  {
    Bench bench;
    QTRY_VERIFY(bench.isReady());
    const auto state = [&] {
      Session session = sessionOf(bench.document(), *bench.window.annotations());
      for (SessionLayer& layer : session.layers)
        layer.columns.clear();  // what is computed from notes follows them, empty in the end
      std::string text = sessionText(session, "/");
      QJsonObject views = bench.window.views()->state();
      views.remove(QStringLiteral("active"));
      views.remove(QStringLiteral("shares"));
      text += QJsonDocument(views).toJson().toStdString();
      const ColumnPlotChoice& choice = bench.window.plotPart()->plot()->choice();
      return text + choice.x + choice.y + std::to_string(choice.bins);
    };
    SelectionPanel* panel = bench.window.selectionPart()->panel();
    std::vector<std::string> states{state()};
    const auto step = [&](auto act) {
      const int before = bench.document().undoStack()->count();
      act();
      if (bench.document().undoStack()->count() > before)
        states.push_back(state());
    };
    auto* bins = bench.control<QSpinBox>(bench.window.plotPart()->plot(), "Bins of the histogram");
    for (int round = 0; round < 3; ++round) {
      step([&] { bench.document().selection()->setFeatures({round, round + 5, 40}, round); });
      step([&] {
        bench.window.selectionPart()->keepSelection(QStringLiteral("kept %1").arg(round));
      });
      step([&] { bench.run("view.four"); });
      step([&] { bench.run("view.maximize"); });
      step([&] { bench.run("view.linkCameras"); });
      step([&] { bench.button(panel, QStringLiteral("Whole groups"))->click(); });
      step([&] {
        emit bench.window.notePart()->panel()->tagSelectionRequested(QStringLiteral("t"), true);
      });
      step([&] { bench.run("view.rows"); });
      step([&] { bins->setValue(20 + round); });
      step([&] {
        bench.window.selectionPart()->selectList(QStringLiteral("11 %1").arg(60 + round));
        QTRY_COMPARE(bench.selected(), (Ids{11, static_cast<FeatureId>(60 + round)}));
      });
      QTest::qWait(1100);
    }
    QVERIFY(states.size() >= 25);
    for (std::size_t i = states.size(); i-- > 1;) {
      QCOMPARE(state(), states[i]);
      bench.undo();
    }
    QCOMPARE(state(), states[0]);
    while (bench.document().undoStack()->canRedo())
      bench.document().undoStack()->redo();
    QCOMPARE(state(), states.back());
  }
};

QTEST_MAIN(tst_Workspace)
#include "tst_Workspace.moc"
