#include "runtime/models/blend.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "tests/support/sample.h"

using namespace attune;
using namespace attune::testing;
using trainer::BundleBuilder;
using trainer::BundlePrecision;

namespace {

const std::vector<float> kPrior{0.1f, -0.2f, 0.3f, -0.4f, 0.5f, -0.6f};
const std::vector<float> kColdPrior{3, 0, 0, 0, 0, 9};

/// The sample transformer with the sample's neighbour lists (a -> b 200, c 100; b -> a 255;
/// c -> d 10, all over 255), priors and a weight for everything.
BundleBuilder blendedBuilder(const BlendConfig& config, BundlePrecision precision) {
  BundleBuilder bundle = SampleTransformer().builder(precision);
  bundle.setBlend(config);
  bundle.add(SectionKind::NeighbourOffsets, std::vector<uint32_t>{0, 2, 3, 4, 4, 4, 4});
  bundle.addIndexes(SectionKind::NeighbourItems, std::vector<uint32_t>{1, 2, 0, 3}, 6);
  bundle.add(SectionKind::NeighbourWeights, std::vector<uint8_t>{200, 100, 255, 10});
  bundle.add(SectionKind::NeighbourScales, std::vector<float>(6, 1.0f / 255));
  bundle.add(SectionKind::ItemPrior, kPrior);
  bundle.add(SectionKind::ColdPrior, kColdPrior);
  return bundle;
}

constexpr BlendConfig kConfig{.sequence = 0.5f,
                              .neighbours = 2,
                              .neighbourScale = 0.1f,
                              .recencyDecay = 0.5f,
                              .repeat = 0.7f};

struct Open {
  explicit Open(BundleBuilder builder) : bytes(aligned(builder.finish())) {}
  Buffer<uint8_t> bytes;
  Owned<Engine> engine = std::move(Engine::open(bytes.span()).value());
};

/// Logits up to a constant: logs of the shares of all items, by item.
std::vector<double> logShares(const Engine& engine, const std::vector<uint32_t>& history) {
  Session session(engine.items(), 100);
  int64_t time = 0;
  for (const uint32_t item : history)
    REQUIRE(session.record(engine.items()[item], "click", ++time, 1).ok());
  Scratch scratch;
  REQUIRE(engine.recommend(session, {.numResults = 6}, scratch).ok());
  std::vector<double> logs(6);
  for (const Scored& one : scratch.ranked)
    logs[one.item] = std::log(static_cast<double>(one.score));
  return logs;
}

/// The formula of blend.h on top of the plain model's logits.
std::vector<double> expected(std::vector<double> logs, const std::vector<uint32_t>& history) {
  const std::map<uint32_t, std::map<uint32_t, double>> lists{
      {0, {{1, 200}, {2, 100}}}, {1, {{0, 255}}}, {2, {{3, 10}}}};
  std::vector<double> near(6), times(6);
  double weight = 1;
  for (size_t i = history.size(); i-- > 0;) {
    if (times[history[i]]++ > 0) continue;
    if (lists.count(history[i]) > 0)
      for (const auto& [item, bytes] : lists.at(history[i])) near[item] += weight * bytes / 255;
    weight *= 0.5;
  }
  for (size_t i = 0; i < 6; ++i)
    logs[i] = 0.5 * logs[i] + 2 * std::log1p(near[i] / 0.1) + static_cast<double>(kPrior[i]) +
              0.7 * std::log1p(times[i]);
  return logs;
}

void checkEqualUpToConstant(const std::vector<double>& a, const std::vector<double>& b) {
  for (size_t i = 1; i < a.size(); ++i) CHECK(a[i] - a[0] == Approx(b[i] - b[0]).margin(2e-5));
}

}  // namespace

TEST_CASE("a blend adds neighbours, prior and repeats to the sequence model's logits") {
  const auto precision = GENERATE(BundlePrecision::int8, BundlePrecision::float32);
  const Open plain(SampleTransformer().builder(precision));
  const Open blended(blendedBuilder(kConfig, precision));
  const std::vector<uint32_t> history =
      GENERATE(std::vector<uint32_t>{0}, std::vector<uint32_t>{3, 1, 0, 1},
               std::vector<uint32_t>{2, 2, 2, 4, 0});
  checkEqualUpToConstant(logShares(*blended.engine, history),
                         expected(logShares(*plain.engine, history), history));
}

TEST_CASE("a blend without neighbour lists and priors only scales the logits") {
  BundleBuilder builder = SampleTransformer().builder(BundlePrecision::int8);
  builder.setBlend({.sequence = 0.25f});
  const Open plain(SampleTransformer().builder(BundlePrecision::int8));
  const Open scaled(std::move(builder));
  std::vector<double> logs = logShares(*plain.engine, {0, 4});
  for (double& log : logs) log *= 0.25;
  checkEqualUpToConstant(logShares(*scaled.engine, {0, 4}), logs);
}

TEST_CASE("a user without known events gets the cold prior and no other part of a blend") {
  const Open plain(SampleTransformer().builder(BundlePrecision::int8));
  const Open blended(blendedBuilder(kConfig, BundlePrecision::int8));
  std::vector<double> logs = logShares(*plain.engine, {});
  for (size_t i = 0; i < 6; ++i) logs[i] += static_cast<double>(kColdPrior[i]);
  checkEqualUpToConstant(logShares(*blended.engine, {}), logs);
}

TEST_CASE("a copy within a second is no repeat to a blend") {
  const Open blended(blendedBuilder(kConfig, BundlePrecision::int8));
  Session once(blended.engine->items(), 10), twice(blended.engine->items(), 10);
  for (Session* session : {&once, &twice}) {
    REQUIRE(session->record("b", "click", 1, 1).ok());
    REQUIRE(session->record("a", "click", 2, 1).ok());
  }
  REQUIRE(twice.record("a", "watch", 2, 1).ok());
  Scratch a, b;
  REQUIRE(blended.engine->recommend(once, {.numResults = 6}, a).ok());
  REQUIRE(blended.engine->recommend(twice, {.numResults = 6}, b).ok());
  for (size_t i = 0; i < 6; ++i) {
    CHECK(a.ranked[i].item == b.ranked[i].item);
    CHECK(a.ranked[i].score == b.ranked[i].score);
  }
}

TEST_CASE("what one request has added is gone in the next one with the same scratch") {
  const Open blended(blendedBuilder(kConfig, BundlePrecision::int8));
  const Engine& engine = *blended.engine;
  Session first(engine.items(), 10), second(engine.items(), 10);
  REQUIRE(first.record("a", "click", 1, 1).ok());
  REQUIRE(second.record("e", "click", 1, 1).ok());
  Scratch used, fresh;
  REQUIRE(engine.recommend(first, {.numResults = 6}, used).ok());
  REQUIRE(engine.recommend(second, {.numResults = 6}, used).ok());
  REQUIRE(engine.recommend(second, {.numResults = 6}, fresh).ok());
  REQUIRE(used.ranked.size() == fresh.ranked.size());
  for (size_t i = 0; i < fresh.ranked.size(); ++i) {
    CHECK(used.ranked[i].item == fresh.ranked[i].item);
    CHECK(used.ranked[i].score == fresh.ranked[i].score);
  }
}

TEST_CASE("a blend out of range, without its lists or without a sequence model is refused") {
  const auto opens = [](BundleBuilder builder) {
    const Buffer<uint8_t> bytes = aligned(builder.finish());
    return Engine::open(bytes.span()).ok();
  };
  CHECK(opens(blendedBuilder(kConfig, BundlePrecision::int8)));
  BlendConfig config = kConfig;
  SECTION("a negative weight of the sequence") { config.sequence = -1; }
  SECTION("a weight that is no number") { config.neighbours = std::nanf(""); }
  SECTION("a scale of zero") { config.neighbourScale = 0; }
  SECTION("a decay above one") { config.recencyDecay = 1.5f; }
  SECTION("a huge weight of repeats") { config.repeat = 1e9f; }
  if (config.sequence != kConfig.sequence || !(config.neighbours == kConfig.neighbours) ||
      config.neighbourScale != kConfig.neighbourScale ||
      config.recencyDecay != kConfig.recencyDecay || config.repeat != kConfig.repeat)
    CHECK_FALSE(opens(blendedBuilder(config, BundlePrecision::int8)));
  BundleBuilder listless = SampleTransformer().builder(BundlePrecision::int8);
  listless.setBlend(kConfig);
  CHECK_FALSE(opens(std::move(listless)));
  BundleBuilder neighbours = sampleBuilder(ModelKind::Neighbours);
  neighbours.setBlend(kConfig);
  CHECK_FALSE(opens(std::move(neighbours)));
}
