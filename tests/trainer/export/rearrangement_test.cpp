#include "trainer/export/rearrangement.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <random>

#include "trainer/export/bundle_builder.h"
#include "trainer/export/delta.h"

using namespace attune;
using namespace attune::trainer;

namespace {

using Bytes = std::vector<uint8_t>;

std::optional<Bytes> arranged(const Bytes& older, const Rearrangement& tables) {
  return rearranged(older, tables, 1000);
}

/// Of four items the second goes, and two come after the third.
const std::vector<ItemRun> kRuns = {{1, 1, 0}, {1, 0, 2}, {1, 0, 0}};

/// A bundle of a thousand items, or of these without each twentieth. An item's vector and list say the
/// same in both; lists name none of the twentieths.
Bytes bundleOf(bool all) {
  std::vector<std::string> ids;
  std::vector<uint32_t> numbers(1000, ~0u), counts, offsets{0}, neighbours;
  for (uint32_t i = 0; i < 1000; ++i)
    if (all || i % 20 != 0) {
      numbers[i] = static_cast<uint32_t>(ids.size());
      ids.push_back("item-" + std::string(i < 10 ? 2 : i < 100 ? 1 : 0, '0') + std::to_string(i));
    }
  std::vector<int8_t> vectors;
  std::vector<uint8_t> weights;
  for (uint32_t i = 0; i < 1000; ++i) {
    if (numbers[i] == ~0u) continue;
    std::mt19937 draw(i);
    for (int k = 0; k < 64; ++k) vectors.push_back(static_cast<int8_t>(draw()));
    for (int k = 0; k < 20; ++k) {
      const uint32_t other = draw() % 1000;
      neighbours.push_back(numbers[other % 20 == 0 ? other + 1 : other]);
      weights.push_back(static_cast<uint8_t>(draw()));
    }
    offsets.push_back(static_cast<uint32_t>(neighbours.size()));
    counts.push_back(draw() % 1000);
  }
  const auto count = static_cast<uint32_t>(ids.size());
  BundleBuilder bundle(count, "sims", ModelKind::Neighbours);
  bundle.addStrings(SectionKind::ItemIdText, kItemIdRows, ids);
  bundle.add(SectionKind::ItemUserCounts, counts);
  bundle.setPopularity(5);
  bundle.setNeighbours(0.5f, 0.001f);
  bundle.add(SectionKind::NeighbourOffsets, offsets);
  bundle.addIndexes(SectionKind::NeighbourItems, neighbours, count);
  bundle.add(SectionKind::NeighbourWeights, weights);
  bundle.add(SectionKind::NeighbourScales, std::vector<float>(count, 0.01f));
  bundle.add(SectionKind::ItemVectors, vectors);
  bundle.add(SectionKind::ItemVectorScales, std::vector<float>(count, 0.01f));
  return bundle.finish();
}

}  // namespace

TEST_CASE("rows of items that stay are taken over, those of new items are 0") {
  const Bytes older = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  const auto rows = arranged(older, {kRuns, {{StepKind::rows, 2, 4}}, {}});
  CHECK(*rows == Bytes{1, 2, 5, 6, 0, 0, 0, 0, 7, 8, 9});
}

TEST_CASE("numbers of items are their new ones, and others stay") {
  const auto bytes = arranged({3, 1, 0, 2, 4, 250}, {kRuns, {{StepKind::numbers, 1, 6}}, {}});
  CHECK(*bytes == Bytes{4, 1, 0, 1, 4, 250});
  const auto wide = arranged({3, 0, 3, 1, 2, 0, 0, 0}, {kRuns, {{StepKind::numbers, 2, 2}, {StepKind::numbers, 4, 1}}, {}});
  CHECK(*wide == Bytes{4, 0, 3, 1, 1, 0, 0, 0});
}

TEST_CASE("offsets become lengths of rows, and sums of them offsets") {
  const auto word = [](uint32_t value) { return Bytes{static_cast<uint8_t>(value), static_cast<uint8_t>(value >> 8), 0, 0}; };
  Bytes older, wanted;
  for (const uint32_t offset : {0u, 250u, 260u, 600u, 601u})
    for (const uint8_t byte : word(offset)) older.push_back(byte);
  for (const uint32_t length : {0u, 250u, 340u, 0u, 0u, 1u})
    for (const uint8_t byte : word(length)) wanted.push_back(byte);
  auto bytes = arranged(older, {kRuns, {{StepKind::offsets, 4, 5}}, {}});
  REQUIRE(bytes);
  CHECK(*bytes == wanted);
  const std::vector<OffsetRange> all = {{0, 6}};
  sumUp(*bytes, all);
  CHECK((*bytes)[20] == (591 & 255));
  CHECK((*bytes)[21] == 591 >> 8);
  differ(*bytes, all);
  CHECK(*bytes == wanted);
}

TEST_CASE("tables that do not fit are refused") {
  const Bytes older(40, 1);
  const auto refused = [&](const Rearrangement& tables) { return !arranged(older, tables); };
  CHECK(refused({kRuns, {{StepKind::rows, 2, 5}}, {}}));           // other rows than items
  CHECK(refused({kRuns, {{StepKind::rows, 11, 4}}, {}}));          // more than there is
  CHECK(refused({kRuns, {{StepKind::rows, 0, 4}}, {}}));           // of nothing
  CHECK(refused({kRuns, {{StepKind::offsets, 4, 4}}, {}}));        // no end of the last row
  CHECK(refused({kRuns, {{StepKind::offsets, 2, 5}}, {}}));        // of another width
  CHECK(refused({kRuns, {{StepKind::numbers, 3, 4}}, {}}));        // of another width
  CHECK(refused({kRuns, {{StepKind::bytes, 1, 41}}, {}}));         // more than there is
  CHECK(refused({kRuns, {{StepKind::bytes, 0xffffffff, 0xffffffff}}, {}}));
  CHECK(refused({kRuns, {{static_cast<StepKind>(4), 1, 1}}, {}}));  // no such step
  CHECK(refused({{{1, 0, 0}, {0, 0, 0}}, {}, {}}));                // a run of nothing
  CHECK(refused({{{41, 0, 0}}, {}, {}}));                          // more items than bytes
  CHECK(refused({{{0, 0, 1001}}, {}, {}}));                        // more than may be made
  CHECK(refused({{{4, 0, 0xffffffff}}, {{StepKind::rows, 8, 4}}, {}}));
  CHECK(refused({{{4, 0, 200}}, {{StepKind::rows, 8, 4}}, {}}));   // rows for more than may be
  CHECK(arranged(older, {kRuns, {{StepKind::rows, 10, 4}}, {}}));
  CHECK(arranged(older, {}) == older);
}

TEST_CASE("ranges of offsets are in order, apart, in the file and at multiples of 4") {
  CHECK(fits(std::vector<OffsetRange>{{0, 2}, {8, 1}}, 12));
  CHECK_FALSE(fits(std::vector<OffsetRange>{{0, 2}, {8, 2}}, 12));
  CHECK_FALSE(fits(std::vector<OffsetRange>{{0, 2}, {4, 1}}, 12));
  CHECK_FALSE(fits(std::vector<OffsetRange>{{8, 1}, {0, 1}}, 12));
  CHECK_FALSE(fits(std::vector<OffsetRange>{{2, 1}}, 12));
  CHECK_FALSE(fits(std::vector<OffsetRange>{{0, 0xffffffff}}, 12));
}

TEST_CASE("items that come between and go cost what is said of them and little more") {
  const Bytes all = bundleOf(true), fewer = bundleOf(false);
  for (const auto& [older, newer] : {std::pair{&fewer, &all}, std::pair{&all, &fewer}}) {
    const Bytes delta = makeDelta(*older, *newer);
    CHECK(*applyDelta(*older, delta, newer->size()) == *newer);
    // All item numbers of all lists are others, a quarter of the file. Each of the 50 items that come
    // brings 64 + 20 x 3 bytes that nobody can guess: 6,200.
    CHECK(delta.size() < (newer == &all ? 9000 : 2000));
  }
  const Bytes same = makeDelta(all, all);
  CHECK(same.size() < 300);
}

TEST_CASE("bytes that are no bundles are not rearranged") {
  const Rearrangement none = rearrangementOf(Bytes(64, 1), bundleOf(true));
  CHECK(none.runs.empty());
  CHECK(none.steps.empty());
  CHECK(none.offsets.empty());
}
