#include "runtime/serve/filter.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/support/sample.h"

using namespace attune;
using namespace attune::testing;

namespace {

/// The sample bundle's items a..f (see sample.h) and a user: clicked a (value 1) and b (2), bought b
/// (3), an hour apart.
struct Shop : OpenSample {
  Session session{engine->items(), 100};
  FilterValues values;
  FilterRequest request{&session, &values, 10000};
  FilterHint hint;

  Shop() {
    REQUIRE(session.record("a", "Click", 0, 1).ok());
    REQUIRE(session.record("b", "click", 3600, 2).ok());
    REQUIRE(session.record("b", "buy", 7200, 3.6f).ok());
    REQUIRE(session.profile().set("AGE", "30").ok());
    REQUIRE(session.profile().set("PLAN", "gold|family").ok());
  }

  /// The ids that pass, or the error.
  std::string passing(const std::string& expression) {
    const auto filter =
        Filter::compile(expression, engine->filterFields(), FilterLanguage::extended, hint);
    if (!filter.ok()) return error(filter.error());
    const Status run = filter.value().run(engine->filterRows(), request, scratch.filter);
    if (!run.ok()) return error(run.error());
    std::string ids;
    for (uint32_t item = 0; item < 6; ++item)
      if (scratch.filter.passes[item] != 0) ids += engine->items()[item];
    return ids;
  }
  std::string keeping(const std::string& condition) {
    return passing("INCLUDE ItemID WHERE " + condition);
  }

 private:
  static std::string error(const Error& error) {
    return std::to_string(error.at) + ": " + error.what;
  }
};

}  // namespace

TEST_CASE("a category matches when any of an item's values is in the list") {
  Shop shop;
  CHECK(shop.keeping(R"(Items.GENRES IN ("Comedy"))") == "ad");
  CHECK(shop.keeping(R"(items.genres in ("Drama", "Action", "Unknown"))") == "abe");
  CHECK(shop.keeping(R"(Items.GENRES = "Drama")") == "ab");
  CHECK(shop.keeping(R"(Items.GENRES IN ("comedy"))").empty());
}

TEST_CASE("an item without a value is in no list and in no order, so it is in every NOT IN") {
  Shop shop;
  CHECK(shop.keeping(R"(Items.GENRES NOT IN ("Comedy"))") == "bcef");
  CHECK(shop.keeping(R"(Items.GENRES != "Comedy")") == "bcef");
  CHECK(shop.keeping("Items.YEAR != 1990") == "bcdef");
  CHECK(shop.keeping("Items.YEAR >= 0") == "abdef");
  CHECK(shop.keeping("NOT Items.YEAR >= 0").empty());
  CHECK(shop.keeping("Items.YEAR IN (0)").empty());
}

TEST_CASE("numbers compare as they were imported, decimal fractions included") {
  Shop shop;
  CHECK(shop.keeping("Items.PRICE < 2.5") == "ab");
  CHECK(shop.keeping("Items.PRICE <= 2.5") == "abc");
  CHECK(shop.keeping("Items.PRICE = 2.5 OR Items.PRICE IN (0.5, \"5.5\")") == "acf");
  CHECK(shop.keeping("Items.YEAR >= 1991 AND Items.YEAR < 1994") == "bd");
  CHECK(shop.keeping("Interactions.EVENT_VALUE >= 3.6") == "b");
  CHECK(shop.keeping("Interactions.EVENT_VALUE = 3.6") == "b");
}

TEST_CASE("booleans, texts and ids can be asked for") {
  Shop shop;
  CHECK(shop.keeping("Items.ON_SALE = true") == "ace");
  CHECK(shop.keeping("Items.ON_SALE = \"FALSE\"") == "bd");
  CHECK(shop.keeping("Items.ON_SALE != true") == "bdf");
  CHECK(shop.keeping("Items.TITLE = 'Title a'") == "a");
  CHECK(shop.keeping("Items.TITLE NOT IN ('Title a')") == "bcdef");
  CHECK(shop.keeping("Items.ITEM_ID IN ('c', 'f', 'no such')") == "cf");
  CHECK(shop.keeping("Items.ITEM_ID NOT IN ('c', 'f')") == "abde");
}

TEST_CASE("conditions on interactions must hold for one and the same event") {
  Shop shop;
  CHECK(shop.keeping(R"(Interactions.EVENT_TYPE IN ("click"))") == "ab");
  CHECK(shop.keeping(R"(Interactions.EVENT_TYPE IN ("*"))") == "ab");
  CHECK(shop.keeping(R"(Interactions.EVENT_TYPE = "buy")") == "b");
  CHECK(shop.keeping(R"(Interactions.EVENT_TYPE = "click" AND Interactions.EVENT_VALUE > 2)").empty());
  CHECK(shop.keeping(R"(Interactions.EVENT_TYPE = "buy" AND Interactions.EVENT_VALUE > 2)") == "b");
  CHECK(shop.keeping(R"(Interactions.EVENT_TYPE = "click" AND Items.PRICE < 1)") == "a");
  CHECK(shop.keeping("Interactions.TIMESTAMP > now() - 30m").empty());
  CHECK(shop.keeping("Interactions.TIMESTAMP > now() - 1h") == "b");
}

TEST_CASE("without an event no condition on interactions holds, NOT IN included") {
  Shop shop;
  CHECK(shop.keeping(R"(Interactions.EVENT_TYPE NOT IN ("click"))") == "b");
  CHECK(shop.keeping(R"(NOT Interactions.EVENT_TYPE = "buy")") == "ab");
  CHECK(shop.keeping(R"(Interactions.EVENT_TYPE = "buy" OR Items.PRICE > 5)") == "bf");
  shop.request.session = nullptr;
  CHECK(shop.keeping(R"(Interactions.EVENT_TYPE IN ("*"))").empty());
  CHECK(shop.passing(R"(EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*"))") == "abcdef");
}

TEST_CASE("a chain keeps what any INCLUDE keeps less what any EXCLUDE drops, in any order") {
  Shop shop;
  const std::string drama = R"(INCLUDE ItemID WHERE Items.GENRES = "Drama")",
                    cheap = "INCLUDE ItemID WHERE Items.PRICE > 5",
                    bought = R"(EXCLUDE ItemID WHERE Interactions.EVENT_TYPE = "buy")";
  CHECK(shop.passing(drama + " | " + cheap) == "abf");
  CHECK(shop.passing(drama + " | " + cheap + " | " + bought) == "af");
  CHECK(shop.passing(bought + " | " + drama) == "a");
  CHECK(shop.passing(bought) == "acdef");
}

TEST_CASE("an expression whose IF does not hold has no effect") {
  Shop shop;
  const std::string drama = R"(INCLUDE ItemID WHERE Items.GENRES = "Drama" IF )";
  CHECK(shop.passing(drama + "CurrentUser.AGE > 20") == "ab");
  CHECK(shop.passing(drama + "CurrentUser.AGE > 30") == "abcdef");
  CHECK(shop.passing(drama + "CurrentUser.age = 30") == "ab");
  CHECK(shop.passing(drama + R"(CurrentUser.PLAN = "gold|family")") == "ab");
  CHECK(shop.passing(drama + "CurrentUser.NOBODY_SAID = 1") == "abcdef");
  CHECK(shop.passing(drama + "CurrentUser.NOBODY_SAID != 1") == "ab");
  CHECK(shop.passing(drama + "CurrentUser.AGE > 20 AND CurrentUser.PLAN IN ('x')") == "abcdef");
  CHECK(shop.passing("EXCLUDE ItemID WHERE Items.PRICE > 1 IF CurrentUser.AGE > 99") == "abcdef");
}

TEST_CASE("placeholders take the request's values") {
  Shop shop;
  REQUIRE(shop.values.set("GENRES", R"("Comedy","Action")").ok());
  REQUIRE(shop.values.set("max", "2.5").ok());
  CHECK(shop.keeping("Items.GENRES IN ($GENRES)") == "ade");
  CHECK(shop.keeping("Items.GENRES NOT IN ($GENRES)") == "bcf");
  CHECK(shop.keeping("Items.PRICE < $max") == "ab");
  CHECK(shop.keeping("Items.PRICE <= ($max)") == "abc");
  CHECK(shop.keeping("Items.PRICE < $max - 1") == "a");
}

TEST_CASE("a missing value switches its condition off in an EXCLUDE and is an error in an INCLUDE") {
  Shop shop;
  CHECK(shop.passing("EXCLUDE ItemID WHERE Items.GENRES IN ($G)") == "abcdef");
  CHECK(shop.passing("EXCLUDE ItemID WHERE Items.GENRES NOT IN ($G)") == "abcdef");
  CHECK(shop.passing("EXCLUDE ItemID WHERE Items.GENRES IN ($G) OR Items.PRICE > 5") == "abcde");
  CHECK(shop.passing("EXCLUDE ItemID WHERE Items.GENRES IN ($G) AND Items.PRICE > 5") == "abcdef");
  CHECK(shop.keeping("Items.GENRES IN ($G)").rfind("39: ", 0) == 0);
}

TEST_CASE("values of the current item and the current user can be compared with") {
  Shop shop;
  CHECK(shop.keeping("Items.PRICE < CurrentItem.PRICE").rfind("48: ", 0) == 0);
  shop.request.hasCurrentItem = true;
  shop.request.currentItem = shop.engine->items().find("a");
  CHECK(shop.keeping("Items.GENRES IN CurrentItem.GENRES") == "abd");
  CHECK(shop.keeping("Items.PRICE > CurrentItem.PRICE AND Items.GENRES IN CurrentItem.GENRES") ==
        "bd");
  CHECK(shop.keeping("Items.ITEM_ID != CurrentItem.ITEM_ID") == "bcdef");
  shop.request.currentItem = shop.engine->items().find("f");
  CHECK(shop.keeping("Items.GENRES IN CurrentItem.GENRES").empty());
  shop.request.currentItem = kUnknownItem;
  CHECK(shop.keeping("Items.GENRES IN CurrentItem.GENRES").empty());
  CHECK(shop.keeping("Items.PRICE < CurrentUser.AGE - 25").rfind("52: ", 0) == 0);
  REQUIRE(shop.session.profile().set("BUDGET", "3").ok());
  CHECK(shop.keeping("Items.PRICE < CurrentUser.BUDGET") == "abc");
  REQUIRE(shop.session.profile().set("BUDGET", "much").ok());
  CHECK(shop.keeping("Items.PRICE < CurrentUser.BUDGET").empty());
}

TEST_CASE("values that do not fit their field are refused where they stand") {
  Shop shop;
  CHECK(shop.keeping("Items.PRICE = \"cheap\"").rfind("36: ", 0) == 0);
  CHECK(shop.keeping("Items.GENRES > 3").rfind("28: ", 0) == 0);
  CHECK(shop.keeping("Items.ON_SALE = \"maybe\"").rfind("38: ", 0) == 0);
  CHECK(shop.keeping("Items.GENRES = now()").rfind("37: ", 0) == 0);
  REQUIRE(shop.values.set("P", "\"cheap\"").ok());
  CHECK(shop.keeping("Items.PRICE < $P").rfind("36: ", 0) == 0);
}

TEST_CASE("an unknown field is refused, with the field that may be meant") {
  Shop shop;
  CHECK(shop.keeping("Items.GENRE = \"Drama\"") == "28: no such field");
  CHECK(shop.hint.meant == "GENRES");
  CHECK(shop.keeping("Interactions.EVENT_TYP = \"click\"") == "35: no such field");
  CHECK(shop.hint.meant == "EVENT_TYPE");
  shop.hint = {};
  CHECK(shop.keeping("Items.COLOUR_OF_MONEY = \"red\"") == "28: no such field");
  CHECK(shop.hint.meant.empty());
}

TEST_CASE("what a segment asks of items keeps those that have all the values") {
  Shop shop;
  const auto keeping = [&](const std::string& query) {
    const auto filter = Filter::compileItemAttributes(query, shop.engine->filterFields(),
                                                      FilterLanguage::extended, shop.hint);
    if (!filter.ok()) return std::to_string(filter.error().at);
    REQUIRE(filter.value().run(shop.engine->filterRows(), {}, shop.scratch.filter).ok());
    std::string ids;
    for (uint32_t item = 0; item < 6; ++item)
      if (shop.scratch.filter.passes[item] != 0) ids += shop.engine->items()[item];
    return ids;
  };
  CHECK(keeping(R"(ITEMS.genres = "Comedy")") == "ad");
  CHECK(keeping(R"(Items.GENRES = "Comedy" and Items.GENRES = "Drama")") == "a");
  CHECK(keeping(R"(Items.GENRES = "Comedy" AND Items.TITLE = "Title d")") == "d");
  CHECK(keeping(R"(Items.GENRES = "comedy")").empty());
  CHECK(keeping(R"(Items.YEAR = "1991")") == "b");
  CHECK(keeping(R"(Items.GENRE = "Comedy")") == "7");
}

TEST_CASE("filters of users and actions are no filters of a bundle's items") {
  Shop shop;
  CHECK(shop.passing("EXCLUDE UserID WHERE Users.AGE < 18").rfind(std::to_string(Error::kNowhere), 0) == 0);
}

TEST_CASE("each item alone passes a filter that lets it pass among all") {
  Shop shop;
  for (const char* expression :
       {R"(EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*"))", "INCLUDE ItemID WHERE Items.PRICE > 3",
        R"(INCLUDE ItemID WHERE Items.GENRES IN ("Comedy") | EXCLUDE ItemID WHERE Items.ITEM_ID = "a")",
        R"(EXCLUDE ItemID WHERE Items.GENRES NOT IN ("Drama"))"}) {
    auto filter = shop.engine->compileFilter(expression, FilterLanguage::extended, shop.hint);
    REQUIRE(filter.ok());
    REQUIRE(filter.value().run(shop.engine->filterRows(), shop.request, shop.scratch.filter).ok());
    const std::vector<uint8_t> among(shop.scratch.filter.passes.begin(), shop.scratch.filter.passes.end());
    for (uint32_t item = 0; item < shop.engine->items().size(); ++item) {
      const auto alone = filter.value().passesItem(shop.engine->items()[item], shop.engine->filterRows(),
                                                   shop.request, shop.scratch.filter);
      REQUIRE(alone.ok());
      CHECK(alone.value() == (among[item] != 0));
    }
  }
}

TEST_CASE("an unknown item passes by its id, its events and what nobody knows of it") {
  Shop shop;
  REQUIRE(shop.session.record("new", "view", 9000, NAN).ok());
  const auto passes = [&](const std::string& expression, const char* id) {
    const auto filter = Filter::compile(expression, shop.engine->filterFields(),
                                        FilterLanguage::extended, shop.hint);
    return filter.value().passesItem(id, shop.engine->filterRows(), shop.request,
                                        shop.scratch.filter).value();
  };
  CHECK_FALSE(passes(R"(EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*"))", "new"));
  CHECK(passes(R"(EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*"))", "other"));
  CHECK(passes("EXCLUDE ItemID WHERE Items.PRICE > 3", "new"));
  CHECK_FALSE(passes("INCLUDE ItemID WHERE Items.PRICE > 3", "new"));
  CHECK(passes("INCLUDE ItemID WHERE Items.GENRES NOT IN ('x')", "new"));
  CHECK(passes("INCLUDE ItemID WHERE Items.ITEM_ID = 'new'", "new"));
  CHECK_FALSE(passes("INCLUDE ItemID WHERE Items.ITEM_ID = 'new'", "other"));
}
