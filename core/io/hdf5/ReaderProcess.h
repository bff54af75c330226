// One run of the helper orrery-reader: started, asked, listened to, and ended at once when it is no
// longer wanted.
#pragma once

#include "core/base/Progress.h"
#include "core/io/ByteSource.h"
#include "core/io/reader/Protocol.h"

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace orrery {

struct ReaderLimits {
  /// The helper may be silent for so long; it answers in pieces that take far less.
  std::chrono::milliseconds silence{20'000};
  std::uint32_t cpuSeconds = 120;
  /// Of address space: the largest chunk, as stored, undone and cut into blocks, and the library.
  std::uint64_t memoryBytes = std::uint64_t{3} << 29;
};

/// The helper program: $ORRERY_READER, else beside this program, in ../libexec/orrery, or where the
/// build put it. Throws Error if it is nowhere.
std::filesystem::path readerProgram();

/// Destruction kills the helper. Every call returns within 50 ms of a stop request.
class ReaderProcess {
 public:
  struct Frame {
    reader::FrameKind kind = reader::FrameKind::End;
    std::span<const std::byte> payload;  ///< Valid until the next call.
  };

  /// Starts the helper on the file that @p source has open and sends @p request. @p source must
  /// outlive this.
  ReaderProcess(const ByteSource& source, const reader::Request& request,
                const ReaderLimits& limits, const Progress& progress);
  ~ReaderProcess();
  ReaderProcess(const ReaderProcess&) = delete;
  ReaderProcess& operator=(const ReaderProcess&) = delete;

  /// The next frame; false when the answer is complete. Throws Error with the helper's sentence, or
  /// "cannot be read (the HDF5 library failed on it)" if it died, said nonsense or was silent too
  /// long; Cancelled when stopped.
  bool next(Frame& frame);

  /// The Error for an answer that does not follow the protocol or contradicts itself.
  [[noreturn]] void failOnAnswer(const std::string& details) const;

 private:
  void start(const std::filesystem::path& program);
  void send(const reader::Request& request);
  void receiveAtLeast(std::size_t count);
  void waitFor(short events);
  void end();

  const ByteSource& m_source;
  ReaderLimits m_limits;
  Progress m_progress;
  pid_t m_process = -1;
  int m_socket = -1;
  std::vector<std::byte> m_buffer;
  std::size_t m_begin = 0;  ///< Received and not yet handed out: [m_begin, m_end) of m_buffer.
  std::size_t m_end = 0;
};

}  // namespace orrery
