#include "runtime/serve/explain.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "tests/support/sample.h"

using namespace attune;
using namespace attune::testing;

TEST_CASE("contributions of neighbour lists are what the lists add") {
  OpenSample sample;
  Session session(sample.engine->items(), 100);
  REQUIRE(session.record("c", "click", 0, NAN).ok());
  REQUIRE(session.record("a", "click", 1, NAN).ok());
  REQUIRE(session.record("unknown", "click", 2, NAN).ok());
  const uint32_t items[] = {1, 3, 5};  // b, d, f
  Explanation why;
  REQUIRE(explain(*sample.engine, session, items, nullptr, sample.scratch, why).ok());
  REQUIRE(why.events.size() == 2);
  CHECK(why.events[0] == 1);  // a, the newest
  CHECK(why.events[1] == 0);
  CHECK(why.contributions[0] == Approx(200 / 255.0));
  // Without a, c is the newest and weighs twice as much: what a's presence costs d.
  CHECK(why.contributions[1] == Approx(-0.5 * 10 / 255));
  CHECK(why.contributions[2] == Approx(0).margin(1e-9));
  CHECK(why.contributions[3 + 1] == Approx(0.5 * 10 / 255));
}

TEST_CASE("a model of sequences is explained by leaving items out, and its own state is kept") {
  OpenSample sample(ModelKind::Transformer);
  Session session(sample.engine->items(), 100);
  for (int i = 0; i < 15; ++i)
    REQUIRE(session.record(i % 2 == 0 ? "a" : "b", "click", i, NAN).ok());
  REQUIRE(sample.engine->recommend(session, {3}, sample.scratch).ok());
  const std::vector<Scored> before(sample.scratch.ranked.begin(), sample.scratch.ranked.end());
  const uint32_t items[] = {2};
  Explanation why;
  REQUIRE(explain(*sample.engine, session, items, nullptr, sample.scratch, why).ok());
  CHECK(why.events.size() == 2);
  CHECK(why.contributions[0] != 0);
  REQUIRE(sample.engine->recommend(session, {3}, sample.scratch).ok());
  for (size_t i = 0; i < before.size(); ++i)
    CHECK(sample.scratch.ranked[i].score == before[i].score);
}

TEST_CASE("a user without a history has no reasons") {
  OpenSample sample;
  const Session session(sample.engine->items(), 100);
  const uint32_t items[] = {0};
  Explanation why;
  REQUIRE(explain(*sample.engine, session, items, nullptr, sample.scratch, why).ok());
  CHECK(why.events.empty());
}
