#include "runtime/base/result.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>

using namespace attune;

namespace {

Result<std::string> half(int number) {
  if (number % 2 != 0) return Error{ErrorCode::InvalidArgument, "odd", 3};
  return std::string(static_cast<size_t>(number / 2), 'x');
}

Status check(int number) {
  ATTUNE_TRY(half(number));
  return {};
}

}  // namespace

TEST_CASE("a result holds its value or its error") {
  CHECK(half(4).value() == "xx");
  CHECK(half(3).error().code == ErrorCode::InvalidArgument);
  CHECK(half(3).error().at == 3);
}

TEST_CASE("ATTUNE_TRY leaves with the first error") {
  CHECK(check(2).ok());
  CHECK(std::string(check(5).error().what) == "odd");
}

TEST_CASE("every error code has a number and a name of its own") {
  std::set<int> numbers;
  std::set<std::string> names;
  size_t count = 0;
#define ATTUNE_ERROR(name, number, text, meaning) \
  numbers.insert(number);                         \
  names.insert(errorName(ErrorCode::name));       \
  ++count;
#include "runtime/base/error_codes.inc"
#undef ATTUNE_ERROR
  CHECK(numbers.size() == count);
  CHECK(names.size() == count);
}
