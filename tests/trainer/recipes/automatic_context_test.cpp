// user-personalization on a world where the right item depends on when it is asked: learned with
// automatic context and not without, and on the device the same features as in training.
#include <algorithm>
#include <catch2/catch.hpp>

#include "runtime/base/random.h"
#include "tests/support/sample.h"
#include "tests/trainer/recipes/query_world.h"
#include "trainer/data/split.h"
#include "trainer/eval/evaluator.h"
#include "trainer/eval/histories.h"
#include "trainer/recipes/query_table.h"
#include "trainer/recipes/train.h"

using namespace attune;
using namespace attune::trainer;

namespace {

constexpr int64_t kHour = 3600;
constexpr int64_t kDay = 24 * kHour;

/// "pm-rest-back-1": taken after noon, on a Saturday or Sunday, after a pause of days.
std::string itemAt(int64_t seconds, int64_t pause, uint32_t number) {
  const bool isMorning = seconds % kDay < 12 * kHour;
  const bool isWeekend = (seconds / kDay + 4) % 7 % 6 == 0;
  return std::string(isMorning ? "am" : "pm") + (isWeekend ? "-rest" : "-work") +
         (pause > 2 * kDay ? "-back-" : "-on-") + std::to_string(number);
}

/// Users come back after 1 to 40 hours or 4 to 10 days, by chance, so that no history tells when.
Dataset clockWorld(uint32_t users = 200, uint32_t rounds = 10) {
  Random random(23, 1);
  struct Event {
    uint32_t user;
    int64_t time, pause;
  };
  std::vector<Event> events;
  for (uint32_t user = 0; user < users; ++user) {
    int64_t time = 1'700'000'000 + random.below(30 * kDay);
    for (uint32_t round = 0; round < rounds; ++round) {
      const bool isShort = random.below(2) == 0;
      const int64_t pause =
          isShort ? kHour + random.below(39 * kHour) : 4 * kDay + random.below(6 * kDay);
      time += pause;
      events.push_back({user, time, round == 0 ? 0 : pause});
    }
  }
  std::stable_sort(events.begin(), events.end(),
                   [](const Event& a, const Event& b) { return a.time < b.time; });
  Dataset data;
  for (uint32_t user = 0; user < users; ++user) data.users.add("u" + std::to_string(user));
  for (const auto& [user, time, pause] : events) {
    data.interactions.user.push_back(user);
    data.interactions.item.push_back(data.items.add(itemAt(time, pause, random.below(3))));
    data.interactions.timestamp.push_back(time);
    data.interactions.eventType.push_back(StringTable::kNone);
    data.interactions.eventValue.push_back(0);
  }
  return data;
}

double ndcgOf(const std::string& automatic) {
  const Dataset data = clockWorld();
  const Split split = splitDataset(data, {.protocol = "leave-one-out", .excludeSeen = false});
  TrainRequest request{Parameters(findRecipe("user-personalization"))};
  for (const auto& [name, value] : {std::pair{"hidden_dimension", "16"},
                                    {"epochs", "40"},
                                    {"patience", "100"},
                                    {"learning_rate", "0.01"},
                                    {"weight_averaging", "0.9"}})
    request.parameters.set(name, value);
  request.parameters.set("automatic_context", automatic);
  const Evaluation evaluation = evaluateBundle(trainBundle(split.train, request), data, split);
  return (*evaluation.find("metrics"))["normalized_discounted_cumulative_gain_at_10"].value;
}

Column numbersColumn(const std::string& name, size_t rows) {
  Column column{.name = name, .kind = ColumnKind::integer};
  for (size_t row = 0; row < rows; ++row) column.numbers.push_back(static_cast<double>(row % 2));
  return column;
}

constexpr QueryTableOptions kAutomatic{.automatic = true};

/// A bundle of the sample transformer with the table's columns.
Buffer<uint8_t> bundleOf(const QueryTable& table) {
  BundleBuilder builder = attune::testing::SampleTransformer().builder(BundlePrecision::float32);
  table.write(std::vector<float>(table.featureCount() * 8, 0.5f), std::vector<float>(8, 0.5f),
              BundlePrecision::float32, builder);
  return attune::testing::aligned(builder.finish());
}

}  // namespace

TEST_CASE("hour, weekday and pause that decide the right item are learned with automatic context") {
  // One of three items is right when all is known, one of 24 without.
  CHECK(ndcgOf("true") > 0.6);
  CHECK(ndcgOf("false") < 0.35);
}

TEST_CASE("automatic context is off unless it is asked for") {
  const Dataset data = clockWorld(10, 5);
  CHECK_FALSE(Parameters(findRecipe("user-personalization")).flag("automatic_context"));
  CHECK_FALSE(QueryTable(data, {}).hasContextRows());
  CHECK(QueryTable(data, kAutomatic).hasContextRows());
}

TEST_CASE("a device knows of the time of each event what training knew") {
  Dataset data = clockWorld(40, 12);
  Interactions& events = data.interactions;
  for (size_t row = 0; row + 41 < events.size(); row += 40) {  // some of one user at one second
    events.user[row + 1] = events.user[row];
    events.timestamp[row + 1] = events.timestamp[row];
    events.item[row + 1] = events.item[row] == 0 ? 1 : 0;
  }
  const QueryTable table(data, kAutomatic);
  const Buffer<uint8_t> bytes = bundleOf(table);
  const auto engine = std::move(Engine::open(bytes.span()).value());
  const RowsByUser rows(data);
  const std::string known(engine->items()[0]), other(engine->items()[1]);
  for (uint32_t user = 0; user < data.users.size(); ++user) {
    Session session = sessionFor(engine->items(), rows[user].size());
    for (const uint32_t row : rows[user]) {
      QueryRows context;
      REQUIRE(setContext(*engine, data, row, session, context).ok());
      CHECK(std::vector<uint32_t>(context.rows().begin(), context.rows().end()) ==
            table.rowsOfEvent(row));
      REQUIRE(session.record(row % 2 == 0 ? known : other, "", events.timestamp[row], 0).ok());
    }
  }
}

TEST_CASE("an event that was said twice in one second is no pause away from itself") {
  Dataset data = clockWorld(30, 10);
  Interactions& events = data.interactions;
  const uint32_t row = RowsByUser(data)[3].back();
  const std::vector<uint32_t> once = QueryTable(data, kAutomatic).rowsOfEvent(row);
  events.user.push_back(3);
  events.item.push_back(events.item[row]);
  events.timestamp.push_back(events.timestamp[row]);
  CHECK(QueryTable(data, kAutomatic).rowsOfEvent(row) == once);
  CHECK(QueryTable(data, kAutomatic).rowsOfEvent(static_cast<uint32_t>(events.size() - 1)) == once);
}

TEST_CASE("hours and pauses that hardly occur share a feature with their neighbours") {
  Dataset data = clockWorld(20, 10);
  for (int64_t& time : data.interactions.timestamp) time -= time % kDay;  // dates without hours
  const QueryTable dates(data, kAutomatic);
  const QueryTable all(clockWorld(200, 10), kAutomatic);
  CHECK(all.featureCount() == 24 + 7 + 4);  // pauses of a day, to 2, to 7 and to 14 days
  CHECK(dates.featureCount() == 1 + 7 + 5);  // whole days, so some pauses of 2 to 4
  const Dataset none = clockWorld(1, 1);
  CHECK(QueryTable(none, kAutomatic).featureCount() == 3);
}

TEST_CASE("a column of the data that is called as an automatic one takes its place") {
  Dataset data = clockWorld(30, 10);
  const size_t all = QueryTable(data, kAutomatic).featureCount();
  data.interactions.columns = {numbersColumn("Hour_of_Day", data.interactions.size())};
  const QueryTable own(data, kAutomatic);
  CHECK(own.featureCount() == all - 24 + 2);
  CHECK(QueryTable(data, {.context = false, .automatic = true}).featureCount() == all - 24);
  const Buffer<uint8_t> bytes = bundleOf(own);
  const auto engine = std::move(Engine::open(bytes.span()).value());
  const QueryColumns& columns = engine->queryColumns();
  CHECK(columns[columns.find(QueryKind::Context, "HOUR_OF_DAY")].kind == QueryKind::Context);
  CHECK(columns[columns.find(QueryKind::Context, "WEEKDAY")].kind == QueryKind::Weekday);
}
