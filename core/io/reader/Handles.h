// The HDF5 library's identifiers as values that close themselves, and its failures as exceptions.
#pragma once

#include <hdf5.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace orrery::reader {

/// Something in the file cannot be read. The text is the end of a sentence that begins with the
/// file's name; details hold what the library said, for those who ask.
class Failure : public std::runtime_error {
 public:
  explicit Failure(const std::string& sentence, std::string details = {})
      : std::runtime_error(sentence), m_details(std::move(details))
  {
  }
  [[nodiscard]] const std::string& details() const { return m_details; }

 private:
  std::string m_details;
};

/// The library's own account of its last failure, one line for each function, innermost last.
std::string takeErrorStack();

/// "SENTENCE" with the library's account as details.
[[noreturn]] void failWithStack(const std::string& sentence);

class Handle {
 public:
  using Close = herr_t (*)(hid_t);

  Handle() = default;
  /// Takes @p id, which may be invalid (negative).
  Handle(hid_t id, Close close) : m_id(id), m_close(close) {}
  ~Handle() { reset(); }
  Handle(Handle&& other) noexcept : m_id(std::exchange(other.m_id, -1)), m_close(other.m_close) {}
  Handle& operator=(Handle&& other) noexcept
  {
    std::swap(m_id, other.m_id);
    std::swap(m_close, other.m_close);
    return *this;
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  [[nodiscard]] hid_t id() const { return m_id; }
  [[nodiscard]] bool valid() const { return m_id >= 0; }
  /// Throws Failure if it is not valid.
  const Handle& orFail(const std::string& sentence) const
  {
    if (!valid())
      failWithStack(sentence);
    return *this;
  }

 private:
  void reset()
  {
    if (m_id >= 0 && m_close)
      m_close(m_id);
    m_id = -1;
  }

  hid_t m_id = -1;
  Close m_close = nullptr;
};

}  // namespace orrery::reader
