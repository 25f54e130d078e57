#include "runtime/bundle/catalogue.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <string>

#include "tests/support/sample.h"

using namespace attune;
using namespace attune::testing;

namespace {

struct Opened : OpenSample {
  const CatalogueColumn& column(const char* name) const {
    return engine->catalogue().column(engine->catalogue().find(name));
  }
  std::string text(const char* id, const char* name) const {
    Buffer<char> out;
    REQUIRE(engine->catalogue()
                .appendText(engine->items().find(id), engine->catalogue().find(name), out)
                .ok());
    return {out.data(), out.size()};
  }
};

std::vector<std::string> nineteenIds() {
  std::vector<std::string> ids;
  for (int i = 11; i < 30; ++i) ids.push_back("item-" + std::to_string(i));
  return ids;
}

/// Nineteen items whose lists of genres are as long as `lengths` says, over and over.
trainer::BundleBuilder listsBuilder(const std::vector<uint32_t>& lengths, const RowSections& idRows,
                                    const RowSections& codeRows) {
  trainer::BundleBuilder bundle(19, "popularity-count", ModelKind::Popularity);
  bundle.addStrings(SectionKind::ItemIdText, idRows, nineteenIds());
  bundle.add(SectionKind::ItemUserCounts, std::vector<uint32_t>(19, 1));
  bundle.setPopularity(1);
  const uint32_t column = bundle.addColumn("GENRES", ColumnType::Categorical, NAN);
  bundle.addStrings(SectionKind::ColumnValueText, SectionKind::ColumnValueOffsets,
                    std::vector<std::string>{"Action", "Comedy", "Drama"}, column);
  std::vector<uint32_t> all, codes;
  for (uint32_t item = 0; item < 19; ++item) {
    all.push_back(lengths[item % lengths.size()]);
    for (uint32_t i = 0; i < all.back(); ++i) codes.push_back((item + i) % 3);
  }
  bundle.addIndexes(SectionKind::ColumnCodes, codes, 3, column);
  bundle.addRows(codeRows, all, column);
  return bundle;
}

/// What the bundle says of each of its items.
std::vector<std::string> genresOf(const trainer::BundleBuilder& builder) {
  const Buffer<uint8_t> bytes = aligned(builder.finish());
  const auto engine = Engine::open(bytes.span());
  REQUIRE(engine.ok());
  std::vector<std::string> genres;
  for (const std::string& id : nineteenIds()) {
    const uint32_t item = engine.value()->items().find(id);
    REQUIRE(item == genres.size());
    CHECK(engine.value()->items()[item] == id);
    Buffer<char> out;
    REQUIRE(engine.value()->catalogue().appendText(item, 0, out).ok());
    CHECK(engine.value()->catalogue().column(0).isNull(item) == out.empty());
    genres.emplace_back(out.data(), out.size());
  }
  CHECK(engine.value()->items().find("item-1") == kUnknownItem);
  CHECK(engine.value()->items().find("item-290") == kUnknownItem);
  return genres;
}

/// What opening says of a bundle in which such a section is another one.
template <typename T>
Status withSection(SectionKind kind, const std::vector<T>& numbers, uint32_t column = 0) {
  trainer::BundleBuilder bundle = listsBuilder({2, 0, 3, 1}, kItemIdRows, kColumnCodeRows);
  REQUIRE(bundle.has(kind, column));
  bundle.add(kind, numbers, column);
  const Buffer<uint8_t> bytes = aligned(bundle.finish());
  const auto engine = Engine::open(bytes.span());
  if (!engine.ok()) return engine.error();
  return {};
}

}  // namespace

TEST_CASE("ids and lists are the same whether offsets, lengths or nothing says where they are") {
  constexpr RowSections kIds{SectionKind::ItemIdOffsets}, kCodes{SectionKind::ColumnCodeOffsets};
  for (const std::vector<uint32_t>& lengths : {std::vector<uint32_t>{1}, {2, 0, 3, 1}, {0}}) {
    const auto genres = genresOf(listsBuilder(lengths, kIds, kCodes));
    CHECK(genres[0] == (lengths[0] == 0 ? "" : lengths[0] == 1 ? "Action" : "Action|Comedy"));
    CHECK(genresOf(listsBuilder(lengths, kItemIdRows, kCodes)) == genres);
    CHECK(genresOf(listsBuilder(lengths, kIds, kColumnCodeRows)) == genres);
    CHECK(genresOf(listsBuilder(lengths, kItemIdRows, kColumnCodeRows)) == genres);
  }
}

TEST_CASE("lengths that do not fit their text, codes, items or marks are refused") {
  CHECK(withSection(SectionKind::ItemIdLengths, std::vector<uint8_t>(19, 7)).ok());
  std::vector<uint8_t> shifted(19, 7);
  ++shifted[3], --shifted[4];
  CHECK_FALSE(withSection(SectionKind::ItemIdLengths, shifted).ok());  // an id begins with a digit
  for (const size_t size : {0, 18, 20})
    CHECK_FALSE(withSection(SectionKind::ItemIdLengths, std::vector<uint8_t>(size, 7)).ok());
  CHECK_FALSE(withSection(SectionKind::ItemIdLengths, std::vector<int8_t>(19, 7)).ok());
  CHECK_FALSE(withSection(SectionKind::ItemIdMarks, std::vector<uint32_t>{0, 111}).ok());
  CHECK_FALSE(withSection(SectionKind::ItemIdMarks, std::vector<uint32_t>{0}).ok());
  CHECK_FALSE(withSection(SectionKind::ItemIdMarks, std::vector<uint32_t>{0, 112, 133}).ok());
  CHECK_FALSE(withSection(SectionKind::ColumnCodeLengths, std::vector<uint8_t>(19, 2)).ok());
  CHECK_FALSE(withSection(SectionKind::ColumnCodeMarks, std::vector<uint32_t>{0, 25}).ok());
}

TEST_CASE("without offsets, lengths and marks there is one code each, or the bundle is refused") {
  const auto without = [](trainer::BundleBuilder bundle, SectionKind kind) {
    REQUIRE(bundle.has(kind));
    bundle.remove(kind);
    const Buffer<uint8_t> bytes = aligned(bundle.finish());
    return Engine::open(bytes.span()).ok();
  };
  const auto several = [] { return listsBuilder({2, 0, 3, 1}, kItemIdRows, kColumnCodeRows); };
  CHECK_FALSE(without(several(), SectionKind::ColumnCodeLengths));
  CHECK_FALSE(without(several(), SectionKind::ColumnCodeMarks));
  CHECK_FALSE(without(several(), SectionKind::ItemIdLengths));
  // Nothing may be missing where the header does not say that it may.
  constexpr RowSections kIds{SectionKind::ItemIdOffsets}, kCodes{SectionKind::ColumnCodeOffsets};
  CHECK_FALSE(without(listsBuilder({1}, kIds, kCodes), SectionKind::ColumnCodeOffsets));
}

TEST_CASE("items are found by id, and only those there are") {
  const Opened opened;
  CHECK(opened.engine->items().size() == 6);
  CHECK(opened.engine->items().find("a") == 0);
  CHECK(opened.engine->items().find("f") == 5);
  for (const char* id : {"", "A", "aa", "g", "0"})
    CHECK(opened.engine->items().find(id) == kUnknownItem);
}

TEST_CASE("every kind of column gives back what was put in") {
  const Opened opened;
  CHECK(opened.text("a", "GENRES") == "Comedy|Drama");
  CHECK(opened.text("e", "GENRES") == "Action");
  CHECK(opened.column("YEAR").numbers[0] == 1990);
  CHECK(opened.column("PRICE").numbers[1] == 1.5);
  CHECK(opened.column("ON_SALE").numbers[0] == 1);
  CHECK(opened.text("a", "TITLE") == "Title a");
}

TEST_CASE("nulls of every kind of column are nulls") {
  const Opened opened;
  CHECK(opened.column("GENRES").isNull(2));
  CHECK(opened.column("YEAR").isNull(2));
  CHECK(opened.column("ON_SALE").isNull(5));
  CHECK(opened.column("TITLE").isNull(1));
  CHECK_FALSE(opened.column("PRICE").isNull(0));
}

TEST_CASE("a column that is not there has no number") {
  const Opened opened;
  CHECK(opened.engine->catalogue().find("COLOUR") == Catalogue::kNoColumn);
  CHECK(opened.engine->catalogue().columnCount() == 5);
}
