#include "trainer/recipes/user_histories.h"

#include <catch2/catch.hpp>

using namespace attune::trainer;

namespace {

struct Event {
  uint32_t user, item;
  int64_t timestamp;
};

Dataset worldOf(const std::vector<Event>& events) {
  Dataset data;
  for (const char* id : {"u", "v", "w", "x"}) data.users.add(id);
  for (const char* id : {"a", "b", "c", "d"}) data.items.add(id);
  for (const Event& event : events) {
    data.interactions.user.push_back(event.user);
    data.interactions.item.push_back(event.item);
    data.interactions.timestamp.push_back(event.timestamp);
  }
  return data;
}

const std::vector<Event> kEvents = {{0, 0, 0},   {1, 3, 0},   {0, 1, 60}, {0, 2, 121},
                                    {0, 0, 121}, {1, 2, 500}, {3, 1, 900}};

}  // namespace

TEST_CASE("histories hold each user's items in time order, without users that have none") {
  const Sequences found = userHistories(worldOf(kEvents), {});
  CHECK(found.items == std::vector<uint32_t>{0, 1, 2, 0, 3, 2, 1});
  CHECK(found.offsets == std::vector<uint64_t>{0, 4, 6, 7});
  CHECK(found.newSession.empty());
  CHECK(found.weights.empty());
}

TEST_CASE("a session ends where the pause is longer than the gap") {
  const Dataset data = worldOf(kEvents);
  CHECK(userHistories(data, {.sessionGapSeconds = 60}).newSession ==
        std::vector<uint8_t>{1, 0, 1, 0, 1, 1, 1});
  CHECK(userHistories(data, {.sessionGapSeconds = 61}).newSession ==
        std::vector<uint8_t>{1, 0, 0, 0, 1, 1, 1});
  CHECK(userHistories(data, {.sessionGapSeconds = 0}).newSession ==
        std::vector<uint8_t>{1, 1, 1, 0, 1, 1, 1});
  const Dataset still = worldOf({{0, 0, 5}, {0, 1, 5}, {0, 2, 5}});
  CHECK(userHistories(still, {.sessionGapSeconds = 0}).newSession == std::vector<uint8_t>{1, 0, 0});
}

TEST_CASE("newer events weigh more, at most twice as much, and one on average") {
  const auto weights = userHistories(worldOf(kEvents), {.recencyWeights = true}).weights;
  REQUIRE(weights.size() == 7);
  double sum = 0;
  for (const float weight : weights) sum += static_cast<double>(weight);
  CHECK(sum == Approx(7));
  CHECK(weights[0] < weights[4]);  // the second user's first event came after the first user's
  CHECK(weights[4] < weights[1]);
  CHECK(weights[6] / weights[0] == Approx(std::exp2(6.0 / 7)));
}

TEST_CASE("users with too short or too long a history are left out") {
  const Dataset data = worldOf(kEvents);  // 4, 2 and 1 events
  CHECK(userHistories(data, {.minPercentile = 0.5}).items ==
        std::vector<uint32_t>{0, 1, 2, 0, 3, 2});
  CHECK(userHistories(data, {.maxPercentile = 0.5}).items == std::vector<uint32_t>{3, 2, 1});
}

TEST_CASE("what is said of an item twice in one second is one event, later it is another") {
  const Sequences found = userHistories(
      worldOf({{0, 0, 5}, {0, 1, 5}, {1, 0, 5}, {0, 0, 5}, {0, 1, 5}, {0, 0, 6}, {0, 0, 6}}), {});
  CHECK(found.items == std::vector<uint32_t>{0, 1, 0, 0});
  CHECK(found.offsets == std::vector<uint64_t>{0, 3, 4});
}

TEST_CASE("of an item's events in one second the last counts") {
  const Sequences found =
      userHistories(worldOf({{0, 0, 5}, {0, 0, 5}, {0, 1, 5}, {0, 0, 5}, {0, 2, 5}}), {});
  CHECK(found.items == std::vector<uint32_t>{1, 0, 2});
}
