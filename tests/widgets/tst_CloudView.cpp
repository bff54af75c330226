#include "core/base/Random.h"
#include "widgets/views/CloudView.h"

#include <QSignalSpy>
#include <QWheelEvent>
#include <QtTest/QTest>

#include <cmath>

using namespace orrery;

namespace {

/// Eight corners of a cube; the first is front left below.
Positions cube()
{
  Positions positions(3, 8);
  for (int i = 0; i < 8; ++i)
    positions.col(i) << (i & 1 ? 1.0f : -1.0f), (i & 2 ? 1.0f : -1.0f), (i & 4 ? -1.0f : 1.0f);
  return positions;
}

/// Where a feature is on the widget, by the contract of the projection.
QPoint placeOf(const CloudView& view, const Positions& positions, FeatureId feature)
{
  const double aspect = static_cast<double>(view.width()) / view.height();
  const Eigen::Vector3d p = positions.col(feature).cast<double>();
  const Eigen::Vector4d clip = clipFromWorld(view.camera(), aspect, boundsOf(positions)) *
                               Eigen::Vector4d(p.x(), p.y(), p.z(), 1.0);
  return QPointF((clip.x() / clip.w() + 1.0) * 0.5 * view.width(),
                 (1.0 - clip.y() / clip.w()) * 0.5 * view.height())
      .toPoint();
}

void drag(CloudView& view, QPoint from, QPoint to, Qt::MouseButton button = Qt::LeftButton,
          Qt::KeyboardModifiers modifiers = {})
{
  QTest::mousePress(&view, button, modifiers, from);
  for (int step = 1; step <= 4; ++step) {
    const QPointF at = QPointF(from) + QPointF(to - from) * step / 4.0;
    QMouseEvent move(QEvent::MouseMove, at, view.mapToGlobal(at), Qt::NoButton, button, modifiers);
    QCoreApplication::sendEvent(&view, &move);
  }
  QTest::mouseRelease(&view, button, modifiers, to);
}

void moveTo(CloudView& view, QPoint to)
{
  QMouseEvent move(QEvent::MouseMove, to, view.mapToGlobal(to), Qt::NoButton, Qt::NoButton,
                   Qt::NoModifier);
  QCoreApplication::sendEvent(&view, &move);
}

void turnWheel(CloudView& view, QPoint at, int notches)
{
  QWheelEvent event(at, view.mapToGlobal(at), {}, QPoint(0, 120 * notches), Qt::NoButton,
                    Qt::NoModifier, Qt::NoScrollPhase, false);
  QCoreApplication::sendEvent(&view, &event);
}

/// Waits until the picture is complete and smooth.
bool settle(CloudView& view)
{
  view.repaint();
  return QTest::qWaitFor([&] { return view.lastFrame().complete; }, 5000);
}

}  // namespace

class tst_CloudView : public QObject {
  Q_OBJECT

  std::unique_ptr<CloudView> m_view;
  Positions m_cube = cube();

 private slots:
  void init()
  {
    m_view = std::make_unique<CloudView>();
    m_view->resize(640, 480);
    m_view->setPositions(m_cube, false);
    m_view->show();
    QVERIFY(QTest::qWaitForWindowExposed(m_view.get()));
    QVERIFY(!m_view->rendererName().isEmpty());
  }
  void cleanup() { m_view.reset(); }

  void framesAll()
  {
    for (FeatureId i = 0; i < 8; ++i)
      QVERIFY(m_view->rect().contains(placeOf(*m_view, m_cube, i)));
    QVERIFY(settle(*m_view));
    QCOMPARE(m_view->lastFrame().points, 8);
  }

  void clickTellsTheFeature()
  {
    QSignalSpy spy(m_view.get(), &CloudView::clicked);
    QTest::mouseClick(m_view.get(), Qt::LeftButton, Qt::ControlModifier,
                      placeOf(*m_view, m_cube, 3) + QPoint(5, 0));
    QCOMPARE(spy.count(), 1);
    QCOMPARE(spy[0][0].value<FeatureId>(), 3);
    QCOMPARE(spy[0][1].value<Qt::KeyboardModifiers>(), Qt::ControlModifier);
    QTest::mouseClick(m_view.get(), Qt::LeftButton, {}, QPoint(3, 3));
    QCOMPARE(spy[1][0].value<FeatureId>(), noFeature);
  }

  void leftDragRotatesAndIsOneGesture()
  {
    QSignalSpy gestures(m_view.get(), &CloudView::cameraGestureFinished);
    QSignalSpy clicks(m_view.get(), &CloudView::clicked);
    const Camera before = m_view->camera();
    drag(*m_view, {300, 200}, {400, 260});
    const Camera after = m_view->camera();
    QVERIFY(!(before == after));
    QCOMPARE(after.focalPoint, before.focalPoint);
    QCOMPARE(clicks.count(), 0);
    QCOMPARE(gestures.count(), 1);
    QVERIFY(gestures[0][0].value<Camera>() == before);
    QVERIFY(gestures[0][1].value<Camera>() == after);
  }

  void middleAndShiftDragPan()
  {
    for (const bool shift : {false, true}) {
      const QPoint place = placeOf(*m_view, m_cube, 0);
      const Camera before = m_view->camera();
      drag(*m_view, {300, 200}, {340, 170}, shift ? Qt::LeftButton : Qt::MiddleButton,
           shift ? Qt::ShiftModifier : Qt::NoModifier);
      QVERIFY(((m_view->camera().position - m_view->camera().focalPoint) -
               (before.position - before.focalPoint))
                  .norm() < 1e-9);
      const QPoint moved = placeOf(*m_view, m_cube, 0) - place;
      // Perspective: what is nearer than the focal point moves a little more.
      QVERIFY(moved.x() > 25 && moved.x() < 70 && moved.y() < -18 && moved.y() > -55);
    }
  }

  void wheelZoomsToThePointUnderTheCursor()
  {
    const QPoint place = placeOf(*m_view, m_cube, 5);
    const double before = halfHeight(m_view->camera());
    turnWheel(*m_view, place, 3);
    QVERIFY(halfHeight(m_view->camera()) < 0.7 * before);
    QVERIFY((placeOf(*m_view, m_cube, 5) - place).manhattanLength() <= 2);
    QSignalSpy gestures(m_view.get(), &CloudView::cameraGestureFinished);
    QTRY_COMPARE(gestures.count(), 1);
  }

  void neverLosesTheObject()
  {
    turnWheel(*m_view, {320, 240}, -200);
    QVERIFY(m_view->camera().position.allFinite());
    const double far = halfHeight(m_view->camera());
    turnWheel(*m_view, {320, 240}, 400);
    QVERIFY(m_view->camera().position.allFinite());
    QVERIFY(halfHeight(m_view->camera()) > 0.0 && halfHeight(m_view->camera()) < far);
    m_view->frameAll();
    QTRY_VERIFY(m_view->rect().contains(placeOf(*m_view, m_cube, 6)));
  }

  void doubleClickIsTheRotationCentreZoomUnchanged()
  {
    QSignalSpy spy(m_view.get(), &CloudView::doubleClicked);
    const double zoom = halfHeight(m_view->camera());
    const QPoint place = placeOf(*m_view, m_cube, 6);
    QTest::mouseClick(m_view.get(), Qt::LeftButton, {}, place);
    QTest::mouseDClick(m_view.get(), Qt::LeftButton, {}, place);
    QCOMPARE(spy.count(), 1);
    QCOMPARE(spy[0][0].value<FeatureId>(), 6);
    const Eigen::Vector3d corner = m_cube.col(6).cast<double>();
    QTRY_VERIFY((m_view->camera().focalPoint - corner).norm() < 1e-6);
    QVERIFY(std::abs(halfHeight(m_view->camera()) - zoom) < 1e-6);
  }

  void hoverAfterAShortRest()
  {
    QSignalSpy spy(m_view.get(), &CloudView::hovered);
    moveTo(*m_view, placeOf(*m_view, m_cube, 2));
    QTRY_COMPARE(spy.count(), 1);
    QCOMPARE(spy[0][0].value<FeatureId>(), 2);
    moveTo(*m_view, {2, 2});
    QTRY_COMPARE(spy.count(), 2);
    QCOMPARE(spy[1][0].value<FeatureId>(), noFeature);
  }

  void rectangleSelectsAndModes()
  {
    m_view->setTool(CloudTool::Rectangle);
    QSignalSpy spy(m_view.get(), &CloudView::regionSelected);
    QSignalSpy counts(m_view.get(), &CloudView::regionCountChanged);
    drag(*m_view, {2, 2}, {637, 477}, Qt::LeftButton, Qt::ShiftModifier);
    QCOMPARE(spy.count(), 1);
    QCOMPARE(spy[0][0].value<std::vector<FeatureId>>().size(), 8u);
    QCOMPARE(spy[0][1].value<SelectionModel::Mode>(), SelectionModel::Mode::Add);
    QCOMPARE(counts.last()[0].toLongLong(), -1);
    QVERIFY(counts.count() >= 2);
    drag(*m_view, {2, 2}, {637, 477}, Qt::LeftButton, Qt::ControlModifier);
    QCOMPARE(spy[1][1].value<SelectionModel::Mode>(), SelectionModel::Mode::Remove);
    drag(*m_view, {2, 2}, {12, 12});
    QCOMPARE(spy[2][1].value<SelectionModel::Mode>(), SelectionModel::Mode::Replace);
    QVERIFY(spy[2][0].value<std::vector<FeatureId>>().empty());
  }

  void escapeCancelsARegion()
  {
    m_view->setTool(CloudTool::Lasso);
    QSignalSpy spy(m_view.get(), &CloudView::regionSelected);
    QTest::mousePress(m_view.get(), Qt::LeftButton, {}, QPoint(10, 10));
    QMouseEvent move(QEvent::MouseMove, QPointF(300, 300), QPointF(300, 300), Qt::NoButton,
                     Qt::LeftButton, Qt::NoModifier);
    QCoreApplication::sendEvent(m_view.get(), &move);
    QTest::keyClick(m_view.get(), Qt::Key_Escape);
    QTest::mouseRelease(m_view.get(), Qt::LeftButton, {}, QPoint(300, 300));
    QCOMPARE(spy.count(), 0);
  }

  void polygonOfClicks()
  {
    m_view->setTool(CloudTool::Polygon);
    QSignalSpy spy(m_view.get(), &CloudView::regionSelected);
    const QPoint center = placeOf(*m_view, m_cube, 1);
    QTest::mouseClick(m_view.get(), Qt::LeftButton, {}, center + QPoint(-20, -20));
    QTest::mouseClick(m_view.get(), Qt::LeftButton, {}, center + QPoint(20, -20));
    QTest::mouseClick(m_view.get(), Qt::LeftButton, {}, center + QPoint(0, 25));
    QTest::mouseClick(m_view.get(), Qt::LeftButton, {}, center + QPoint(-19, -19));
    QCOMPARE(spy.count(), 1);
    QCOMPARE(spy[0][0].value<std::vector<FeatureId>>(), std::vector<FeatureId>{1});
  }

  void brushAlongAPath()
  {
    m_view->setTool(CloudTool::Brush);
    QSignalSpy spy(m_view.get(), &CloudView::regionSelected);
    drag(*m_view, placeOf(*m_view, m_cube, 0), placeOf(*m_view, m_cube, 1));
    const auto features = spy[0][0].value<std::vector<FeatureId>>();
    QVERIFY(std::find(features.begin(), features.end(), 0) != features.end());
    QVERIFY(std::find(features.begin(), features.end(), 1) != features.end());
  }

  void hiddenFeaturesCannotBePicked()
  {
    m_view->setHidden({3});
    QSignalSpy spy(m_view.get(), &CloudView::clicked);
    QTest::mouseClick(m_view.get(), Qt::LeftButton, {}, placeOf(*m_view, m_cube, 3));
    QCOMPARE(spy[0][0].value<FeatureId>(), noFeature);
    QVERIFY(settle(*m_view));
    QCOMPARE(m_view->lastFrame().points, 7);
  }

  void planarMapsPanAndDoNotTurn()
  {
    Positions flat = m_cube;
    flat.row(2).setZero();
    m_view->setPositions(flat, true);
    const Camera before = m_view->camera();
    QVERIFY(before.orthographic);
    drag(*m_view, {300, 200}, {350, 250});
    const Camera after = m_view->camera();
    QVERIFY(((after.position - after.focalPoint).normalized() - Eigen::Vector3d::UnitZ()).norm() <
            1e-12);
    QVERIFY((after.focalPoint - before.focalPoint).norm() > 0.0);
    m_view->lookAlong(0);
    m_view->setOrthographic(false);
    QVERIFY(m_view->camera() == after);
  }

  void glideEndsThere()
  {
    const Positions target = 3.0f * m_cube;
    m_view->glideTo(target, false, 120);
    QTRY_VERIFY(std::abs(halfHeight(m_view->camera()) -
                         halfHeight(frameBounds(m_view->camera(), boundsOf(target),
                                                640.0 / 480.0))) < 1e-9);
    QSignalSpy spy(m_view.get(), &CloudView::clicked);
    QTest::mouseClick(m_view.get(), Qt::LeftButton, {}, placeOf(*m_view, target, 4));
    QCOMPARE(spy[0][0].value<FeatureId>(), 4);
  }

  // A map in the making grows a hundredfold: it stays in sight, turned or not.
  void growingMapsStayInSight()
  {
    for (const bool turned : {false, true}) {
      m_view->setPositions(m_cube, false);
      if (turned)
        drag(*m_view, {300, 200}, {340, 150});
      const QPoint before = placeOf(*m_view, m_cube, 3);
      const Positions grown = 100.0f * m_cube;
      m_view->setPositions(grown, false, true);
      QVERIFY((placeOf(*m_view, grown, 3) - before).manhattanLength() <= 2);
    }
  }

  void axisViews()
  {
    m_view->lookAlong(2);
    QTRY_VERIFY((cameraAxes(m_view->camera()).col(2) - Eigen::Vector3d::UnitZ()).norm() < 1e-9);
    m_view->lookAlong(0);
    QTRY_VERIFY((cameraAxes(m_view->camera()).col(2) - Eigen::Vector3d::UnitX()).norm() < 1e-9);
    m_view->lookAlong(1);
    QTRY_VERIFY((cameraAxes(m_view->camera()).col(2) - Eigen::Vector3d::UnitY()).norm() < 1e-9);
    // From straight above the hand can still turn it.
    drag(*m_view, {300, 200}, {340, 150});
    QVERIFY(m_view->camera().position.allFinite());
  }

  void oddSizesAndContents()
  {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    for (const QSize size : {QSize(1, 1), QSize(200, 150), QSize(7680, 4320), QSize(3, 900)}) {
      m_view->resize(size);
      QVERIFY(!m_view->grab().isNull());
    }
    m_view->resize(300, 200);
    Positions none(3, 0), one = Positions::Constant(3, 1, 5.0f), equal = Positions::Zero(3, 50);
    Positions bad = Positions::Constant(3, 4, nan), mixed = m_cube;
    mixed.col(2).setConstant(nan);
    mixed(0, 5) = std::numeric_limits<float>::infinity();
    for (const Positions& positions : {none, one, equal, bad, mixed})
      for (const bool planar : {false, true}) {
        m_view->setPositions(positions, planar);
        QVERIFY(!m_view->grab().isNull());
        QVERIFY(m_view->camera().position.allFinite());
        drag(*m_view, {100, 100}, {150, 120});
        turnWheel(*m_view, {20, 30}, 2);
        m_view->frame({0});
        m_view->frameAll();
        QVERIFY(!m_view->grabPicture(1.0).isNull() || positions.cols() == 0);
        QVERIFY(m_view->camera().position.allFinite());
      }
  }

  void ratiosOfTheScreen()
  {
    QCOMPARE(m_view->grabPicture(2.0).size(), QSize(1280, 960));
    QCOMPARE(m_view->grabPicture(0.5).size(), QSize(320, 240));
  }
};

QTEST_MAIN(tst_CloudView)
#include "tst_CloudView.moc"
