#include "widgets/vtk/Palette.h"

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

namespace orrery {

namespace {

constexpr std::array<QRgb, categoryColorCount> categories = {
    // Okabe and Ito.
    0xE69F00, 0x56B4E9, 0x009E73, 0xD55E00, 0x0072B2, 0xCC79A7, 0xF0E442, 0x000000,
    // Greedily, each the farthest from all before it and from the greys and backgrounds.
    0x7800F0, 0x870F00, 0x96D278, 0x870F5A, 0x3C2DA5, 0xB45AFF, 0xE11E4B, 0x780F78, 0x78E1A5,
    0x00692D, 0xFF874B, 0x785A87};

// Samples of the published maps at even steps, joined by straight lines.
constexpr std::array<QRgb, 11> viridis = {0x440154, 0x482475, 0x414487, 0x355F8D,
                                          0x2A788E, 0x21918C, 0x22A884, 0x44BF70,
                                          0x7AD151, 0xBDDF26, 0xFDE725};
constexpr std::array<QRgb, 10> cividis = {0x00224E, 0x123570, 0x3B496C, 0x575D6D, 0x707173,
                                          0x8A8678, 0xA59C74, 0xC3B369, 0xE1CC55, 0xFDE737};
constexpr std::array<QRgb, 2> greys = {0x303030, 0xF0F0F0};

double linear(double channel)
{
  return channel <= 0.04045 ? channel / 12.92 : std::pow((channel + 0.055) / 1.055, 2.4);
}

double encoded(double channel)
{
  const double c = std::clamp(channel, 0.0, 1.0);
  return c <= 0.0031308 ? 12.92 * c : 1.055 * std::pow(c, 1.0 / 2.4) - 0.055;
}

Eigen::Vector3d linearRgb(const QColor& color)
{
  return {linear(color.red() / 255.0), linear(color.green() / 255.0), linear(color.blue() / 255.0)};
}

double luminance(const QColor& color)
{
  return linearRgb(color).dot(Eigen::Vector3d(0.2126, 0.7152, 0.0722));
}

Eigen::Vector3d lab(const QColor& color)
{
  Eigen::Matrix3d xyzFromRgb;
  xyzFromRgb << 0.4124564, 0.3575761, 0.1804375,  //
      0.2126729, 0.7151522, 0.0721750,            //
      0.0193339, 0.1191920, 0.9503041;
  const Eigen::Vector3d white(0.95047, 1.0, 1.08883);
  const auto f = [](double t) {
    constexpr double d = 6.0 / 29.0;
    return t > d * d * d ? std::cbrt(t) : t / (3.0 * d * d) + 4.0 / 29.0;
  };
  const Eigen::Vector3d xyz =
      ((xyzFromRgb * linearRgb(color)).array() / white.array()).unaryExpr(f).matrix();
  return {116.0 * xyz.y() - 16.0, 500.0 * (xyz.x() - xyz.y()), 200.0 * (xyz.y() - xyz.z())};
}

QColor between(std::span<const QRgb> samples, double share)
{
  const double place = std::clamp(share, 0.0, 1.0) * static_cast<double>(samples.size() - 1);
  const auto low = std::min(static_cast<std::size_t>(place), samples.size() - 2);
  const double part = place - static_cast<double>(low);
  const auto mix = [part](int from, int to) {
    return static_cast<int>(std::lround(from + part * (to - from)));
  };
  const QRgb a = samples[low], b = samples[low + 1];
  return {mix(qRed(a), qRed(b)), mix(qGreen(a), qGreen(b)), mix(qBlue(a), qBlue(b))};
}

constexpr QColor noValue(0x99, 0x99, 0x99);

}  // namespace

QColor categoryColor(int rank, bool dark)
{
  if (rank < 0 || rank >= categoryColorCount)
    return noValue;
  const QColor color(categories[static_cast<std::size_t>(rank)]);
  if (!dark)
    return color;
  // Black would vanish, and the darkest of the others nearly.
  return color == QColor(Qt::black) ? QColor(0xDD, 0xDD, 0xDD)
                                    : readableColor(color, QColor(0x12, 0x14, 0x18), 2.2);
}

QColor mapColor(ColorMap map, double share)
{
  if (std::isnan(share))
    return noValue;
  switch (map) {
    case ColorMap::Cividis:
      return between(cividis, share);
    case ColorMap::Grey:
      return between(greys, share);
    case ColorMap::Viridis:
      break;
  }
  return between(viridis, share);
}

double contrastRatio(const QColor& a, const QColor& b)
{
  const double first = luminance(a), second = luminance(b);
  return (std::max(first, second) + 0.05) / (std::min(first, second) + 0.05);
}

QColor mixed(const QColor& a, const QColor& b, double share)
{
  const auto mix = [share](int x, int y) {
    return static_cast<int>(std::lround(x + (y - x) * share));
  };
  return {mix(a.red(), b.red()), mix(a.green(), b.green()), mix(a.blue(), b.blue())};
}

QColor faded(QColor color, double opacity)
{
  color.setAlphaF(static_cast<float>(opacity));
  return color;
}

QColor readableColor(const QColor& wanted, const QColor& background, double ratio)
{
  if (contrastRatio(wanted, background) >= ratio)
    return wanted;
  // Towards whichever end is farther from the background.
  const bool lighten = contrastRatio(Qt::white, background) > contrastRatio(Qt::black, background);
  const QColor end = lighten ? Qt::white : Qt::black;
  QColor color = wanted;
  for (int step = 1; step <= 50 && contrastRatio(color, background) < ratio; ++step) {
    const double share = step / 50.0;
    const auto mix = [share](int from, int to) {
      return static_cast<int>(std::lround(from + share * (to - from)));
    };
    color = QColor(mix(wanted.red(), end.red()), mix(wanted.green(), end.green()),
                   mix(wanted.blue(), end.blue()));
  }
  return color;
}

QColor seenWith(const QColor& color, ColorVision vision)
{
  Eigen::Matrix3d matrix = Eigen::Matrix3d::Identity();
  if (vision == ColorVision::Protanopia)
    matrix << 0.152286, 1.052583, -0.204868,  //
        0.114503, 0.786281, 0.099216,         //
        -0.003882, -0.048116, 1.051998;
  else if (vision == ColorVision::Deuteranopia)
    matrix << 0.367322, 0.860646, -0.227968,  //
        0.280085, 0.672501, 0.047413,         //
        -0.011820, 0.042940, 0.968881;
  else if (vision == ColorVision::Tritanopia)
    matrix << 1.255528, -0.076749, -0.178779,  //
        -0.078411, 0.930809, 0.147602,         //
        0.004733, 0.691367, 0.303900;
  const Eigen::Vector3d seen = matrix * linearRgb(color);
  return QColor::fromRgbF(static_cast<float>(encoded(seen.x())),
                          static_cast<float>(encoded(seen.y())),
                          static_cast<float>(encoded(seen.z())));
}

double colorDistance(const QColor& a, const QColor& b)
{
  return (lab(a) - lab(b)).norm();
}

}  // namespace orrery
