#include "runtime/models/query_vectors.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <tuple>

#include "runtime/base/random.h"
#include "tests/support/sample.h"

using namespace attune;
using namespace attune::testing;
using trainer::BundleBuilder;
using trainer::BundlePrecision;

namespace {

constexpr size_t kWidth = 8;

/// The sample transformer with a user column of two values and a context column of two.
struct World {
  explicit World(BundlePrecision precision, bool start = true) : vectors(numbers(4 * kWidth, 1)) {
    startVector = numbers(kWidth, 2);
    BundleBuilder bundle = sample.builder(precision);
    for (const auto& [name, kind, values] :
         {std::tuple<const char*, QueryKind, std::vector<std::string>>{
              "TASTE", QueryKind::User, {"blue", "red"}},
          {"DEVICE", QueryKind::Context, {"phone", "tv"}}}) {
      const uint32_t column = bundle.addQueryColumn(name, kind, ColumnType::Categorical);
      bundle.addStrings(SectionKind::QueryValueText, SectionKind::QueryValueOffsets, values, column);
    }
    addMatrix(SectionKind::QueryVectors, vectors, kWidth, kWidth, precision, 0, bundle);
    if (start) bundle.add(SectionKind::StartVector, startVector);
    bytes = aligned(bundle.finish());
    engine = std::move(Engine::open(bytes.span()).value());
  }

  static std::vector<float> numbers(size_t count, uint64_t stream) {
    Random random(8, stream);
    std::vector<float> all(count);
    for (float& one : all) one = 0.5f * random.normal();
    return all;
  }

  /// log(share) of every item, by item.
  std::vector<double> logShares(const Session& session, const QueryRows* context = nullptr) {
    REQUIRE(engine->recommend(session, {.numResults = 6, .context = context}, scratch).ok());
    std::vector<double> byItem(6);
    for (const Scored& one : scratch.ranked)
      byItem[one.item] = std::log(static_cast<double>(one.score));
    return byItem;
  }

  /// What feature `row` adds to an item's logit.
  double effect(size_t row, uint32_t item) const {
    const auto& items = sample.weights.at({SectionKind::ItemVectors, 0});
    double sum = 0;
    for (size_t i = 0; i < kWidth; ++i)
      sum += static_cast<double>(vectors[row * kWidth + i]) *
             static_cast<double>(items[item * kWidth + i]);
    return sum;
  }

  SampleTransformer sample;
  std::vector<float> vectors, startVector;
  Buffer<uint8_t> bytes;
  Owned<Engine> engine;
  Scratch scratch;
};

/// Whether logs of shares have moved by these amounts, up to a common one.
void checkMoved(const std::vector<double>& from, const std::vector<double>& to,
                const std::function<double(uint32_t)>& by) {
  for (uint32_t item = 1; item < 6; ++item)
    CHECK(to[item] - to[0] == Approx(from[item] - from[0] + by(item) - by(0)).margin(1e-5));
}

}  // namespace

TEST_CASE("attributes and context add their vectors to what the history says") {
  World world(BundlePrecision::float32);
  for (const bool cold : {false, true}) {
    Session session(world.engine->items(), 10);
    if (!cold) REQUIRE(session.record("b", "click", 1, 0).ok());
    const auto plain = world.logShares(session);
    REQUIRE(world.engine->setAttribute(session, "taste", "red").value());
    QueryRows context;
    REQUIRE(world.engine->setContext(context, "DEVICE", "phone").value());
    checkMoved(plain, world.logShares(session),
               [&](uint32_t item) { return world.effect(1, item); });
    checkMoved(plain, world.logShares(session, &context),
               [&](uint32_t item) { return world.effect(1, item) + world.effect(2, item); });
    REQUIRE_FALSE(world.engine->setAttribute(session, "TASTE", "green").value());
    CHECK(world.logShares(session) == plain);
  }
}

TEST_CASE("before the first known event the start vector stands for the result") {
  World world(BundlePrecision::float32);
  const auto& items = world.sample.weights.at({SectionKind::ItemVectors, 0});
  Session session(world.engine->items(), 10);
  REQUIRE(session.record("unknown", "click", 1, 0).ok());
  std::vector<double> zero(6, 0.0);
  checkMoved(zero, world.logShares(session), [&](uint32_t item) {
    double sum = 0;
    for (size_t i = 0; i < kWidth; ++i)
      sum += static_cast<double>(world.startVector[i]) *
             static_cast<double>(items[item * kWidth + i]);
    return sum;
  });
  const auto before = world.logShares(session);
  REQUIRE(session.record("b", "click", 2, 0).ok());
  CHECK(world.logShares(session) != before);
}

TEST_CASE("without a start vector a user without events gets popular items, whatever else is known") {
  World world(BundlePrecision::int8, false);
  Session session(world.engine->items(), 10);
  REQUIRE(world.engine->setAttribute(session, "TASTE", "red").value());
  world.logShares(session);
  CHECK(idsOf(*world.engine, world.scratch.ranked.span()) ==
        std::vector<std::string>{"a", "b", "c", "d", "e", "f"});
}

TEST_CASE("rankings know attributes and context too") {
  World world(BundlePrecision::int8);
  Session session(world.engine->items(), 10);
  REQUIRE(world.engine->setAttribute(session, "TASTE", "blue").value());
  QueryRows context;
  REQUIRE(world.engine->setContext(context, "DEVICE", "tv").value());
  world.logShares(session, &context);
  const auto order = idsOf(*world.engine, world.scratch.ranked.span());
  const std::vector<uint32_t> all{0, 1, 2, 3, 4, 5};
  REQUIRE(world.engine->rank(session, all, world.scratch, &context).ok());
  CHECK(idsOf(*world.engine, world.scratch.ranked.span()) == order);
  REQUIRE(world.engine->rank(session, all, world.scratch).ok());
  CHECK(idsOf(*world.engine, world.scratch.ranked.span()) != order);
}

TEST_CASE("an answer does not depend on which scratch met the session before") {
  World world(BundlePrecision::int8);
  Session session(world.engine->items(), 10);
  REQUIRE(session.record("b", "click", 2, 0).ok());
  const auto first = world.logShares(session);
  world.scratch = Scratch();
  CHECK(world.logShares(session) == first);
}

TEST_CASE("attributes are not part of the history: clearing and restoring leave them") {
  World world(BundlePrecision::int8);
  Session session(world.engine->items(), 10);
  const auto plain = world.logShares(session);
  REQUIRE(world.engine->setAttribute(session, "TASTE", "red").value());
  const auto red = world.logShares(session);
  CHECK(red != plain);
  Buffer<uint8_t> saved;
  REQUIRE(session.save(saved).ok());
  session.clear();
  CHECK(world.logShares(session) == red);
  REQUIRE(session.restore(saved.span()).ok());
  CHECK(world.logShares(session) == red);
}

TEST_CASE("warm requests with attributes and context reuse their memory") {
  World world(BundlePrecision::int8);
  Session session(world.engine->items(), 10);
  QueryRows context;
  const auto ask = [&](const char* taste, const char* device) {
    REQUIRE(world.engine->setAttribute(session, "TASTE", taste).ok());
    context.clear();
    REQUIRE(world.engine->setContext(context, "DEVICE", device).ok());
    REQUIRE(world.engine->recommend(session, {.numResults = 6, .context = &context}, world.scratch).ok());
    return std::vector<const void*>{world.scratch.vector.data(), world.scratch.scores.data(),
                                    world.scratch.ranked.data(), world.scratch.numbers.data(),
                                    context.rows().data(), session.attributes().rows().data()};
  };
  const auto places = ask("red", "tv");
  for (int i = 0; i < 50; ++i)
    CHECK(ask(i % 3 == 0 ? "blue|red" : "green", i % 2 == 0 ? "phone|tv" : "tv") == places);
}

TEST_CASE("query vectors of a wrong size or without bounds are refused") {
  const auto refused = [](const std::function<void(BundleBuilder&)>& spoil) {
    BundleBuilder bundle = SampleTransformer().builder(BundlePrecision::float32);
    const uint32_t column = bundle.addQueryColumn("A", QueryKind::User, ColumnType::Boolean);
    bundle.add(SectionKind::QueryEdges, std::vector<double>{0.5}, column);
    bundle.add(SectionKind::QueryVectors, std::vector<float>(2 * kWidth));
    bundle.add(SectionKind::StartVector, std::vector<float>(kWidth));
    REQUIRE(Engine::open(aligned(bundle.finish()).span()).ok());
    spoil(bundle);
    const Buffer<uint8_t> bytes = aligned(bundle.finish());
    const auto engine = Engine::open(bytes.span());
    return !engine.ok() && engine.error().code == ErrorCode::CorruptBundle;
  };
  using Floats = std::vector<float>;
  CHECK(refused([](auto& b) { b.add(SectionKind::QueryVectors, Floats(kWidth)); }));
  CHECK(refused([](auto& b) { b.add(SectionKind::QueryVectors, Floats(2 * kWidth, NAN)); }));
  CHECK(refused([](auto& b) { b.add(SectionKind::QueryVectors, Floats(2 * kWidth, 1e9f)); }));
  CHECK(refused([](auto& b) { b.add(SectionKind::QueryVectorScales, Floats(2)); }));
  CHECK(refused([](auto& b) { b.add(SectionKind::StartVector, Floats(kWidth + 1)); }));
  CHECK(refused([](auto& b) { b.addQueryColumn("B", QueryKind::User, ColumnType::Boolean); }));
}
