#include "trainer/data/split.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "trainer/base/errors.h"
#include "trainer/data/rows_by_user.h"
#include "trainer/data/select_rows.h"
#include "trainer/data/synthetic.h"

using namespace attune::trainer;

namespace {

struct Row {
  const char* user;
  const char* item;
  int64_t timestamp;
};

Dataset makeDataset(const std::vector<Row>& rows, const std::vector<std::string>& listed = {}) {
  Dataset data;
  for (const std::string& item : listed) data.items.add(item);
  data.listedItems = data.items.size();
  Interactions& to = data.interactions;
  for (const Row& row : rows) {
    to.user.push_back(data.users.add(row.user));
    to.item.push_back(data.items.add(row.item));
    to.timestamp.push_back(row.timestamp);
    to.eventType.push_back(StringTable::kNone);
    to.eventValue.push_back(std::numeric_limits<float>::quiet_NaN());
  }
  return data;
}

Split split(const Dataset& data, const std::string& protocol, bool excludeSeen = true) {
  return splitDataset(data, {.protocol = protocol, .excludeSeen = excludeSeen});
}

/// Rows as `user item timestamp`, to compare datasets whose numbers differ.
std::vector<std::string> rowsOf(const Dataset& data) {
  std::vector<std::string> rows;
  const Interactions& from = data.interactions;
  for (size_t i = 0; i < from.size(); ++i)
    rows.push_back(data.users[from.user[i]] + " " + data.items[from.item[i]] + " " +
                   std::to_string(from.timestamp[i]));
  return rows;
}

std::vector<std::string> idsOf(const StringTable& table) {
  std::vector<std::string> ids;
  for (uint32_t i = 0; i < table.size(); ++i) ids.push_back(table[i]);
  return ids;
}

using Ids = std::vector<std::string>;

Ids truthOf(const Dataset& data, const TestCase& one) {
  Ids ids;
  for (const uint32_t item : one.truth) ids.push_back(data.items[item]);
  return ids;
}

Ids historyOf(const Dataset& data, const TestCase& one) {
  Ids ids;
  for (const HistoryEvent& event : one.history) ids.push_back(data.items[event.item]);
  return ids;
}

}  // namespace

TEST_CASE("Leave-one-out holds back each user's last interaction") {
  const Dataset data = makeDataset(
      {{"a", "x", 1}, {"b", "y", 2}, {"a", "y", 3}, {"a", "z", 4}, {"b", "x", 5}, {"c", "w", 6}});
  const Split result = split(data, "leave-one-out");
  CHECK(rowsOf(result.train) == Ids{"a x 1", "b y 2", "a y 3", "c w 6"});
  REQUIRE(result.cases.size() == 2);
  CHECK(data.users[result.cases[0].user] == "a");
  CHECK(historyOf(data, result.cases[0]) == Ids{"x", "y"});
  CHECK(truthOf(data, result.cases[0]) == Ids{"z"});
  CHECK(truthOf(data, result.cases[1]) == Ids{"x"});
  CHECK_FALSE(result.cases[0].cold);
}

TEST_CASE("Leave-one-out takes the last of equal timestamps in import order") {
  const Dataset data = makeDataset({{"a", "x", 7}, {"a", "z", 7}, {"a", "y", 7}});
  const Split result = split(data, "leave-one-out");
  REQUIRE(result.cases.size() == 1);
  CHECK(historyOf(data, result.cases[0]) == Ids{"x", "z"});
  CHECK(truthOf(data, result.cases[0]) == Ids{"y"});
}

TEST_CASE("Leave-one-out drops a case whose answer was seen, but still holds its row back") {
  const Dataset data = makeDataset({{"a", "x", 1}, {"a", "y", 2}, {"a", "x", 3}});
  const Split excluding = split(data, "leave-one-out");
  CHECK(excluding.cases.empty());
  CHECK(rowsOf(excluding.train) == Ids{"a x 1", "a y 2"});
  const Split keeping = split(data, "leave-one-out", false);
  REQUIRE(keeping.cases.size() == 1);
  CHECK(truthOf(data, keeping.cases[0]) == Ids{"x"});
}

TEST_CASE("A split's training data have only items that are listed or trained on") {
  const Dataset data =
      makeDataset({{"a", "x", 1}, {"a", "only-held-back", 2}, {"b", "y", 3}}, {"listed", "x"});
  const Split result = split(data, "leave-one-out");
  CHECK(idsOf(result.train.items) == Ids{"listed", "x", "y"});
  CHECK(result.train.listedItems == 2);
  CHECK(truthOf(data, result.cases.at(0)) == Ids{"only-held-back"});
}

TEST_CASE("A temporal split cuts at the timestamp of row floor(0.9 n) for all users at once") {
  std::vector<Row> rows;
  for (int64_t t = 1; t <= 9; ++t) rows.push_back({t % 2 == 0 ? "a" : "b", "x", t});
  rows.push_back({"a", "y", 9});  // as late as the row of the cut: held back, too
  const Dataset data = makeDataset(rows);
  const Split result = split(data, "temporal", false);
  CHECK(result.train.interactions.size() == 8);  // times[9] is 9, and two rows have it
  REQUIRE(result.cases.size() == 2);
  CHECK(truthOf(data, result.cases[1]) == Ids{"y"});
  CHECK(historyOf(data, result.cases[1]).size() == 4);
}

TEST_CASE("A temporal split keeps different later items in order and marks cold users") {
  std::vector<Row> rows(18, Row{"a", "x", 1});
  rows.insert(rows.end(), {{"new", "z", 5}, {"new", "x", 6}, {"a", "x", 6}});
  rows.insert(rows.begin(), 6, Row{"b", "w", 0});  // 27 rows: the cut is at row 24
  const Dataset data = makeDataset(rows);
  const Split result = split(data, "temporal");
  REQUIRE(result.cases.size() == 1);  // what a did later, a had done before
  CHECK(result.cases[0].cold);
  CHECK(result.cases[0].history.empty());
  CHECK(truthOf(data, result.cases[0]) == Ids{"z", "x"});
  CHECK(result.train.users.find("new") == StringTable::kNone);
}

TEST_CASE("A right answer that repeats counts once") {
  std::vector<Row> rows(20, Row{"a", "x", 1});
  rows.insert(rows.end(), {{"a", "y", 2}, {"a", "z", 3}, {"a", "y", 4}});
  const Dataset data = makeDataset(rows);
  const Split result = split(data, "temporal");
  REQUIRE(result.cases.size() == 1);
  CHECK(truthOf(data, result.cases[0]) == Ids{"y", "z"});
}

TEST_CASE("Personalize's split trains on nine users in ten and asks for the newest tenth") {
  const Dataset data = checkerboardWorld({.users = 100, .items = 400, .interactions = 2500});
  const Split result = split(data, "personalize");
  REQUIRE(result.cases.size() == 10);
  const RowsByUser rows(data);
  size_t heldBack = 0;
  for (const TestCase& one : result.cases) {
    const size_t events = rows[one.user].size();
    heldBack += events;
    CHECK(one.history.size() == events * 9 / 10);
    CHECK_FALSE(one.truth.empty());
    std::set<uint32_t> seen;
    for (const HistoryEvent& event : one.history) seen.insert(event.item);
    for (const uint32_t item : one.truth) CHECK(seen.count(item) == 0);
  }
  CHECK(result.train.interactions.size() == data.interactions.size() - heldBack);
  const RowsByUser trained(result.train);
  for (const TestCase& one : result.cases) {
    const uint32_t user = result.train.users.find(data.users[one.user]);
    CHECK((user == StringTable::kNone || trained[user].empty()));
  }
}

TEST_CASE("Test users depend on their ids and the seed, not on the order of the data") {
  std::vector<Row> rows;
  std::vector<std::string> names;
  for (int user = 0; user < 40; ++user) names.push_back("user-" + std::to_string(user));
  for (const std::string& name : names)
    rows.insert(rows.end(), {{name.c_str(), "x", 1}, {name.c_str(), "y", 2}});
  const auto testUsers = [](const std::vector<Row>& ordered, uint64_t seed) {
    const Dataset data = makeDataset(ordered);
    const Split result = splitDataset(data, {.protocol = "personalize", .seed = seed});
    std::set<std::string> users;
    for (const TestCase& one : result.cases) users.insert(data.users[one.user]);
    return users;
  };
  const auto users = testUsers(rows, 1);
  CHECK(users.size() == 4);
  CHECK(testUsers({rows.rbegin(), rows.rend()}, 1) == users);
  CHECK(testUsers(rows, 2) != users);
}

TEST_CASE("A user with one interaction is never a test user") {
  const Dataset data = makeDataset({{"a", "x", 1}, {"b", "x", 2}, {"c", "x", 3}, {"c", "y", 4}});
  const Split result = split(data, "personalize");
  REQUIRE(result.cases.size() == 1);
  CHECK(data.users[result.cases[0].user] == "c");
  CHECK(rowsOf(result.train) == Ids{"a x 1", "b x 2"});
}

TEST_CASE("Where nothing would be left to train on, nothing is held back") {
  const Dataset moment = makeDataset({{"a", "x", 5}, {"b", "y", 5}});
  CHECK(split(moment, "temporal").cases.empty());
  CHECK(rowsOf(split(moment, "temporal").train) == rowsOf(moment));
  const Dataset lonely = makeDataset({{"a", "x", 5}, {"a", "y", 6}});
  CHECK(split(lonely, "personalize").cases.empty());
  CHECK(split(Dataset(), "leave-one-out").cases.empty());
}

TEST_CASE("The protocol none trains on everything") {
  const Dataset data = makeDataset({{"a", "x", 1}, {"a", "y", 2}});
  const Split result = split(data, "none");
  CHECK(rowsOf(result.train) == rowsOf(data));
  CHECK(result.cases.empty());
}

TEST_CASE("An unknown protocol is an error that names the known ones") {
  CHECK_THROWS_WITH(split(Dataset(), "random"), Catch::Contains("personalize, leave-one-out"));
  CHECK_THROWS_AS(split(Dataset(), ""), UserError);
}

TEST_CASE("Selecting interactions keeps metadata with their items and users") {
  const Dataset data = shopWorld({.users = 20, .items = 30, .interactions = 300});
  std::vector<uint8_t> kept(data.interactions.size(), 0);
  kept[7] = kept[100] = 1;
  Dataset bare = data;
  bare.listedItems = 0;
  const Dataset few = selectInteractions(bare, kept);
  REQUIRE(few.interactions.size() == 2);
  for (uint32_t item = 0; item < few.items.size(); ++item) {
    const uint32_t old = data.items.find(few.items[item]);
    CHECK(few.itemColumns[0].texts[item] == data.itemColumns[0].texts[old]);
    CHECK(few.itemColumns[2].numbers[item] == data.itemColumns[2].numbers[old]);
  }
  CHECK(few.items.size() <= 2);
  CHECK(few.users.size() == data.users.size());  // the Users dataset lists them
  CHECK(few.interactions.timestamp[1] == data.interactions.timestamp[100]);
}

TEST_CASE("A million interactions are split in moments") {
  const Dataset data = checkerboardWorld({.users = 6000, .items = 4000, .interactions = 1'000'000});
  const auto start = std::chrono::steady_clock::now();
  const Split result = split(data, "leave-one-out");
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  CHECK(result.cases.size() > 5000);
  WARN("1,000,000 interactions split in " << took.count() << " s");
}
