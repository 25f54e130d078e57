#include "trainer/data/event_rows.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/trainer/data/test_files.h"

using namespace attune::trainer;  // NOLINT: tests

namespace {

constexpr int64_t kNow = 1'800'000'000;

AvroSchema wideSchema() {
  return parseAvroSchema(
      schemaJson("Interactions",
                 std::string(kRequiredFields) +
                     R"(,{"name":"EVENT_TYPE","type":"string"},)"
                     R"({"name":"EVENT_VALUE","type":["null","float"]},)"
                     R"({"name":"IMPRESSION","type":["null","string"]},)"
                     R"({"name":"NUM_RATINGS","type":["null","int"]},)"
                     R"({"name":"DEVICE","type":["null","string"],"categorical":true},)"
                     R"({"name":"IS_APP","type":["null","boolean"]})"),
      DatasetType::interactions, "the test");
}

Event sample() {
  Event event;
  event.timeMs = 1'700'000'000'999;
  event.sessionId = "s";
  event.eventType = "click";
  event.itemId = "i1";
  return event;
}

}  // namespace

TEST_CASE("a field's name in properties is its camel case") {
  CHECK(propertyName("NUM_RATINGS") == "numRatings");
  CHECK(propertyName("GENRE_L2") == "genreL2");
  CHECK(propertyName("DEVICE") == "device");
  CHECK(propertyName("_A__B") == "aB");
}

TEST_CASE("an event becomes a row with its properties") {
  EventRows rows(wideSchema(), kNow);
  Event event = sample();
  event.eventValue = 2.5;
  event.impression = R"(["i1","i2"])";
  event.properties = R"({"numRatings":12,"device":["phone","app"],"isApp":true,"other":1})";
  REQUIRE(rows.convert(event, "ada"));
  const auto row = rows.values();
  CHECK(row[0].text == "ada");
  CHECK(row[1].text == "i1");
  CHECK(row[2].integer == 1'700'000'000);
  CHECK(row[3].text == "click");
  CHECK(row[4].real == 2.5);
  CHECK(row[5].text == "i1|i2");
  CHECK(row[6].integer == 12);
  CHECK(row[7].text == "phone|app");
  CHECK(row[8].integer == 1);
}

TEST_CASE("a property that does not fit is null, and does not reach the next event") {
  EventRows rows(wideSchema(), kNow);
  Event event = sample();
  event.properties = R"({"numRatings":"many","device":"phone"})";
  REQUIRE(rows.convert(event, "u"));
  CHECK(rows.values()[6].isNull());
  CHECK(rows.values()[7].text == "phone");
  event.properties = "[1]";
  REQUIRE(rows.convert(event, "u"));
  CHECK(rows.values()[7].isNull());
}

TEST_CASE("an event without what the schema demands is no interaction") {
  EventRows rows(wideSchema(), kNow);
  Event event = sample();
  event.itemId.clear();
  CHECK_FALSE(rows.convert(event, "u"));
  const AvroSchema strict =
      parseAvroSchema(schemaJson("Interactions", std::string(kRequiredFields) +
                                                     R"(,{"name":"SHELF","type":"int"})"),
                      DatasetType::interactions, "the test");
  EventRows strictRows(strict, kNow);
  CHECK_FALSE(strictRows.convert(sample(), "u"));
  event = sample();
  event.properties = R"({"shelf":3})";
  CHECK(strictRows.convert(event, "u"));
}
