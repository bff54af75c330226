#include "core/io/hdf5/ReaderProcess.h"

#include "core/base/Error.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

namespace orrery {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto pollInterval = std::chrono::milliseconds(25);

/// A descriptor of ours, closed at the end of the scope.
class Descriptor {
 public:
  explicit Descriptor(int value) : m_value(value) {}
  ~Descriptor()
  {
    if (m_value >= 0)
      ::close(m_value);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int value() const { return m_value; }
  int release() { return std::exchange(m_value, -1); }

 private:
  int m_value;
};

/// The few variables that the loader and the sanitizers need. Nothing else: the HDF5 library takes
/// orders from its environment (plug-in folders, drivers, locking).
std::vector<std::string> helperEnvironment()
{
  std::vector<std::string> variables;
  for (const char* name : {"LD_LIBRARY_PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"})
    if (const char* value = std::getenv(name))
      variables.push_back(std::string(name) + "=" + value);
  return variables;
}

/// posix_spawn's two tables, destroyed in any case.
struct SpawnTables {
  SpawnTables()
  {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  ~SpawnTables()
  {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  SpawnTables(const SpawnTables&) = delete;
  SpawnTables& operator=(const SpawnTables&) = delete;

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
};

pid_t spawnHelper(const std::filesystem::path& program, int socket, int file)
{
  SpawnTables tables;
  posix_spawn_file_actions_adddup2(&tables.actions, socket, reader::socketDescriptor);
  posix_spawn_file_actions_addopen(&tables.actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&tables.actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&tables.actions, file, reader::fileDescriptor);
  posix_spawn_file_actions_addclosefrom_np(&tables.actions, reader::fileDescriptor + 1);
  // A group of its own: Ctrl-C in the terminal is for the program, which then ends the helper.
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&tables.attributes, &none);
  posix_spawnattr_setsigdefault(&tables.attributes, &all);
  posix_spawnattr_setpgroup(&tables.attributes, 0);
  posix_spawnattr_setflags(&tables.attributes,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);

  std::string name = program.native();
  char* arguments[] = {name.data(), nullptr};
  std::vector<std::string> variables = helperEnvironment();
  std::vector<char*> environment;
  for (std::string& variable : variables)
    environment.push_back(variable.data());
  environment.push_back(nullptr);
  pid_t process = -1;
  const int error = posix_spawn(&process, name.c_str(), &tables.actions, &tables.attributes,
                                arguments, environment.data());
  if (error != 0)
    throw Error("the helper program " + displayName(program) +
                " cannot be started: " + std::generic_category().message(error));
  return process;
}

/// Above the numbers that the helper is given, so that placing one never overwrites another.
int duplicateAbove(int descriptor)
{
  const int copy = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 10);
  if (copy < 0)
    throw Error("too many files are open: " + std::generic_category().message(errno));
  return copy;
}

}  // namespace

std::filesystem::path readerProgram()
{
  if (const char* chosen = std::getenv("ORRERY_READER"); chosen && *chosen)
    return chosen;
  std::error_code ignored;
  const std::filesystem::path folder =
      std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path();
  std::vector<std::filesystem::path> candidates = {folder / "orrery-reader",
                                                   folder / "../libexec/orrery/orrery-reader"};
#ifdef ORRERY_READER_BUILD_PATH
  candidates.emplace_back(ORRERY_READER_BUILD_PATH);
#endif
  for (const std::filesystem::path& candidate : candidates)
    if (::access(candidate.c_str(), X_OK) == 0)
      return candidate;
  throw Error(
      "HDF5 files cannot be read: the helper program orrery-reader is missing (looked for " +
      displayName(candidates.front()) + ")");
}

ReaderProcess::ReaderProcess(const ByteSource& source, const reader::Request& request,
                             const ReaderLimits& limits, const Progress& progress)
    : m_source(source), m_limits(limits), m_progress(progress)
{
  m_progress.checkStopped();
  start(readerProgram());
  try {
    reader::Request limited = request;
    limited.memoryBytes = limits.memoryBytes;
    limited.cpuSeconds = limits.cpuSeconds;
    send(limited);
  } catch (...) {
    end();
    throw;
  }
}

ReaderProcess::~ReaderProcess()
{
  end();
}

void ReaderProcess::start(const std::filesystem::path& program)
{
  int pair[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
    throw Error("no connection to the helper program can be made: " +
                std::generic_category().message(errno));
  Descriptor ours(pair[0]), theirs(pair[1]);
  const int size = 4 << 20;
  ::setsockopt(theirs.value(), SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  const Descriptor socket(duplicateAbove(theirs.value()));
  const Descriptor file(duplicateAbove(m_source.descriptor()));
  m_process = spawnHelper(program, socket.value(), file.value());
  m_socket = ours.release();
  ::fcntl(m_socket, F_SETFL, O_NONBLOCK);
}

void ReaderProcess::end()
{
  if (m_socket >= 0)
    ::close(std::exchange(m_socket, -1));
  if (m_process <= 0)
    return;
  const pid_t process = std::exchange(m_process, -1);
  ::kill(process, SIGKILL);
  // A killed process is gone at once, unless the file system it reads from hangs; then somebody
  // else waits for it.
  for (int i = 0; i < 100; ++i) {
    const pid_t result = ::waitpid(process, nullptr, WNOHANG);
    if (result == process || (result < 0 && errno != EINTR))
      return;
    ::usleep(i < 20 ? 100 : 1000);
  }
  std::thread([process] { ::waitpid(process, nullptr, 0); }).detach();
}

void ReaderProcess::failOnAnswer(const std::string& details) const
{
  throw Error(displayName(m_source.path()) + ": cannot be read (the HDF5 library failed on it)",
              details);
}

void ReaderProcess::waitFor(short events)
{
  const Clock::time_point deadline = Clock::now() + m_limits.silence;
  for (;;) {
    m_progress.checkStopped();
    pollfd waiting{m_socket, events, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(pollInterval.count()));
    if (ready > 0)
      return;
    if (ready < 0 && errno != EINTR)
      failOnAnswer("poll: " + std::generic_category().message(errno));
    if (Clock::now() > deadline)
      failOnAnswer("no answer within " + std::to_string(m_limits.silence.count()) + " ms");
  }
}

void ReaderProcess::send(const reader::Request& request)
{
  reader::MessageWriter payload;
  write(payload, request);
  reader::MessageWriter frame;
  frame.number(reader::protocolMagic);
  frame.number(reader::FrameKind::Request);
  frame.number(static_cast<std::uint32_t>(payload.bytes().size()));
  frame.raw(payload.bytes().data(), payload.bytes().size());
  std::string_view rest = frame.bytes();
  while (!rest.empty()) {
    const ssize_t sent = ::send(m_socket, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent > 0)
      rest.remove_prefix(static_cast<std::size_t>(sent));
    else if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
      waitFor(POLLOUT);
    else if (errno != EINTR)
      failOnAnswer("the helper program ended before it was asked");
  }
}

void ReaderProcess::receiveAtLeast(std::size_t count)
{
  if (m_begin == m_end)
    m_begin = m_end = 0;
  if (m_begin + count > m_buffer.size()) {
    if (m_begin != m_end)
      std::memmove(m_buffer.data(), m_buffer.data() + m_begin, m_end - m_begin);
    m_end -= std::exchange(m_begin, 0);
    if (count > m_buffer.size())
      m_buffer.resize(std::max<std::size_t>(count, 256 * 1024));
  }
  while (m_end - m_begin < count) {
    const ssize_t got = ::recv(m_socket, m_buffer.data() + m_end, m_buffer.size() - m_end, 0);
    if (got > 0)
      m_end += static_cast<std::size_t>(got);
    else if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
      waitFor(POLLIN);
    else if (got == 0 || errno != EINTR)
      failOnAnswer("the helper program ended in the middle of its answer");
  }
}

bool ReaderProcess::next(Frame& frame)
{
  m_progress.checkStopped();
  reader::FrameHeader header;
  receiveAtLeast(sizeof header);
  std::memcpy(&header, m_buffer.data() + m_begin, sizeof header);
  m_begin += sizeof header;
  if (header.magic != reader::protocolMagic || header.length > reader::maxFrameBytes)
    failOnAnswer("the helper program's answer is garbled");
  receiveAtLeast(header.length);
  frame.kind = header.kind;
  frame.payload = std::span<const std::byte>(m_buffer).subspan(m_begin, header.length);
  m_begin += header.length;
  if (header.kind == reader::FrameKind::End)
    return false;
  if (header.kind != reader::FrameKind::Failure)
    return true;
  std::string sentence, details;
  try {
    reader::MessageReader message(frame.payload);
    sentence = message.text();
    details = message.text();
  } catch (const reader::ProtocolError& error) {
    failOnAnswer(error.what());
  }
  throw Error(displayName(m_source.path()) + ": " + displayText(sentence), details);
}

}  // namespace orrery
