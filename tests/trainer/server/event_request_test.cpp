#include "trainer/server/event_request.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "trainer/server/http.h"

using namespace attune::trainer;  // NOLINT: tests
using Catch::Matchers::Contains;
using Json = nlohmann::json;

namespace {

constexpr int64_t kNowMs = 1'700'000'000'000;
constexpr double kNow = 1'700'000'000;

Json put() {
  return {{"trackingId", "key"},
          {"sessionId", "s1"},
          {"userId", "u1"},
          {"eventList", {{{"eventType", "click"}, {"sentAt", kNow - 10.5}, {"itemId", "i1"}}}}};
}

Json batch() {
  return {
      {"trackingId", "key"},
      {"sentAt", kNow},
      {"events",
       {{{"eventId", "e1"}, {"sessionId", "s1"}, {"eventType", "click"}, {"sentAt", kNow - 5}}}}};
}

/// PutEvents with its event changed.
std::string putWith(const Json& changes) {
  Json body = put();
  body["eventList"][0].update(changes);
  return body.dump();
}

/// The reason why the one event of a batch is rejected, or "".
std::string reasonOf(const Json& changes) {
  Json body = batch();
  body["events"][0].update(changes);
  return readEventBatch(body.dump(), kNowMs).entries[0].message;
}

}  // namespace

TEST_CASE("PutEvents is read completely") {
  Json body = put();
  body["eventList"][0].update({{"eventId", "e1"},
                               {"eventValue", 4.5},
                               {"properties", R"({"numRatings":12})"},
                               {"recommendationId", "RID-1"},
                               {"impression", {"i1", "i2"}},
                               {"metricAttribution", {{"eventAttributionSource", "mail"}}},
                               {"unknown", {1, 2}}});
  const EventRequest request = readPutEvents(body.dump(), kNowMs);
  CHECK(request.trackingId == "key");
  REQUIRE(request.entries.size() == 1);
  CHECK(request.entries[0].eventId == "e1");
  const Event& event = *request.entries[0].event;
  CHECK((event.sessionId == "s1" && event.userId == "u1" && event.anonymousId.empty()));
  CHECK((event.eventType == "click" && event.itemId == "i1" && event.eventValue == 4.5));
  CHECK(event.properties == R"({"numRatings":12})");
  CHECK(event.impression == R"(["i1","i2"])");
  CHECK((event.recommendationId == "RID-1" && event.attributionSource == "mail"));
  CHECK((event.timeMs == kNowMs - 10'500 && event.receivedMs == kNowMs));
}

TEST_CASE("a user token is read beside the userId") {
  Json body = put();
  body["userToken"] = "1.ab";
  CHECK(readPutEvents(body.dump(), kNowMs).entries[0].userToken == "1.ab");
  Json events = batch();
  events["events"][0]["userToken"] = "2.cd";
  CHECK(readEventBatch(events.dump(), kNowMs).entries[0].userToken == "2.cd");
  events["events"][0]["userToken"] = std::string(129, '1');
  CHECK_THAT(readEventBatch(events.dump(), kNowMs).entries[0].message,
             Contains("events[0].userToken is longer than 128"));
  CHECK(readPutEvents(put().dump(), kNowMs).entries[0].userToken.empty());
}

TEST_CASE("a time ahead of the collector's clock is set to it") {
  const auto request = readPutEvents(putWith({{"sentAt", kNow + 3600}}), kNowMs);
  CHECK(request.entries[0].event->timeMs == kNowMs);
}

TEST_CASE("a fault of PutEvents is named with its place") {
  const std::string longText(257, 'x');
  const std::vector<std::pair<std::string, std::string>> faults{
      {"", "not valid JSON"},
      {"[1]", "not a JSON object"},
      {"{\"a\":\"\xff\"}", "not valid JSON"},
      {std::string(17, '[') + std::string(17, ']'), "deeper than 16"},
      {putWith({{"eventType", nullptr}}), "eventList[0].eventType is missing"},
      {putWith({{"eventType", ""}}), "eventList[0].eventType is empty"},
      {putWith({{"eventType", 5}}), "eventList[0].eventType must be a string"},
      {putWith({{"itemId", longText}}), "eventList[0].itemId is longer than 256"},
      {putWith({{"itemId", std::string("a\0b", 3)}}), "eventList[0].itemId holds a NUL"},
      {putWith({{"sentAt", "now"}}), "eventList[0].sentAt must be a number"},
      {putWith({{"sentAt", kNow * 1000}}), "looks like milliseconds"},
      {putWith({{"sentAt", -1}}), "seconds since 1970"},
      {putWith({{"sentAt", kNow + 100'000}}), "more than a day in the future"},
      {putWith({{"sentAt", 900'000'000}}), "before the year 2000"},
      {putWith({{"eventValue", "4"}}), "eventList[0].eventValue must be a number"},
      {putWith({{"properties", "{"}}), "eventList[0].properties must be a JSON object"},
      {putWith({{"properties", Json::object()}}), "eventList[0].properties must be a string"},
      {putWith({{"properties", '"' + std::string(1100, 'x') + '"'}}), "longer than 1024"},
      {putWith({{"impression", Json::array()}}), "1 to 25 entries, and holds 0"},
      {putWith({{"impression", Json(std::vector<int>(26, 1))}}), "and holds 26"},
      {putWith({{"impression", {1}}}), "eventList[0].impression[0] must be a string"},
      {putWith({{"recommendationId", std::string(41, 'x')}}), "longer than 40"},
      {putWith({{"metricAttribution", {{"eventAttributionSource", " "}}}}), "not only spaces"},
  };
  for (const auto& [body, message] : faults) {
    INFO(body.substr(0, 200));
    CHECK_THROWS_WITH(readPutEvents(body, kNowMs), Contains(message));
  }
  Json body = put();
  body["eventList"] = Json::array();
  for (int i = 0; i < 11; ++i) body["eventList"].push_back(put()["eventList"][0]);
  CHECK_THROWS_WITH(readPutEvents(body.dump(), kNowMs), Contains("1 to 10 entries, and holds 11"));
  body.erase("sessionId");
  CHECK_THROWS_WITH(readPutEvents(body.dump(), kNowMs), Contains("sessionId is missing"));
}

TEST_CASE("limits count characters, not bytes") {
  std::string umlauts;
  for (int i = 0; i < 256; ++i) umlauts += "ä";
  CHECK(readPutEvents(putWith({{"itemId", umlauts}}), kNowMs).entries[0].event->itemId == umlauts);
  CHECK_THROWS_AS(readPutEvents(putWith({{"itemId", umlauts + "ä"}}), kNowMs), ApiError);
}

TEST_CASE("a client's wrong clock is put right by when the batch left") {
  for (const double error : {-315'360'000.0, -3600.0, 0.0, 3600.0, 315'360'000.0}) {
    Json body = batch();
    body["sentAt"] = kNow + error;
    body["events"][0]["sentAt"] = kNow + error - 5;
    const auto request = readEventBatch(body.dump(), kNowMs);
    REQUIRE(request.entries[0].event);
    CHECK(request.entries[0].event->timeMs == kNowMs - 5000);
  }
}

TEST_CASE("an event with a fault is rejected alone") {
  Json body = batch();
  Json bad = body["events"][0];
  bad["eventId"] = "e2";
  bad["eventType"] = "";
  body["events"].push_back(bad);
  body["events"].push_back(7);
  body["dropped"] = 3;
  const auto request = readEventBatch(body.dump(), kNowMs);
  REQUIRE(request.entries.size() == 3);
  CHECK(request.dropped == 3);
  CHECK((request.entries[0].event && request.entries[0].message.empty()));
  CHECK((request.entries[1].eventId == "e2" && !request.entries[1].event));
  CHECK(request.entries[1].message == "events[1].eventType is empty");
  CHECK(request.entries[2].message == "events[2] must be an object");
}

TEST_CASE("a batch's events are checked like PutEvents' and by the tracker's rules") {
  CHECK(reasonOf(Json::object()) == "");
  CHECK(reasonOf({{"properties", {{"a", 1}}}}) == "");
  CHECK(reasonOf({{"properties", "{\"a\":1}"}}) == "");
  CHECK(reasonOf({{"userId", nullptr}}) == "");
  CHECK_THAT(reasonOf({{"properties", {{"a", std::string(1100, 'x')}}}}),
             Contains("longer than 1024"));
  CHECK_THAT(reasonOf({{"eventId", nullptr}}), Contains("events[0].eventId is missing"));
  CHECK_THAT(reasonOf({{"sessionId", nullptr}}), Contains("events[0].sessionId is missing"));
  CHECK_THAT(reasonOf({{"anonymousId", 4}}), Contains("anonymousId must be a string"));
  CHECK_THAT(reasonOf({{"sentAt", kNow + 100'000}}), Contains("in the future"));
}

TEST_CASE("a fault of the batch itself is an error") {
  for (const auto& [name, value] :
       std::vector<std::pair<std::string, Json>>{{"sentAt", nullptr},
                                                 {"sentAt", kNow * 1000},
                                                 {"events", Json::array()},
                                                 {"events", Json(std::vector<int>(501, 1))},
                                                 {"dropped", -1},
                                                 {"dropped", 1.5},
                                                 {"trackingId", 5}}) {
    Json body = batch();
    body[name] = value;
    CHECK_THROWS_AS(readEventBatch(body.dump(), kNowMs), ApiError);
  }
}

TEST_CASE("an event's key follows tracker and id, and both count") {
  CHECK(eventKey("a", "b") == eventKey("a", "b"));
  CHECK(eventKey("a", "b") != eventKey("a", "c"));
  CHECK(eventKey("a", "bc") != eventKey("ab", "c"));
}

TEST_CASE("keys of UUIDs of version 7 begin with their time, and the rest still counts") {
  const std::string id = "018bcfe5-687b-7c3a-9f11-0123456789ab";
  const EventKey key = eventKey("a", id);
  CHECK(key[0] == 0x01);
  CHECK((key[1] == 0x8b && key[4] == 0x68 && key[5] == 0x7b));
  for (const char* other :
       {"018bcfe5-687b-7c3a-9f11-0123456789ac", "018BCFE5-687B-7C3A-9F11-0123456789AB"}) {
    const EventKey otherKey = eventKey("a", other);
    CHECK(std::equal(key.begin(), key.begin() + 6, otherKey.begin()));
    CHECK(key != otherKey);
  }
  CHECK(eventKey("b", id) != key);
  for (const char* notOne :
       {"018bcfe5-687b-4c3a-9f11-0123456789ab", "018bcfe5-687b-7c3a-9f11-0123456789a",
        "018bcfe5-687b-7c3a-9f11-0123456789ag", "018bcfe5x687b-7c3a-9f11-0123456789ab"})
    CHECK_FALSE(std::equal(key.begin(), key.begin() + 6, eventKey("a", notOne).begin()));
}
