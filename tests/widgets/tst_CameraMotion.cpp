#include "widgets/vtk/CameraMotion.h"

#include <vtkCamera.h>
#include <vtkMatrix4x4.h>
#include <vtkNew.h>
#include <QtTest/QTest>

#include <Eigen/Geometry>

#include <cmath>
#include <limits>
#include <numbers>

using namespace orrery;
using Eigen::Matrix4d;
using Eigen::Vector3d;

namespace {

Camera someCamera(bool orthographic = false)
{
  Camera camera;
  camera.position = Vector3d(3.0, 2.0, 5.0);
  camera.focalPoint = Vector3d(0.3, -0.2, 0.5);
  camera.viewUp = Vector3d(0.1, 1.0, 0.0);
  camera.orthographic = orthographic;
  camera.parallelScale = 1.7;
  return camera;
}

Vector3d screen(const Camera& camera, const SceneBounds& bounds, const Vector3d& world)
{
  const Eigen::Vector4d clip = clipFromWorld(camera, 1.6, bounds) * world.homogeneous();
  return clip.head<3>() / clip.w();
}

}  // namespace

class tst_CameraMotion : public QObject {
  Q_OBJECT
 private slots:
  // vtkCamera: SetViewAngle(30), GetCompositeProjectionTransformMatrix(1.6, -1, 1).
  void matrixIsThatOfVtk_data()
  {
    QTest::addColumn<bool>("orthographic");
    QTest::newRow("perspective") << false;
    QTest::newRow("orthographic") << true;
  }
  void matrixIsThatOfVtk()
  {
    QFETCH(bool, orthographic);
    const Camera camera = someCamera(orthographic);
    const SceneBounds bounds{{0.1, 0.2, 0.3}, 2.0};
    vtkNew<vtkCamera> reference;
    reference->SetPosition(camera.position.data());
    reference->SetFocalPoint(camera.focalPoint.data());
    reference->SetViewUp(camera.viewUp.data());
    reference->SetParallelProjection(orthographic);
    reference->SetParallelScale(camera.parallelScale);
    // Depths differ by the planes only: x and y are what matters, and that depth grows.
    reference->SetClippingRange(1.0, 20.0);
    vtkMatrix4x4* matrix = reference->GetCompositeProjectionTransformMatrix(1.6, -1, 1);
    for (const Vector3d& world : {Vector3d(0, 0, 0), Vector3d(1, 1, 1), Vector3d(-1.2, 0.4, 0.9)}) {
      const double in[4] = {world.x(), world.y(), world.z(), 1.0};
      double out[4];
      matrix->MultiplyPoint(in, out);
      const Vector3d ours = screen(camera, bounds, world);
      QVERIFY(std::abs(ours.x() - out[0] / out[3]) < 1e-12);
      QVERIFY(std::abs(ours.y() - out[1] / out[3]) < 1e-12);
    }
  }

  void everythingIsBetweenTheClippingPlanes()
  {
    for (const bool orthographic : {false, true})
      for (const double scale : {1e-20, 1e-3, 1.0, 1e6, 1e18}) {
        const SceneBounds bounds{Vector3d(0.5, -2.0, 1.0) * scale, 3.0 * scale};
        Camera camera = frameBounds(someCamera(orthographic), bounds, 1.6);
        for (int i = 0; i < 200; ++i) {
          const Vector3d direction =
              Vector3d(std::sin(i * 1.1), std::cos(i * 0.7), std::sin(i * 2.3 + 1)).normalized();
          const Vector3d at = screen(camera, bounds, bounds.center + direction * bounds.radius);
          QVERIFY(at.cwiseAbs().maxCoeff() <= 1.0);
        }
      }
  }

  void degenerateCamerasHaveAxes()
  {
    Camera camera;
    camera.position = camera.focalPoint = Vector3d(1, 1, 1);
    camera.viewUp = Vector3d::Zero();
    QVERIFY(clipFromWorld(camera, 1.0, {}).allFinite());
    camera.position = Vector3d(1, 5, 1);
    camera.viewUp = Vector3d::UnitY();
    const Eigen::Matrix3d axes = cameraAxes(camera);
    QVERIFY((axes.transpose() * axes - Eigen::Matrix3d::Identity()).norm() < 1e-12);
  }

  // However the hand drags, the object does not stand on its head, and stays in the middle.
  void orbitNeverFlips()
  {
    Camera camera;
    camera.position = Vector3d(0, 0, 4);
    const double distance = 4.0;
    for (int i = 0; i < 5000; ++i) {
      camera = orbit(camera, 0.3 * std::sin(i * 0.37), 0.5 * std::cos(i * 0.11));
      QVERIFY(cameraAxes(camera)(1, 1) >= -1e-9);
      QVERIFY(std::abs((camera.position - camera.focalPoint).norm() - distance) < 1e-9);
    }
    // Far past the pole and back.
    camera = orbit(camera, 0.0, 100.0);
    QVERIFY(cameraAxes(camera)(1, 2) > 1.0 - 1e-9);
    camera = orbit(camera, 0.5, -0.4);
    QVERIFY(std::abs(std::asin(cameraAxes(camera)(1, 2)) - (std::numbers::pi / 2 - 0.4)) < 1e-6);
  }

  void dragToTheRightTurnsTheFrontToTheRight()
  {
    Camera camera;
    camera.position = Vector3d(0, 0, 4);
    const SceneBounds bounds{{0, 0, 0}, 1.0};
    const Vector3d front(0, 0, 1);
    QVERIFY(screen(orbit(camera, 0.2, 0.0), bounds, front).x() > 0.0);
    QVERIFY(screen(orbit(camera, 0.0, 0.2), bounds, front).y() < 0.0);
  }

  void zoomKeepsTheAnchor()
  {
    for (const bool orthographic : {false, true}) {
      const Camera camera = someCamera(orthographic);
      const SceneBounds bounds{{0, 0, 0}, 3.0};
      const Vector3d anchor(0.7, 0.3, -0.4);
      const Vector3d before = screen(camera, bounds, anchor);
      for (const double factor : {0.5, 1.2, 4.0}) {
        const Camera zoomed = zoomAbout(camera, anchor, factor);
        const Vector3d after = screen(zoomed, bounds, anchor);
        QVERIFY((after - before).head<2>().norm() < 1e-12);
        QVERIFY(std::abs(halfHeight(zoomed) * factor - halfHeight(camera)) < 1e-12);
      }
    }
  }

  void panFollowsTheHand()
  {
    for (const bool orthographic : {false, true}) {
      const Camera camera = someCamera(orthographic);
      const SceneBounds bounds{{0, 0, 0}, 3.0};
      const Vector3d before = screen(camera, bounds, camera.focalPoint);
      const Vector3d after = screen(pan(camera, 40.0, 25.0, 500.0), bounds, camera.focalPoint);
      QVERIFY(std::abs((after - before).x() - 2.0 * 40.0 / 800.0) < 1e-12);
      QVERIFY(std::abs((after - before).y() + 2.0 * 25.0 / 500.0) < 1e-12);
    }
  }

  void projectionChangeShowsTheSame()
  {
    const Camera camera = someCamera();
    const Camera flat = withProjection(camera, true);
    QVERIFY(flat.orthographic);
    QVERIFY(std::abs(halfHeight(flat) - halfHeight(camera)) < 1e-12);
    const Camera back = withProjection(flat, false);
    QVERIFY((back.position - camera.position).norm() < 1e-12);
  }

  void interpolationEndsWhereItShould()
  {
    const Camera a = someCamera();
    const Camera b = lookAlongAxis(a, 1);
    QVERIFY(interpolate(a, b, 0.0) == a);
    QVERIFY(interpolate(a, b, 1.0) == b);
    const Camera middle = interpolate(a, b, 0.5);
    QVERIFY(std::abs(focalDistance(middle) - focalDistance(a)) < 1e-9);
    QVERIFY(middle.position.allFinite());
  }

  void boundsOfOddPositions()
  {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const float infinity = std::numeric_limits<float>::infinity();
    QCOMPARE(boundsOf(Positions(3, 0)), SceneBounds{});
    Positions one(3, 3);
    one << 2, nan, 2, 3, 0, 3, 4, 1, infinity;
    QCOMPARE(boundsOf(one).center, Vector3d(2, 3, 4));
    QCOMPARE(boundsOf(one).radius, 1.0);
    Positions huge(3, 2);
    huge.col(0).setConstant(3e38f);
    huge.col(1).setConstant(-3e38f);
    QVERIFY(std::isfinite(boundsOf(huge).radius));
    Positions tiny = Positions::Zero(3, 2);
    tiny(0, 1) = 1e-30f;
    QVERIFY(boundsOf(tiny).radius > 0.0);
    // Far from the origin all are equal in single precision: padded, not zero.
    Positions equal = Positions::Constant(3, 5, 1e7f);
    QVERIFY(boundsOf(equal).radius >= 1.0);
    QVERIFY(framePlane(equal, {}, 1.5).position.allFinite());
    QVERIFY(framePlane(Positions(3, 0), {}, 1.5).position.allFinite());
  }
};

QTEST_APPLESS_MAIN(tst_CameraMotion)
#include "tst_CameraMotion.moc"
