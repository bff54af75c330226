#include "core/base/Random.h"

#include <cmath>

namespace orrery {

Random Random::forPart(std::uint64_t seed, std::uint64_t index)
{
  // Two rounds of splitmix64: neighbouring (seed, index) pairs give unrelated states.
  std::uint64_t z = seed;
  for (const std::uint64_t step : {index + 1, std::uint64_t{1}}) {
    z += step * 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    z ^= z >> 31;
  }
  return Random(z);
}

double Random::uniform()
{
  return static_cast<double>(m_engine() >> 11) * 0x1.0p-53;
}

std::uint64_t Random::below(std::uint64_t count)
{
  // Draws above the largest multiple of count would favour small results.
  const std::uint64_t excess = (~std::uint64_t{0} % count + 1) % count;
  const std::uint64_t last = ~std::uint64_t{0} - excess;
  std::uint64_t draw = m_engine();
  while (draw > last)
    draw = m_engine();
  return draw % count;
}

double Random::normal()
{
  if (m_hasSpareNormal) {
    m_hasSpareNormal = false;
    return m_spareNormal;
  }
  double u = 0.0, v = 0.0, s = 0.0;
  do {
    u = 2.0 * uniform() - 1.0;
    v = 2.0 * uniform() - 1.0;
    s = u * u + v * v;
  } while (s >= 1.0 || s == 0.0);
  const double scale = std::sqrt(-2.0 * std::log(s) / s);
  m_spareNormal = v * scale;
  m_hasSpareNormal = true;
  return u * scale;
}

}  // namespace orrery
