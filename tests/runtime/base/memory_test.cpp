#include "runtime/base/memory.h"

#include <catch2/catch.hpp>

using namespace attune;

TEST_CASE("a buffer keeps its values while it grows and is aligned to 16 bytes") {
  Buffer<uint32_t> buffer;
  for (uint32_t i = 0; i < 1000; ++i) REQUIRE(buffer.push(i).ok());
  CHECK(buffer.size() == 1000);
  CHECK(buffer[999] == 999);
  CHECK(reinterpret_cast<uintptr_t>(buffer.data()) % 16 == 0);
}

TEST_CASE("new values of a resized buffer are zero, also where old ones were") {
  Buffer<uint32_t> buffer;
  REQUIRE(buffer.push(7).ok());
  buffer.clear();
  REQUIRE(buffer.resize(3).ok());
  CHECK(buffer[0] == 0);
  CHECK(buffer[2] == 0);
}

TEST_CASE("dropping the front keeps the rest in order") {
  Buffer<int> buffer;
  for (int i = 0; i < 5; ++i) REQUIRE(buffer.push(i).ok());
  buffer.dropFront(2);
  CHECK(buffer.size() == 3);
  CHECK(buffer[0] == 2);
}

TEST_CASE("an impossible size is an error and leaves the buffer as it was") {
  Buffer<uint64_t> buffer;
  REQUIRE(buffer.push(1).ok());
  CHECK(buffer.reserve(SIZE_MAX / 4).error().code == ErrorCode::OutOfMemory);
  CHECK(buffer.size() == 1);
}

TEST_CASE("an owned object is destroyed once, wherever it was moved") {
  static int destroyed = 0;
  struct Counted {
    ~Counted() { ++destroyed; }
  };
  destroyed = 0;
  {
    Owned<Counted> first = makeOwned<Counted>();
    Owned<Counted> second(std::move(first));
    CHECK_FALSE(static_cast<bool>(first));
    first = std::move(second);
    CHECK(destroyed == 0);
  }
  CHECK(destroyed == 1);
}
