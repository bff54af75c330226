#include "widgets/models/FeatureText.h"

#include "core/io/ByteSource.h"

#include <cmath>

namespace orrery {

QString visibleText(const std::string& text, int length)
{
  // A megabyte of label is cut before it is looked at; a cut sequence ends as U+FFFD at worst.
  const bool cut = length > 0 && text.size() > static_cast<std::size_t>(length) * 8;
  QString visible = QString::fromStdString(
      displayText(cut ? text.substr(0, static_cast<std::size_t>(length) * 8) : text));
  if (length > 0 && visible.size() > length) {
    visible.truncate(visible.at(length - 1).isHighSurrogate() ? length - 1 : length);
    visible += QStringLiteral("…");
  }
  return visible;
}

QString labelText(const Dictionary& dictionary, FeatureId feature)
{
  if (feature < 0 || feature >= dictionary.features())
    return {};
  if (dictionary.labels.empty())
    return QStringLiteral("#%1").arg(feature);
  const std::string& label = dictionary.labels[static_cast<std::size_t>(feature)];
  return label.empty() ? QStringLiteral("(no label)") : visibleText(label);
}

QString plainToolTip(const QString& text)
{
  return QStringLiteral("<qt>") +
         text.toHtmlEscaped().replace(QLatin1Char('\n'), QStringLiteral("<br>")) +
         QStringLiteral("</qt>");
}

QString numberText(double value)
{
  if (std::isnan(value))
    return {};
  return QString::number(value, 'g', 6);
}

QString columnText(const Column& column, FeatureId feature)
{
  const auto place = static_cast<std::size_t>(feature);
  if (column.kind == Column::Kind::Number)
    return place < column.numbers.size() ? numberText(column.numbers[place]) : QString();
  if (place >= column.categories.size() || column.categories[place] < 0)
    return {};
  return visibleText(column.categoryNames[static_cast<std::size_t>(column.categories[place])]);
}

}  // namespace orrery
