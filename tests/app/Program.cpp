#include "tests/app/Program.h"
#include "tests/support/Paths.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fstream>
#include <sstream>

namespace orrery::test {
namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
  int read = -1;
  int write = -1;

  explicit Pipe(bool terminal)
  {
    if (terminal) {
      winsize size = {};
      size.ws_col = 100;
      size.ws_row = 30;
      if (::openpty(&read, &write, nullptr, nullptr, &size) != 0)
        qFatal("no terminal to be had");
    } else {
      std::array<int, 2> ends{};
      if (::pipe(ends.data()) != 0)
        qFatal("no pipe to be had");
      read = ends[0];
      write = ends[1];
    }
    ::fcntl(read, F_SETFD, FD_CLOEXEC);
    ::fcntl(write, F_SETFD, FD_CLOEXEC);
  }
  ~Pipe()
  {
    ::close(read);
    closeWrite();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  void closeWrite()
  {
    if (write >= 0)
      ::close(write);
    write = -1;
  }
};

std::vector<char*> pointers(std::vector<std::string>& texts)
{
  std::vector<char*> result;
  for (std::string& text : texts)
    result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

std::vector<std::string> commandLine(const std::vector<std::string>& arguments,
                                     const RunOptions& options)
{
  std::vector<std::string> command;
  if (!options.throughShell.empty())
    command = {"/bin/sh", "-c", options.throughShell + " exec \"$0\" \"$@\""};
  command.emplace_back(orrery::test::programFolder() + "/orrery");
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

/// Reads what there is; false at the end.
bool drain(pollfd& end, std::string& target)
{
  if (end.fd < 0 || !end.revents)
    return end.fd >= 0;
  std::array<char, 65536> buffer{};
  const ssize_t count = ::read(end.fd, buffer.data(), buffer.size());
  if (count > 0) {
    target.append(buffer.data(), static_cast<std::size_t>(count));
    return true;
  }
  end.fd = -1;  // a terminal says EIO when its other end is closed
  return false;
}

}  // namespace

nlohmann::json Run::json() const
{
  return nlohmann::json::parse(out, nullptr, false);
}

std::vector<std::string> Run::remarks() const
{
  std::vector<std::string> remarks;
  std::istringstream lines(error);
  for (std::string line; std::getline(lines, line);)
    if (line.find(" %") == std::string::npos)
      remarks.push_back(line);
  return remarks;
}

Run runOrrery(const std::vector<std::string>& arguments, const RunOptions& options)
{
  std::vector<std::string> command = commandLine(arguments, options);
  std::vector<std::string> environment = {"PATH=/usr/bin:/bin", "HOME=/nonexistent"};
  for (const char* name : {"ASAN_OPTIONS", "UBSAN_OPTIONS"})
    if (const char* value = std::getenv(name))
      environment.push_back(std::string(name) + "=" + value);
  for (const auto& [name, value] : options.environment)
    environment.push_back(name + "=" + value);

  Pipe out(false), error(options.terminal);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  if (options.standardOutput.empty())
    ::posix_spawn_file_actions_adddup2(&actions, out.write, 1);
  else
    ::posix_spawn_file_actions_addopen(&actions, 1, options.standardOutput.c_str(), O_WRONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, error.write, 2);
  pid_t pid = 0;
  const int failed = ::posix_spawn(&pid, command.front().c_str(), &actions, nullptr,
                                   pointers(command).data(), pointers(environment).data());
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0)
    qFatal("%s cannot be started: %s", command.front().c_str(), std::strerror(failed));
  out.closeWrite();
  error.closeWrite();

  Run run;
  std::array<pollfd, 2> ends = {pollfd{out.read, POLLIN, 0}, pollfd{error.read, POLLIN, 0}};
  const auto deadline = Clock::now() + std::chrono::milliseconds(options.timeoutMs);
  Clock::time_point signalled;
  bool sent = false, killed = false;
  while (ends[0].fd >= 0 || ends[1].fd >= 0) {
    ::poll(ends.data(), ends.size(), 20);
    drain(ends[0], run.out);
    drain(ends[1], run.error);
    if (options.interrupt && !sent) {
      if (const int number = options.interrupt(run.error)) {
        ::kill(pid, number);
        signalled = Clock::now();
        sent = true;
      }
    }
    if (Clock::now() > deadline && !killed) {
      ::kill(pid, SIGKILL);
      killed = true;
    }
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  if (sent)
    run.secondsAfterSignal = std::chrono::duration<double>(Clock::now() - signalled).count();
  run.status = killed ? -1 : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return run;
}

void writeNpy(const std::filesystem::path& path, const std::vector<float>& values,
              std::int64_t rows, std::int64_t columns)
{
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" +
                       std::to_string(rows) + ", " + std::to_string(columns) + "), }";
  header.resize((10 + header.size() + 1 + 63) / 64 * 64 - 11, ' ');
  header += '\n';
  std::string bytes = "\x93NUMPY";
  bytes += '\x01';
  bytes += '\x00';
  bytes += static_cast<char>(header.size() & 0xFF);
  bytes += static_cast<char>(header.size() >> 8);
  bytes += header;
  bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
  writeText(path, bytes);
}

void writeText(const std::filesystem::path& path, const std::string& text)
{
  std::ofstream file(path, std::ios::binary);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.flush())
    qFatal("cannot write %s", path.c_str());
}

std::string readText(const std::filesystem::path& path)
{
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> listFolder(const std::filesystem::path& folder)
{
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace orrery::test
