#include "trainer/eval/subject_rows.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <string>

#include "trainer/base/errors.h"

using namespace attune;
using namespace attune::trainer;

namespace {

Column categories(const char* name, const std::vector<std::vector<const char*>>& rows) {
  Column column{.name = name, .kind = ColumnKind::categorical};
  column.offsets = {0};
  for (const auto& row : rows) {
    for (const char* value : row) column.codes.push_back(column.values.add(value));
    column.offsets.push_back(static_cast<uint32_t>(column.codes.size()));
  }
  return column;
}

StringTable idsOf(const std::vector<const char*>& texts) {
  StringTable ids;
  for (const char* text : texts) ids.add(text);
  return ids;
}

/// Three people: vera (Rome, 30) bought a film an hour ago and looked at an unknown thing before,
/// udo (Bonn and Rome, no age) looked at a film, and tom (nowhere, 17) did nothing.
struct People {
  SubjectRows rows{FilterSubject::users,
                   idsOf({"vera", "udo", "tom"}),
                   {categories("CITY", {{"Rome"}, {"Rome", "Bonn"}, {}}),
                    {.name = "AGE", .kind = ColumnKind::integer, .numbers = {30, NAN, 17}},
                    {.name = "NICK", .kind = ColumnKind::text, .texts = {"v", "", "t"}}}};
  const std::vector<uint32_t> offsets{0, 4};
  Vocabulary items{StringsView("film", offsets)};
  Session vera{items, 10}, udo{items, 10}, tom{items, 10};
  FilterScratch scratch;

  People() {
    REQUIRE(vera.record("unknown", "view", 1000, 1).ok());
    REQUIRE(vera.record("film", "buy", 7000, 5).ok());
    REQUIRE(udo.record("film", "view", 7000, 2).ok());
    REQUIRE(vera.profile().set("AGE", "30").ok());
    REQUIRE(udo.profile().set("CITY", "Rome|Bonn").ok());
    REQUIRE(tom.profile().set("AGE", "17").ok());
  }

  /// The initials of those who pass, or the error.
  std::string passing(const std::string& expression) {
    FilterHint hint;
    const auto filter = Filter::compile(expression, rows.fields(), FilterLanguage::extended, hint);
    if (!filter.ok()) return filter.error().what;
    std::string initials;
    for (uint32_t user = 0; user < rows.ids().size(); ++user) {
      const std::string id(rows.ids()[user]);
      const Session& session = id == "vera" ? vera : id == "udo" ? udo : tom;
      const auto passes =
          filter.value().passesUser(user, rows.rows(), {&session, nullptr, 10600}, scratch);
      if (!passes.ok()) return passes.error().what;
      if (passes.value()) initials += id[0];
    }
    return initials;
  }
  std::string keeping(const std::string& condition) {
    return passing("INCLUDE UserID WHERE " + condition);
  }
};

}  // namespace

TEST_CASE("a filter of users looks at their columns, whatever order they came in") {
  People people;
  CHECK(people.keeping(R"(Users.CITY IN ("Rome"))") == "uv");
  CHECK(people.keeping(R"(Users.CITY = "Rome" AND Users.CITY = "Bonn")") == "u");
  CHECK(people.keeping(R"(Users.CITY NOT IN ("Rome"))") == "t");
  CHECK(people.keeping("Users.AGE >= 18") == "v");
  CHECK(people.keeping("Users.AGE != 17") == "uv");
  CHECK(people.keeping("Users.NICK = 't'") == "t");
  CHECK(people.keeping("Users.USER_ID IN ('udo', 'tom', 'nobody')") == "tu");
  CHECK(people.keeping("Users.TOWN = 'Rome'") == "no such field");
  CHECK(people.keeping("Users.CITY < 3").rfind("only numbers", 0) == 0);
}

TEST_CASE("what users did counts with whatever item, for one and the same event") {
  People people;
  CHECK(people.keeping(R"(Interactions.EVENT_TYPE IN ("*"))") == "uv");
  CHECK(people.keeping(R"(Interactions.EVENT_TYPE = "VIEW")") == "uv");
  CHECK(people.passing(R"(EXCLUDE UserID WHERE Interactions.EVENT_TYPE = "buy")") == "tu");
  CHECK(people.keeping(R"(Interactions.EVENT_TYPE = "view" AND Interactions.EVENT_VALUE > 3)")
            .empty());
  CHECK(people.keeping(R"(Interactions.EVENT_TYPE NOT IN ("buy"))") == "uv");
  CHECK(people.keeping("Interactions.TIMESTAMP < now() - 2h") == "v");
  CHECK(people.keeping(R"(Interactions.EVENT_TYPE = "buy" OR Users.AGE = 17)") == "tv");
}

TEST_CASE("the current user of a filter of users is the user judged") {
  People people;
  CHECK(people.passing(R"(EXCLUDE UserID WHERE Users.CITY = "Rome" IF CurrentUser.AGE > 18)") ==
        "tu");
  CHECK(people.passing(R"(INCLUDE UserID WHERE Users.CITY = "Rome" IF CurrentUser.AGE < 18)") ==
        "uv");
  CHECK(people.keeping(R"(CurrentUser.CITY = "Bonn")") == "u");
  CHECK(people.keeping("CurrentUser.TOWN = 'Bonn'") == "no such field");
}

TEST_CASE("a filter of actions looks at their columns and at what the user did with them") {
  const SubjectRows rows(FilterSubject::actions, idsOf({"join", "call"}),
                         {{.name = "WORTH", .kind = ColumnKind::real, .numbers = {2.5, NAN}}});
  Session session(rows.ids(), 10);
  REQUIRE(session.record("call", "Declined", 0, NAN).ok());
  REQUIRE(session.record("gone", "Declined", 1, NAN).ok());
  FilterScratch scratch;
  const auto passing = [&](const std::string& expression) -> std::string {
    FilterHint hint;
    const auto filter = Filter::compile(expression, rows.fields(), FilterLanguage::extended, hint);
    if (!filter.ok()) return filter.error().what;
    REQUIRE(filter.value().run(rows.rows(), {&session}, scratch).ok());
    std::string initials;
    for (uint32_t row = 0; row < rows.ids().size(); ++row)
      if (scratch.passes[row] != 0) initials += rows.ids()[row][0];
    return initials;
  };
  CHECK(passing("INCLUDE ActionID WHERE Actions.WORTH >= 2.5") == "j");
  CHECK(passing(R"(EXCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE = "declined")") == "j");
  CHECK(passing(R"(EXCLUDE ActionID WHERE Actions.ACTION_ID = "join")") == "c");
  CHECK(passing("INCLUDE ActionID WHERE Actions.ITEM_ID = 'x'") == "no such field");
  CHECK(passing("EXCLUDE ItemID WHERE Items.WORTH > 2").rfind("the filter is about another", 0) ==
        0);
}

TEST_CASE("where there are no users there is nothing to filter") {
  CHECK_THROWS_AS(SubjectRows(FilterSubject::users, StringTable(), {}), UserError);
}
