#include "core/io/results/AtomicFile.h"

#include "core/base/Error.h"
#include "core/io/ByteSource.h"
#include "core/io/ResultFile.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <random>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace orrery {
namespace {

// ".orrery-save-" and 16 hexadecimal digits: short, so that it fits wherever the target's name
// does.
constexpr std::string_view temporaryPrefix = ".orrery-save-";
constexpr std::string_view temporaryEnding = ".tmp";
constexpr std::size_t pieceSize = 8u << 20;

std::string reason(int error)
{
  return std::generic_category().message(error);
}

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& message)
{
  throw Error(displayName(path) + ": " + message);
}

std::filesystem::path folderOf(const std::filesystem::path& path)
{
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

/// Where a save really goes: what a link at @p path points to, so that the link stays one.
std::filesystem::path targetOf(const std::filesystem::path& path)
{
  std::filesystem::path target = path;
  std::error_code fault;
  constexpr int mostLinks = 16;
  for (int i = 0; std::filesystem::is_symlink(target, fault); ++i) {
    if (i == mostLinks)
      refuse(path, "is a link that leads to itself");
    const std::filesystem::path next = std::filesystem::read_symlink(target, fault);
    if (fault)
      refuse(path, "is a link that cannot be followed: " + fault.message());
    target = folderOf(target) / next;
  }
  return target;
}

std::string freeSpaceText(const std::filesystem::path& folder, std::size_t needed)
{
  struct statvfs space {};
  std::string text = "it needs " + displayBytes(needed);
  if (::statvfs(folder.c_str(), &space) == 0)
    text += ", " + displayBytes(static_cast<std::uint64_t>(space.f_bavail) * space.f_frsize) +
            " are free";
  return text;
}

/// The file under its temporary name; gone again unless it was renamed.
class TemporaryFile {
 public:
  TemporaryFile(const std::filesystem::path& target, std::string_view bytes)
      : m_target(target), m_bytes(bytes), m_path(folderOf(target) / makeName())
  {
    m_descriptor = ::open(m_path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (m_descriptor < 0)
      refuse(m_target, "cannot be saved, no file can be made in its folder: " + reason(errno));
    // Tells removeStrayTemporaries that someone is at work here.
    ::flock(m_descriptor, LOCK_EX | LOCK_NB);
    keepMode();
  }
  ~TemporaryFile()
  {
    if (m_descriptor >= 0)
      ::close(m_descriptor);
    if (!m_path.empty())
      ::unlink(m_path.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  void write()
  {
    std::size_t done = 0;
    while (done < m_bytes.size()) {
      const ssize_t written =
          ::write(m_descriptor, m_bytes.data() + done, std::min(pieceSize, m_bytes.size() - done));
      if (written < 0 && errno == EINTR)
        continue;
      if (written < 0)
        fail("written", errno);
      done += static_cast<std::size_t>(written);
    }
    if (::fsync(m_descriptor) != 0)
      fail("written to the disk", errno);
  }

  /// Opens the file anew and compares it with what it should hold.
  void verify() const
  {
    const ByteSource written(m_path);
    std::vector<char> piece(std::min(pieceSize, m_bytes.size()));
    bool same = written.size() == m_bytes.size();
    for (std::size_t at = 0; same && at < m_bytes.size(); at += piece.size()) {
      const std::size_t count = std::min(piece.size(), m_bytes.size() - at);
      written.read(at, piece.data(), count);
      same = std::memcmp(piece.data(), m_bytes.data() + at, count) == 0;
    }
    if (!same)
      refuse(m_target, "was not saved: the disk gave back other bytes than were written");
  }

  /// The lock ends with the descriptor, so the file is renamed first.
  void rename()
  {
    if (::rename(m_path.c_str(), m_target.c_str()) != 0)
      fail("put in its place", errno);
    m_path.clear();
  }

 private:
  static std::string makeName()
  {
    std::random_device source;
    const std::uint64_t number = (static_cast<std::uint64_t>(source()) << 32) | source();
    char digits[17];
    char* const end = std::to_chars(digits, digits + 16, number, 16).ptr;
    std::string name(16 - static_cast<std::size_t>(end - digits), '0');
    name.append(digits, end);
    return std::string(temporaryPrefix) + name + std::string(temporaryEnding);
  }

  /// A file that is replaced keeps its permissions.
  void keepMode() const
  {
    struct stat old {};
    if (::stat(m_target.c_str(), &old) == 0)
      static_cast<void>(::fchmod(m_descriptor, old.st_mode & 07777));
  }

  [[noreturn]] void fail(const char* step, int error) const
  {
    std::string message = std::string("could not be ") + step + ": " + reason(error);
    if (error == ENOSPC || error == EDQUOT || error == EFBIG)
      message += " (" + freeSpaceText(folderOf(m_target), m_bytes.size()) + ")";
    refuse(m_target, message + "; what was there before is unchanged");
  }

  std::filesystem::path m_target;
  std::string_view m_bytes;
  std::filesystem::path m_path;
  int m_descriptor = -1;
};

/// A rename lives in its folder: without this a power cut may undo it.
void syncFolder(const std::filesystem::path& folder)
{
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0)
    return;
  // Some file systems cannot sync folders; the file itself is on the disk by now.
  static_cast<void>(::fsync(descriptor));
  ::close(descriptor);
}

void checkTarget(const std::filesystem::path& path)
{
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno == ENAMETOOLONG)
      refuse(path, "the path is too long");
    return;
  }
  if (S_ISDIR(status.st_mode))
    refuse(path, "is a folder; give the name of a file");
  if (!S_ISREG(status.st_mode))
    refuse(path, "is no regular file, nothing can be saved there");
  if ((status.st_mode & 0222) == 0 || ::access(path.c_str(), W_OK) != 0)
    refuse(path, "is read-only");
}

}  // namespace

void checkFileWritable(const std::filesystem::path& path)
{
  if (path.native().find('\0') != std::string::npos)
    refuse(path, "holds a NUL character");
  if (!path.has_filename())
    refuse(path, "names no file");
  if (path.native().size() >= PATH_MAX || path.filename().native().size() > NAME_MAX)
    refuse(path, "the path is too long");
  const std::filesystem::path target = targetOf(path);
  const std::filesystem::path folder = folderOf(target);
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0)
    refuse(path, errno == ENOENT ? "its folder does not exist"
                                 : "its folder cannot be reached: " + reason(errno));
  if (!S_ISDIR(status.st_mode))
    refuse(path, displayName(folder) + " is no folder");
  checkTarget(target);
  if (::access(folder.c_str(), W_OK | X_OK) != 0)
    refuse(path, "nothing can be written to its folder: " + reason(errno));
}

void writeFileAtomically(const std::filesystem::path& path, const std::string& bytes)
{
  checkFileWritable(path);
  const std::filesystem::path target = targetOf(path);
  TemporaryFile file(target, bytes);
  file.write();
  file.verify();
  file.rename();
  syncFolder(folderOf(target));
}

bool isTemporaryName(std::string_view name)
{
  if (!name.starts_with(temporaryPrefix) || !name.ends_with(temporaryEnding))
    return false;
  name.remove_prefix(temporaryPrefix.size());
  name.remove_suffix(temporaryEnding.size());
  return name.size() == 16 && name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

int removeStrayTemporaries(const std::filesystem::path& folder)
{
  int removed = 0;
  std::error_code fault;
  for (std::filesystem::directory_iterator entry(folder, fault), end; !fault && entry != end;
       entry.increment(fault)) {
    if (!isTemporaryName(entry->path().filename().native()))
      continue;
    const int descriptor =
        ::open(entry->path().c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0)
      continue;
    struct stat status {};
    const bool stray = ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) &&
                       status.st_uid == ::geteuid() && ::flock(descriptor, LOCK_EX | LOCK_NB) == 0;
    if (stray && ::unlink(entry->path().c_str()) == 0)
      ++removed;
    ::close(descriptor);
  }
  return removed;
}

}  // namespace orrery
