// Numbers of things as people write them.
#pragma once

#include "core/document/Layer.h"

#include <QString>

namespace orrery {

/// "1 vector", "1,024 vectors": @p one for exactly one, else @p many; both without the number.
inline QString countText(std::int64_t count, const QString& one, const QString& many)
{
  return displayCount(count) + QLatin1Char(' ') + (count == 1 ? one : many);
}

}  // namespace orrery
