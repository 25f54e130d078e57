#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

namespace attune {

/// What went wrong; the numbers and their meanings are in error_codes.inc.
enum class ErrorCode : int32_t {
#define ATTUNE_ERROR(name, number, text, meaning) name = number,
#include "runtime/base/error_codes.inc"
#undef ATTUNE_ERROR
};

/// The code's name as JavaScript shows it ("CORRUPT_BUNDLE").
const char* errorName(ErrorCode code);

/// An error: what is wrong in words, and where. `at` is a byte offset, a column of an expression or
/// an index, as the words say; kNowhere when there is no such place.
struct Error {
  static constexpr uint64_t kNowhere = ~uint64_t{0};
  ErrorCode code = ErrorCode::InvalidArgument;
  const char* what = "";  ///< static text, never owned
  uint64_t at = kNowhere;
};

/// A value or an Error. Nothing throws in runtime/, so a Result must be looked at.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)), ok_(true) {}  // NOLINT: converts on purpose
  Result(Error error) : error_(error), ok_(false) {}        // NOLINT: converts on purpose
  Result(Result&& other) noexcept : ok_(other.ok_) {
    if (ok_)
      new (&value_) T(std::move(other.value_));
    else
      error_ = other.error_;
  }
  Result(const Result&) = delete;
  Result& operator=(const Result&) = delete;
  Result& operator=(Result&&) = delete;
  ~Result() {
    if (ok_) value_.~T();
  }

  bool ok() const { return ok_; }
  /// REQUIRES: ok()
  T& value() { return value_; }
  const T& value() const { return value_; }
  /// REQUIRES: !ok()
  const Error& error() const { return error_; }

 private:
  union {
    T value_;
    Error error_;
  };
  bool ok_;
};

/// Success without a value, or an Error. A code of 0, which no error has, is success: little to
/// write and to test, as it happens at every step.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() : success_() {}
  Result(Error error) : error_(error) {}  // NOLINT: converts on purpose
  bool ok() const { return success_.code == ErrorCode{}; }
  /// REQUIRES: !ok()
  const Error& error() const { return error_; }

 private:
  struct Success {
    ErrorCode code = {};
  };
  union {
    Success success_;  // both begin with a code
    Error error_;
  };
};

using Status = Result<void>;

}  // namespace attune

/// Leaves the function with the error of `expression`, a Status or Result, if it has one.
#define ATTUNE_TRY(expression)                                          \
  do {                                                                  \
    if (auto&& tried = (expression); !tried.ok()) return tried.error(); \
  } while (false)
