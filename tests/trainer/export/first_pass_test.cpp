#include "trainer/export/first_pass.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "runtime/base/code_scan.h"
#include "runtime/base/random.h"
#include "tests/bench/random_model.h"
#include "tests/support/sample.h"
#include "trainer/export/item_codes.h"

using namespace attune;
using namespace attune::testing;
using namespace attune::trainer;
using attune::bench::RandomModel;

namespace {

const RandomModel kModel{.items = 80000, .layers = 1, .history = 20, .codes = true};

/// The bundle of kModel, made once.
std::span<const uint8_t> bundleBytes() {
  static const Buffer<uint8_t> bytes = aligned(kModel.bundle());
  return bytes.span();
}

/// It, open.
struct Opened {
  std::span<const uint8_t> bytes = bundleBytes();
  Owned<Engine> engine = std::move(Engine::open(bytes).value());
  Scratch scratch;

  std::vector<Scored> list(uint64_t history, const Filter* filter, bool exact,
                           const ListControls& controls = {}) {
    const std::vector<uint32_t> items = kModel.randomHistory(1000 + history);
    Session session(engine->items(), 50);
    int64_t time = 0;
    for (const uint32_t item : items)
      REQUIRE(session.record(engine->items()[item], "click", ++time, 0).ok());
    REQUIRE(engine->recommend(session, {.filter = filter, .controls = controls, .exact = exact}, scratch)
                .ok());
    return {scratch.ranked.begin(), scratch.ranked.end()};
  }
  /// Over 40 lists: the share of the exact items that the first pass finds, and the mean difference
  /// between the two scores of one of them, as a share.
  std::pair<double, double> agreement(const Filter* filter) {
    size_t found = 0, all = 0;
    double difference = 0;
    for (uint64_t history = 0; history < 40; ++history) {
      const auto exact = list(history, filter, true), quick = list(history, filter, false);
      all += exact.size();
      for (const Scored& one : exact)
        for (const Scored& other : quick) {
          if (other.item != one.item) continue;
          ++found;
          difference += std::abs(static_cast<double>(other.score / one.score) - 1);
        }
    }
    return {static_cast<double>(found) / static_cast<double>(all),
            difference / static_cast<double>(found)};
  }
};

}  // namespace

TEST_CASE("codes name the points themselves where four numbers take no more than 16 values") {
  Random random(1);
  std::vector<int8_t> rows;
  for (size_t i = 0; i < 1000 * 16; ++i)
    rows.push_back(static_cast<int8_t>(i % 2 == 0 ? 20 * random.below(4) : 0));
  const ItemCodes codes = codeItems(rows, 16, 16);
  for (size_t row = 0; row < 1000; ++row)
    for (size_t i = 0; i < 16; ++i) {
      const uint8_t byte = codes.codes[(row / 16 * 2 + i / 8) * 16 + row % 16];
      const size_t code = i / 4 % 2 == 0 ? byte & 15u : byte >> 4;
      CHECK(codes.points[(i / 4 * 16 + code) * 4 + i % 4] == Approx(rows[row * 16 + i]).margin(1e-4));
    }
}

TEST_CASE("the same rows have the same codes, and few rows are no trouble") {
  const std::vector<int8_t> rows = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
  const ItemCodes codes = codeItems(rows, 13, 16);
  CHECK(codes.codes.size() == 2 * 16);
  CHECK(codes.codes == codeItems(rows, 13, 16).codes);
  CHECK(codes.points == codeItems(rows, 13, 16).points);
}

TEST_CASE("lists by codes have nearly all items of the exact ones, with nearly their scores") {
  Opened open;
  CHECK(open.engine->model().shortlist() >= 256);
  CHECK(open.engine->model().shortlist() <= 5000);
  const auto [recall, difference] = open.agreement(nullptr);
  CHECK(recall >= 0.95);
  CHECK(difference < 0.05);
}

TEST_CASE("a filter is heard before the shortlist is made, so it is full of what passes") {
  Opened open;
  FilterHint hint;
  const auto filter = open.engine->compileFilter(
      R"(INCLUDE ItemID WHERE Items.CATEGORY IN ("value 3"))", FilterLanguage::extended, hint);
  REQUIRE(filter.ok());
  CHECK(open.list(0, &filter.value(), false).size() == 25);
  CHECK(open.agreement(&filter.value()).first >= 0.99);
}

TEST_CASE("controls work on the shortlist: promotions keep their share, diversity its length") {
  Opened open;
  FilterHint hint;
  const auto filter = open.engine->compileFilter(
      R"(INCLUDE ItemID WHERE Items.CATEGORY IN ("value 3"))", FilterLanguage::extended, hint);
  REQUIRE(filter.ok());
  const Promotion promotion{&filter.value(), nullptr, 20};
  ListControls controls;
  controls.promotions = {&promotion, 1};
  controls.diversity = 0.5f;
  const auto list = open.list(1, nullptr, false, controls);
  CHECK(list.size() == 25);
  size_t promoted = 0;
  for (const ListMark& mark : open.scratch.listMarks) promoted += mark.how == ListMark::kPromoted;
  CHECK(promoted == 5);
  std::set<uint32_t> different;
  for (const Scored& one : list) different.insert(one.item);
  CHECK(different.size() == 25);
}

TEST_CASE("codes are sections that readers may skip, and a copy of a bundle keeps them") {
  const Opened open;
  const Bundle& bundle = open.engine->bundle();
  for (const schema::Section* section : *bundle.header().sections())
    if (section->kind() == SectionKind::ItemCodes || section->kind() == SectionKind::ItemCodePoints)
      CHECK(section->flags() == 1);
  CHECK(bundle.has(SectionKind::ItemCodePoints));
  const std::vector<uint8_t> copy = BundleBuilder::copyOf(bundle).finish();
  CHECK(std::equal(copy.begin(), copy.end(), open.bytes.begin(), open.bytes.end()));
}

TEST_CASE("a bundle with damaged codes is refused") {
  const Opened open;
  const auto refused = [](const BundleBuilder& bundle) {
    const Buffer<uint8_t> bytes = aligned(bundle.finish());
    const auto engine = Engine::open(bytes.span());
    return !engine.ok() && engine.error().code == ErrorCode::CorruptBundle;
  };
  BundleBuilder bundle = BundleBuilder::copyOf(open.engine->bundle());
  bundle.setShortlist(0);
  CHECK(refused(bundle));
  bundle.setShortlist((1u << 20) + 1);
  CHECK(refused(bundle));
  bundle.setShortlist(256);
  CHECK_FALSE(refused(bundle));
  bundle.add(SectionKind::ItemCodes, std::vector<uint8_t>(79984 * 8));
  CHECK(refused(bundle));
  bundle = BundleBuilder::copyOf(open.engine->bundle());
  bundle.add(SectionKind::ItemCodePoints, std::vector<float>(16 * 16 * 4, 129.0f));
  CHECK(refused(bundle));
  bundle.remove(SectionKind::ItemCodePoints);
  CHECK(refused(bundle));
}

TEST_CASE("float vectors get no codes: their scan is exact") {
  RandomModel model = kModel;
  model.precision = BundlePrecision::float32;
  const Buffer<uint8_t> bytes = aligned(model.bundle());
  const auto engine = Engine::open(bytes.span());
  REQUIRE(engine.ok());
  CHECK_FALSE(engine.value()->bundle().has(SectionKind::ItemCodes));
  CHECK(engine.value()->model().shortlist() == 0);
}
