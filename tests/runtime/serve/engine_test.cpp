#include "runtime/serve/engine.h"

#include <catch2/catch.hpp>

#include "tests/support/sample.h"

using namespace attune;
using namespace attune::testing;

namespace {

using Ids = std::vector<std::string>;

struct Opened : OpenSample {
  Session session{engine->items(), 100};

  void record(const char* id, const char* type = "click") {
    REQUIRE(session.record(id, type, 1, 0).ok());
  }
  Ids recommend(uint32_t count, const char* filter = nullptr) {
    FilterHint hint;
    const auto parsed =
        engine->compileFilter(filter == nullptr ? "" : filter, FilterLanguage::extended, hint);
    REQUIRE((filter == nullptr || parsed.ok()));
    const ListRequest request{count, filter == nullptr ? nullptr : &parsed.value()};
    REQUIRE(engine->recommend(session, request, scratch).ok());
    return idsOf(*engine, scratch.ranked.span());
  }
  Ids rank(const std::vector<uint32_t>& items) {
    REQUIRE(engine->rank(session, items, scratch).ok());
    return idsOf(*engine, scratch.ranked.span());
  }
};

constexpr const char* kUnseen = R"(EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*"))";

}  // namespace

TEST_CASE("a list has as many items as were asked for, or all there are") {
  Opened opened;
  CHECK(opened.recommend(0).empty());
  CHECK(opened.recommend(2) == Ids{"a", "b"});
  CHECK(opened.recommend(100).size() == 6);
}

TEST_CASE("an event changes the very next list") {
  Opened opened;
  CHECK(opened.recommend(1) == Ids{"a"});
  opened.record("c");
  CHECK(opened.recommend(1) == Ids{"d"});
}

TEST_CASE("the filter of seen items takes out all of them and nothing else") {
  Opened opened;
  opened.record("a");
  opened.record("d", "purchase");
  CHECK(opened.recommend(10, kUnseen) == Ids{"b", "c", "e", "f"});
}

TEST_CASE("a filter of one event type concerns events of that type, in any case") {
  Opened opened;
  opened.record("a");
  opened.record("d", "Purchase");
  CHECK(opened.recommend(10, R"(EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("purchase"))")
            .size() == 5);
  CHECK(opened.recommend(10, R"(INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ('purchase'))") ==
        Ids{"d"});
}

TEST_CASE("an including filter keeps the scores of repeated items") {
  Opened opened;
  opened.record("a");
  opened.record("b");
  opened.record("a");
  CHECK(opened.recommend(10, R"(INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*"))") ==
        Ids{"b", "a"});
}

TEST_CASE("related items leave the item itself out") {
  Opened opened;
  REQUIRE(opened.engine->related(1, nullptr, {.numResults = 6}, opened.scratch).ok());
  CHECK(idsOf(*opened.engine, opened.scratch.ranked.span()) == Ids{"a", "c", "d", "e", "f"});
}

TEST_CASE("related items of an item that is not there are an error") {
  Opened opened;
  CHECK(opened.engine->related(6, nullptr, {}, opened.scratch).error().code == ErrorCode::NotFound);
}

TEST_CASE("ranking orders what is given, once each, without what is unknown") {
  Opened opened;
  opened.record("c");
  CHECK(opened.rank({5, 3, kUnknownItem, 0, 3, 99}) == Ids{"d", "a", "f"});
}

TEST_CASE("ranking scores are shares that sum to one") {
  Opened opened;
  opened.rank({0, 1, 2});
  float total = 0;
  for (const Scored& one : opened.scratch.ranked) total += one.score;
  CHECK(total == Approx(1).epsilon(1e-6));
  opened.rank({5});
  CHECK(opened.scratch.ranked[0].score == 1);
  CHECK(opened.rank({}).empty());
}
