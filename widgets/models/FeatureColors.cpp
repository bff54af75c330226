#include "widgets/models/FeatureColors.h"

#include "widgets/models/FeatureText.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <span>

namespace orrery {
namespace {

// Both are perceptually even and survive every kind of colour blindness; these are samples of the
// published maps at even steps, joined by straight lines in sRGB (error below 2 of 255).
constexpr std::array<QRgb, 11> viridis = {0x440154, 0x482475, 0x414487, 0x355F8D,
                                          0x2A788E, 0x21918C, 0x22A884, 0x44BF70,
                                          0x7AD151, 0xBDDF26, 0xFDE725};
constexpr std::array<QRgb, 10> cividis = {0x00224E, 0x123570, 0x3B496C, 0x575D6D, 0x707173,
                                          0x8A8678, 0xA59C74, 0xC3B369, 0xE1CC55, 0xFDE737};
constexpr std::array<QRgb, 7> grey = {0x303030, 0x505050, 0x707070, 0x909090,
                                      0xB0B0B0, 0xD0D0D0, 0xF0F0F0};

// Okabe & Ito 2008, without its black, which is no colour on a dark ground.
constexpr std::array<QRgb, 7> okabeIto = {0x0072B2, 0xE69F00, 0x009E73, 0xD55E00,
                                          0x56B4E9, 0xCC79A7, 0xF0E442};

// Tol's discrete rainbow (2018), for up to twenty classes, taken in an order that keeps
// neighbouring numbers apart.
constexpr std::array<QRgb, maxCategoryColors> rainbow = {
    0x1965B0, 0xF4A736, 0x4EB265, 0xDC050C, 0x882E72, 0x7BAFDE, 0xF7F056,
    0xE8601C, 0xCAE0AB, 0x72190E, 0xD1BBD7, 0x5289C7, 0xAE76A3, 0x90C987,
    0xF6C141, 0x994F88, 0xF1932D, 0x437DBF, 0xA5170E, 0xBA8DB4};

QColor interpolate(std::span<const QRgb> samples, double share)
{
  const double place = std::clamp(share, 0.0, 1.0) * static_cast<double>(samples.size() - 1);
  const auto low = std::min(static_cast<std::size_t>(place), samples.size() - 2);
  const double part = place - static_cast<double>(low);
  const QRgb a = samples[low], b = samples[low + 1];
  const auto mix = [part](int from, int to) {
    return static_cast<int>(std::lround(from + part * (to - from)));
  };
  return QColor(mix(qRed(a), qRed(b)), mix(qGreen(a), qGreen(b)), mix(qBlue(a), qBlue(b)));
}

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
  // The colour goes by the category's place in the file, so that it stays when others are searched
  // or the counts change; only past the palette's end are the frequent ones preferred.
  std::vector<std::size_t> order(categories);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return counts[a] > counts[b]; });
  const auto shown = std::min<std::size_t>(categories, maxCategoryColors);
  std::vector<std::size_t> named(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(shown));
  if (categories <= maxCategoryColors)
    std::sort(named.begin(), named.end());
  const auto palette = categoryColors(static_cast<std::int64_t>(categories), dark);
  const QColor other = missingColor(dark);
  std::vector<std::uint32_t> colorOf(categories, other.rgba());
  for (std::size_t i = 0; i < named.size(); ++i)
    colorOf[named[i]] = palette[i].rgba();
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
  if (palette == "cividis")
    return interpolate(cividis, share);
  return interpolate(
      palette == "grey" ? std::span<const QRgb>(grey) : std::span<const QRgb>(viridis), share);
}

std::vector<QColor> categoryColors(std::int64_t count, bool dark)
{
  std::vector<QColor> colors;
  const std::span<const QRgb> source = count <= static_cast<std::int64_t>(okabeIto.size())
                                           ? std::span<const QRgb>(okabeIto)
                                           : std::span<const QRgb>(rainbow);
  for (std::size_t i = 0; i < source.size() && static_cast<std::int64_t>(i) < count; ++i) {
    QColor color(source[i]);
    // The darkest reds and blues sink into a dark ground.
    if (dark && color.lightness() < 90)
      color = color.lighter(150);
    colors.push_back(color);
  }
  return colors;
}

QColor missingColor(bool dark)
{
  return dark ? QColor(0x8A, 0x8A, 0x8A) : QColor(0x9A, 0x9A, 0x9A);
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
