// The one exception whose text the user reads.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace orrery {

/// A file or a request cannot be served. The text is one sentence for the user: what is wrong,
/// where, what was expected and what was found. The command line prints it after "orrery: ",
/// the window shows it in its message bar; nothing is changed when it is thrown.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  Error(const std::string& sentence, std::string details)
      : std::runtime_error(sentence), m_details(std::move(details))
  {
  }

  /// What a library said, for those who ask for it; never the message itself. Often empty.
  [[nodiscard]] const std::string& details() const { return m_details; }

 private:
  std::string m_details;
};

}  // namespace orrery
