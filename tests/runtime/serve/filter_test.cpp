#include "runtime/serve/filter.h"

#include <catch2/catch.hpp>
#include <string>

using namespace attune;

namespace {

/// The column of the mistake, or 0 for none.
uint64_t columnOf(const std::string& expression) {
  const auto filter = Filter::parse(expression);
  if (filter.ok()) return 0;
  CHECK(filter.error().code == ErrorCode::InvalidFilter);
  return filter.error().at;
}

}  // namespace

TEST_CASE("the forms of the event filter are understood, in any case and spacing") {
  for (const char* expression :
       {R"(EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*"))",
        R"(exclude itemid where interactions.event_type in ("click","watch"))",
        "INCLUDE  ItemID\n WHERE Interactions . EVENT_TYPE IN('purchase')",
        R"(EXCLUDE ItemId WHERE INTERACTIONS.event_type IN ( "a" , 'b' ))"})
    CHECK(columnOf(expression) == 0);
}

TEST_CASE("each mistake is reported at its column") {
  CHECK(columnOf("") == 1);
  CHECK(columnOf("DROP ItemID") == 1);
  CHECK(columnOf("EXCLUDE UserName") == 9);
  CHECK(columnOf("EXCLUDE ItemID WHEN") == 16);
  CHECK(columnOf("EXCLUDE ItemID WHERE Items.PRICE > 3") == 22);
  CHECK(columnOf("EXCLUDE ItemID WHERE Interactions EVENT_TYPE") == 35);
  CHECK(columnOf("EXCLUDE ItemID WHERE Interactions.TYPE") == 35);
  CHECK(columnOf("EXCLUDE ItemID WHERE Interactions.EVENT_TYPE = 3") == 46);
  CHECK(columnOf("EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN 3") == 49);
  CHECK(columnOf("EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (click)") == 50);
  CHECK(columnOf(R"(EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("click)") == 50);
  CHECK(columnOf(R"(EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("a" "b"))") == 54);
  CHECK(columnOf(R"(EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("a",))") == 54);
  CHECK(columnOf(R"(EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("a") | INCLUDE)") == 55);
}

TEST_CASE("an expression longer than 2500 characters is refused") {
  CHECK(columnOf(std::string(2501, ' ')) == 2501);
}
