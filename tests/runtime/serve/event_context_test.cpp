// What events carry beside their type and value: kept by sessions, asked for by filters.
#include <catch2/catch.hpp>
#include <cmath>
#include <string>

#include "runtime/serve/filter.h"
#include "runtime/serve/session.h"
#include "tests/support/sample.h"

using namespace attune;
using namespace attune::testing;

namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

std::string packed(const Pairs& pairs) {
  Buffer<char> context;
  for (const auto& [name, value] : pairs) REQUIRE(event_context::add(name, value, context).ok());
  return {context.data(), context.size()};
}

/// A user who looked at a on a phone for 3.5, bought a on a tablet, and looked at b on both.
struct Visits : OpenSample {
  Session session{engine->items(), 100};
  FilterFields fields;
  FilterHint hint;

  Visits() {
    REQUIRE(fields.addEventFields().ok());
    add("DEVICE", FilterFieldType::category);
    add("SPENT", FilterFieldType::number);
    add("GIFT", FilterFieldType::boolean);
    record("a", "view", {{"DEVICE", "phone"}, {"Spent", "3.5"}});
    record("a", "buy", {{"DEVICE", "tablet"}, {"GIFT", "true"}});
    record("b", "view", {{"DEVICE", "phone|tablet"}, {"GIFT", "false"}});
    record("c", "view", {});
  }

  void add(std::string_view name, FilterFieldType type) {
    REQUIRE(fields.add({FilterTable::interactions, type, name}).ok());
  }
  void record(const char* item, const char* type, const Pairs& context) {
    REQUIRE(session.record(item, type, 100, NAN, packed(context)).ok());
  }

  /// The ids that an INCLUDE of the condition keeps, or the error.
  std::string with(const std::string& condition,
                   FilterLanguage language = FilterLanguage::extended) {
    const auto filter =
        Filter::compile("INCLUDE ItemID WHERE " + condition, fields, language, hint);
    if (!filter.ok()) return std::string(filter.error().what) + " " + std::to_string(filter.error().at);
    FilterScratch room;
    REQUIRE(filter.value().run(engine->filterRows(), {&session, nullptr, 200}, room).ok());
    std::string ids;
    for (uint32_t item = 0; item < 6; ++item)
      if (room.passes[item] != 0) ids += engine->items()[item];
    return ids;
  }
};

}  // namespace

TEST_CASE("filters ask what events carried: texts, lists, numbers and booleans") {
  Visits visits;
  CHECK(visits.with("Interactions.DEVICE = \"phone\"") == "ab");
  CHECK(visits.with("Interactions.device IN (\"tablet\", \"tv\")") == "ab");
  CHECK(visits.with("Interactions.DEVICE = \"tv\"") == "");
  CHECK(visits.with("Interactions.SPENT = 3.5") == "a");
  CHECK(visits.with("Interactions.SPENT > 3.5") == "");
  CHECK(visits.with("Interactions.GIFT = false") == "b");
}

TEST_CASE("conditions on what events carried must hold for the same event") {
  Visits visits;
  CHECK(visits.with("Interactions.EVENT_TYPE = \"buy\" AND Interactions.DEVICE = \"tablet\"") == "a");
  CHECK(visits.with("Interactions.EVENT_TYPE = \"buy\" AND Interactions.DEVICE = \"phone\"") == "");
  CHECK(visits.with("Interactions.DEVICE = \"tablet\" AND Interactions.SPENT >= 0") == "");
}

TEST_CASE("an event without a value is != every value, and an item without events is not") {
  Visits visits;
  CHECK(visits.with("Interactions.DEVICE != \"tablet\"") == "ac");
  CHECK(visits.with("NOT Interactions.SPENT < 100") == "");
  CHECK(visits.with("Interactions.GIFT NOT IN (true)") == "abc");
}

TEST_CASE("a mistaken field of interactions is told with its column and what may be meant") {
  Visits visits;
  CHECK(visits.with("Interactions.DEVCE = \"phone\"") == "no such field 35");
  CHECK(visits.hint.meant == "DEVICE");
  CHECK(visits.with("Interactions.SPENT = \"much\"") ==
        "this field has numbers, and the value is none 43");
  CHECK(visits.with("Interactions.DEVICE < 3") ==
        "only numbers can be ordered, and this field has none; use IN or = 35");
}

TEST_CASE("Personalize's language has none of it") {
  Visits visits;
  for (const char* name : {"DEVICE = \"phone\"", "EVENT_VALUE = 4", "TIMESTAMP = 4"})
    CHECK(visits.with(std::string("Interactions.") + name, FilterLanguage::compatible) ==
          "Personalize filters interactions by EVENT_TYPE only 35");
}

TEST_CASE("of a bundle without context columns events may carry anything but misspelt fields") {
  Visits visits;
  visits.fields = std::move(FilterFields::of(visits.engine->catalogue(), QueryColumns()).value());
  CHECK(visits.with("Interactions.DEVICE = \"phone\"") == "a");
  CHECK(visits.with("Interactions.SPENT < 4") == "a");
  CHECK(visits.with("Interactions.EVENT_TYPO = \"x\"") == "no such field 35");
  CHECK(visits.hint.meant == "EVENT_TYPE");
}

TEST_CASE("a context comes back from saved bytes, of items the bundle has and others") {
  Visits visits;
  const std::string unknown = packed({{"DEVICE", "tv"}});
  REQUIRE(visits.session.record("new", "view", 100, 1, unknown).ok());
  Buffer<uint8_t> saved;
  REQUIRE(visits.session.save(saved).ok());
  Session other(visits.engine->items(), 100);
  REQUIRE(other.restore(saved.span()).ok());
  REQUIRE(other.events().size() == 5);
  CHECK(other.context(other.events()[2]) == packed({{"DEVICE", "phone|tablet"}, {"GIFT", "false"}}));
  CHECK(other.context(other.events()[3]).empty());
  CHECK(other.context(other.events()[4]) == unknown);
  CHECK(other.itemId(other.events()[4]) == "new");
  for (size_t cut = 16; cut < saved.size(); ++cut)
    CHECK_FALSE(other.restore(saved.span().first(cut)).ok());
}

TEST_CASE("a history without context is saved as it was before there was any") {
  OpenSample opened;
  Session session(opened.engine->items(), 3);
  REQUIRE(session.record("a", "view", 1, 1).ok());
  Buffer<uint8_t> saved;
  REQUIRE(session.save(saved).ok());
  CHECK(saved[4] == 1);
  CHECK(saved.size() == 16 + 6 + 3 + 2 + 8 + 4);
}

TEST_CASE("the memory of contexts stays bounded, and those of the newest events stay whole") {
  OpenSample opened;
  Session session(opened.engine->items(), 3);
  const auto contextOf = [](int i) {
    return packed({{"N", std::to_string(i)}, {"PADDING", std::string(5000, 'x')}});
  };
  for (int i = 0; i < 1000; ++i)
    REQUIRE(session.record(i % 2 == 0 ? "a" : "unknown", "view", i, 0, contextOf(i)).ok());
  for (int i = 0; i < 3; ++i) {
    const SessionEvent& event = session.events()[static_cast<size_t>(i)];
    CHECK(session.context(event) == contextOf(997 + i));
    CHECK(session.itemId(event) == ((997 + i) % 2 == 0 ? "a" : "unknown"));
  }
}

TEST_CASE("malformed contexts are refused and change nothing") {
  OpenSample opened;
  Session session(opened.engine->items(), 3);
  using namespace std::string_literals;
  for (const std::string& wrong :
       {"DEVICE"s, "DEVICE\0"s, "DEVICE\0phone"s, "\0phone\0"s, "DEVICE\0\0"s, "A\0\xFF\0"s,
        "A\0"s + std::string(65535, 'x') + "\0"s})
    CHECK(session.record("a", "view", 1, 0, wrong).error().code == ErrorCode::InvalidArgument);
  CHECK(session.events().empty());
  Buffer<char> context;
  CHECK_FALSE(event_context::add("", "x", context).ok());
  CHECK_FALSE(event_context::add("A", "x\0y"s, context).ok());
  CHECK(event_context::add("A", "", context).ok());
  CHECK(context.empty());
}
