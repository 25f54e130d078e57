#include "trainer/export/bundle_builder.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "runtime/bundle/catalogue.h"
#include "tests/support/sample.h"
#include "trainer/base/errors.h"
#include "trainer/export/sha256.h"

using namespace attune;
using namespace attune::testing;
using namespace attune::trainer;

namespace {

const schema::Section& sectionOf(const schema::Bundle& header, SectionKind kind, uint32_t column) {
  for (const schema::Section* section : *header.sections())
    if (section->kind() == kind && section->column() == column) return *section;
  throw std::logic_error("no such section");
}

/// The type in which a column of these numbers is stored.
Element storedAs(const std::vector<double>& numbers) {
  Dataset data;
  for (size_t i = 0; i < numbers.size(); ++i) data.items.add(std::to_string(i));
  Column column{.name = "N", .kind = ColumnKind::real};
  column.numbers = numbers;
  data.itemColumns = {column};
  BundleBuilder builder(data.items.size(), "popularity-count", ModelKind::Popularity);
  writeCatalogue(data, ItemOrder(data.items), {}, builder);
  builder.add(SectionKind::ItemUserCounts, std::vector<uint32_t>(numbers.size(), 1));
  builder.setPopularity(1);
  const Buffer<uint8_t> bytes = aligned(builder.finish());
  const auto engine = Engine::open(bytes.span());
  REQUIRE(engine.ok());
  const CatalogueColumn& stored = engine.value()->catalogue().column(0);
  for (uint32_t i = 0; i < numbers.size(); ++i) {
    CHECK(stored.isNull(i) == std::isnan(numbers[i]));
    if (!std::isnan(numbers[i])) CHECK(stored.numbers[i] == numbers[i]);
  }
  return sectionOf(engine.value()->bundle().header(), SectionKind::ColumnNumbers, 0).element();
}

}  // namespace

TEST_CASE("numbers are stored in the narrowest type that keeps them exactly") {
  CHECK(storedAs({0, 254, NAN}) == Element::U8);
  CHECK(storedAs({0, 255}) == Element::U16);
  CHECK(storedAs({65534, NAN}) == Element::U16);
  CHECK(storedAs({-1, 5}) == Element::I32);
  CHECK(storedAs({2147483647, NAN}) == Element::I32);
  CHECK(storedAs({2147483648.0}) == Element::F32);
  CHECK(storedAs({1.5, NAN}) == Element::F32);
  CHECK(storedAs({3.99}) == Element::F64);
  CHECK(storedAs({9007199254740991.0, NAN}) == Element::F64);
}

TEST_CASE("where ids and lists begin takes a byte each, nothing for one each and offsets for long ones") {
  const auto stored = [](const std::vector<uint32_t>& lengths) {
    BundleBuilder builder(static_cast<uint32_t>(lengths.size()), "sims", ModelKind::Neighbours);
    builder.addRows(kColumnCodeRows, lengths);
    const Buffer<uint8_t> bytes = aligned(builder.finish());
    const auto bundle = Bundle::open(bytes.span());
    REQUIRE(bundle.ok());
    std::vector<SectionKind> kinds;
    for (const schema::Section* section : *bundle.value().header().sections())
      kinds.push_back(section->kind());
    const bool told = bundle.value().header().required_features() == BundleLimits::kRowsFeature;
    CHECK(told == (kinds != std::vector{SectionKind::ColumnCodeOffsets}));
    CHECK(BundleBuilder::copyOf(bundle.value()).finish() ==
          std::vector<uint8_t>(bytes.begin(), bytes.end()));
    return kinds;
  };
  const std::vector lengths{SectionKind::ColumnCodeLengths, SectionKind::ColumnCodeMarks};
  const std::vector offsets{SectionKind::ColumnCodeOffsets};
  CHECK(stored({1, 1, 1}).empty());
  CHECK(stored({1, 0, 1}) == lengths);
  CHECK(stored({0, 0}) == lengths);
  CHECK(stored({255, 1}) == lengths);
  CHECK(stored({1, 256}) == offsets);
}

TEST_CASE("every section carries the SHA-256 of its bytes and begins at a multiple of 16") {
  const Buffer<uint8_t> bytes = sampleBundle();
  const auto bundle = Bundle::open(bytes.span());
  REQUIRE(bundle.ok());
  const auto& header = bundle.value().header();
  for (const schema::Section* section : *header.sections()) {
    const Sha256 hash = sha256({header.data()->data() + section->offset(), section->length()});
    CHECK(std::equal(hash.begin(), hash.end(), section->sha256()->begin()));
    CHECK(section->offset() % 16 == 0);
  }
}

TEST_CASE("text columns are put in only when asked for, and only text columns can be asked for") {
  const Dataset data = sampleDataset();
  BundleBuilder without(6, "sims", ModelKind::Neighbours);
  writeCatalogue(data, ItemOrder(data.items), {}, without);
  CHECK_THROWS_WITH(writeCatalogue(data, ItemOrder(data.items), {"TITEL"}, without),
                    Catch::Contains("no text column TITEL") && Catch::Contains("it has TITLE"));
  CHECK_THROWS_AS(writeCatalogue(data, ItemOrder(data.items), {"YEAR"}, without), UserError);
}

TEST_CASE("SHA-256 of a known text is the known one") {
  const std::string text = "abc";
  CHECK(toHex(sha256({reinterpret_cast<const uint8_t*>(text.data()), text.size()})) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
