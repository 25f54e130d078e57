#include "tests/trainer/eval/documented_filters.h"

#include <algorithm>

namespace attune::testing {
namespace {

bool has(const Words& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool share(const Words& a, const Words& b) {
  return std::any_of(a.begin(), a.end(), [&](const std::string& word) { return has(b, word); });
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return text;
}

/// Whether there is an event of one of the types, in any case, with `id` (empty: with anything).
bool did(const std::vector<PlantedEvent>& events, const std::string& id, const Words& types) {
  return std::any_of(events.begin(), events.end(), [&](const PlantedEvent& event) {
    return (id.empty() || event.id == id) &&
           std::any_of(types.begin(), types.end(),
                       [&](const std::string& type) { return lower(type) == lower(event.type); });
  });
}

bool didWithItem(const Asked& q, const Words& types) {
  return did(q.user.events, q.item->id, types);
}

const Given kNothing;

std::vector<DocumentedFilter> ofEvents() {
  const std::vector<Given> types = {kNothing,
                                    {{"EVENT_TYPE", {"click"}}},
                                    {{"EVENT_TYPE", {"PURCHASE", "Stream"}}},
                                    {{"EVENT_TYPE", {"click, rating"}}},
                                    {{"EVENT_TYPE", {"never"}}},
                                    {{"event_type", {"click"}}}};
  return {
      {R"(EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ($EVENT_TYPE))",
       [](const Asked& q) { return !didWithItem(q, q.values("EVENT_TYPE")); },
       types,
       {}},
      {R"(INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("click"))",
       [](const Asked& q) { return didWithItem(q, {"click"}); }},
      {R"(INCLUDE ItemID WHERE Interactions.event_type IN ('watched','favorited'))",
       [](const Asked& q) {
         return didWithItem(q, {"watched", "favorited"});
       }},
      {R"(INCLUDE ItemID WHERE Interactions.EVENT_TYPE in ("click", "stream"))",
       [](const Asked& q) {
         return didWithItem(q, {"click", "stream"});
       }},
      {R"(INCLUDE ItemID WHERE Interactions.EVENT_TYPE in ("*"))",
       [](const Asked& q) {
         return std::any_of(q.user.events.begin(), q.user.events.end(),
                            [&](const PlantedEvent& event) { return event.id == q.item->id; });
       }},
      {R"(EXCLUDE itemId WHERE INTERACTIONS.event_type in ("Purchase"))",
       [](const Asked& q) { return !didWithItem(q, {"purchase"}); }},
      {R"(EXCLUDE itemId WHERE INTERACTIONS.event_type in ("Click","Download"))",
       [](const Asked& q) {
         return !didWithItem(q, {"click", "download"});
       }},
      {R"(EXCLUDE itemId WHERE INTERACTIONS.event_type = "click")",
       [](const Asked& q) { return !didWithItem(q, {"click"}); }},
  };
}

std::vector<DocumentedFilter> ofItems() {
  const auto genres = [](const char* name) {
    return std::vector<Given>{kNothing,
                              {{name, {"Comedy"}}},
                              {{name, {"Drama", "Film-Noir"}}},
                              {{name, {"Film-Noir, Comedy"}}},
                              {{lower(name), {"Comedy"}}}};
  };
  return {
      {R"(EXCLUDE ItemID WHERE Items.CATEGORY IN ($CATEGORY))",
       [](const Asked& q) { return !share(q.item->category, q.values("CATEGORY")); },
       {kNothing,
        {{"CATEGORY", {"clothing", "gadgets"}}},
        {{"CATEGORY", {"Coffee, Tea & Cocoa"}}},
        {{"CATEGORY", {"nothing such"}}}},
       {}},
      {R"(EXCLUDE ItemID WHERE Items.CATEGORY_L1 IN ("shoe") AND Items.CATEGORY_L2 NOT IN ("boot"))",
       [](const Asked& q) {
         return !(has(q.item->categoryL1, "shoe") && !has(q.item->categoryL2, "boot"));
       }},
      {R"(INCLUDE ItemID WHERE Items.PRICE <= $PRICE)",
       [](const Asked& q) { return q.item->price <= q.number("PRICE"); },
       {kNothing, {{"PRICE", {"9.99"}}}, {{"PRICE", {"10"}}}, {{"PRICE", {"-2"}}}},
       {"PRICE"}},
      {R"(INCLUDE ItemID WHERE Items.CREATION_TIMESTAMP > $TIMESTAMP)",
       [](const Asked& q) { return q.item->created > q.number("TIMESTAMP"); },
       {kNothing,
        {{"TIMESTAMP", {"1700000000"}}},
        {{"TIMESTAMP", {"0"}}},
        {{"TIMESTAMP", {"9999999999"}}}},
       {"TIMESTAMP"}},
      {R"(INCLUDE ItemID WHERE Items.CATEGORY IN ("clothing") AND Items.AVAILABLE IN ("True"))",
       [](const Asked& q) {
         return has(q.item->category, "clothing") && has(q.item->available, "True");
       }},
      {R"(INCLUDE ItemID WHERE Items.genre IN ($GENRES))",
       [](const Asked& q) { return share(q.item->genre, q.values("GENRES")); },
       genres("GENRES"),
       {"GENRES"}},
      {R"(INCLUDE ItemID WHERE Items.YEAR >= 1970 AND Items.YEAR < 1980)",
       [](const Asked& q) { return q.item->year >= 1970 && q.item->year < 1980; }},
      {R"(INCLUDE ItemID WHERE Items.GENRE IN ("Film-Noir"))",
       [](const Asked& q) { return has(q.item->genre, "Film-Noir"); }},
      {R"(INCLUDE ItemID WHERE Items.CATEGORY_L1 IN ("electronics"))",
       [](const Asked& q) { return has(q.item->categoryL1, "electronics"); }},
      {R"(INCLUDE ItemID WHERE ITEMS.CATEGORY_L1 IN ($CATEGORIES))",
       [](const Asked& q) { return share(q.item->categoryL1, q.values("CATEGORIES")); },
       {kNothing,
        {{"CATEGORIES", {"shoe"}}},
        {{"CATEGORIES", {"electronics", "food service"}}},
        {{"CATEGORY_L1", {"shoe"}}}},
       {"CATEGORIES"}},
      {R"(EXCLUDE ItemId WHERE item.genre in ("Comedy"))",
       [](const Asked& q) { return !has(q.item->genre, "Comedy"); }},
      {R"(INCLUDE ItemID WHERE Items.DELETED IN ("false") AND Items.CULTURE IN ($CULTURE))",
       [](const Asked& q) {
         return has(q.item->deleted, "false") && share(q.item->culture, q.values("CULTURE"));
       },
       {kNothing, {{"CULTURE", {"en"}}}, {{"CULTURE", {"fr", "de"}}}},
       {"CULTURE"}},
      {R"(INCLUDE itemId WHERE Items.CATEGORY IN ("electronics", "gadgets"))",
       [](const Asked& q) {
         return share(q.item->category, {"electronics", "gadgets"});
       }},
      // An item whose price is not known has none that equals 0.
      {R"(INCLUDE ItemID WHERE Items.PRICE != 0)",
       [](const Asked& q) { return q.item->price != 0; }},
      {R"(EXCLUDE ItemID WHERE Items.STOCK = 0 OR Items.DISCONTINUED IN ("True"))",
       [](const Asked& q) { return !(q.item->stock == 0 || has(q.item->discontinued, "True")); }},
      // What is asked about the user decides whether the expression has any effect.
      {R"(EXCLUDE ItemID WHERE Items.GENRE IN ($GENRE) IF CurrentUser.AGE = $AGE)",
       [](const Asked& q) {
         const bool applies = !q.values("AGE").empty() && q.user.age == q.number("AGE");
         return !(applies && share(q.item->genre, q.values("GENRE")));
       },
       {kNothing,
        {{"AGE", {"30"}}},
        {{"GENRE", {"Comedy"}}},
        {{"AGE", {"30"}}, {"GENRE", {"Comedy"}}},
        {{"AGE", {"21"}}, {"GENRE", {"Drama", "Film-Noir"}}}},
       {}},
      {R"(INCLUDE ItemID WHERE Items.GENRE IN ("Comedy") IF CURRENTUSER.AGE > 20)",
       [](const Asked& q) { return !(q.user.age > 20) || has(q.item->genre, "Comedy"); }},
  };
}

std::vector<DocumentedFilter> ofChainsAndCurrentItems() {
  return {
      {R"(INCLUDE ItemID WHERE Items.GENRE IN ($GENRE) | EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("click", "stream"))",
       [](const Asked& q) {
         return share(q.item->genre, q.values("GENRE")) && !didWithItem(q, {"click", "stream"});
       },
       {kNothing, {{"GENRE", {"Comedy"}}}, {{"GENRE", {"Drama", "Film-Noir"}}}},
       {"GENRE"}},
      {R"(EXCLUDE ItemID WHERE INTERACTIONS.event_type IN ("Purchase") | EXCLUDE ItemID WHERE ITEMS.CATEGORY_L1 IN ("cold dispensed", "hot dispensed", "salty snacks", "food service"))",
       [](const Asked& q) {
         return !didWithItem(q, {"purchase"}) &&
                !share(q.item->categoryL1,
                       {"cold dispensed", "hot dispensed", "salty snacks", "food service"});
       }},
      {R"(EXCLUDE ItemID WHERE INTERACTIONS.event_type IN ("Purchase") | INCLUDE ItemID WHERE ITEMS.PROMOTED IN ("Y"))",
       [](const Asked& q) { return has(q.item->promoted, "Y") && !didWithItem(q, {"purchase"}); }},
      {R"(INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE AND Items.GENRE IN CurrentItem.GENRE)",
       [](const Asked& q) {
         return q.item->price < q.current->price && share(q.item->genre, q.current->genre);
       }},
      {R"(INCLUDE ItemID WHERE ITEMS.CATEGORY_L1 IN CurrentItem.CATEGORY_L1)",
       [](const Asked& q) { return share(q.item->categoryL1, q.current->categoryL1); }},
  };
}

std::vector<DocumentedFilter> ofUsersAndActions() {
  return {
      {R"(INCLUDE UserID WHERE Users.MEMBERSHIP_STATUS IN ($MEMBERSHIP))",
       [](const Asked& q) { return share(q.user.membershipStatus, q.values("MEMBERSHIP")); },
       {kNothing, {{"MEMBERSHIP", {"Gold"}}}, {{"MEMBERSHIP", {"gold", "Silver"}}}},
       {"MEMBERSHIP"}},
      // One literal with a comma in it, and so one event type.
      {R"(INCLUDE UserID WHERE Interactions.EVENT_TYPE IN ("click, rating"))",
       [](const Asked& q) { return did(q.user.events, "", {"click, rating"}); }},
      {R"(EXCLUDE UserID WHERE Interactions.EVENT_TYPE IN ($EVENT_TYPE))",
       [](const Asked& q) { return !did(q.user.events, "", q.values("EVENT_TYPE")); },
       {kNothing, {{"EVENT_TYPE", {"Purchase"}}}, {{"EVENT_TYPE", {"VIEW", "favorited"}}}},
       {}},
      {R"(EXCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN ("NOT_TAKEN"))",
       [](const Asked& q) { return !did(q.user.actionEvents, q.action->id, {"NOT_TAKEN"}); }},
      {R"(INCLUDE ActionID WHERE Actions.VALUE > ($VALUE))",
       [](const Asked& q) { return q.action->value > q.number("VALUE"); },
       {kNothing, {{"VALUE", {"5"}}}, {{"VALUE", {"-5.5"}}}},
       {"VALUE"}},
      {R"(INCLUDE ActionID WHERE Action.MEMBERSHIP_LEVEL IN ("Premium") IF CurrentUser.MEMBERSHIP = $PREMIUM)",
       [](const Asked& q) {
         return !share(q.user.membership, q.values("PREMIUM")) ||
                has(q.action->membershipLevel, "Premium");
       },
       {kNothing, {{"PREMIUM", {"Premium"}}}, {{"PREMIUM", {"Basic"}}}, {{"PREMIUM", {"None"}}}},
       {"PREMIUM"}},
  };
}

/// What a batch segment job asks of the items whose likely users it wants.
std::vector<DocumentedFilter> ofItemAttributes() {
  return {
      {R"(ITEMS.genres = "Comedy" AND ITEMS.genres = "Action")",
       [](const Asked& q) {
         return has(q.item->genres, "Comedy") && has(q.item->genres, "Action");
       }},
      {R"(ITEMS.genres = "Comedy" AND ITEMS.audience = "teen")",
       [](const Asked& q) {
         return has(q.item->genres, "Comedy") && has(q.item->audience, "teen");
       }},
      {R"(ITEMS.CATEGORY = "Coffee, Tea & Cocoa")",
       [](const Asked& q) { return has(q.item->category, "Coffee, Tea & Cocoa"); }},
  };
}

}  // namespace

const std::vector<DocumentedFilter>& documentedFilters() {
  static const std::vector<DocumentedFilter> kAll = [] {
    std::vector<DocumentedFilter> all;
    for (const auto& group : {ofEvents(), ofItems(), ofChainsAndCurrentItems(), ofUsersAndActions(),
                              ofItemAttributes()})
      all.insert(all.end(), group.begin(), group.end());
    return all;
  }();
  return kAll;
}

}  // namespace attune::testing
