// orrery-benchmark: times our computations, each in a process of its own, beside the peers' in the
// same run.
//
//   orrery-benchmark [FOLDER] [--only NAME…] [--heavy] [--repetitions N] [--threads N]
//                    [--peers DIR] [--list]
//
// FOLDER (default $BENCH_DATA) is what gen_data.py made. Prints `name seconds peakMB` and, after #,
// processor seconds and quality. With --peers the scripts in DIR are run beside, and a table of
// ratios follows.
#include "core/base/Error.h"
#include "core/base/Parallel.h"
#include "tests/benchmark/Case.h"
#include "tests/benchmark/ChildProcess.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <limits>
#include <map>
#include <optional>
#include <sstream>

using namespace orrery;
using namespace orrery::benchmark;

namespace {

struct Arguments {
  std::string program;
  std::filesystem::path folder;
  std::filesystem::path peers;
  std::vector<std::string> only;
  std::string child;
  int repetitions = 3;
  int threads = 0;
  bool heavy = false;
  bool list = false;
};

std::vector<Case> allCases()
{
  std::vector<Case> all;
  for (const auto& subject : {loadCases(), linearCases(), neighborCases(), crystalCases(),
                              lobeCases(), mapCases(), galaxyCases()})
    all.insert(all.end(), subject.begin(), subject.end());
  return all;
}

Arguments parse(int count, char** values)
{
  Arguments arguments;
  arguments.program = values[0];
  if (const char* folder = std::getenv("BENCH_DATA"))
    arguments.folder = folder;
  const auto next = [&](int& i) -> std::string {
    if (i + 1 >= count)
      throw Error(std::string(values[i]) + " needs a value");
    return values[++i];
  };
  for (int i = 1; i < count; ++i) {
    const std::string word = values[i];
    if (word == "--only")
      while (i + 1 < count && values[i + 1][0] != '-')
        arguments.only.push_back(values[++i]);
    else if (word == "--child")
      arguments.child = next(i);
    else if (word == "--peers")
      arguments.peers = next(i);
    else if (word == "--repetitions")
      arguments.repetitions = std::max(1, std::atoi(next(i).c_str()));
    else if (word == "--threads")
      arguments.threads = std::atoi(next(i).c_str());
    else if (word == "--heavy")
      arguments.heavy = true;
    else if (word == "--list")
      arguments.list = true;
    else if (word.rfind("--", 0) == 0)
      throw Error("unknown option " + word);
    else
      arguments.folder = word;
  }
  return arguments;
}

bool isWanted(const Case& candidate, const Arguments& arguments)
{
  // A heavy case wants its whole name.
  const bool isIncluded = arguments.heavy || !candidate.heavy;
  if (arguments.only.empty())
    return isIncluded;
  return std::any_of(arguments.only.begin(), arguments.only.end(), [&](const std::string& name) {
    return candidate.name == name || (isIncluded && candidate.name.starts_with(name));
  });
}

std::string processorName()
{
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.rfind("model name", 0) == 0)
      return line.substr(line.find(':') + 2);
  return "unknown processor";
}

/// What a case has said of itself.
struct Outcome {
  double seconds = std::numeric_limits<double>::quiet_NaN();
  std::map<std::string, double> quality;  ///< By the names in `measures`.
};

/// What ours and the peers' notes call the qualities that are shown beside each other.
constexpr const char* measures[] = {"KL", "10-NN preservation", "recall@90"};

/// Reads the line `name seconds peakMB` and the notes of @p output, which is passed on to the
/// reader.
Outcome outcomeIn(const std::string& output, const std::string& name)
{
  std::fputs(output.c_str(), stdout);
  std::fflush(stdout);
  Outcome outcome;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string found, seconds;
    if (words >> found >> seconds && found == name)
      outcome.seconds = std::atof(seconds.c_str());
    for (const char* measure : measures) {
      const std::string note = "# " + name + ": " + measure + " ";
      if (line.starts_with(note))
        outcome.quality[measure] = std::atof(line.c_str() + note.size());
    }
  }
  return outcome;
}

Outcome runOurs(const Case& entry, const Arguments& arguments)
{
  std::vector<std::string> command = {"/proc/self/exe", arguments.folder.string(),
                                      "--child",        entry.name,
                                      "--repetitions",  std::to_string(arguments.repetitions)};
  if (arguments.threads > 0)
    command.insert(command.end(), {"--threads", std::to_string(arguments.threads)});
  const ChildResult result = runChild(command, {});
  if (result.status != 0)
    std::printf("%s nan nan\n", entry.name.c_str());
  return outcomeIn(result.output, entry.name);
}

Outcome runPeer(const Peer& peer, const Arguments& arguments)
{
  const ChildResult result = runChild(
      {"/usr/bin/python3", (arguments.peers / peer.script).string(), "--only", peer.name},
      {"BENCH_DATA=" + std::filesystem::absolute(arguments.folder).string(),
       "BENCH_THREADS=" + std::to_string(arguments.threads > 0 ? arguments.threads : threadCount()),
       "BENCH_REPS=" + std::to_string(arguments.repetitions)});
  return outcomeIn(result.output, peer.name);
}

struct Row {
  const Case* entry = nullptr;
  Outcome ours;
  Outcome best;  ///< Of the peers.
  std::string peer;
};

/// "KL 1.1821 (1.2288), …": ours, and the peer's in brackets.
std::string qualities(const Row& row)
{
  std::string text;
  for (const char* measure : measures) {
    const auto ours = row.ours.quality.find(measure), peer = row.best.quality.find(measure);
    if (ours == row.ours.quality.end())
      continue;
    text +=
        (text.empty() ? "" : ", ") + std::string(measure) + benchmark::text(" %.4f", ours->second);
    if (peer != row.best.quality.end())
      text += benchmark::text(" (%.4f)", peer->second);
  }
  return text.empty() ? text : "; " + text;
}

void printTable(const std::vector<Row>& rows)
{
  std::printf("\n%-18s %9s %9s %7s %6s  %-4s  %s\n", "case", "ours, s", "peer, s", "ratio", "goal",
              "met", "best peer; what");
  for (const Row& row : rows) {
    const double ratio = row.best.seconds / row.ours.seconds;
    const bool compared = std::isfinite(ratio) && row.entry->goal > 0.0;
    std::printf("%-18s %9.4f %9.4f %7.2f %6.2f  %-4s  %s; %s%s\n", row.entry->name.c_str(),
                row.ours.seconds, row.best.seconds, ratio, row.entry->goal,
                !compared                  ? "-"
                : ratio >= row.entry->goal ? "yes"
                                           : "no",
                row.peer.empty() ? "-" : row.peer.c_str(), row.entry->what.c_str(),
                qualities(row).c_str());
  }
}

int runAll(const Arguments& arguments)
{
  const std::vector<Case> cases = allCases();
  std::printf("# %s, %d threads, data in %s\n", processorName().c_str(),
              arguments.threads > 0 ? arguments.threads : threadCount(),
              arguments.folder.string().c_str());
  std::map<std::string, Outcome> peerOutcomes;  // a peer that serves several cases runs once
  std::vector<Row> rows;
  bool failed = false;
  for (const Case& entry : cases) {
    if (!isWanted(entry, arguments))
      continue;
    Row row;
    row.entry = &entry;
    row.ours = runOurs(entry, arguments);
    failed = failed || !std::isfinite(row.ours.seconds);
    if (!arguments.peers.empty())
      for (const Peer& peer : entry.peers) {
        if (!peerOutcomes.count(peer.name))
          peerOutcomes[peer.name] = runPeer(peer, arguments);
        const Outcome& outcome = peerOutcomes[peer.name];
        if (std::isfinite(outcome.seconds) && !(row.best.seconds <= outcome.seconds)) {
          row.best = outcome;
          row.peer = peer.name;
        }
      }
    rows.push_back(row);
  }
  if (!arguments.peers.empty())
    printTable(rows);
  return failed ? 1 : 0;
}

int runOne(const Arguments& arguments)
{
  if (arguments.threads > 0)
    setThreadCount(arguments.threads);
  for (const Case& entry : allCases())
    if (entry.name == arguments.child) {
      Run run(arguments.folder, arguments.repetitions);
      entry.body(run);
      run.print(entry.name);
      return 0;
    }
  throw Error("no case is called " + arguments.child);
}

}  // namespace

int main(int count, char** values)
{
  try {
    const Arguments arguments = parse(count, values);
    if (arguments.list) {
      for (const Case& entry : allCases())
        std::printf("%-18s %s%s\n", entry.name.c_str(), entry.what.c_str(),
                    entry.heavy ? " (heavy)" : "");
      return 0;
    }
    if (arguments.folder.empty())
      throw Error("no data: give the folder or set BENCH_DATA (gen_data.py makes the data)");
    return arguments.child.empty() ? runAll(arguments) : runOne(arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "orrery-benchmark: %s\n", error.what());
    return 1;
  }
}
