#include "trainer/recipes/cold_start.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "trainer/base/errors.h"

using namespace attune::trainer;
using Catch::Contains;

namespace {

constexpr int64_t kDay = 86400;

/// Items a .. e: a has events on days 0, 1 and 2, b on day 10, c on days 19 and 20, d and e none.
Dataset world() {
  Dataset data;
  data.users.add("u");
  for (const char* id : {"a", "b", "c", "d", "e"}) data.items.add(id);
  const std::vector<std::pair<uint32_t, int64_t>> events = {{0, 0},  {0, 1},  {0, 2},
                                                            {1, 10}, {2, 19}, {2, 20}};
  for (const auto& [item, day] : events) {
    data.interactions.user.push_back(0);
    data.interactions.item.push_back(item);
    data.interactions.timestamp.push_back(day * kDay);
  }
  return data;
}

using Cold = std::vector<uint8_t>;

}  // namespace

TEST_CASE("cold items have few interactions and are young, counted from the newest item") {
  CHECK(coldItems(world(), {.maxInteractions = 2, .maxAgeDays = 5}) == Cold{0, 0, 1, 1, 1});
  CHECK(coldItems(world(), {.maxInteractions = 1, .maxAgeDays = 9}) == Cold{0, 1, 0, 1, 1});
  CHECK(coldItems(world(), {.maxInteractions = 1, .maxAgeDays = 8.9}) == Cold{0, 0, 0, 1, 1});
  CHECK(coldItems(world(), {.maxInteractions = 3, .maxAgeDays = 100}) == Cold{1, 1, 1, 1, 1});
}

TEST_CASE("ages count from a given time when asked for") {
  const ColdItemRule rule{
      .maxInteractions = 5, .maxAgeDays = 12, .now = 30 * kDay, .fromLatest = false};
  CHECK(coldItems(world(), rule) == Cold{0, 0, 1, 1, 1});
}

TEST_CASE("the time an item was made counts before that of its first interaction") {
  Dataset data = world();
  Column made{.name = "CREATION_TIMESTAMP", .kind = ColumnKind::integer};
  const double day = static_cast<double>(kDay);
  made.numbers = {40 * day, NAN, NAN, 3 * day, 39 * day};
  data.itemColumns.push_back(made);
  CHECK(coldItems(data, {.maxInteractions = 5, .maxAgeDays = 5}) == Cold{1, 0, 0, 0, 1});
}

TEST_CASE("when nothing is cold the message says what fails and what to do") {
  Dataset data = world();
  data.items = StringTable();
  for (const char* id : {"a", "b", "c"}) data.items.add(id);
  CHECK_THROWS_AS(coldItems(data, {.maxInteractions = 1, .maxAgeDays = 5}), UserError);
  CHECK_THROWS_WITH(coldItems(data, {.maxInteractions = 1, .maxAgeDays = 5}),
                    Contains("of 3 items 1 have few enough") && Contains("1 are young enough") &&
                        Contains("cold_start_max_duration"));
}
