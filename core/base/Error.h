// The one exception whose text the user reads.
#pragma once

#include <stdexcept>
#include <string>

namespace orrery {

/// A file or a request cannot be served. The text is one sentence for the user: what is wrong,
/// where, what was expected and what was found. The command line prints it after "orrery: ",
/// the window shows it in its message bar; nothing is changed when it is thrown.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace orrery
