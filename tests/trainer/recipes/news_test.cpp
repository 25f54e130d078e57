// News: items that live for hours. Recency must win over popularity of all time.
#include <algorithm>
#include <catch2/catch.hpp>

#include "runtime/base/random.h"
#include "runtime/serve/engine.h"
#include "tests/support/sample.h"
#include "trainer/recipes/train.h"

using namespace attune;
using namespace attune::trainer;

namespace {

constexpr int64_t kHour = 3600;
constexpr uint32_t kHours = 96;
constexpr uint32_t kItemsPerHour = 5;

/// 400 readers over four days; each article is read within the two hours after it comes out. On the
/// first day there are six times as many readers, so that its articles are the most popular ones.
Dataset newsWorld() {
  Dataset data;
  Interactions& events = data.interactions;
  Random random(9, 0);
  for (uint32_t item = 0; item < kHours * kItemsPerHour; ++item)
    data.items.add("article-" + std::to_string(item / kItemsPerHour) + "-" +
                   std::to_string(item % kItemsPerHour));
  for (uint32_t user = 0; user < 400; ++user) data.users.add("reader-" + std::to_string(user));
  for (uint32_t hour = 0; hour < kHours; ++hour) {
    const uint32_t reads = hour < 24 ? 300 : 50;
    for (uint32_t i = 0; i < reads; ++i) {
      const uint32_t age = std::min(hour, random.below(2));
      events.user.push_back(random.below(400));
      events.item.push_back((hour - age) * kItemsPerHour + random.below(kItemsPerHour));
      events.timestamp.push_back(hour * kHour + i * kHour / reads);
      events.eventType.push_back(StringTable::kNone);
      events.eventValue.push_back(0);
    }
  }
  return data;
}

/// How many of the first ten came out in the last four hours.
size_t freshOnes(const Engine& engine, const Session& session) {
  Scratch scratch;
  REQUIRE(engine.recommend(session, {.numResults = 10}, scratch).ok());
  size_t fresh = 0;
  for (const std::string& id : testing::idsOf(engine, scratch.ranked.span()))
    fresh += std::stoul(id.substr(8)) >= kHours - 4;
  return fresh;
}

}  // namespace

TEST_CASE(
    "where items live for hours, a stranger and a reader of old news get the last hours' items") {
  TrainRequest request{Parameters(findRecipe("user-personalization"))};
  request.parameters.set("epochs", "6");
  request.parameters.set("hidden_dimension", "16");
  const Buffer<uint8_t> bytes = testing::aligned(trainBundle(newsWorld(), request));
  const Owned<Engine> engine = std::move(Engine::open(bytes.span()).value());
  Session stranger(engine->items(), 10), reader(engine->items(), 10);
  for (const char* id : {"article-3-0", "article-3-1", "article-4-2"})
    REQUIRE(reader.record(id, "read", 4 * kHour, 1).ok());
  CHECK(freshOnes(*engine, stranger) == 10);
  CHECK(freshOnes(*engine, reader) >= 8);
}

TEST_CASE("who does not want a recency bias gets popularity of all time") {
  TrainRequest request{Parameters(findRecipe("user-personalization-v2"))};
  request.parameters.set("epochs", "6");
  request.parameters.set("hidden_dimension", "16");
  request.parameters.set("apply_recency_bias", "false");
  const Buffer<uint8_t> bytes = testing::aligned(trainBundle(newsWorld(), request));
  const Owned<Engine> engine = std::move(Engine::open(bytes.span()).value());
  CHECK(freshOnes(*engine, Session(engine->items(), 10)) < 5);
}
