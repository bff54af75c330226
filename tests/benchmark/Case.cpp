#include "tests/benchmark/Case.h"

#include "core/base/Error.h"
#include "core/io/TensorFile.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace orrery::benchmark {
namespace {

double processorSeconds()
{
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double median(std::vector<double> values)
{
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

std::filesystem::path Run::data(const std::string& file) const
{
  std::filesystem::path path = m_folder / file;
  if (!std::filesystem::exists(path))
    throw Error(path.string() + " is missing (make it with BENCH_DATA=" + m_folder.string() +
                " python3 gen_data.py)");
  return path;
}

FeatureMatrix Run::matrix(const std::string& file) const
{
  const auto npy = openNpy(data(file));
  return npy->readMatrix(npy->tensors().front(), FeatureAxis::Rows, {});
}

void Run::time(const std::function<void()>& work)
{
  time(work, [] {});
}

void Run::time(const std::function<void()>& work, const std::function<void()>& after)
{
  for (int repetition = 0; repetition < m_repetitions; ++repetition) {
    const double processor = processorSeconds();
    const auto start = std::chrono::steady_clock::now();
    work();
    m_wall.push_back(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    m_cpu.push_back(processorSeconds() - processor);
    after();
  }
}

void Run::print(const std::string& name) const
{
  if (m_wall.empty())
    throw Error("case " + name + " timed nothing");
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("%s %.4f %ld\n", name.c_str(), median(m_wall), usage.ru_maxrss / 1024);
  std::printf("# %s: cpu %.2f s, wall lowest %.4f highest %.4f\n", name.c_str(), median(m_cpu),
              *std::min_element(m_wall.begin(), m_wall.end()),
              *std::max_element(m_wall.begin(), m_wall.end()));
  for (const std::string& text : m_notes)
    std::printf("# %s: %s\n", name.c_str(), text.c_str());
}

std::string text(const char* format, double a, double b, double c)
{
  char line[200];
  std::snprintf(line, sizeof line, format, a, b, c);
  return line;
}

}  // namespace orrery::benchmark
