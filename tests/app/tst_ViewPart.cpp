// Views side by side: arrangement, cameras together and apart, layouts under names, undo, sessions.
#include "app/LayoutDialog.h"
#include "app/MainWindow.h"
#include "app/parts/SessionPart.h"
#include "app/parts/ViewPart.h"
#include "core/document/ChangeCommand.h"
#include "tests/support/Pictures.h"
#include "tests/support/TemporaryFolder.h"

#include <QAbstractButton>
#include <QApplication>
#include <QClipboard>
#include <QDockWidget>
#include <QJsonArray>
#include <QJsonDocument>
#include <QMenu>
#include <QSignalSpy>
#include <QSplitter>
#include <QTabBar>
#include <QtTest/QTest>

#include <random>

using namespace orrery;
using orrery::test::TemporaryFolder;
using Shape = ViewArrangement::Shape;

namespace {

std::shared_ptr<const Dictionary> words(int features)
{
  auto dictionary = std::make_shared<Dictionary>();
  dictionary->name = "words";
  dictionary->decoder = std::make_shared<const FeatureMatrix>(FeatureMatrix::Random(6, features));
  Column column;
  column.name = "frequency";
  for (int i = 0; i < features; ++i) {
    dictionary->labels.push_back("word " + std::to_string(i));
    column.numbers.push_back(i);
  }
  dictionary->columns.push_back(std::move(column));
  return dictionary;
}

struct Bench {
  TemporaryFolder folder;
  Settings settings{QString::fromStdString((folder.path() / "settings.ini").string())};
  MainWindow window{&settings};

  Bench()
  {
    window.resize(1280, 800);
    window.show();
    window.document()->addLayer(words(300));
  }
  void run(const char* id) { window.actions()->action(id)->trigger(); }
  void undo() { window.document()->undoStack()->undo(); }
  ViewPane* pane(int number)
  {
    for (ViewPane* one : window.views()->findChildren<ViewPane*>())
      if (one->accessibleName() == QStringLiteral("View %1").arg(number))
        return one;
    return nullptr;
  }
  CloudView* side(int index) { return window.viewPart()->sideCloud(index)->panel()->view(); }
};

bool sameView(const Camera& a, const Camera& b)
{
  return (a.position - b.position).norm() < 1e-6 * (1 + a.position.norm()) &&
         (a.focalPoint - b.focalPoint).norm() < 1e-6 * (1 + a.position.norm()) &&
         std::abs(a.parallelScale - b.parallelScale) < 1e-6 * a.parallelScale;
}

}  // namespace

class tst_ViewPart : public QObject {
  Q_OBJECT

 private slots:
  void initTestCase() { applyTheme(ThemeChoice::Light); }

  void oneToFourViews()
  {
    Bench bench;
    QTRY_VERIFY(bench.window.document()->embedding());
    ViewArea* views = bench.window.views();
    QCOMPARE(views->arrangement().views, QStringList{QStringLiteral("cloud")});
    QVERIFY(!bench.window.viewPart()->sideCloud(0)->panel());
    const std::tuple<const char*, Shape, int> shapes[] = {{"view.columns", Shape::Columns, 2},
                                                          {"view.rows", Shape::Rows, 2},
                                                          {"view.three", Shape::OneAndTwo, 3},
                                                          {"view.four", Shape::Grid, 4}};
    for (const auto& [id, shape, panes] : shapes) {
      bench.run(id);
      QCOMPARE(views->arrangement().shape, shape);
      QVERIFY(bench.window.actions()->action(id)->isChecked());
      QTest::qWait(100);  // for the places
      QCOMPARE(views->arrangement().views.size(), panes);
      // All of them can be seen, none lies on another, and each has its share of the room.
      QList<QRect> places;
      for (const QString& shown : views->arrangement().views) {
        QVERIFY(views->view(shown)->isVisible());
        const QRect place(views->view(shown)->mapTo(views, QPoint()), views->view(shown)->size());
        QVERIFY(place.width() >= 120 && place.height() >= 80);
        QVERIFY(views->rect().contains(place));
        for (const QRect& other : places)
          QVERIFY(!other.intersects(place));
        places << place;
      }
    }
    for (int index = 0; index < SideViews::count; ++index)
      QVERIFY(bench.window.viewPart()->sideCloud(index)->panel());
    bench.run("view.one");
    QCOMPARE(views->arrangement().views.size(), 1);
    // What is not looked at costs nothing.
    for (int index = 0; index < SideViews::count; ++index)
      QVERIFY(!bench.window.viewPart()->sideCloud(index)->panel());
    // Every step comes back by undo.
    const Shape back[] = {Shape::Grid, Shape::OneAndTwo, Shape::Rows, Shape::Columns,
                          Shape::Single};
    for (const Shape shape : back) {
      bench.undo();
      QCOMPARE(views->arrangement().shape, shape);
    }
  }

  void aViewStandsInOnePlace()
  {
    Bench bench;
    ViewArea* views = bench.window.views();
    bench.run("view.columns");
    QCOMPARE(views->arrangement().views,
             (QStringList{QStringLiteral("cloud"), QStringLiteral("cloud2")}));
    views->choosePane(1);
    views->showView(QStringLiteral("galaxy"));
    QCOMPARE(views->arrangement().views,
             (QStringList{QStringLiteral("cloud"), QStringLiteral("galaxy")}));
    QCOMPARE(views->currentView(), QStringLiteral("galaxy"));
    QVERIFY(!views->sentence(QStringLiteral("galaxy")).isEmpty());
    // Shown already: only the focus goes there.
    views->showView(QStringLiteral("cloud"));
    QCOMPARE(views->activePane(), 0);
    // Chosen where another one is: they change places.
    ViewPane* pane = bench.pane(1);
    emit pane->viewChosen(QStringLiteral("galaxy"));
    QCOMPARE(views->arrangement().views,
             (QStringList{QStringLiteral("galaxy"), QStringLiteral("cloud")}));
    bench.undo();
    QCOMPARE(views->arrangement().views,
             (QStringList{QStringLiteral("cloud"), QStringLiteral("galaxy")}));
    views->showView(QStringLiteral("no such view"));
    QCOMPARE(views->arrangement().views.size(), 2);
    emit pane->closeRequested();
    QCOMPARE(views->arrangement().views, QStringList{QStringLiteral("galaxy")});
    QVERIFY(views->findChild<QTabBar*>()->isVisible());
  }

  void enlargedAndBack()
  {
    Bench bench;
    QTRY_VERIFY(bench.window.document()->embedding());
    ViewArea* views = bench.window.views();
    bench.run("view.four");
    views->choosePane(2);
    // Smaller than that is a pane which has not got its place yet.
    const QWidget* third = views->view(QStringLiteral("cloud3"));
    QTRY_VERIFY(third->width() > views->width() / 3 && third->height() > views->height() / 3);
    QTest::qWait(100);
    const QSize small = third->size();
    bench.run("view.maximize");
    QTRY_VERIFY(views->view(QStringLiteral("cloud3"))->width() > small.width() * 3 / 2);
    QVERIFY(views->view(QStringLiteral("cloud3"))->height() > small.height() * 3 / 2);
    QVERIFY(!views->view(QStringLiteral("cloud"))->isVisible());
    QVERIFY(bench.window.actions()->action("view.maximize")->isChecked());
    bench.run("view.maximize");
    QTRY_COMPARE(views->view(QStringLiteral("cloud3"))->size(), small);
    QVERIFY(views->view(QStringLiteral("cloud"))->isVisible());
    bench.run("view.nextPane");
    QCOMPARE(views->currentView(), QStringLiteral("cloud4"));
  }

  void camerasTogetherAndApart()
  {
    Bench bench;
    QTRY_VERIFY(bench.window.document()->embedding());
    bench.run("view.columns");
    CloudView* first = bench.window.cloud()->view();
    CloudView* second = bench.side(0);
    QTRY_VERIFY(sameView(first->camera(), second->camera()));
    first->lookAlong(0);
    QTRY_VERIFY(!bench.window.document()->undoStack()->undoText().isEmpty());
    QTest::qWait(400);
    QVERIFY(sameView(first->camera(), second->camera()));
    // A drag in the second turns the first, as one step of the first's.
    const Camera before = first->camera();
    QTest::qWait(1100);  // apart from the step above
    const QPoint middle = second->rect().center();
    QTest::mousePress(second, Qt::LeftButton, {}, middle);
    QTest::mouseMove(second, middle + QPoint(20, 10));
    QTest::mouseMove(second, middle + QPoint(60, 30));
    QTest::mouseRelease(second, Qt::LeftButton, {}, middle + QPoint(60, 30));
    QVERIFY(!sameView(first->camera(), before));
    QVERIFY(sameView(first->camera(), second->camera()));
    bench.undo();
    QTRY_VERIFY(sameView(first->camera(), before));
    QTRY_VERIFY(sameView(second->camera(), before));
    // Apart.
    bench.run("view.linkCameras");
    QVERIFY(!bench.window.viewPart()->sideViews()->view(0).linked);
    const Camera parted = second->camera();
    first->lookAlong(1);
    QTest::qWait(400);
    QVERIFY(sameView(second->camera(), parted));
    second->lookAlong(2);
    QTest::qWait(400);
    QVERIFY(!sameView(second->camera(), parted));
    QVERIFY(bench.window.document()->undoStack()->undoText().contains(QStringLiteral("view 2")));
    bench.undo();
    QTRY_VERIFY(sameView(second->camera(), parted));
    // And together again.
    bench.undo();  // of the first's
    bench.undo();  // of the parting
    QVERIFY(bench.window.viewPart()->sideViews()->view(0).linked);
    QTRY_VERIFY(sameView(first->camera(), second->camera()));
  }

  void coloursOfItsOwnAndOneSelection()
  {
    Bench bench;
    QTRY_VERIFY(bench.window.document()->embedding());
    bench.run("view.columns");
    CloudPanel* second = bench.window.viewPart()->sideCloud(0)->panel();
    SideViews* side = bench.window.viewPart()->sideViews();
    SideView view = side->view(0);
    view.colorBy = "frequency";
    side->setView(0, view, QStringLiteral("Colour a view"));
    QVERIFY(second->colors().legend.title.contains(QStringLiteral("frequency")));
    QVERIFY(!bench.window.cloud()->colors().legend.title.contains(QStringLiteral("frequency")));
    QVERIFY(bench.window.document()->appearance().colorBy.empty());
    bench.undo();
    QVERIFY(!second->colors().legend.title.contains(QStringLiteral("frequency")));
    emit second->view()->regionSelected({3, 5, 8}, SelectionModel::Mode::Replace);
    QCOMPARE(bench.window.document()->selection()->features(), (std::vector<FeatureId>{3, 5, 8}));
    bench.run("select.lasso");
    QCOMPARE(second->view()->tool(), CloudTool::Lasso);
    // Another map of the same layer.
    const auto pca = bench.window.document()->embedding();
    bench.run("tools.pca2");
    QTRY_VERIFY(bench.window.document()->embedding() != pca);
    view = side->view(0);
    view.map = pca->description;
    side->setView(0, view, QStringLiteral("Choose the map of a view"));
    QTRY_VERIFY(!second->view()->isPlanar());
    QVERIFY(bench.window.cloud()->view()->isPlanar());
    QVERIFY(second->caption().contains(QString::fromStdString(pca->description)));
    QVERIFY(second->figure().caption.contains(QString::fromStdString(pca->description)));
  }

  void tornNeighboursInEveryView()
  {
    Bench bench;
    QTRY_VERIFY(bench.window.document()->embedding());
    QAction* torn = bench.window.actions()->action("maps.torn");
    if (!torn->isChecked())
      torn->trigger();
    bench.run("view.columns");
    bench.window.document()->selection()->setFeatures({5});
    QTRY_VERIFY(!bench.window.cloud()->figure().ties.to.empty());
    CloudPanel* first = bench.window.cloud();
    const auto agrees = [&](int index) {
      const FigureRequest side = bench.window.viewPart()->sideCloud(index)->panel()->figure();
      return side.ties.from == first->figure().ties.from &&
             side.ties.to == first->figure().ties.to && side.caption == first->figure().caption;
    };
    QVERIFY(agrees(0));
    bench.run("view.three");  // one that comes later
    QTRY_VERIFY(bench.window.viewPart()->sideCloud(1)->panel());
    QVERIFY(agrees(1));
    bench.window.document()->selection()->setFeatures({17});
    QTRY_COMPARE(first->figure().ties.from, 17);
    QVERIFY(agrees(0) && agrees(1));
    torn->trigger();
    QVERIFY(first->figure().ties.to.empty());
    QVERIFY(agrees(0) && agrees(1));
  }

  void settingsMenuOffersColumnsAndMaps()
  {
    Bench bench;
    QTRY_VERIFY(bench.window.document()->embedding());
    bench.run("view.columns");
    QMenu* menu = nullptr;
    for (QToolButton* button : bench.pane(2)->findChildren<QToolButton*>())
      if (button->accessibleName() == QStringLiteral("Settings of this view"))
        menu = button->menu();
    QVERIFY(menu);
    emit menu->aboutToShow();
    QStringList texts;
    for (QMenu* part : menu->findChildren<QMenu*>())
      for (QAction* action : part->actions())
        texts << action->text();
    QVERIFY(texts.contains(QStringLiteral("frequency")));
    QVERIFY(texts.contains(QStringLiteral("One colour")));
    menu->actions().front()->trigger();
    QVERIFY(!bench.window.viewPart()->sideViews()->view(0).linked);
  }

  void layoutsUnderNames()
  {
    Bench bench;
    ViewArea* views = bench.window.views();
    bench.run("view.three");
    QTest::qWait(100);
    ViewArrangement divided = views->arrangement();
    divided.shares = {0.75, 0.5, 0.5};
    views->setArrangement(divided);
    ViewPart* part = bench.window.viewPart();
    part->saveLayout(QStringLiteral("  three \n views "));
    QCOMPARE(part->layouts(), QStringList{QStringLiteral("three views")});
    const QJsonObject kept = views->state();
    bench.run("view.one");
    part->applyLayout(QStringLiteral("three views"));
    QCOMPARE(views->arrangement().shape, Shape::OneAndTwo);
    QTest::qWait(100);
    QCOMPARE(views->state()[QStringLiteral("shares")].toArray().at(0).toDouble() > 0.6, true);
    QCOMPARE(views->state()[QStringLiteral("views")], kept[QStringLiteral("views")]);
    bench.undo();
    QCOMPARE(views->arrangement().shape, Shape::Single);
    // Kept over the program's end.
    {
      Settings again(QString::fromStdString((bench.folder.path() / "settings.ini").string()));
      QVERIFY(again.layouts().contains(QStringLiteral("three views")));
    }
    part->renameLayout(QStringLiteral("three views"), QStringLiteral("paper"));
    QCOMPARE(part->layouts(), QStringList{QStringLiteral("paper")});
    LayoutDialog dialog(part);
    QCOMPARE(dialog.findChild<QListWidget*>()->count(), 1);
    part->removeLayout(QStringLiteral("paper"));
    QTRY_COMPARE(dialog.findChild<QListWidget*>()->count(), 0);
  }

  void sessionsKeepTheViews()
  {
    Bench bench;
    bench.window.document()->openDemo();
    QTRY_COMPARE(bench.window.document()->layers().size() > 1, true);
    QTRY_VERIFY(bench.window.document()->embedding());
    while (bench.window.document()->layers().front()->dictionary->name == "words")
      bench.window.document()->closeLayer(bench.window.document()->layers().front()->id);
    QTRY_VERIFY(bench.window.document()->embedding());
    bench.run("view.four");
    SideViews* side = bench.window.viewPart()->sideViews();
    SideView view = side->view(1);
    view.linked = false;
    view.colorBy = bench.window.document()->dictionary()->columns.front().name;
    side->setView(1, view, QStringLiteral("Colour a view"));
    bench.side(1)->lookAlong(1);
    QTest::qWait(400);
    const Camera camera = bench.side(1)->camera();
    bench.window.viewPart()->saveLayout(QStringLiteral("four"));
    const QString path = QString::fromStdString((bench.folder.path() / "w.orrery").string());
    bench.window.session()->saveTo(path.toStdString());
    QTRY_VERIFY(QFile::exists(path));

    Bench other;  // somebody else's program
    QSignalSpy opened(other.window.session(), &SessionPart::opened);
    other.window.session()->open(path.toStdString());
    QTRY_COMPARE_WITH_TIMEOUT(opened.count(), 1, 20000);
    QCOMPARE(other.window.views()->arrangement(), bench.window.views()->arrangement());
    QCOMPARE(other.window.viewPart()->sideViews()->view(1).colorBy, view.colorBy);
    QVERIFY(!other.window.viewPart()->sideViews()->view(1).linked);
    QTRY_VERIFY(other.window.viewPart()->sideCloud(1)->panel());
    QTRY_VERIFY(sameView(other.side(1)->camera(), camera));
    QVERIFY(other.window.viewPart()->layouts().contains(QStringLiteral("four")));
    QVERIFY(!other.settings.layouts().contains(QStringLiteral("four")));
  }

  // Panels that are shown and closed, dividers that are dragged, arrangements: undoing any sequence
  // restores the start, redoing the end.
  void anyArrangementIsUndone()
  {
    Bench bench;
    QTRY_VERIFY(bench.window.document()->embedding());
    ViewArea* views = bench.window.views();
    QUndoStack* undo = bench.window.document()->undoStack();
    undo->clear();
    const auto docks = bench.window.findChildren<QDockWidget*>();
    QVERIFY(docks.size() > 6);
    const auto state = [&] {
      const ViewArrangement& now = views->arrangement();
      QString text =
          QString::number(static_cast<int>(now.shape)) + now.views.join(QLatin1Char('|'));
      for (const double share : now.shares)
        text += QStringLiteral(" %1").arg(share);
      for (const QDockWidget* dock : docks)
        text += dock->objectName() +
                (dock->isHidden() ? QStringLiteral(" closed, ") : QStringLiteral(" shown, "));
      return text;
    };
    std::mt19937 random(7);
    const auto below = [&](int bound) {
      return static_cast<int>(random() % static_cast<unsigned>(bound));
    };
    QStringList states{state()};
    const char* shapes[] = {"view.one", "view.columns", "view.three", "view.four"};
    while (undo->count() < 110) {
      const int before = undo->count();
      if (below(3) == 0) {
        bench.run(shapes[below(4)]);
      } else if (below(2) == 0) {
        docks[below(static_cast<int>(docks.size()))]->toggleViewAction()->trigger();
      } else {
        // Not too fast, or two drags are one step.
        QTest::qWait(ChangeCommand::mergeWithinMs / 50);
        const auto splitters = views->findChildren<QSplitter*>();
        QSplitter* splitter = splitters[below(static_cast<int>(splitters.size()))];
        QSplitterHandle* handle = splitter->handle(1);
        if (!handle || !handle->isVisible())
          continue;
        const QPoint grip = handle->rect().center();
        const QPoint by = splitter->orientation() == Qt::Horizontal ? QPoint(below(120) - 60, 0)
                                                                    : QPoint(0, below(120) - 60);
        QTest::mousePress(handle, Qt::LeftButton, {}, grip);
        QTest::mouseMove(handle, grip + by);
        QTest::mouseRelease(handle, Qt::LeftButton, {}, grip + by);
      }
      if (undo->count() > before)
        states << state();
      else
        states.back() = state();
    }
    for (qsizetype i = states.size(); i-- > 1;) {
      QCOMPARE(state(), states[i]);
      undo->undo();
    }
    QCOMPARE(state(), states[0]);
    QVERIFY(!undo->canUndo());
    while (undo->canRedo())
      undo->redo();
    QCOMPARE(state(), states.back());
  }

  // Copying means the view that is active, whatever it shows.
  void theActiveViewIsCopied()
  {
    Bench bench;
    QTRY_VERIFY(bench.window.document()->embedding());
    bench.run("edit.copyView");
    const QImage cloud = QApplication::clipboard()->image();
    QCOMPARE(cloud.size(), bench.window.cloud()->view()->grabPicture().size());
    bench.window.views()->showView(QStringLiteral("columns"));
    QTest::qWait(100);
    bench.run("edit.copyView");
    const QImage plot = QApplication::clipboard()->image();
    QCOMPARE(plot.size(), bench.window.views()->view(QStringLiteral("columns"))->size());
    QVERIFY(orrery::test::similarity(plot, cloud) < 0.9);
  }

  // By the buttons and the dividers of the panels themselves.
  void panelsAreUndone()
  {
    Bench bench;
    QTRY_VERIFY(bench.window.document()->embedding());
    QTest::qWait(200);
    QUndoStack* undo = bench.window.document()->undoStack();
    undo->clear();
    auto* inspector = bench.window.findChild<QDockWidget*>(QStringLiteral("inspector"));
    QVERIFY(inspector && inspector->isVisible());
    const QRect place = inspector->geometry();
    auto* close =
        inspector->findChild<QAbstractButton*>(QStringLiteral("qt_dockwidget_closebutton"));
    QVERIFY(close);
    QTest::mouseClick(close, Qt::LeftButton);
    QTRY_COMPARE(undo->count(), 1);
    QVERIFY(inspector->isHidden());
    undo->undo();
    QVERIFY(!inspector->isHidden());
    QTRY_COMPARE(inspector->geometry(), place);
    undo->redo();
    QVERIFY(inspector->isHidden());
    undo->undo();
    // The divider between the panel and the views.
    QTRY_COMPARE(inspector->geometry(), place);
    undo->clear();
    const QPoint divider(inspector->mapTo(&bench.window, QPoint()).x() - 3,
                         bench.window.height() / 2);
    QTest::mousePress(&bench.window, Qt::LeftButton, {}, divider);
    QTest::mouseMove(&bench.window, divider - QPoint(60, 0));
    QTest::qWait(50);
    QTest::mouseRelease(&bench.window, Qt::LeftButton, {}, divider - QPoint(60, 0));
    QTRY_COMPARE(undo->count(), 1);
    QVERIFY(inspector->width() > place.width() + 30);
    undo->undo();
    QTRY_COMPARE(inspector->width(), place.width());
    // A click that moves nothing is no step, nor is what the program shows by itself.
    QTest::mouseClick(&bench.window, Qt::LeftButton, {}, divider);
    QTest::qWait(50);
    bench.run("lobes.panel");
    QTest::qWait(600);
    QCOMPARE(undo->count(), 1);
    QVERIFY(!undo->canUndo());
  }

  // Whatever a file of settings or a session says, the window stands.
  void brokenStatesAreRepaired()
  {
    Bench bench;
    ViewArea* views = bench.window.views();
    for (const char* text :
         {R"({})", R"({"shape": "grid", "views": []})", R"({"shape": 7, "views": "x"})",
          R"({"shape": "grid", "views": ["cloud", "cloud", "no", 3], "maximized": 99,
              "active": -5, "shares": [7, -1, "x"]})"}) {
      views->restoreState(QJsonDocument::fromJson(text).object());
      QCOMPARE(views->arrangement().views.size(), views->arrangement().panes());
      QCOMPARE(views->arrangement().maximized, -1);
      QSet<QString> once(views->arrangement().views.begin(), views->arrangement().views.end());
      QCOMPARE(once.size(), views->arrangement().views.size());
    }
  }
};

QTEST_MAIN(tst_ViewPart)
#include "tst_ViewPart.moc"
