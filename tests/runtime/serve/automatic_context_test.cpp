// What the time of a request says by itself, from the engine's side: which of a session's events
// the pause is counted from, and that a request's own words come first.
#include <catch2/catch.hpp>

#include "tests/support/sample.h"

using namespace attune;
using namespace attune::testing;

namespace {

constexpr double kDay = 86400;

/// The sample transformer with WEEKDAY (weekend: row 0 or 2) and PAUSE (rows 3 and 4, from a day
/// on).
struct World {
  World() {
    trainer::BundleBuilder bundle = SampleTransformer().builder(trainer::BundlePrecision::float32);
    bundle.add(SectionKind::QueryEdges, std::vector<double>{0.5, 5.5},
               bundle.addQueryColumn("WEEKDAY", QueryKind::Weekday, ColumnType::Integer));
    bundle.add(SectionKind::QueryEdges, std::vector<double>{1},
               bundle.addQueryColumn("PAUSE", QueryKind::DaysSinceLastEvent, ColumnType::Real));
    std::vector<float> vectors(5 * 8);
    for (size_t i = 0; i < 5; ++i) vectors[8 * i + i] = 3;
    bundle.add(SectionKind::QueryVectors, vectors);
    bundle.add(SectionKind::StartVector, std::vector<float>(8, 0.1f));
    bytes = aligned(bundle.finish());
    engine = std::move(Engine::open(bytes.span()).value());
  }

  std::vector<uint32_t> rowsAt(const Session& session, double now) const {
    QueryRows context;
    REQUIRE(engine->beginContext(session, now, context).ok());
    return {context.rows().begin(), context.rows().end()};
  }

  Buffer<uint8_t> bytes;
  Owned<Engine> engine;
};

using Rows = std::vector<uint32_t>;

}  // namespace

TEST_CASE("the pause counts from the newest event that the bundle has an item for") {
  const World world;
  Session session(world.engine->items(), 10);
  CHECK(world.rowsAt(session, 0) == Rows{1});
  REQUIRE(session.record(world.engine->items()[0], "click", 0, 0).ok());
  CHECK(world.rowsAt(session, 0.5 * kDay) == Rows{1, 3});
  CHECK(world.rowsAt(session, kDay) == Rows{1, 4});
  REQUIRE(session.record("unknown", "click", int64_t{86400}, 0).ok());
  CHECK(world.rowsAt(session, kDay + 1) == Rows{1, 4});
  REQUIRE(session.record(world.engine->items()[1], "click", int64_t{86400}, 0).ok());
  CHECK(world.rowsAt(session, kDay + 1) == Rows{1, 3});
  CHECK(world.rowsAt(session, 3 * kDay) == Rows{0, 4});
  CHECK(world.rowsAt(session, -kDay) == Rows{1, 3});
}

TEST_CASE("a context begins anew, and what the request says counts instead") {
  const World world;
  const Session session(world.engine->items(), 10);
  QueryRows context;
  REQUIRE(world.engine->beginContext(session, 2 * kDay, context).ok());
  CHECK(context.rows()[0] == 2);
  REQUIRE(world.engine->setContext(context, "weekday", "0").value());
  REQUIRE(world.engine->setContext(context, "PAUSE", "30").value());
  CHECK(Rows(context.rows().begin(), context.rows().end()) == Rows{0, 4});
  REQUIRE_FALSE(world.engine->setContext(context, "WEEKDAY", "").value());
  CHECK(Rows(context.rows().begin(), context.rows().end()) == Rows{4});
  REQUIRE(world.engine->beginContext(session, 0, context).ok());
  CHECK(Rows(context.rows().begin(), context.rows().end()) == Rows{1});
}

TEST_CASE("the time moves lists and rankings of one and the same session") {
  const World world;
  Session session(world.engine->items(), 10);
  REQUIRE(session.record(world.engine->items()[0], "click", 0, 0).ok());
  Scratch scratch;
  const auto answersAt = [&](double now) {
    QueryRows context;
    REQUIRE(world.engine->beginContext(session, now, context).ok());
    std::vector<float> scores;
    REQUIRE(world.engine->recommend(session, {.numResults = 6, .context = &context}, scratch).ok());
    for (const Scored& one : scratch.ranked) scores.push_back(one.score);
    REQUIRE(world.engine->rank(session, std::vector<uint32_t>{0, 1, 2}, scratch, &context).ok());
    for (const Scored& one : scratch.ranked) scores.push_back(one.score);
    return scores;
  };
  CHECK(answersAt(100) != answersAt(2 * kDay));
  CHECK(answersAt(2 * kDay) != answersAt(4 * kDay));
  CHECK(answersAt(4 * kDay) == answersAt(5.9 * kDay));
}

TEST_CASE("a bundle without automatic columns takes no notice of the time") {
  const Buffer<uint8_t> bytes = sampleBundle(ModelKind::Transformer);
  const auto engine = std::move(Engine::open(bytes.span()).value());
  QueryRows context;
  REQUIRE(engine->beginContext(Session(engine->items(), 1), 1.7e9, context).ok());
  CHECK(context.rows().empty());
}
