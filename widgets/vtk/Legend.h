// What the colours mean: a model without pixels, drawn in the view and in figures alike.
#pragma once

#include <QColor>
#include <QString>

#include <cstdint>
#include <functional>
#include <vector>

namespace orrery {

struct LegendEntry {
  QColor color;
  QString text;
  std::int64_t count = -1;  ///< Features of it; −1: not said.
};

/// A colour bar for numbers.
struct LegendBar {
  std::vector<QColor> colors;  ///< From the smallest to the largest, evenly spaced.
  /// Where a text stands, 0 … 1 along the bar.
  std::vector<std::pair<double, QString>> ticks;
};

struct LegendModel {
  QString title;
  std::vector<LegendEntry> entries;
  int more = 0;  ///< Classes beyond the entries: "and 37 more".
  LegendBar bar;
  QString note;  ///< A line below: "12 without a value are grey".

  [[nodiscard]] bool isEmpty() const { return entries.empty() && bar.colors.empty(); }
};

}  // namespace orrery
