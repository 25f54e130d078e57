#include "trainer/data/protection.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <limits>

using namespace attune::trainer;  // NOLINT: tests
using Rule = ProtectionRule;

namespace {

constexpr int32_t kDay = 19'000;
constexpr int64_t kStart = int64_t{kDay} * 86'400;

/// Interactions one by one, in the order of time.
struct World {
  Dataset data;

  void add(const std::string& user, const std::string& item, int64_t second, EventOrigin origin) {
    Interactions& all = data.interactions;
    all.user.push_back(data.users.add(user));
    all.item.push_back(data.items.add(item));
    all.timestamp.push_back(kStart + second);
    all.eventType.push_back(StringTable::kNone);
    all.eventValue.push_back(std::numeric_limits<float>::quiet_NaN());
    all.origin.push_back(origin);
  }
  void imported(const std::string& user, const std::string& item, int64_t second) {
    add(user, item, second, {});
  }
  void sent(const std::string& user, const std::string& item, int64_t second, uint32_t source,
            bool verified = false) {
    add(user, item, second,
        {source, static_cast<int32_t>(kDay + second / 86'400), verified});
  }
  size_t leftOut(Rule rule, const Protection& protection) const {
    const auto rules = judge(data, protection);
    return static_cast<size_t>(std::count(rules.begin(), rules.end(), rule));
  }
  size_t leftOut(const Protection& protection) const {
    const auto rules = judge(data, protection);
    return rules.size() - static_cast<size_t>(std::count(rules.begin(), rules.end(), Rule::none));
  }
};

std::string name(const char* kind, size_t number) { return kind + std::to_string(number); }

/// Only the one number set.
Protection only(double Protection::*value, double number) {
  Protection protection = Protection::none();
  protection.*value = number;
  return protection;
}

}  // namespace

TEST_CASE("of a user's events the newest count, imported ones too") {
  World world;
  for (int i = 0; i < 30; ++i) world.imported("many", name("i", static_cast<size_t>(i)), i);
  world.imported("few", "i0", 40);
  const auto rules = judge(world.data, only(&Protection::maxEventsPerUser, 10));
  for (size_t row = 0; row < 20; ++row) CHECK(rules[row] == Rule::eventsPerUser);
  for (size_t row = 20; row < 31; ++row) CHECK(rules[row] == Rule::none);
}

TEST_CASE("imported interactions are trusted whatever they look like") {
  World world;
  for (int i = 0; i < 5000; ++i) world.imported("robot", "i", i);
  for (size_t i = 0; i < 5000; ++i) world.imported(name("u", i), "i", 6000);
  CHECK(world.leftOut({}) == 0);
}

TEST_CASE("what one user says on one day of one item, and in all, is limited, the first counts") {
  World world;
  for (int i = 0; i < 40; ++i) world.sent("u", name("i", static_cast<size_t>(i) % 4), 100 * i, 1);
  Protection protection = only(&Protection::maxEventsPerUserItemAndDay, 3);
  CHECK(world.leftOut(Rule::eventsPerUserItemAndDay, protection) == 28);
  protection.maxEventsPerUserAndDay = 5;
  CHECK(world.leftOut(Rule::eventsPerUserAndDay, protection) == 7);
  CHECK(judge(world.data, protection)[4] == Rule::none);
  CHECK(judge(world.data, protection)[5] == Rule::eventsPerUserAndDay);
  world.sent("u", "i0", 90'000, 2);
  CHECK(judge(world.data, protection).back() == Rule::none);
}

TEST_CASE("users of one network count as few, unless the item has users from everywhere") {
  World world;
  for (size_t i = 0; i < 50; ++i) world.sent(name("fake", i), "target", 0, 1);
  const Protection protection{};
  CHECK(world.leftOut(Rule::usersPerSourceAndItem, protection) == 48);
  for (size_t i = 0; i < 200; ++i) world.imported(name("u", i), "known", 0);
  for (size_t i = 0; i < 50; ++i) world.sent(name("shared", i), "known", 0, 2);
  // A twentieth of the 202 others counted.
  CHECK(world.leftOut(Rule::usersPerSourceAndItem, protection) == 48 + 40);
}

TEST_CASE("a user that counts does so with all events of the item, others with none") {
  World world;
  for (int round = 0; round < 2; ++round)
    for (size_t i = 0; i < 4; ++i) world.sent(name("u", i), "target", round, 1);
  const auto rules = judge(world.data, only(&Protection::maxUsersPerSourceAndItem, 2));
  for (const size_t row : {0, 1, 4, 5}) CHECK(rules[row] == Rule::none);
  for (const size_t row : {2, 3, 6, 7}) CHECK(rules[row] == Rule::usersPerSourceAndItem);
}

TEST_CASE("an item gains a few users a day, or a multiple of those it had") {
  World world;
  Protection protection = only(&Protection::maxNewUsersPerItemAndDay, 5);
  protection.maxGrowthPerDay = 2;
  for (size_t i = 0; i < 100; ++i) world.imported(name("u", i), "old", 0);
  for (size_t i = 0; i < 30; ++i) world.sent(name("v", i), "new", 86'400, static_cast<uint32_t>(i + 1));
  CHECK(world.leftOut(Rule::newUsersPerItemAndDay, protection) == 25);
  for (size_t i = 0; i < 30; ++i)
    world.sent(name("w", i), "new", 2 * 86'400, static_cast<uint32_t>(i + 100));
  CHECK(world.leftOut(Rule::newUsersPerItemAndDay, protection) == 25 + 20);
  for (size_t i = 0; i < 30; ++i)
    world.sent(name("x", i), "old", 2 * 86'400, static_cast<uint32_t>(i + 200));
  CHECK(world.leftOut(Rule::newUsersPerItemAndDay, protection) == 25 + 20);
}

TEST_CASE("on the first day of all nothing is new") {
  World world;
  for (size_t i = 0; i < 90; ++i) world.sent(name("u", i), "i", 0, static_cast<uint32_t>(i + 1));
  CHECK(world.leftOut({}) == 0);
}

TEST_CASE("users who are faster, more regular or duller than people are bots for that day") {
  World world;
  for (int i = 0; i < 61; ++i) world.sent("fast", name("i", static_cast<size_t>(i)), i / 2, 1);
  CHECK(world.leftOut(Rule::eventsPerMinute, {}) == 61);
  for (int i = 0; i < 40; ++i) world.sent("clock", name("i", static_cast<size_t>(i)), 300 * i, 2);
  CHECK(world.leftOut(Rule::regularEvents, {}) == 40);
  for (int i = 0; i < 501; ++i) world.sent("dull", name("i", i < 9 ? 1 : 2), 60 * i + i % 7, 3);
  CHECK(world.leftOut(Rule::eventsWithoutVariety, {}) == 501);
  // The next day is judged anew.
  world.sent("fast", "i", 2 * 86'400, 9);
  CHECK(judge(world.data, {}).back() == Rule::none);
}

TEST_CASE("people are no bots: not in a hurry, not with a player that reports every ten seconds") {
  World world;
  for (int i = 0; i < 59; ++i) world.sent("hurry", name("i", static_cast<size_t>(i)), i + i / 7, 1);
  for (int i = 0; i < 300; ++i) world.sent("film", "i", 10 * i, 2);
  for (int i = 0; i < 60; ++i)
    world.sent("reader", name("i", static_cast<size_t>(i)), 200 * i + (i * i * 31) % 90, 3);
  const auto rules = judge(world.data, {});
  for (const Rule bot : {Rule::eventsPerMinute, Rule::regularEvents, Rule::eventsWithoutVariety})
    CHECK(std::count(rules.begin(), rules.end(), bot) == 0);
}

TEST_CASE("verified users are no bots and have no network, but count as one user each") {
  World world;
  for (size_t i = 0; i < 50; ++i) world.sent(name("u", i), "i", 86'400, 1, true);
  for (int i = 0; i < 61; ++i) world.sent("fast", "j", 86'400, 2, true);
  CHECK(world.leftOut(Rule::usersPerSourceAndItem, {}) == 0);
  CHECK(world.leftOut(Rule::newUsersPerItemAndDay, {}) == 0);
  CHECK(world.leftOut(Rule::eventsPerMinute, {}) == 0);
  CHECK(world.leftOut(Rule::eventsPerUserItemAndDay, {}) == 51);
}

TEST_CASE("what is left out is gone and told by rule, user or item, and day") {
  World world;
  for (size_t i = 0; i < 5; ++i) world.sent(name("fake", i), "target", 0, 1);
  for (int i = 0; i < 61; ++i) world.sent("fast", "i", 90'000, 2);
  ProtectionReport report;
  const Dataset kept = protect(world.data, {}, report);
  CHECK(kept.interactions.size() == 2);
  CHECK(kept.interactions.origin.empty());
  CHECK(kept.users.size() == 2);
  CHECK((report.collected == 66 && report.verified == 0));
  CHECK(report.leftOut[static_cast<size_t>(Rule::usersPerSourceAndItem)] == 3);
  REQUIRE(report.details.size() == 2);
  CHECK((report.details[0].rule == Rule::eventsPerMinute && report.details[0].id == "fast"));
  CHECK((report.details[0].day == kDay + 1 && report.details[0].events == 61));
  CHECK((report.details[1].isOfItem && report.details[1].id == "target"));
}

TEST_CASE("no protection leaves nothing out, and every rule has a name") {
  World world;
  for (int i = 0; i < 1000; ++i) world.sent("fast", "i", 0, 1);
  CHECK(world.leftOut(Protection::none()) == 0);
  for (size_t rule = 1; rule < kProtectionRules; ++rule) {
    const std::string name = ruleName(static_cast<Rule>(rule));
    CHECK(std::any_of(protectionTable().begin(), protectionTable().end(),
                      [&](const ProtectionInfo& info) { return name == info.name; }));
  }
}
