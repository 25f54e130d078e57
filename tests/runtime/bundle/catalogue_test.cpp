#include "runtime/bundle/catalogue.h"

#include <catch2/catch.hpp>
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

}  // namespace

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
