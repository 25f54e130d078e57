#include "trainer/eval/off_policy_log.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "tests/trainer/data/test_files.h"
#include "trainer/base/errors.h"
#include "trainer/eval/policy_source.h"

using namespace attune::trainer;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

constexpr const char* kTwoLists =
    R"({"recommendationId":"r1","userId":"u","itemList":[{"itemId":"a","propensity":0.5,"reward":1,)"
    R"("evaluationPropensity":0.25,"score":3},{"itemId":"b","propensity":1,"reward":0,)"
    R"("evaluationPropensity":0}],"context":{"DEVICE":"phone"}})"
    "\n\n"
    R"({"userId":"u","itemList":[{"itemId":"b","propensity":0.25,"reward":-2.5,"evaluationPropensity":1}]})"
    "\n";

constexpr const char* kOpenBandit =
    ",timestamp,item_id,position,click,propensity_score\n"
    "0,2019-11-24,14,3,0,0.25\n"
    "1,2019-11-24,7,1,1,0.5\n"
    "2,2019-11-25,14,1,0,0.5\n";

std::string listOf(const std::string& item) { return R"({"itemList":[)" + item + "]}\n"; }

}  // namespace

TEST_CASE("A list's place is the position, and a line is a round") {
  const TestFolder folder;
  ItemNames items;
  const std::string file = folder.write("log.jsonl", kTwoLists);
  const OffPolicyLog log = readOffPolicyLog(file, {.readEvaluation = true}, items);
  CHECK(log.rounds == 2);
  REQUIRE(log.actions.size() == 3);
  CHECK(log.lines == std::vector<uint64_t>{1, 1, 3});
  CHECK(items[log.actions[2].item] == "b");
  CHECK(log.actions[1].item == log.actions[2].item);
  CHECK(log.actions[1].position == 2);
  CHECK(log.actions[2].position == 1);
  CHECK(log.actions[0].evaluationPropensity == 0.25);
  CHECK(log.actions[2].reward == -2.5);
  CHECK(log.actions[2].round == 1);
  CHECK(std::isnan(log.actions[0].prediction));
  CHECK(readOffPolicyLog(file, {.roundsAreUsers = true}, items).rounds == 1);
}

TEST_CASE("The Open Bandit Dataset's columns are found by name, each row a round") {
  const TestFolder folder;
  ItemNames items;
  const OffPolicyLog log = readOffPolicyLog(folder.write("men.csv", kOpenBandit), {}, items);
  CHECK(log.rounds == 3);
  CHECK(items.size() == 2);
  CHECK(items[log.actions[1].item] == "7");
  CHECK(log.actions[0].position == 3);
  CHECK(log.actions[1].reward == 1);
  CHECK(log.actions[0].propensity == 0.25);
  CHECK(log.lines[2] == 4);
}

TEST_CASE("Predictions are in all items or in none") {
  const TestFolder folder;
  ItemNames items;
  const std::string with =
      R"({"itemId":"a","propensity":0.5,"reward":1,"evaluationPropensity":1,"prediction":0.1,"policyPrediction":0.2})";
  const std::string without =
      R"({"itemId":"a","propensity":0.5,"reward":1,"evaluationPropensity":1})";
  const LogOptions options = {.readEvaluation = true};
  const auto read = [&](const std::string& text) {
    return readOffPolicyLog(folder.write("log.jsonl", text), options, items);
  };
  CHECK(read(listOf(with)).actions[0].policyPrediction == 0.2);
  CHECK_THROWS_WITH(read(listOf(with) + listOf(without)), Contains("log.jsonl:2: prediction"));
  CHECK_THROWS_WITH(read(listOf(without) + listOf(with)), Contains("log.jsonl:2: prediction"));
}

TEST_CASE("A policy is a log's shares, a file's probabilities, or the same for all items") {
  const TestFolder folder;
  ItemNames items;
  OffPolicyLog log = readOffPolicyLog(folder.write("log.csv", kOpenBandit), {}, items);
  const ContextFreePolicy shares = readPolicy(folder.file("log.csv"), log, items);
  CHECK(shares.at(1)[items.numberOf("14")] == 0.5);
  CHECK(shares.at(3)[items.numberOf("7")] == 0);
  CHECK(unseenShare(shares, log) == 0);

  const ContextFreePolicy uniform = readPolicy("uniform", log, items);
  CHECK(uniform.at(2)[0] == 0.5);
  CHECK(unseenShare(uniform, log) == Approx(0.5 / 3));  // item 7 at position 3

  const std::string file = folder.write("policy.jsonl", R"({"itemId":"14","probability":0.25})"
                                                        "\n"
                                                        R"({"itemId":"7","probability":0.25})"
                                                        "\n"
                                                        R"({"itemId":"new","probability":0.5})"
                                                        "\n");
  const ContextFreePolicy given = readPolicy(file, log, items);
  CHECK(given.at(3)[items.numberOf("new")] == 0.5);
  applyPolicy(given, log);
  CHECK(log.actions[0].evaluationPropensity == 0.25);
  CHECK(unseenShare(given, log) == Approx(0.5 + 0.25 / 3));
}

TEST_CASE("A policy log in JSON lines is told by its itemList") {
  const TestFolder folder;
  CHECK(isOffPolicyLog(folder.write("log.jsonl", "\n" + std::string(kTwoLists))));
  CHECK(isOffPolicyLog("anything.csv.xz"));
  CHECK_FALSE(isOffPolicyLog(folder.write("p.jsonl", R"({"itemId":"a","probability":1})")));
}

TEST_CASE("What a policy says nothing about is named with the line that shows it") {
  const TestFolder folder;
  ItemNames items;
  const OffPolicyLog log = readOffPolicyLog(folder.write("log.csv", kOpenBandit), {}, items);
  const auto read = [&](const std::string& text) {
    return readPolicy(folder.write("p.jsonl", text), log, items);
  };
  CHECK_THROWS_WITH(read(R"({"itemId":"14","probability":1})"),
                    StartsWith(folder.file("p.jsonl") +
                               R"(: no probability of item "7" at position 1, which line 3 of)"));
  CHECK_THROWS_WITH(read(R"({"itemId":"14","position":1,"probability":1})"),
                    Contains("for anything at position 3, which line 2 of"));
}
