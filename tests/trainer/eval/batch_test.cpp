#include <catch2/catch.hpp>
#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "tests/support/sample.h"
#include "tests/trainer/eval/small_bundle.h"
#include "trainer/base/errors.h"
#include "trainer/eval/batch_run.h"
#include "trainer/eval/served_bundle.h"

using namespace attune::trainer;
using nlohmann::json;

namespace {

/// User u1 had b, then a.
Dataset storedData() {
  Dataset data;
  data.users.add("u1");
  Interactions& to = data.interactions;
  for (const char* item : {"b", "a"}) {
    to.user.push_back(0);
    to.item.push_back(data.items.add(item));
    to.timestamp.push_back(static_cast<int64_t>(100 + to.size()));
    to.eventType.push_back(data.eventTypes.add("click"));
    to.eventValue.push_back(1.0f);
  }
  return data;
}

/// The sample transformer, which knows the users' TASTE and a request's DEVICE.
std::vector<uint8_t> bundleWithColumns() {
  BundleBuilder bundle = attune::testing::SampleTransformer().builder(BundlePrecision::int8);
  for (const auto kind : {attune::QueryKind::User, attune::QueryKind::Context}) {
    const bool ofUsers = kind == attune::QueryKind::User;
    const uint32_t column =
        bundle.addQueryColumn(ofUsers ? "TASTE" : "DEVICE", kind, attune::ColumnType::Categorical);
    bundle.addStrings(attune::SectionKind::QueryValueText, attune::SectionKind::QueryValueOffsets,
                      std::vector<std::string>{ofUsers ? "red" : "phone"}, column);
  }
  std::vector<float> vectors(16, 0.0f);
  vectors[0] = vectors[9] = 5;
  bundle.add(attune::SectionKind::QueryVectors, vectors);
  bundle.add(attune::SectionKind::StartVector, std::vector<float>(8, 0.1f));
  return bundle.finish();
}

struct Batch {
  ServedBundle served;
  explicit Batch(const std::vector<uint8_t>& bundle = smallBundle()) : served(bundle, "a bundle") {}
  StoredHistories stored{storedData()};
  bool useStore = true;
  uint32_t numResults = 3;
  std::string filter;
  unsigned threads = 1;
  BatchCounts counts;

  std::string run(const std::string& input) {
    const attune::Filter parsed =
        filter.empty() ? seenItemsFilter() : parseFilter(filter, served.engine().filterFields());
    const BatchAnswerer answerer(served.engine(), useStore ? &stored : nullptr,
                                 {numResults, filter.empty() ? nullptr : &parsed});
    std::istringstream in(input);
    std::string output;
    counts = answerLines(answerer, threads, in, [&](std::string_view text) { output += text; });
    return output;
  }
  json answer(const std::string& line) { return json::parse(run(line)); }
  std::string items(const std::string& line) {
    return answer(line)["output"]["recommendedItems"].dump();
  }
  std::string error(const std::string& line) {
    const json answered = answer(line);
    CHECK(answered["output"].is_null());
    CHECK(counts.errors == 1);
    return answered["error"];
  }
};

constexpr const char* kExcludeSeen = R"(EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*"))";

}  // namespace

TEST_CASE("A batch line is answered in Personalize's form, to the letter") {
  Batch batch;
  CHECK(batch.run(R"({"userId":"u1"})") ==
        R"({"input":{"userId":"u1"},"output":{"recommendedItems":["d","c","e"],)"
        R"("scores":[0.5004,0.2506,0.2502]},"error":null})"
        "\n");
}

TEST_CASE("The history comes from the store, from events, or is empty") {
  Batch batch;
  CHECK(batch.items(R"({"userId":"u1"})") == R"(["d","c","e"])");
  CHECK(batch.items(R"({"userId":"nobody"})") == R"(["a","b","c"])");
  CHECK(batch.items(R"({"userId":"u1","events":[]})") == R"(["a","b","c"])");
  const std::string events = R"("events":[{"itemId":"b","eventType":"click","timestamp":5}])";
  CHECK(batch.items(R"({"userId":"u1",)" + events + "}") == R"(["e","a","b"])");
  CHECK(batch.items("{" + events + "}") == R"(["e","a","b"])");
  batch.useStore = false;
  CHECK(batch.items(R"({"userId":"u1"})") == R"(["a","b","c"])");
}

TEST_CASE("Filters ask what the events of a request carried, in the form requests have") {
  Batch batch;
  batch.filter = R"(EXCLUDE ItemID WHERE Interactions.EVENT_TYPE = "buy" AND Interactions.SPENT > 3)";
  const auto line = [](const std::string& context) {
    return R"({"userId":"u9","events":[{"itemId":"d","eventType":"buy","timestamp":5,"context":)" +
           context + R"(}],"itemList":["d","e"]})";
  };
  CHECK(batch.items(line(R"({"Spent":3.5})")) == R"(["e"])");
  CHECK(batch.items(line(R"({"SPENT":"3"})")).size() == std::string(R"(["d","e"])").size());
  CHECK(batch.error(line(R"({"SPENT":[]})")) == "events[0].context.SPENT must be a string");
  CHECK(batch.error(line("3")) == "events[0].context must be an object of strings");
}

TEST_CASE("Filters ask what the stored events carried") {
  Dataset data = storedData();  // u1 had b at 101, then a at 102
  Column device{.name = "DEVICE", .kind = ColumnKind::categorical, .offsets = {0, 2, 3}};
  device.codes = {device.values.add("phone"), device.values.add("tv"), 0};
  Column spent{.name = "SPENT", .kind = ColumnKind::real, .numbers = {19.99, NAN}};
  Column note{.name = "NOTE", .kind = ColumnKind::text, .texts = {"", "a gift"}};
  data.interactions.columns = {device, spent, note};
  Batch batch;
  batch.stored = StoredHistories(std::move(data));
  const auto had = [&](const std::string& condition) {
    batch.filter = "INCLUDE ItemID WHERE Interactions." + condition;
    return batch.items(R"({"userId":"u1","itemList":["a","b","c"]})");
  };
  CHECK(had(R"(SPENT = 19.99)") == R"(["b"])");
  CHECK(had(R"(NOTE = "a gift")") == R"(["a"])");
  CHECK(had(R"(DEVICE = "phone" AND Interactions.TIMESTAMP > 101)") == R"(["a"])");
  CHECK(had(R"(EVENT_VALUE >= 4)") == "[]");
}

TEST_CASE("Events count in the order of their timestamps, not of the line") {
  Batch batch;
  const auto line = [](int a, int b) {
    return R"({"events":[{"itemId":"a","timestamp":)" + std::to_string(a) +
           R"(},{"itemId":"b","timestamp":)" + std::to_string(b) + "}]}";
  };
  CHECK(batch.items(line(2, 1)) == R"(["d","c","e"])");
  CHECK(batch.items(line(1, 2)) == R"(["e","d","c"])");
  CHECK(batch.items(line(4, 4)) == R"(["e","d","c"])");
}

TEST_CASE("Related items leave the item out, an unknown item gets popular items") {
  Batch batch;
  CHECK(batch.items(R"({"itemId":"a"})") == R"(["d","c","b"])");
  CHECK(batch.items(R"({"itemId":"no such item"})") == R"(["a","b","c"])");
  batch.filter = kExcludeSeen;
  CHECK(batch.items(R"({"itemId":"no such item","userId":"u1"})") == R"(["c","d","e"])");
  CHECK(batch.items(R"({"itemId":"c","userId":"u1"})") == R"(["d","e"])");
}

TEST_CASE("A ranking has each known item once, then the unknown ones without a score") {
  Batch batch;
  const json answered =
      batch.answer(R"({"userId":"u1","itemList":["x","c","d","c","y","x"]})")["output"];
  CHECK(answered["recommendedItems"] == json({"d", "c", "x", "y"}));
  CHECK(answered["scores"][0].get<double>() + answered["scores"][1].get<double>() == Approx(1.0));
  CHECK(answered["scores"][2].is_null());
  CHECK(answered["scores"].size() == 4);
}

TEST_CASE("A filter takes items out of rankings, too") {
  Batch batch;
  batch.filter = kExcludeSeen;
  CHECK(batch.items(R"({"userId":"u1","itemList":["a","c","x"]})") == R"(["c","x"])");
  batch.filter = R"(INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("click"))";
  CHECK(batch.items(R"({"userId":"u1","itemList":["a","c","x"]})") == R"(["a"])");
}

TEST_CASE("The input is echoed in its own order, without events") {
  Batch batch;
  const std::string output =
      batch.run(R"({"events":[],"context":{"DEVICE":"phone"},"userId":"\u00e9\"\\"})");
  CHECK_THAT(output, Catch::StartsWith(
                         R"({"input":{"context":{"DEVICE":"phone"},"userId":"é\"\\"},"output")"));
}

TEST_CASE("Each bad line gets its own error and stops nothing") {
  Batch batch;
  const std::string output = batch.run(
      "{\"userId\":\"u1\"}\n"
      "{\"userId\":\n"
      "\n"
      "[1]\r\n"
      "{\"userId\":\"nobody\"}");
  std::istringstream lines(output);
  std::vector<json> answers;
  for (std::string line; std::getline(lines, line);) answers.push_back(json::parse(line));
  REQUIRE(answers.size() == 4);  // the blank line is none
  CHECK(batch.counts.lines == 4);
  CHECK(batch.counts.errors == 2);
  CHECK(answers[0]["error"].is_null());
  CHECK(answers[1]["input"] == "{\"userId\":");
  CHECK(answers[1]["error"] == "not valid JSON (byte 11)");
  CHECK(answers[2]["input"] == "[1]");
  CHECK(answers[2]["error"] == "a request must be a JSON object");
  CHECK(answers[3]["input"]["userId"] == "nobody");
}

TEST_CASE("Wrong fields are told apart by name") {
  Batch batch;
  CHECK(batch.error("{}") == "a request needs userId, itemId or events");
  CHECK(batch.error(R"({"userId":1})") == "userId must be a string");
  CHECK(batch.error(R"({"userId":""})") == "userId must have 1 to 256 characters");
  CHECK(batch.error(R"({"userId":")" + std::string(257, 'x') + "\"}") ==
        "userId must have 1 to 256 characters");
  CHECK_THAT(batch.error(R"({"userID":"u1"})"),
             Catch::StartsWith("unknown field \"userID\"") && Catch::Contains("userId"));
  CHECK(batch.error(R"({"userId":"u","itemList":[]})") ==
        "itemList must be an array of at least one item id");
  CHECK(batch.error(R"({"userId":"u","itemList":["a",2]})") == "itemList[1] must be a string");
  CHECK(batch.error(R"({"itemList":["a"]})") == "a request with itemList needs userId or events");
  CHECK(batch.error(R"({"itemId":"a","itemList":["a"],"userId":"u"})") ==
        "itemId and itemList cannot be in one request");
  CHECK(batch.error(R"({"userId":"u","filterValues":{"G":"\"a"}})") ==
        "filterValues.G: a quote is never closed");
  CHECK(batch.answer(R"({"userId":"u","filterValues":{}})")["error"].is_null());
  CHECK(batch.error(R"({"userId":"u","context":{"D":[1]}})") == "context.D must be a string");
  CHECK(batch.error(R"({"userId":"u","context":{"":"x"}})") ==
        "context: names must have 1 to 150 characters");
  CHECK(batch.error(R"({"userId":"u","attributes":5})") == "attributes must be an object of strings");
  CHECK(batch.error(R"({"userId":"u","context":{"D":")" + std::string(1001, 'x') + "\"}}") ==
        "context.D must have at most 1000 characters");
}

TEST_CASE("Wrong events are told apart by place") {
  Batch batch;
  const auto error = [&](const std::string& event) {
    return batch.error(R"({"userId":"u","events":[{"itemId":"a","timestamp":1},)" + event + "]}");
  };
  CHECK(error("7") == "events[1] must be an object");
  CHECK(error(R"({"timestamp":1})") == "events[1] has no itemId");
  CHECK(error(R"({"itemId":"a"})") == "events[1] has no timestamp");
  CHECK(error(R"({"itemId":"a","timestamp":1.5})") ==
        "events[1].timestamp must be a whole number of seconds since 1970");
  CHECK(error(R"({"itemId":"a","timestamp":18446744073709551615})") ==
        "events[1].timestamp must be a whole number of seconds since 1970");
  CHECK(error(R"({"itemId":"a","timestamp":1,"eventValue":"x"})") ==
        "events[1].eventValue must be a number");
  CHECK(error(R"({"itemId":"a","timestamp":1,"eventType":3})") ==
        "events[1].eventType must be a string");
  CHECK_THAT(error(R"({"itemId":"a","timestamp":1,"type":"x"})"),
             Catch::StartsWith("events[1]: unknown field \"type\""));
  CHECK(batch.error(R"({"events":{}})") == "events must be an array of objects");
}

TEST_CASE("Hostile lines get errors: broken UTF-8, deep nesting, too many bytes") {
  Batch batch;
  CHECK_THAT(batch.error("{\"userId\":\"\xff\"}"), Catch::StartsWith("not valid JSON"));
  CHECK(batch.error(R"({"userId":)" + std::string(200'000, '[') + std::string(200'000, ']') +
                    "}") == "nested too deeply");
  const json answered = batch.answer(std::string(kMaxBatchLineBytes + 1, 'x'));
  CHECK(answered["input"].is_null());
  CHECK_THAT(answered["error"].get<std::string>(), Catch::Contains("longer than 16777216 bytes"));
}

TEST_CASE("Answers keep the order of the lines whatever the number of threads") {
  std::string input;
  for (int i = 0; i < 5000; ++i)
    input += i % 7 == 0 ? "{\"userId\":" + std::to_string(i) + "}\n"
                        : "{\"userId\":\"u" + std::to_string(i % 3) + "\"}\n";
  Batch batch;
  const std::string one = batch.run(input);
  batch.threads = 4;
  CHECK(batch.run(input) == one);
  CHECK(batch.counts.lines == 5000);
  CHECK(batch.counts.errors == 715);
}

TEST_CASE("A wrong filter is shown with a mark under the mistake") {
  try {
    parseFilter("EXCLUDE ItemID WERE x", attune::FilterFields());
    FAIL("no error");
  } catch (const UserError& error) {
    CHECK_THAT(error.what(), Catch::Contains("column 16") &&
                                 Catch::EndsWith("\n  EXCLUDE ItemID WERE x\n                 ^"));
  }
}

TEST_CASE("A line gives the values of the filter's placeholders") {
  Batch batch;
  batch.numResults = 6;
  batch.filter = "INCLUDE ItemID WHERE Items.ITEM_ID IN ($IDS)";
  CHECK(batch.items(R"({"userId":"new","filterValues":{"IDS":"\"b\""}})") == R"(["b"])");
  CHECK(batch.error(R"({"userId":"new"})") ==
        "filter: the request gives no value for this placeholder, and an INCLUDE needs it (column 40)");
}

TEST_CASE("A filter compares with the item of a request for related items") {
  Batch batch;
  batch.numResults = 6;
  batch.filter = "EXCLUDE ItemID WHERE Items.ITEM_ID > 'a'";
  CHECK_THROWS_AS(batch.run(""), UserError);
  batch.filter = "EXCLUDE ItemID WHERE Items.ITEM_ID != CurrentItem.ITEM_ID";
  CHECK(batch.items(R"({"itemId":"a"})") == "[]");
  CHECK(batch.error(R"({"userId":"new"})").find("related items only") != std::string::npos);
}

TEST_CASE("Context and attributes move lists and rankings") {
  Batch batch(bundleWithColumns());
  batch.numResults = 6;
  for (const std::string list : {"", R"(,"itemList":["a","b","c","d","e","f"])"}) {
    const auto scores = [&](const std::string& more) {
      return batch.answer(R"({"userId":"u1")" + list + more + "}")["output"]["scores"].dump();
    };
    const std::string plain = scores("");
    const std::string onPhone = scores(R"(,"context":{"device":"phone"})");
    const std::string red = scores(R"(,"attributes":{"TASTE":"red"})");
    CHECK(onPhone != plain);
    CHECK(red != plain);
    CHECK(red != onPhone);
    CHECK(scores(R"(,"context":{"DEVICE":"toaster"},"attributes":{})") == plain);
  }
}

TEST_CASE(
    "A line may say when it is asked, for the filter and for what the model knows of the hour") {
  BundleBuilder bundle = attune::testing::SampleTransformer().builder(BundlePrecision::int8);
  bundle.add(
      attune::SectionKind::QueryEdges, std::vector<double>{12},
      bundle.addQueryColumn("HOUR", attune::QueryKind::HourOfDay, attune::ColumnType::Integer));
  std::vector<float> vectors(16, 0.0f);
  vectors[0] = vectors[9] = 5;
  bundle.add(attune::SectionKind::QueryVectors, vectors);
  bundle.add(attune::SectionKind::StartVector, std::vector<float>(8, 0.1f));
  Batch batch(bundle.finish());
  batch.numResults = 6;
  const auto scores = [&](const std::string& more) {
    return batch.answer(R"({"userId":"u1")" + more + "}")["output"]["scores"].dump();
  };
  const std::string night = scores(R"(,"timestamp":1699999200)");    // 22 h
  const std::string morning = scores(R"(,"timestamp":1700035200)");  // 8 h
  CHECK(night != morning);
  CHECK(scores(R"(,"timestamp":1700039999)") == morning);
  CHECK(scores("") == morning);  // the run's time is 0 here
  CHECK(scores(R"(,"context":{"HOUR":22})") == night);
  CHECK(scores(R"(,"itemList":["a","b"],"timestamp":1699999200)") !=
        scores(R"(,"itemList":["a","b"],"timestamp":1700035200)"));
  CHECK(batch.error(R"({"userId":"u1","timestamp":"noon"})") ==
        "timestamp must be a whole number of seconds since 1970");
  batch.filter = "EXCLUDE ItemID WHERE Interactions.TIMESTAMP > now() - 60";
  CHECK(scores(R"(,"timestamp":100)") != scores(R"(,"timestamp":1000)"));
}

TEST_CASE("A column that the model does not have is an error with the names there are") {
  Batch batch(bundleWithColumns());
  CHECK(batch.error(R"({"userId":"u1","context":{"DEVISE":"phone"}})") ==
        "context.DEVISE: the model has no such column; did you mean DEVICE? (columns: DEVICE)");
  CHECK_THAT(batch.error(R"({"userId":"u1","attributes":{"DEVICE":"phone"}})"),
             Catch::Contains("columns: TASTE"));
  Batch without;
  CHECK(without.items(R"({"userId":"u1","context":{"DEVISE":"phone"}})") ==
        without.items(R"({"userId":"u1"})"));
}
