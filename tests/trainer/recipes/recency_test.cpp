#include "trainer/recipes/recency.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "runtime/base/random.h"

using namespace attune;
using namespace attune::trainer;

namespace {

constexpr int64_t kHour = 3600;

/// One event a minute for ten days. `newsroom`: each hour has ten items of its own, which nobody
/// reads before or after; else every item is read all the time.
Interactions world(bool newsroom) {
  Interactions events;
  Random random(5, 0);
  for (int64_t minute = 0; minute < 14400; ++minute) {
    const auto hour = static_cast<uint32_t>(minute / 60);
    events.timestamp.push_back(60 * minute);
    events.user.push_back(0);
    events.item.push_back(newsroom ? 10 * hour + random.below(10) : random.below(2400));
  }
  return events;
}

}  // namespace

TEST_CASE("where items live for an hour, counts that fade within hours foretell far better") {
  const PopularityDrift drift = measureDrift(world(true), 2400);
  CHECK(drift.gain > 10 * kDriftThatCounts);
  CHECK(drift.halfLifeSeconds < 12 * kHour);
}

TEST_CASE("where items last, fading counts gain nothing that counts") {
  const PopularityDrift drift = measureDrift(world(false), 2400);
  CHECK(drift.gain < kDriftThatCounts);
}

TEST_CASE("few events, or all at one moment, say nothing about drift") {
  Interactions few = world(true);
  for (auto* column : {&few.user, &few.item}) column->resize(100);
  few.timestamp.resize(100);
  CHECK(measureDrift(few, 2400).gain == 0);
  Interactions moment = world(true);
  std::fill(moment.timestamp.begin(), moment.timestamp.end(), 7);
  CHECK(measureDrift(moment, 2400).gain == 0);
}

TEST_CASE("the correction lifts the items of the last hour and lowers those that have passed") {
  const Interactions events = world(true);
  const std::vector<float> correction = driftCorrection(events, 2400, kHour);
  const auto last = correction.end() - 10;
  CHECK(*std::min_element(last, correction.end()) > 2);
  CHECK(*std::max_element(correction.begin(), last - 200) < -1);
}
