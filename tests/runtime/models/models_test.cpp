#include <catch2/catch.hpp>

#include "tests/support/sample.h"

using namespace attune;
using namespace attune::testing;

namespace {

struct Asked : OpenSample {
  using OpenSample::OpenSample;

  /// The ranked list for a user with these past items, oldest first.
  std::vector<std::string> recommend(const std::vector<const char*>& past, uint32_t count = 6) {
    Session session(engine->items(), 100);
    for (const char* id : past) REQUIRE(session.record(id, "click", 1, 0).ok());
    REQUIRE(engine->recommend(session, {.numResults = count}, scratch).ok());
    return idsOf(*engine, scratch.ranked.span());
  }
  float scoreOf(const char* id) const {
    for (const Scored& one : scratch.ranked)
      if (engine->items()[one.item] == id) return one.score;
    FAIL("not in the list");
    return 0;
  }
};

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE("popularity ranks by the share of users, whoever asks") {
  Asked asked(ModelKind::Popularity);
  CHECK(asked.recommend({}) == Ids{"a", "b", "c", "d", "e", "f"});
  CHECK(asked.recommend({"f", "e"}) == Ids{"a", "b", "c", "d", "e", "f"});
  CHECK(asked.scoreOf("a") == Approx(0.5));
  CHECK(asked.scoreOf("f") == 0);
}

TEST_CASE("neighbours of the past items come first, popular items fill the list up") {
  Asked asked(ModelKind::Neighbours);
  CHECK(asked.recommend({"c"}) == Ids{"d", "a", "b", "c", "e", "f"});
  CHECK(asked.scoreOf("d") == Approx(10.0 / 255 + 0.001 * 0.2));
  CHECK(asked.scoreOf("a") == Approx(0.001 * 0.5));
}

TEST_CASE("a past item weighs half of the next newer one, and counts once however often it came") {
  Asked asked(ModelKind::Neighbours);
  asked.recommend({"a", "c"});
  CHECK(asked.scoreOf("b") == Approx(0.5 * 200 / 255 + 0.001 * 0.4));
  CHECK(asked.scoreOf("d") == Approx(10.0 / 255 + 0.001 * 0.2));
  asked.recommend({"a", "c", "c", "c"});
  CHECK(asked.scoreOf("b") == Approx(0.5 * 200 / 255 + 0.001 * 0.4));
}

TEST_CASE("a user without history, or with items nobody knows, gets popular items") {
  Asked asked(ModelKind::Neighbours);
  CHECK(asked.recommend({}) == Ids{"a", "b", "c", "d", "e", "f"});
  CHECK(asked.recommend({"unknown"}) == Ids{"a", "b", "c", "d", "e", "f"});
}

TEST_CASE("requests leave nothing behind in the scratch they share") {
  Asked asked(ModelKind::Neighbours);
  const Ids first = asked.recommend({"a", "b"});
  asked.recommend({"c"});
  CHECK(asked.recommend({"a", "b"}) == first);
}

TEST_CASE("likeness is a neighbour's weight by that of the nearest, whoever of the two is asked") {
  Asked asked(ModelKind::Neighbours);
  const auto likeness = [&](uint32_t a, uint32_t b) { return asked.engine->model().similarity(a, b); };
  CHECK(likeness(0, 1) == Approx(0.2));  // a -> b 200, c 100; b -> a
  CHECK(likeness(0, 2) == Approx(0.2 * 100 / 200));
  CHECK(likeness(2, 0) == likeness(0, 2));
  CHECK(likeness(2, 3) == likeness(0, 1));  // however little the nearest weighs
  CHECK(likeness(3, 4) == 0);
}

TEST_CASE("exact weights give the same order as quantised ones here") {
  trainer::BundleBuilder exact(6, "sims", ModelKind::Neighbours);
  const trainer::Dataset data = sampleDataset();
  trainer::writeCatalogue(data, trainer::ItemOrder(data.items), {}, exact);
  exact.add(SectionKind::ItemUserCounts, std::vector<uint32_t>{5, 4, 3, 2, 1, 0});
  exact.setPopularity(10);
  exact.add(SectionKind::NeighbourOffsets, std::vector<uint32_t>{0, 2, 3, 4, 4, 4, 4});
  exact.addIndexes(SectionKind::NeighbourItems, std::vector<uint32_t>{1, 2, 0, 3}, 6);
  exact.add(SectionKind::NeighbourWeights, std::vector<float>{.8f, .4f, 1.f, .04f});
  exact.setNeighbours(0.5f, 0.001f);
  const Buffer<uint8_t> bytes = aligned(exact.finish());
  const auto engine = Engine::open(bytes.span());
  REQUIRE(engine.ok());
  Scratch scratch;
  REQUIRE(engine.value()->related(0, nullptr, {.numResults = 2}, scratch).ok());
  CHECK(idsOf(*engine.value(), scratch.ranked.span()) == Ids{"b", "c"});
}
