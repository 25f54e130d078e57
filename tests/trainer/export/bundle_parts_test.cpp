#include "trainer/export/bundle_parts.h"

#include <catch2/catch.hpp>

#include "tests/support/sample.h"

using namespace attune;
using namespace attune::testing;
using namespace attune::trainer;

namespace {

/// The parts one behind the other.
std::vector<uint8_t> joined(const std::vector<BundlePart>& parts) {
  std::vector<uint8_t> bytes;
  for (const BundlePart& part : parts)
    bytes.insert(bytes.end(), part.bytes.begin(), part.bytes.end());
  return bytes;
}

}  // namespace

TEST_CASE("a bundle's metadata are a part of their own, and its parts in order are the bundle") {
  const Buffer<uint8_t> bundle = sampleBundle();
  const std::vector<BundlePart> parts = partsOf(bundle.span(), 1, bundle.size());
  REQUIRE(parts.size() == 3);
  CHECK_FALSE(parts[0].metadata);
  CHECK(parts[1].metadata);
  CHECK_FALSE(parts[2].metadata);
  CHECK(joined(parts) == std::vector<uint8_t>(bundle.begin(), bundle.end()));
}

TEST_CASE("no part is longer than it may be, and none mixes metadata with what a model needs") {
  const Buffer<uint8_t> bundle = sampleBundle();
  const size_t metadata = partsOf(bundle.span(), 1, bundle.size())[1].bytes.size();
  for (const size_t most : {size_t{1}, size_t{100}, size_t{1000}}) {
    const std::vector<BundlePart> parts = partsOf(bundle.span(), 1, most);
    CHECK(joined(parts) == std::vector<uint8_t>(bundle.begin(), bundle.end()));
    size_t apart = 0;
    for (const BundlePart& part : parts) {
      CHECK(part.bytes.size() <= most);
      apart += part.metadata ? part.bytes.size() : 0;
    }
    CHECK(apart == metadata);
  }
}

TEST_CASE("metadata of fewer bytes than are worth a file stay where they are") {
  const Buffer<uint8_t> bundle = sampleBundle();
  const size_t metadata = partsOf(bundle.span(), 1, bundle.size())[1].bytes.size();
  CHECK(partsOf(bundle.span(), metadata, bundle.size()).size() == 3);
  const std::vector<BundlePart> whole = partsOf(bundle.span(), metadata + 1, bundle.size());
  REQUIRE(whole.size() == 1);
  CHECK_FALSE(whole[0].metadata);
}

TEST_CASE("a bundle without metadata, and bytes that are no bundle, have no part of them") {
  BundleBuilder bare(2, "popularity-count", ModelKind::Popularity);
  const Buffer<uint8_t> bundle = aligned(bare.finish());
  for (const BundlePart& part : partsOf(bundle.span(), 1, 50)) CHECK_FALSE(part.metadata);
  const Buffer<uint8_t> bytes = aligned(std::vector<uint8_t>(500, 7));
  CHECK(partsOf(bytes.span(), 1, 1000).size() == 1);
}

TEST_CASE("an engine opens without its metadata, whatever lies in their place, and takes them later") {
  const Buffer<uint8_t> bundle = sampleBundle();
  const auto whole = Engine::open(bundle.span());
  REQUIRE(whole.ok());
  Buffer<uint8_t> early = aligned({bundle.data(), bundle.size()});
  const std::span<const uint8_t> metadata = partsOf(bundle.span(), 1, bundle.size())[1].bytes;
  uint8_t* place = early.data() + (metadata.data() - bundle.data());
  std::fill_n(place, metadata.size(), uint8_t{0xFF});
  CHECK_FALSE(Engine::open(early.span()).ok());
  const auto opened = Engine::open(early.span(), MetadataTime::later);
  REQUIRE(opened.ok());
  Engine& engine = *opened.value();
  CHECK(engine.catalogue().columnCount() == 0);

  Session session(engine.items(), 10);
  REQUIRE(session.record("a", "click", 1, 0).ok());
  const auto best = [&](const Engine& of) {
    Scratch scratch;
    REQUIRE(of.recommend(session, {.numResults = 3}, scratch).ok());
    return std::vector<std::pair<uint32_t, float>>{{scratch.ranked[0].item, scratch.ranked[0].score},
                                                   {scratch.ranked[1].item, scratch.ranked[1].score}};
  };
  CHECK(best(engine) == best(*whole.value()));
  FilterHint hint;
  const auto compiled = [&](const char* text) {
    return engine.compileFilter(text, FilterLanguage::extended, hint).ok();
  };
  CHECK(compiled("EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (\"*\")"));
  CHECK_FALSE(compiled("INCLUDE ItemID WHERE Items.PRICE > 1"));

  const Status broken = engine.openMetadata();
  REQUIRE_FALSE(broken.ok());
  CHECK(broken.error().code == ErrorCode::CorruptBundle);
  CHECK(engine.catalogue().columnCount() == 0);
  CHECK(best(engine) == best(*whole.value()));

  std::copy(metadata.begin(), metadata.end(), place);
  REQUIRE(engine.openMetadata().ok());
  CHECK(engine.catalogue().columnCount() == whole.value()->catalogue().columnCount());
  CHECK(compiled("INCLUDE ItemID WHERE Items.PRICE > 1"));
}
