#include "runtime/serve/named_filters.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/support/sample.h"

using namespace attune;
using namespace attune::testing;
using trainer::BundleBuilder;

namespace {

using Strings = std::vector<std::string>;

constexpr SectionKind kSections[] = {SectionKind::FilterNameText, SectionKind::FilterNameOffsets,
                                     SectionKind::FilterText, SectionKind::FilterOffsets};

BundleBuilder builder(const Strings& names = {"adults", "kids-safe"},
                      const Strings& expressions = {"EXCLUDE ItemID WHERE Items.YEAR < 1993",
                                                    "INCLUDE ItemID WHERE Items.PRICE < $max"}) {
  BundleBuilder bundle = sampleBuilder();
  bundle.addStrings(SectionKind::FilterNameText, SectionKind::FilterNameOffsets, names);
  bundle.addStrings(SectionKind::FilterText, SectionKind::FilterOffsets, expressions);
  return bundle;
}

bool opens(const BundleBuilder& bundle) {
  const Buffer<uint8_t> bytes = aligned(bundle.finish());
  const auto engine = Engine::open(bytes.span());
  if (!engine.ok()) CHECK(engine.error().code == ErrorCode::CorruptBundle);
  return engine.ok();
}

}  // namespace

TEST_CASE("a bundle's filters are listed by name and found by it") {
  const Buffer<uint8_t> bytes = aligned(builder().finish());
  const auto engine = Engine::open(bytes.span());
  REQUIRE(engine.ok());
  const NamedFilters& filters = engine.value()->namedFilters();
  REQUIRE(filters.size() == 2);
  CHECK(filters.name(0) == "adults");
  CHECK(filters.expression(0) == "EXCLUDE ItemID WHERE Items.YEAR < 1993");
  CHECK(filters.find("kids-safe") == 1);
  CHECK(filters.find("Adults") == NamedFilters::kNone);
  CHECK(filters.find("kids") == NamedFilters::kNone);
}

TEST_CASE("a bundle without named filters has none of them") {
  const OpenSample sample;
  CHECK(sample.engine->namedFilters().size() == 0);
  CHECK(sample.engine->namedFilters().find("kids") == NamedFilters::kNone);
  CHECK(opens(builder({}, {})));
}

TEST_CASE("a name is a word of 1 to 63 letters, digits, hyphens and underscores") {
  for (const std::string& name : Strings{"a", "9", "A-b_C", "EXCLUDE", std::string(63, 'x')})
    CHECK(NamedFilters::isName(name));
  for (const std::string& name :
       Strings{"", "-a", "_a", "a b", "a.b", "\xC3\xA9t\xC3\xA9", std::string(64, 'x'), "a\n"})
    CHECK_FALSE(NamedFilters::isName(name));
}

TEST_CASE("no expression is a name, so that one argument can be either") {
  const OpenSample sample;
  for (const char* text : {"EXCLUDE", "INCLUDE", "ItemID", "now"}) {
    FilterHint hint;
    CHECK_FALSE(sample.engine->compileFilter(text, FilterLanguage::extended, hint).ok());
  }
}

TEST_CASE("filters are not compiled when a bundle is opened") {
  CHECK(opens(builder({"a"}, {"what another version may understand"})));
}

TEST_CASE("names out of order, twice or not names, and expressions that are none, are refused") {
  CHECK(opens(builder()));
  for (const Strings& names : {Strings{"b", "a"},
                               {"a", "a"},
                               {"", "a"},
                               {"a", "b c"},
                               {"a", std::string(64, 'b')},
                               {"a", "b\xFF"}}) {
    CAPTURE(names);
    CHECK_FALSE(opens(builder(names)));
  }
  CHECK(opens(builder({"a", "b"}, {"x", std::string(65536, 'x')})));
  for (const Strings& expressions :
       {Strings{"x"}, {"x", "y", "z"}, {"x", ""}, {"x", "\xFF"}, {"x", std::string(65537, 'x')}})
    CHECK_FALSE(opens(builder({"a", "b"}, expressions)));
}

TEST_CASE("sections of filters that are missing or damaged are refused") {
  for (const SectionKind kind : kSections) {
    CAPTURE(static_cast<int>(kind));
    BundleBuilder missing = builder();
    missing.remove(kind);
    CHECK_FALSE(opens(missing));
  }
  for (const SectionKind kind : {SectionKind::FilterNameOffsets, SectionKind::FilterOffsets}) {
    for (const std::vector<uint32_t>& offsets :
         {std::vector<uint32_t>{}, {0}, {0, 6, 16}, {1, 6, 15}, {0, 16, 15}, {0, 6, 15, 15}}) {
      BundleBuilder damaged = builder();
      damaged.add(kind, offsets);
      CHECK_FALSE(opens(damaged));
    }
    BundleBuilder narrow = builder();
    narrow.add(kind, std::vector<uint16_t>{0, 6, 15});
    CHECK_FALSE(opens(narrow));
  }
}
