#include "trainer/recipes/popularity_count.h"

#include <catch2/catch.hpp>
#include <limits>

#include "trainer/eval/evaluator.h"
#include "trainer/eval/served_bundle.h"
#include "trainer/recipes/train.h"

using namespace attune;
using namespace attune::trainer;

namespace {

constexpr int64_t kHour = 3600;

/// Everybody once had `old`; in the last hours two had `late` and one `latest`, who had it twice.
Dataset twoTimes() {
  Dataset data;
  for (const char* id : {"old", "late", "latest"}) data.items.add(id);
  const auto add = [&data](const char* user, const char* item, int64_t hour) {
    data.interactions.user.push_back(data.users.add(user));
    data.interactions.item.push_back(data.items.find(item));
    data.interactions.timestamp.push_back(kHour * hour);
    data.interactions.eventType.push_back(StringTable::kNone);
    data.interactions.eventValue.push_back(std::numeric_limits<float>::quiet_NaN());
  };
  for (const char* user : {"1", "2", "3", "4"}) add(user, "old", 10);
  add("1", "late", 100);
  add("2", "late", 100);
  add("3", "latest", 102);
  add("3", "latest", 102);
  return data;
}

/// Items of the list for a visitor without a history, best first, and the first one's score.
std::pair<std::vector<std::string>, float> popular(const char* hours) {
  Parameters parameters(findRecipe("popularity-count"));
  parameters.set("window_hours", hours);
  const ServedBundle served(trainBundle(twoTimes(), TrainRequest{parameters}), "popular");
  Scratch scratch;
  Session session(served.engine().items(), 16);
  ListRequest request;
  request.numResults = 3;
  REQUIRE(served.engine().recommend(session, request, scratch).ok());
  std::vector<std::string> ids;
  for (const Scored& one : scratch.ranked.span())
    ids.emplace_back(served.engine().items()[one.item]);
  return {ids, scratch.ranked.span()[0].score};
}

}  // namespace

TEST_CASE("without a window popularity is that of all time") {
  const auto [ids, score] = popular("0");
  CHECK(ids.front() == "old");
  CHECK(score == 1);
}

TEST_CASE("with a window only the newest hours of the data count, each user once an item") {
  CHECK(popular("3").first == std::vector<std::string>{"late", "latest", "old"});
  CHECK(popular("3").second == Approx(2.0 / 3));  // of the three users of these hours
  CHECK(popular("1").first.front() == "latest");
  CHECK(popular("1").second == 1);
  CHECK(popular("92").first.front() == "old");
}
