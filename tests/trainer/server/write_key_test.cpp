#include "trainer/server/write_key.h"

#include <catch2/catch.hpp>

using namespace attune::trainer;  // NOLINT: tests

TEST_CASE("a write key finds its tracker, and nothing else does") {
  const std::string one = newWriteKey();
  const std::string two = newWriteKey();
  CHECK(one != two);
  CHECK(one.size() == 68);
  const std::vector<EventTracker> trackers{{"one", hashOfKey(one), {}},
                                           {"two", hashOfKey(two), {}}};
  CHECK(findTracker(trackers, one)->name == "one");
  CHECK(findTracker(trackers, two)->name == "two");
  CHECK(findTracker(trackers, newWriteKey()) == nullptr);
  CHECK(findTracker(trackers, "") == nullptr);
  CHECK(findTracker({}, one) == nullptr);
  CHECK(fingerprint(trackers[0]).size() == 12);
  CHECK(one.find(fingerprint(trackers[0])) == std::string::npos);
}
