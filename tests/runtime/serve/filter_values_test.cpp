#include "runtime/serve/filter_values.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace attune;

namespace {

using Texts = std::vector<std::string>;

Texts valuesOf(const std::string& text) {
  FilterValues values;
  REQUIRE(values.set("X", text).ok());
  Texts found;
  REQUIRE(values
              .forValues("X",
                         [&](std::string_view value) -> Status {
                           found.emplace_back(value);
                           return {};
                         })
              .ok());
  CHECK(values.has("X") == !found.empty());
  return found;
}

}  // namespace

TEST_CASE("values stand in quotes with commas between them, as Personalize has it") {
  CHECK(valuesOf(R"("Comedy","Drama")") == Texts{"Comedy", "Drama"});
  CHECK(valuesOf(R"( 'a' , "b, c" )") == Texts{"a", "b, c"});
  CHECK(valuesOf(R"("say \"hi\"","back\\slash","C:\temp")") ==
        Texts{R"(say "hi")", R"(back\slash)", R"(C:\temp)"});
}

TEST_CASE("numbers need no quotes, and any other text is one value as it stands") {
  CHECK(valuesOf("20") == Texts{"20"});
  CHECK(valuesOf("1, -2.5,3e2") == Texts{"1", "-2.5", "3e2"});
  CHECK(valuesOf(" Comedy ") == Texts{"Comedy"});
  CHECK(valuesOf("Coffee, Tea & Cocoa") == Texts{"Coffee, Tea & Cocoa"});
  CHECK(valuesOf("2026-11-22") == Texts{"2026-11-22"});
  CHECK(valuesOf("") == Texts{});
}

TEST_CASE("a placeholder has the value set last, and names compare with case") {
  FilterValues values;
  REQUIRE(values.set("X", "1").ok());
  REQUIRE(values.set("x", "2").ok());
  REQUIRE(values.set("X", "").ok());
  CHECK_FALSE(values.has("X"));
  CHECK(values.has("x"));
  values.clear();
  CHECK_FALSE(values.has("x"));
}

TEST_CASE("an unclosed quote and missing commas are refused") {
  FilterValues values;
  for (const char* text : {"\"a", "\"a\" \"b\"", "\"a\",", "\"a\",b", "'"}) {
    CAPTURE(text);
    CHECK_FALSE(values.set("X", text).ok());
  }
}
