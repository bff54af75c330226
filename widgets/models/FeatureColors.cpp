#include "widgets/models/FeatureColors.h"

#include "widgets/models/FeatureText.h"
#include "widgets/vtk/Palette.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace orrery {
namespace {

struct Scale {
  double low = 0.0, high = 1.0;
  bool logarithmic = false, clipped = false;
  std::int64_t missing = 0;

  [[nodiscard]] double share(double value) const
  {
    if (!(high > low))
      return 0.5;
    if (logarithmic)
      return std::clamp(std::log(std::max(value, low) / low) / std::log(high / low), 0.0, 1.0);
    return std::clamp((value - low) / (high - low), 0.0, 1.0);
  }
};

Scale scaleOf(const std::vector<double>& numbers)
{
  Scale scale;
  std::vector<double> finite;
  finite.reserve(numbers.size());
  for (const double number : numbers)
    if (std::isfinite(number))
      finite.push_back(number);
  scale.missing = static_cast<std::int64_t>(numbers.size() - finite.size());
  if (finite.empty())
    return scale;
  const auto at = [&](double share) {
    const auto place = finite.begin() + std::lround(share * static_cast<double>(finite.size() - 1));
    std::nth_element(finite.begin(), place, finite.end());
    return *place;
  };
  const auto [least, most] = std::minmax_element(finite.begin(), finite.end());
  const double smallest = *least, largest = *most;
  scale.low = at(0.01);
  scale.high = at(0.99);
  if (!(scale.high > scale.low)) {
    scale.low = smallest;
    scale.high = largest;
  }
  scale.clipped = smallest < scale.low || largest > scale.high;
  scale.logarithmic = scale.low > 0 && scale.high / scale.low >= 1000;
  return scale;
}

void colorByNumber(const Column& column, const Appearance& appearance, bool dark,
                   FeatureColors& result, std::vector<std::uint32_t>& colors)
{
  const Scale scale = scaleOf(column.numbers);
  ColorLegend& legend = result.legend;
  legend.numeric = true;
  legend.palette = appearance.palette.empty() ? numberPalettes().front() : appearance.palette;
  legend.low = scale.low;
  legend.high = scale.high;
  legend.logarithmic = scale.logarithmic;
  legend.clipped = scale.clipped;
  legend.missing = scale.missing;

  std::array<std::uint32_t, 256> table{};
  for (std::size_t i = 0; i < table.size(); ++i)
    table[i] = paletteColor(legend.palette, static_cast<double>(i) / 255.0).rgba();
  const std::uint32_t missing = missingColor(dark).rgba();
  for (std::size_t id = 0; id < colors.size(); ++id) {
    const double value = id < column.numbers.size() ? column.numbers[id] : NAN;
    colors[id] = std::isfinite(value)
                     ? table[static_cast<std::size_t>(std::lround(255 * scale.share(value)))]
                     : missing;
  }
}

void colorByCategory(const Column& column, bool dark, FeatureColors& result,
                     std::vector<std::uint32_t>& colors)
{
  const auto categories = column.categoryNames.size();
  std::vector<std::int64_t> counts(categories, 0);
  for (const std::int32_t category : column.categories) {
    if (category >= 0)
      ++counts[static_cast<std::size_t>(category)];
    else
      ++result.legend.missing;
  }
  // The colour goes by the category's place, so that it stays when others are searched or the
  // counts change; only past the palette's end are the frequent ones preferred, and those that have
  // a place in the palette keep it: lobes stay what they are over numbers of clusters.
  std::vector<std::size_t> order(categories);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return counts[a] > counts[b]; });
  const auto shown = std::min<std::size_t>(categories, maxCategoryColors);
  const QColor other = missingColor(dark);
  std::vector<std::uint32_t> colorOf(categories, other.rgba());
  std::array<bool, maxCategoryColors> taken{};
  for (std::size_t i = 0; i < shown; ++i)
    if (order[i] < taken.size()) {
      taken[order[i]] = true;
      colorOf[order[i]] = categoryColor(static_cast<int>(order[i]), dark).rgba();
    }
  std::size_t free = 0;
  for (std::size_t i = 0; i < shown; ++i)
    if (order[i] >= taken.size()) {
      while (taken[free])
        ++free;
      taken[free] = true;
      colorOf[order[i]] = categoryColor(static_cast<int>(free), dark).rgba();
    }
  for (std::size_t i = 0; i < shown; ++i)
    result.legend.entries.push_back({visibleText(column.categoryNames[order[i]], 60),
                                     QColor::fromRgba(colorOf[order[i]]), counts[order[i]]});
  result.legend.moreCategories = static_cast<std::int64_t>(categories - shown);
  for (std::size_t id = 0; id < colors.size(); ++id) {
    const std::int32_t category = id < column.categories.size() ? column.categories[id] : -1;
    colors[id] = category >= 0 ? colorOf[static_cast<std::size_t>(category)] : other.rgba();
  }
}

}  // namespace

std::vector<std::string> numberPalettes()
{
  return {"viridis", "cividis", "grey"};
}

QColor paletteColor(const std::string& palette, double share)
{
  return mapColor(palette == "cividis" ? ColorMap::Cividis
                  : palette == "grey"  ? ColorMap::Grey
                                       : ColorMap::Viridis,
                  share);
}

std::vector<QColor> categoryColors(std::int64_t count, bool dark)
{
  std::vector<QColor> colors;
  for (int i = 0; i < maxCategoryColors && i < count; ++i)
    colors.push_back(categoryColor(i, dark));
  return colors;
}

QColor missingColor(bool dark)
{
  return categoryColor(-1, dark);
}

QStringList legendNotes(const ColorLegend& legend)
{
  QStringList notes;
  if (legend.moreCategories > 0)
    notes << QStringLiteral("and %1 more, in grey").arg(displayCount(legend.moreCategories));
  if (legend.logarithmic)
    notes << QStringLiteral("logarithmic scale");
  if (legend.clipped)
    notes << QStringLiteral("ends: 1st and 99th percentile");
  if (legend.missing > 0)
    notes << QStringLiteral("%1 without a value, in grey").arg(displayCount(legend.missing));
  return notes;
}

LegendModel pictureLegend(const ColorLegend& legend, int entries)
{
  LegendModel model;
  if (legend.title.isEmpty())
    return model;
  model.title = legend.title;
  for (const auto& entry : legend.entries) {
    if (static_cast<int>(model.entries.size()) == entries)
      break;
    model.entries.push_back({entry.color, entry.name, entry.count});
  }
  model.more = static_cast<int>(legend.entries.size() - model.entries.size()) +
               static_cast<int>(legend.moreCategories);
  if (legend.numeric) {
    for (int i = 0; i <= 32; ++i)
      model.bar.colors.push_back(paletteColor(legend.palette, i / 32.0));
    const double middle =
        legend.logarithmic ? std::sqrt(legend.low * legend.high) : 0.5 * (legend.low + legend.high);
    model.bar.ticks = {{0.0, QString::number(legend.low, 'g', 3)},
                       {0.5, QString::number(middle, 'g', 3)},
                       {1.0, QString::number(legend.high, 'g', 3)}};
  }
  ColorLegend noted = legend;
  noted.moreCategories = 0;  // said by the entries' own last line
  model.note = legendNotes(noted).join(QStringLiteral(", "));
  return model;
}

FeatureColors colorFeatures(const Dictionary& dictionary, const Appearance& appearance, bool dark)
{
  FeatureColors result;
  if (const Column* column = dictionary.column(appearance.colorBy)) {
    result.legend.title = visibleText(column->name, 60);
    std::vector<std::uint32_t> colors(static_cast<std::size_t>(dictionary.features()));
    if (column->kind == Column::Kind::Number)
      colorByNumber(*column, appearance, dark, result, colors);
    else
      colorByCategory(*column, dark, result, colors);
    result.colors = std::make_shared<const std::vector<std::uint32_t>>(std::move(colors));
  }
  const Column* size = dictionary.column(appearance.sizeBy);
  if (size && size->kind == Column::Kind::Number) {
    const Scale scale = scaleOf(size->numbers);
    result.sizes.assign(static_cast<std::size_t>(dictionary.features()), 0.5f);
    for (std::size_t id = 0; id < std::min(result.sizes.size(), size->numbers.size()); ++id)
      if (std::isfinite(size->numbers[id]))
        // Area, not diameter, follows the value: what the eye compares.
        result.sizes[id] =
            static_cast<float>(0.5 + 2.0 * std::sqrt(scale.share(size->numbers[id])));
  }
  return result;
}

}  // namespace orrery
