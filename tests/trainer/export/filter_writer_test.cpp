#include "trainer/export/filter_writer.h"

#include <catch2/catch.hpp>

#include "tests/support/sample.h"
#include "trainer/base/errors.h"
#include "trainer/export/sha256.h"

using namespace attune;
using namespace attune::testing;
using namespace attune::trainer;

namespace {

const FilterTexts kFilters = {
    {"cheap", "INCLUDE ItemID WHERE Items.PRICE < 3"},
    {"unseen", "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (\"*\")"}};

/// A bundle of each model, and one with everything that any of them may have beside it.
std::vector<BundleBuilder> samples() {
  std::vector<BundleBuilder> all;
  for (const ModelKind model :
       {ModelKind::Popularity, ModelKind::Neighbours, ModelKind::Transformer, ModelKind::Recurrent})
    all.push_back(sampleBuilder(model));
  BundleBuilder& whole = all.emplace_back(sampleBuilder(ModelKind::Transformer));
  const uint32_t taste = whole.addQueryColumn("TASTE", QueryKind::User, ColumnType::Categorical);
  whole.addStrings(SectionKind::QueryValueText, SectionKind::QueryValueOffsets,
                   std::vector<std::string>{"blue", "red"}, taste);
  whole.add(SectionKind::QueryVectors, std::vector<float>(2 * 8, 0.5f));
  whole.add(SectionKind::StartVector, std::vector<float>(8, 0.25f));
  whole.add(SectionKind::ColdPrior, std::vector<float>(6, 0.5f));
  whole.setBlend({0.8f, 0, 0.1f, 0.7f, 0.3f});
  return all;
}

std::vector<uint8_t> edited(const std::vector<uint8_t>& file, const FilterTexts& filters) {
  const Buffer<uint8_t> bytes = aligned(file);
  const auto bundle = Bundle::open(bytes.span());
  REQUIRE(bundle.ok());
  return withFilters(bundle.value(), bytes.span(), filters);
}

FilterTexts filtersIn(const std::vector<uint8_t>& file) {
  const Buffer<uint8_t> bytes = aligned(file);
  const auto engine = Engine::open(bytes.span());
  REQUIRE(engine.ok());
  return textsOf(engine.value()->namedFilters());
}

}  // namespace

TEST_CASE("a copy of a bundle is written with the same bytes") {
  for (const BundleBuilder& sample : samples()) {
    const std::vector<uint8_t> file = sample.finish();
    const Buffer<uint8_t> bytes = aligned(file);
    CHECK(BundleBuilder::copyOf(Bundle::open(bytes.span()).value()).finish() == file);
  }
}

TEST_CASE("filters put into a bundle give the bytes of one that was written with them") {
  for (const BundleBuilder& sample : samples()) {
    BundleBuilder with = sample;
    writeFilters(kFilters, with);
    const std::vector<uint8_t> file = sample.finish();
    const std::vector<uint8_t> changed = edited(file, kFilters);
    CHECK(changed == with.finish());
    CHECK(filtersIn(changed) == kFilters);
    CHECK(edited(changed, {}) == file);
  }
}

TEST_CASE("the order of changes leaves no trace") {
  const std::vector<uint8_t> file = sampleBuilder().finish();
  const FilterTexts other = {{"dear", "EXCLUDE ItemID WHERE Items.PRICE < 3"}};
  CHECK(edited(edited(file, other), kFilters) == edited(file, kFilters));
}

TEST_CASE("only the sections of the filters change, and a reader may skip them") {
  const std::vector<uint8_t> file = sampleBuilder().finish();
  const Buffer<uint8_t> before = aligned(file);
  const Buffer<uint8_t> after = aligned(edited(file, kFilters));
  const Bundle old = Bundle::open(before.span()).value();
  const Bundle fresh = Bundle::open(after.span()).value();
  CHECK(fresh.provenance() == old.provenance());
  uint32_t kept = 0;
  for (const schema::Section* section : *fresh.header().sections()) {
    const auto bytes = fresh.bytes(section->kind(), section->column()).value();
    const Sha256 hash = sha256(bytes);
    CHECK(std::equal(hash.begin(), hash.end(), section->sha256()->begin()));
    if (section->kind() >= SectionKind::FilterNameText) {
      CHECK(section->flags() == 1);
      continue;
    }
    ++kept;
    const auto same = old.bytes(section->kind(), section->column()).value();
    CHECK(std::equal(bytes.begin(), bytes.end(), same.begin(), same.end()));
  }
  CHECK(kept == old.header().sections()->size());
}

TEST_CASE("sections that this version does not know are kept") {
  BundleBuilder newer = sampleBuilder();
  const auto unknown = static_cast<SectionKind>(60'000);
  newer.add(unknown, std::vector<uint8_t>{1, 2, 3});
  Buffer<uint8_t> bytes = aligned(newer.finish());
  // The builder knows no such kind, so it demands that readers do: its flag is set by hand.
  const auto* sections = schema::GetBundle(bytes.data())->sections();
  auto* last = const_cast<schema::Section*>(sections->Get(sections->size() - 1));
  reinterpret_cast<uint8_t*>(last)[3] = 1;
  REQUIRE(last->kind() == unknown);
  REQUIRE(last->flags() == 1);
  const std::vector<uint8_t> file(bytes.begin(), bytes.end());
  const std::vector<uint8_t> changed = edited(file, kFilters);
  CHECK(filtersIn(changed) == kFilters);
  CHECK(edited(changed, {}) == file);
}

TEST_CASE("a bundle that cannot be written as it is, is not changed") {
  std::vector<uint8_t> file = sampleBuilder().finish();
  file.back() = 1;  // in the gap behind the last section, which no reader looks at
  const Buffer<uint8_t> bytes = aligned(file);
  const auto bundle = Bundle::open(bytes.span());
  REQUIRE(bundle.ok());
  CHECK_THROWS_AS(withFilters(bundle.value(), bytes.span(), kFilters), UserError);
}
