#include "runtime/serve/filter_parser.h"

#include <catch2/catch.hpp>
#include <string>

using namespace attune;

namespace {

/// The column of the mistake, or 0 for none.
uint64_t columnOf(const std::string& expression,
                  FilterLanguage language = FilterLanguage::extended) {
  const auto program = FilterParser(expression, language).parse();
  if (program.ok()) return 0;
  CAPTURE(expression, program.error().what);
  CHECK(program.error().code == ErrorCode::InvalidFilter);
  return program.error().at;
}

uint64_t compatibleColumnOf(const std::string& expression) {
  return columnOf(expression, FilterLanguage::compatible);
}

const std::string kItems = "EXCLUDE ItemID WHERE ";  // the next column is 22

}  // namespace

TEST_CASE("keywords, tables and spaces may be written in any way") {
  for (const char* expression :
       {R"(EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*"))",
        R"(exclude itemid where interactions.event_type in ("click","watch"))",
        "INCLUDE  ItemID\n WHERE Interactions . EVENT_TYPE IN('purchase')",
        R"(EXCLUDE ItemId WHERE INTERACTIONS.event_type IN ( "a" , 'b' ))",
        R"(EXCLUDE ItemID WHERE Item.GENRE in ("Comedy"))"}) {
    CHECK(columnOf(expression) == 0);
    CHECK(compatibleColumnOf(expression) == 0);
  }
}

TEST_CASE("each mistake is reported at its column") {
  CHECK(columnOf("") == 1);
  CHECK(columnOf("DROP ItemID") == 1);
  CHECK(columnOf("EXCLUDE UserName") == 9);
  CHECK(columnOf("EXCLUDE ItemID WHEN") == 16);
  CHECK(columnOf(kItems + "PRICE > 3") == 22);
  CHECK(columnOf(kItems + "Interactions EVENT_TYPE") == 35);
  CHECK(columnOf(kItems + "Items.") == 28);
  CHECK(columnOf(kItems + "Items.PRICE") == 33);
  CHECK(columnOf(kItems + "Items.PRICE ! 3") == 34);
  CHECK(columnOf(kItems + "Items.PRICE > cheap") == 36);
  CHECK(columnOf(kItems + "Items.PRICE > \"3\"") == 36);
  CHECK(columnOf(kItems + "Items.PRICE > -x") == 37);
  CHECK(columnOf(kItems + "Items.PRICE > 1e999") == 36);
  CHECK(columnOf(kItems + "Items.PRICE > $") == 36);
  CHECK(columnOf(kItems + "Items.GENRE IN 3") == 37);
  CHECK(columnOf(kItems + "Items.GENRE IN (click)") == 38);
  CHECK(columnOf(kItems + R"(Items.GENRE IN ("click))") == 38);
  CHECK(columnOf(kItems + R"(Items.GENRE IN ("a" "b"))") == 42);
  CHECK(columnOf(kItems + R"(Items.GENRE IN ("a",))") == 42);
  CHECK(columnOf(kItems + R"(Items.GENRE IN ("*"))") == 38);
  CHECK(columnOf(kItems + R"(Items.GENRE NOT ("a"))") == 38);
  CHECK(columnOf(kItems + R"(Items.GENRE IN ("a") | INCLUDE)") == 52);
  CHECK(columnOf(kItems + R"(Items.GENRE IN ("a") IF Users.AGE > 3)") == 46);
  CHECK(columnOf(kItems + R"(Items.GENRE IN ("a") IF CurrentUser.AGE > 3 IF)") == 66);
  CHECK(columnOf(kItems + R"(Items.GENRE IN ("a") | EXCLUDE UserID WHERE Users.AGE < 3)") == 53);
  CHECK(columnOf(kItems + "Users.AGE < 3") == 22);
  CHECK(columnOf(kItems + "Items.CREATED > {{now}}") == 38);
  CHECK(columnOf(kItems + "Items.CREATED > now() - 30y") == 46);
  CHECK(columnOf("EXCLUDE ActionID WHERE Actions.REPEAT_FREQUENCY > 1") == 32);
}

TEST_CASE("columns count characters, not bytes") {
  CHECK(columnOf(kItems + R"(Items.GENRE IN ("드라마", oops))") == 45);
}

TEST_CASE("curly quotes get an error of their own") {
  const auto program =
      FilterParser(kItems + "Items.GENRE IN (“a”)", FilterLanguage::extended).parse();
  REQUIRE_FALSE(program.ok());
  CHECK(std::string(program.error().what).find("straight quote") != std::string::npos);
}

TEST_CASE("what Personalize does not have is a mistake in the compatible language only") {
  const std::pair<const char*, uint64_t> cases[] = {
      {R"(Items.GENRE NOT IN ($G))", 38},
      {R"(Items.GENRE IN ($G, "a"))", 38},
      {R"(NOT Items.GENRE IN ("a"))", 22},
      {R"((Items.GENRE IN ("a")))", 22},
      {R"(Items.GENRE IN ("a") AND Interactions.EVENT_TYPE IN ("b"))", 60},
      {R"(Interactions.EVENT_VALUE > 3)", 35},
      {R"(Interactions.TIMESTAMP > now() - 7d)", 35},
      {R"(Items.CREATED > now() - 30d)", 38},
      {R"(Items.PRICE > $P + 3)", 39},
      {R"(Items.PRICE > (3))", 37},
      {R"(Items.IN_STOCK = false)", 39},
      {R"(CurrentUser.AGE > 20)", 22},
      {R"(Items.PRICE < CurrentUser.BUDGET)", 36},
      {R"(Items.GENRE IN ("a") IF CurrentUser.AGE > 3 OR CurrentUser.AGE < 2)", 66}};
  for (const auto& [condition, column] : cases) {
    CAPTURE(condition);
    CHECK(columnOf(kItems + condition) == 0);
    CHECK(compatibleColumnOf(kItems + condition) == column);
  }
}

TEST_CASE("Personalize's limits hold in the compatible language alone") {
  std::string eleven = kItems;
  for (int i = 0; i < 11; ++i)
    eleven += (i > 0 ? " AND Items.F" : "Items.F") + std::to_string(i) + " > 1";
  CHECK(columnOf(eleven) == 0);
  CHECK(compatibleColumnOf(eleven) > 0);
  const std::string repeated = kItems + "Items.A > 1 AND Items.a < 9 OR Items.A = 4";
  CHECK(compatibleColumnOf(repeated) == 0);
  std::string longer = kItems + "Items.GENRE IN (\"a\"";
  while (longer.size() < 2600) longer += ", \"a\"";
  longer += ")";
  CHECK(columnOf(longer) == 0);
  CHECK(compatibleColumnOf(longer) == 2501);
  CHECK(columnOf(std::string(70000, ' ')) == 65536);
}

TEST_CASE("parentheses may be 100 deep, and any number of NOT may follow each other") {
  const auto nested = [](size_t depth) {
    return kItems + std::string(depth, '(') + "Items.A > 1" + std::string(depth, ')');
  };
  CHECK(columnOf(nested(100)) == 0);
  CHECK(columnOf(nested(101)) == 22 + 100);
  std::string nots = kItems;
  for (int i = 0; i < 10000; ++i) nots += "NOT ";
  CHECK(columnOf(nots + "Items.A > 1") == 0);
}

TEST_CASE("what a segment asks of items has texts in quotes behind = and AND between them only") {
  const auto columnOfQuery = [](const std::string& query) -> uint64_t {
    const auto program = FilterParser(query, FilterLanguage::extended).parseItemAttributes();
    return program.ok() ? 0 : program.error().at;
  };
  CHECK(columnOfQuery(R"(Items.A = "x")") == 0);
  CHECK(columnOfQuery(R"(ITEMS . a = 'x, y' and Item.B="z" AND Items.A = "w")") == 0);
  CHECK(columnOfQuery("") == 1);
  CHECK(columnOfQuery(R"(Items.A IN ("x"))") == 1);
  CHECK(columnOfQuery(R"(Items.A = ("x"))") == 1);
  CHECK(columnOfQuery(R"(Items.A != "x")") == 1);
  CHECK(columnOfQuery("Items.A = 3") == 1);
  CHECK(columnOfQuery("Items.A = $X") == 1);
  CHECK(columnOfQuery("Items.A < 3") == 1);
  CHECK(columnOfQuery(R"(Items.A = "*")") == 11);
  CHECK(columnOfQuery(R"(Items.A = "x" AND Interactions.EVENT_TYPE = "x")") == 19);
  CHECK(columnOfQuery(R"(Items.A = "x" AND CurrentUser.AGE = "3")") == 19);
  CHECK(columnOfQuery(R"(Items.A = "x" OR Items.B = "y")") == 15);
  CHECK(columnOfQuery(R"(Items.A = "x" AND)") == 18);
  CHECK(columnOfQuery(R"(Items.A = "x" AND NOT Items.B = "y")") == 19);
  CHECK(columnOfQuery(R"(INCLUDE ItemID WHERE Items.A = "x")") == 1);
}

TEST_CASE("AND binds closer than OR, and NOT is carried down to the conditions") {
  using Kind = FilterStep::Kind;
  const auto kindsOf = [](const std::string& condition) {
    const auto program = FilterParser(kItems + condition, FilterLanguage::extended).parse();
    REQUIRE(program.ok());
    std::vector<Kind> kinds;
    for (const FilterStep& step : program.value().steps) kinds.push_back(step.kind);
    return kinds;
  };
  const auto c = Kind::condition;
  CHECK(kindsOf("Items.A > 1 OR Items.B > 1 AND Items.C > 1") ==
        std::vector<Kind>{c, c, c, Kind::both, Kind::either});
  CHECK(kindsOf("NOT (Items.A > 1 OR Items.B > 1)") == std::vector<Kind>{c, c, Kind::both});
  const auto program =
      FilterParser(kItems + "NOT Items.A > 1", FilterLanguage::extended).parse();
  CHECK(program.value().conditions[0].comparison == FilterCondition::Comparison::lessOrEqual);
}
