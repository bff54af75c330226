// orrery-reader: opens one HDF5 file for the program, in a process of its own, so that a damaged
// file can harm nothing but this process. Started by the program with the socket as standard input
// and the file open as descriptor 3; answers one request and ends. Not for users.
#include "core/io/reader/DatasetLayout.h"
#include "core/io/reader/DatasetReading.h"
#include "core/io/reader/Handles.h"
#include "core/io/reader/Protocol.h"
#include "core/io/reader/Walk.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <new>

namespace orrery::reader {
namespace {

constexpr std::size_t chunkCacheBytes = 32u << 20;

void sendBytes(const void* data, std::size_t count)
{
  const auto* bytes = static_cast<const char*>(data);
  while (count > 0) {
    const ssize_t sent = ::send(socketDescriptor, bytes, count, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR)
      continue;
    if (sent <= 0)
      _exit(3);  // The program has gone away.
    bytes += sent;
    count -= static_cast<std::size_t>(sent);
  }
}

void sendFrame(FrameKind kind, const std::string& payload)
{
  const FrameHeader header{protocolMagic, kind, static_cast<std::uint32_t>(payload.size())};
  // Small frames in one call: each wakes the program once.
  if (payload.size() <= 4096) {
    std::string whole(reinterpret_cast<const char*>(&header), sizeof header);
    whole += payload;
    sendBytes(whole.data(), whole.size());
    return;
  }
  sendBytes(&header, sizeof header);
  sendBytes(payload.data(), payload.size());
}

bool receiveBytes(void* data, std::size_t count)
{
  auto* bytes = static_cast<char*>(data);
  while (count > 0) {
    const ssize_t got = ::recv(socketDescriptor, bytes, count, 0);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return false;
    bytes += got;
    count -= static_cast<std::size_t>(got);
  }
  return true;
}

bool receiveRequest(Request& request)
{
  FrameHeader header;
  if (!receiveBytes(&header, sizeof header) || header.magic != protocolMagic ||
      header.kind != FrameKind::Request || header.length > 64 * 1024)
    return false;
  std::vector<std::byte> payload(header.length);
  if (!receiveBytes(payload.data(), payload.size()))
    return false;
  MessageReader reader(payload);
  request = readRequest(reader);
  return true;
}

void limitResources(const Request& request)
{
  const auto limit = [](int resource, rlim_t value) {
    rlimit limits{};
    if (getrlimit(static_cast<decltype(RLIMIT_CORE)>(resource), &limits) != 0)
      return;
    limits.rlim_cur = std::min(value, limits.rlim_max);
    limits.rlim_max = limits.rlim_cur;
    setrlimit(static_cast<decltype(RLIMIT_CORE)>(resource), &limits);
  };
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_FSIZE, 0);  // Nothing is ever written.
  if (request.cpuSeconds > 0)
    limit(RLIMIT_CPU, request.cpuSeconds);
#ifndef __SANITIZE_ADDRESS__
  if (request.memoryBytes > 0)
    limit(RLIMIT_AS, request.memoryBytes);
#endif
}

/// What the library's account of a failed opening means for people.
std::string openingProblem(const std::string& stack, bool hasSignature, std::uint64_t fileSize)
{
  const auto says = [&](const char* words) { return stack.find(words) != std::string::npos; };
  if (!hasSignature)
    return "is not an HDF5 file (no HDF5 signature)";
  if (says("already open for"))
    return "is being written by another program right now, or was not closed properly; see h5clear";
  unsigned long long present = 0, base = 0, expected = 0;
  const std::size_t at = stack.find("truncated file: eof = ");
  if (at != std::string::npos &&
      std::sscanf(stack.c_str() + at,
                  "truncated file: eof = %llu, sblock->base_addr = %llu, stored_eof = %llu",
                  &present, &base, &expected) == 3)
    return "is cut short, or was not closed properly (see h5clear): its header expects " +
           std::to_string(expected) + " bytes, but the file has " + std::to_string(fileSize);
  if (says("multi driver"))
    return "is one part of a file that was split over several";
  return "is damaged: the HDF5 library cannot open it";
}

Handle openFile(std::uint64_t fileSize)
{
  // By descriptor: exactly the file that the program has checked, whatever its name is now.
  const std::string path = "/proc/self/fd/" + std::to_string(fileDescriptor);
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  // Locks need a file system that has them; read-only media often do not.
  H5Pset_file_locking(access.id(), false, true);
  H5Pset_fclose_degree(access.id(), H5F_CLOSE_STRONG);
  // Room for a few chunks, so that one taken in parts is undone once.
  H5Pset_cache(access.id(), 0, 521, chunkCacheBytes, 1.0);
  Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.id()), H5Fclose);
  if (!file.valid()) {
    const std::string stack = takeErrorStack();
    const bool hasSignature = H5Fis_hdf5(path.c_str()) > 0;
    H5Eclear2(H5E_DEFAULT);
    throw Failure(openingProblem(stack, hasSignature, fileSize), stack);
  }
  return file;
}

void answer(const Request& request)
{
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  H5PLset_loading_state(0);
  // Links to other files cannot be followed by anyone any more.
  H5Lunregister(H5L_TYPE_EXTERNAL);
  registerLzf();
  struct stat status {};
  if (::fstat(fileDescriptor, &status) != 0)
    throw Failure("cannot be read");
  const auto fileSize = static_cast<std::uint64_t>(status.st_size);
  const Handle file = openFile(fileSize);
  switch (request.task) {
    case Task::List:
      walkFile(file.id(), fileSize,
               {[](const ListedObject& object) {
                  MessageWriter writer;
                  write(writer, object);
                  sendFrame(FrameKind::Object, writer.bytes());
                },
                [](const std::string& note) {
                  MessageWriter writer;
                  writer.text(note);
                  sendFrame(FrameKind::Note, writer.bytes());
                }});
      break;
    case Task::Matrix:
      sendMatrix(file.id(), fileSize, request, sendFrame);
      break;
    case Task::Numbers:
      sendNumbers(file.id(), fileSize, request, sendFrame);
      break;
    case Task::Strings:
      sendStrings(file.id(), fileSize, request, sendFrame);
      break;
    case Task::Count:
      break;
  }
}

void sendFailure(const std::string& sentence, const std::string& details)
{
  MessageWriter writer;
  writer.text(sentence);
  writer.text(details);
  sendFrame(FrameKind::Failure, writer.bytes());
}

int serve()
{
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  Request request;
  try {
    if (!receiveRequest(request))
      return 2;
    limitResources(request);
    answer(request);
    sendFrame(FrameKind::End, {});
  } catch (const Failure& failure) {
    sendFailure(failure.what(), failure.details());
  } catch (const std::bad_alloc&) {
    sendFailure("cannot be read: it needs more memory than reading it should take", {});
  } catch (const ProtocolError&) {
    return 2;
  }
  return 0;
}

}  // namespace
}  // namespace orrery::reader

int main()
{
  // The library's own tidying up is left out: nothing was written, and on a damaged file it is one
  // more place to fail.
  _exit(orrery::reader::serve());
}
