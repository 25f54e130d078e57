#include "runtime/serve/session.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <string>
#include <vector>

#include "tests/support/sample.h"

using namespace attune;
using namespace attune::testing;

namespace {

using Opened = OpenSample;

std::vector<std::string> idsIn(const Session& session) {
  std::vector<std::string> ids;
  for (const SessionEvent& event : session.events()) ids.emplace_back(session.itemId(event));
  return ids;
}

using Ids = std::vector<std::string>;

/// The items that models look at.
Ids idsThatCount(const Session& session) {
  Ids ids;
  for (const SessionEvent& event : session.events())
    if (event.counts()) ids.emplace_back(session.itemId(event));
  return ids;
}

}  // namespace

TEST_CASE("a session keeps its events in time order, equal times as recorded") {
  const Opened opened;
  Session session(opened.engine->items(), 10);
  REQUIRE(session.record("a", "click", 20, 0).ok());
  REQUIRE(session.record("b", "click", 10, 0).ok());
  REQUIRE(session.record("c", "click", 20, 0).ok());
  CHECK(idsIn(session) == Ids{"b", "a", "c"});
}

TEST_CASE("a full session drops its oldest events, however many come") {
  const Opened opened;
  Session session(opened.engine->items(), 3);
  for (int i = 0; i < 1000; ++i)
    REQUIRE(session.record("item " + std::to_string(i), "click", i, 0).ok());
  CHECK(idsIn(session) == Ids{"item 997", "item 998", "item 999"});
  REQUIRE(session.record("too old", "click", 0, 0).ok());
  CHECK(idsIn(session) == Ids{"item 997", "item 998", "item 999"});
}

TEST_CASE("the memory of unknown ids stays bounded") {
  const Opened opened;
  Session session(opened.engine->items(), 5);
  const std::string longId(1000, 'x');
  for (int i = 0; i < 5000; ++i) REQUIRE(session.record(longId, "click", i, 0).ok());
  Buffer<uint8_t> saved;
  REQUIRE(session.save(saved).ok());
  CHECK(saved.size() < 6000);
  CHECK(idsIn(session) == Ids(5, longId));
}

TEST_CASE("event types whose events are gone make room for new ones") {
  const Opened opened;
  Session session(opened.engine->items(), 5);
  for (int i = 0; i < 3000; ++i)
    REQUIRE(session.record("a", "type " + std::to_string(i), i, 0).ok());
  CHECK(session.typeName(session.events()[0].type) == "type 2995");
  CHECK(session.typeName(session.events()[4].type) == "type 2999");
}

TEST_CASE("recording says whether the bundle knows the item") {
  const Opened opened;
  Session session(opened.engine->items(), 3);
  CHECK(session.record("a", "click", 1, 0).value());
  CHECK_FALSE(session.record("z", "click", 1, 0).value());
}

TEST_CASE("malformed events are refused and change nothing") {
  const Opened opened;
  Session session(opened.engine->items(), 3);
  CHECK(session.record("", "click", 1, 0).error().code == ErrorCode::InvalidArgument);
  CHECK_FALSE(session.record(std::string(1025, 'x'), "click", 1, 0).ok());
  CHECK_FALSE(session.record("a", std::string(1025, 'x'), 1, 0).ok());
  CHECK_FALSE(session.record("\xFF", "click", 1, 0).ok());
  CHECK(session.events().empty());
}

TEST_CASE("times that are not seconds are refused") {
  CHECK(wholeSeconds(12.9).value() == 12);
  CHECK(wholeSeconds(-0.5).value() == -1);
  CHECK_FALSE(wholeSeconds(std::nan("")).ok());
  CHECK_FALSE(wholeSeconds(1e300).ok());
}

TEST_CASE("a saved session comes back the same, unknown items and all") {
  const Opened opened;
  Session session(opened.engine->items(), 10);
  REQUIRE(session.record("a", "click", 1, 2.5f).ok());
  REQUIRE(session.record("not in the bundle", "purchase", 2, NAN).ok());
  Buffer<uint8_t> saved;
  REQUIRE(session.save(saved).ok());
  Session other(opened.engine->items(), 10);
  REQUIRE(other.record("f", "view", 9, 0).ok());
  REQUIRE(other.restore(saved.span()).ok());
  CHECK(idsIn(other) == Ids{"a", "not in the bundle"});
  CHECK(other.events()[0].value == 2.5f);
  CHECK(std::isnan(other.events()[1].value));
  CHECK(other.typeName(other.events()[1].type) == "purchase");
  Buffer<uint8_t> again;
  REQUIRE(other.save(again).ok());
  CHECK(std::vector<uint8_t>(saved.begin(), saved.end()) ==
        std::vector<uint8_t>(again.begin(), again.end()));
}

TEST_CASE("a saved session restored into a smaller one keeps the newest events") {
  const Opened opened;
  Session session(opened.engine->items(), 10);
  for (const char* id : {"a", "b", "c"}) REQUIRE(session.record(id, "click", id[0], 0).ok());
  Buffer<uint8_t> saved;
  REQUIRE(session.save(saved).ok());
  Session small(opened.engine->items(), 2);
  REQUIRE(small.restore(saved.span()).ok());
  CHECK(idsIn(small) == Ids{"b", "c"});
}

TEST_CASE("damaged session bytes are refused at every cut and survive every flip") {
  const Opened opened;
  Session session(opened.engine->items(), 10);
  REQUIRE(session.record("a", "click", 1, 0).ok());
  REQUIRE(session.record("unknown", "view", 2, 0).ok());
  Buffer<uint8_t> saved;
  REQUIRE(session.save(saved).ok());
  Session other(opened.engine->items(), 10);
  REQUIRE(other.record("f", "view", 9, 0).ok());
  for (size_t length = 0; length < saved.size(); ++length) {
    CHECK(other.restore(saved.span().first(length)).error().code == ErrorCode::InvalidSession);
    CHECK(idsIn(other) == Ids{"f"});
  }
  for (size_t i = 0; i < saved.size(); ++i)
    for (const int flip : {1, 0x80, 0xFF}) {
      saved[i] = static_cast<uint8_t>(saved[i] ^ flip);
      (void)other.restore(saved.span());
      saved[i] = static_cast<uint8_t>(saved[i] ^ flip);
    }
  CHECK(other.restore(saved.span()).ok());
}

TEST_CASE("a cleared session is empty") {
  const Opened opened;
  Session session(opened.engine->items(), 3);
  REQUIRE(session.record("a", "click", 1, 0).ok());
  session.clear();
  CHECK(session.events().empty());
}

TEST_CASE("of what is said of an item in one second the last counts, in another second both do") {
  const Opened opened;
  Session session(opened.engine->items(), 10);
  for (const char* id : {"a", "b", "a", "c"}) REQUIRE(session.record(id, "click", 5, 0).ok());
  REQUIRE(session.record("a", "click", 6, 0).ok());
  CHECK(idsThatCount(session) == Ids{"b", "a", "c", "a"});
}

TEST_CASE("a copy that follows its original changes nothing for a model") {
  const Opened opened;
  Session session(opened.engine->items(), 10);
  REQUIRE(session.record("a", "click", 5, 0).ok());
  const uint32_t generation = session.generation();
  REQUIRE(session.record("a", "watch", 5, 0).ok());
  CHECK(session.events()[0].counts());
  CHECK_FALSE(session.events()[1].counts());
  CHECK(session.generation() == generation);
}

TEST_CASE("what counts depends on the remembered events alone, not on those dropped before") {
  const Opened opened;
  Session session(opened.engine->items(), 6);
  uint32_t random = 7;
  for (int i = 0; i < 2000; ++i) {
    random = random * 1664525 + 1013904223;
    const std::string id(1, static_cast<char>('a' + (random >> 16) % 3));
    REQUIRE(session.record(id, "click", i / 9 - (random >> 24) % 2, 0).ok());
    Buffer<uint8_t> bytes;
    REQUIRE(session.save(bytes).ok());
    Session fresh(opened.engine->items(), 6);
    REQUIRE(fresh.restore(bytes.span()).ok());
    REQUIRE(idsThatCount(fresh) == idsThatCount(session));
  }
}
