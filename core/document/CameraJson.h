// Cameras in the parts of a session that are JSON objects.
#pragma once

#include "core/document/Camera.h"

#include <QJsonObject>

#include <optional>

namespace orrery {

/// {"camera": position, focal point, view up, scale; "orthographic": …}.
QJsonObject cameraJson(const Camera& camera);

/// Nothing for numbers that are no camera.
std::optional<Camera> cameraOf(const QJsonObject& kept);

}  // namespace orrery
