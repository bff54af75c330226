#include "core/io/ByteSource.h"

#include "core/base/Error.h"
#include "core/io/Utf8.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <limits>
#include <string_view>
#include <system_error>
#include <utility>

namespace orrery {
namespace {

std::string reason(int error)
{
  return std::generic_category().message(error);
}

/// Linux reads at most 2 GiB − 4 kB at once.
constexpr std::size_t largestRead = std::size_t{1} << 30;

[[noreturn]] void failAt(const std::filesystem::path& path, const std::string& message)
{
  throw Error(displayName(path) + ": " + message);
}

/// What a thing that is no regular file is, for the sentence that refuses it.
const char* kindOf(mode_t mode)
{
  switch (mode & S_IFMT) {
    case S_IFDIR:
      return "is a folder, not a file";
    case S_IFIFO:
      return "is a pipe, not a regular file";
    case S_IFSOCK:
      return "is a socket, not a regular file";
    case S_IFCHR:
    case S_IFBLK:
      return "is a device, not a regular file";
    default:
      return "is not a regular file";
  }
}

std::int64_t nanoseconds(const timespec& time)
{
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

/// Characters that would act on a terminal or change the order of what is read.
bool mustBeShown(char32_t point)
{
  return point < 0x20 || (point >= 0x7F && point < 0xA0) || point == 0x061C || point == 0x200E ||
         point == 0x200F || point == 0x2028 || point == 0x2029 ||
         (point >= 0x202A && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069) ||
         point == 0xFEFF;
}

void appendEscaped(std::string& target, char32_t point)
{
  char buffer[16];
  if (point == '\n')
    target += "\\n";
  else if (point == '\r')
    target += "\\r";
  else if (point == '\t')
    target += "\\t";
  else {
    std::snprintf(buffer, sizeof buffer, point < 0x100 ? "\\x%02X" : "\\u%04X",
                  static_cast<unsigned>(point));
    target += buffer;
  }
}

}  // namespace

ByteSource::ByteSource(std::filesystem::path path) : m_path(std::move(path))
{
  // Asked before opening: opening a device may act on it, and a pipe would wait for its writer.
  struct stat status {};
  if (::stat(m_path.c_str(), &status) != 0)
    failAt(m_path, "cannot be opened: " + reason(errno));
  if (!S_ISREG(status.st_mode))
    failAt(m_path, kindOf(status.st_mode));
  do {
    m_descriptor = ::open(m_path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  } while (m_descriptor < 0 && errno == EINTR);
  if (m_descriptor < 0)
    failAt(m_path, "cannot be opened: " + reason(errno));
  // Asked again: what lies under the name may have been replaced in between.
  const bool known = ::fstat(m_descriptor, &status) == 0;
  if (!known || !S_ISREG(status.st_mode)) {
    const int error = errno;
    ::close(std::exchange(m_descriptor, -1));
    failAt(m_path, known ? kindOf(status.st_mode) : "cannot be opened: " + reason(error));
  }
  m_size = static_cast<std::uint64_t>(status.st_size);
  m_modifiedNs = nanoseconds(status.st_mtim);
}

ByteSource::~ByteSource()
{
  if (m_descriptor >= 0)
    ::close(m_descriptor);
}

ByteSource::ByteSource(ByteSource&& other) noexcept
    : m_path(std::move(other.m_path)),
      m_size(other.m_size),
      m_modifiedNs(other.m_modifiedNs),
      m_descriptor(std::exchange(other.m_descriptor, -1))
{
}

ByteSource& ByteSource::operator=(ByteSource&& other) noexcept
{
  std::swap(m_path, other.m_path);
  std::swap(m_size, other.m_size);
  std::swap(m_modifiedNs, other.m_modifiedNs);
  std::swap(m_descriptor, other.m_descriptor);
  return *this;
}

std::size_t ByteSource::readSome(std::uint64_t offset, void* target, std::size_t count) const
{
  std::size_t done = 0;
  while (done < count) {
    std::uint64_t position = 0;
    if (!addChecked(offset, done, position) ||
        position > static_cast<std::uint64_t>(std::numeric_limits<off_t>::max()))
      return done;
    const ssize_t got = ::pread(m_descriptor, static_cast<char*>(target) + done,
                                std::min(count - done, largestRead), static_cast<off_t>(position));
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      fail("cannot be read at byte " + std::to_string(position) + ": " + reason(errno));
    if (got == 0)
      return done;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

void ByteSource::read(std::uint64_t offset, void* target, std::size_t count) const
{
  const std::size_t got = readSome(offset, target, count);
  if (got < count)
    fail("ends too early: expected " + std::to_string(count) + " bytes at byte " +
         std::to_string(offset) + ", found " + std::to_string(got));
}

std::vector<std::byte> ByteSource::readUpTo(std::uint64_t offset, std::size_t count) const
{
  // The size at opening bounds the allocation; a file that grew meanwhile is read as it was.
  const std::uint64_t there = offset < m_size ? m_size - offset : 0;
  std::vector<std::byte> bytes(static_cast<std::size_t>(std::min<std::uint64_t>(count, there)));
  bytes.resize(readSome(offset, bytes.data(), bytes.size()));
  return bytes;
}

void ByteSource::fail(const std::string& message) const
{
  failAt(m_path, message);
}

bool multiplyChecked(std::uint64_t a, std::uint64_t b, std::uint64_t& product)
{
  return !__builtin_mul_overflow(a, b, &product);
}

bool addChecked(std::uint64_t a, std::uint64_t b, std::uint64_t& sum)
{
  return !__builtin_add_overflow(a, b, &sum);
}

std::string displayName(const std::filesystem::path& path)
{
  return displayText(path.native());
}

std::string displayText(const std::string& text)
{
  std::string shown;
  shown.reserve(text.size());
  std::string_view rest = text;
  while (!rest.empty()) {
    char32_t point = 0;
    const std::size_t length = decodeUtf8(rest, point);
    if (length == 0)
      appendEscaped(shown, static_cast<unsigned char>(rest.front()));
    else if (mustBeShown(point))
      appendEscaped(shown, point);
    else
      shown += rest.substr(0, length);
    rest.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return shown;
}

std::string displayBytes(std::uint64_t bytes)
{
  if (bytes < (1u << 20)) {
    std::string digits = std::to_string(bytes);
    for (std::size_t place = digits.size(); place > 3; place -= 3)
      digits.insert(place - 3, ",");
    return digits + (bytes == 1 ? " byte" : " bytes");
  }
  static constexpr const char* units[] = {"MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = static_cast<double>(bytes) / (1 << 20);
  std::size_t unit = 0;
  for (; value >= 1024.0 && unit + 1 < std::size(units); ++unit)
    value /= 1024.0;
  char buffer[32];
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed, 1);
  return std::string(buffer, end.ptr) + " " + units[unit];
}

}  // namespace orrery
