// The seeded generator. Uniforms, normals and shuffles are drawn here rather than by the
// standard's distributions, whose output differs between libraries.
#pragma once

#include <cstdint>
#include <random>
#include <utility>
#include <vector>

namespace orrery {

class Random {
 public:
  explicit Random(std::uint64_t seed) : m_engine(seed) {}

  /// A generator for part @p index of the work of @p seed: what chunks of a parallel loop take, so
  /// that the draws do not depend on how many threads there are.
  [[nodiscard]] static Random forPart(std::uint64_t seed, std::uint64_t index);

  [[nodiscard]] std::uint64_t bits() { return m_engine(); }

  /// In [0, 1), 53 random bits.
  [[nodiscard]] double uniform();

  /// An integer in [0, @p count), each exactly as likely. @p count > 0.
  [[nodiscard]] std::uint64_t below(std::uint64_t count);

  /// Standard normal (polar method; the second of each pair is kept for the next call).
  [[nodiscard]] double normal();

  /// Fisher–Yates.
  template <typename T>
  void shuffle(std::vector<T>& values)
  {
    for (std::size_t i = values.size(); i > 1; --i)
      std::swap(values[i - 1], values[static_cast<std::size_t>(below(i))]);
  }

 private:
  std::mt19937_64 m_engine;
  double m_spareNormal = 0.0;
  bool m_hasSpareNormal = false;
};

}  // namespace orrery
