#pragma once

#include <stdexcept>
#include <string>

namespace attune::trainer {

/// Something the user can put right: bad input, a wrong option, a full disk. Its text is one line
/// that says what is wrong, where, and how to mend it. Caught in two places only: the command
/// line's main (exit code 2) and the HTTP request handler.
class UserError : public std::runtime_error {
 public:
  explicit UserError(const std::string& what) : std::runtime_error(what) {}
};

}  // namespace attune::trainer
