#include "core/document/CameraJson.h"

#include <QJsonArray>

#include <array>
#include <cmath>

namespace orrery {

QJsonObject cameraJson(const Camera& camera)
{
  QJsonArray numbers;
  for (const Eigen::Vector3d& part : {camera.position, camera.focalPoint, camera.viewUp})
    for (int i = 0; i < 3; ++i)
      numbers.append(part[i]);
  numbers.append(camera.parallelScale);
  return {{QStringLiteral("camera"), numbers},
          {QStringLiteral("orthographic"), camera.orthographic}};
}

std::optional<Camera> cameraOf(const QJsonObject& kept)
{
  const QJsonArray numbers = kept[QStringLiteral("camera")].toArray();
  if (numbers.size() != 10)
    return std::nullopt;
  std::array<double, 10> all{};
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i] = numbers[static_cast<qsizetype>(i)].toDouble(std::nan(""));
    if (!std::isfinite(all[i]))
      return std::nullopt;
  }
  Camera camera;
  camera.position = {all[0], all[1], all[2]};
  camera.focalPoint = {all[3], all[4], all[5]};
  camera.viewUp = {all[6], all[7], all[8]};
  camera.parallelScale = all[9];
  camera.orthographic = kept[QStringLiteral("orthographic")].toBool();
  if (!(camera.parallelScale > 0) || camera.position == camera.focalPoint)
    return std::nullopt;
  return camera;
}

}  // namespace orrery
