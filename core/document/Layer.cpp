#include "core/document/Layer.h"

namespace orrery {

QString Layer::title() const
{
  QString title = QString::fromStdString(dictionary->name);
  if (dictionary->synthetic && !title.contains(QStringLiteral("synthetic"), Qt::CaseInsensitive))
    title += QStringLiteral(" (synthetic)");
  return title;
}

QString displayCount(std::int64_t count)
{
  QString digits = QString::number(count);
  const int first = count < 0 ? 1 : 0;
  for (qsizetype i = digits.size() - 3; i > first; i -= 3)
    digits.insert(i, QLatin1Char(','));
  return digits;
}

}  // namespace orrery
