#include "tests/support/planted_shop.h"

#include <cmath>

#include "runtime/base/random.h"
#include "tests/support/sample.h"

namespace attune::testing {
namespace {

using namespace trainer;

constexpr int kItems = 240, kActions = 60, kUsers = 24;

std::string numberedId(const char* prefix, int number) {
  const std::string digits = std::to_string(number);
  return prefix + std::string(4 - digits.size(), '0') + digits;
}

/// Draws from lists.
class Draw {
 public:
  template <typename T>
  T of(const std::vector<T>& choices) {
    return choices[random_.below(static_cast<uint32_t>(choices.size()))];
  }
  bool oneIn(uint32_t n) { return random_.below(n) == 0; }

 private:
  Random random_{17};
};

PlantedItem drawItem(Draw& draw, int number) {
  PlantedItem item;
  item.id = numberedId("item", number);
  item.genre = draw.of<Words>({{},
                               {"Comedy"},
                               {"Comedy", "Drama"},
                               {"Drama"},
                               {"Film-Noir"},
                               {"Comedy", "Film-Noir"},
                               {"comedy"},
                               {"Film", "Noir"}});
  item.genres = draw.of<Words>({{},
                                {"Comedy"},
                                {"Action"},
                                {"Action", "Comedy"},
                                {"Comedy", "Drama", "Action"},
                                {"Drama"},
                                {"Action", "comedy"}});
  item.category = draw.of<Words>({{},
                                  {"clothing"},
                                  {"electronics"},
                                  {"gadgets"},
                                  {"clothing", "gadgets"},
                                  {"Electronics"},
                                  {"Coffee"},
                                  {"Coffee, Tea & Cocoa"},
                                  {"Coffee, Tea & Cocoa", "gadgets"}});
  item.categoryL1 = draw.of<Words>({{},
                                    {"shoe"},
                                    {"shoe"},
                                    {"shoe", "electronics"},
                                    {"Shoe"},
                                    {"electronics"},
                                    {"cold dispensed"},
                                    {"hot dispensed"},
                                    {"salty snacks"},
                                    {"food service"}});
  item.categoryL2 = draw.of<Words>({{}, {"boot"}, {"sandal"}, {"boot", "sandal"}, {"Boot"}});
  item.audience = draw.of<Words>({{}, {"teen"}, {"adult"}, {"adult", "teen"}, {"Teen"}});
  item.available = draw.of<Words>({{}, {"True"}, {"False"}, {"true"}});
  item.deleted = draw.of<Words>({{}, {"false"}, {"true"}, {"False"}});
  item.discontinued = draw.of<Words>({{}, {"True"}, {"False"}, {"TRUE"}});
  item.promoted = draw.of<Words>({{}, {"Y"}, {"N"}, {"y"}});
  item.culture = draw.of<Words>({{}, {"en"}, {"fr"}, {"en", "fr"}, {"EN"}});
  item.price = draw.of<double>({NAN, -1, 0, 0.5, 9.99, 10, 10.01, 19.99});
  item.year = draw.of<double>({NAN, 0, 1969, 1970, 1971, 1979, 1980, 2001});
  item.stock = draw.of<double>({NAN, 0, 1, 7});
  item.created = draw.of<double>({NAN, 0, 1699999999, 1700000000, 1700000001, 1800000000});
  return item;
}

PlantedAction drawAction(Draw& draw, int number) {
  return {.id = numberedId("action", number),
          .membershipLevel =
              draw.of<Words>({{}, {"Premium"}, {"Basic"}, {"Basic", "Premium"}, {"premium"}}),
          .value = draw.of<double>({NAN, -5, 4.99, 5, 5.01, 50})};
}

/// A user does a few kinds of things, with some of the items and actions, a few of them twice.
PlantedUser drawUser(Draw& draw, int number, const PlantedShop& shop) {
  PlantedUser user;
  user.id = numberedId("user", number);
  user.age = NAN;
  if (number == 0) return user;
  user.membershipStatus = draw.of<Words>({{}, {"Gold"}, {"Silver"}, {"Gold", "Silver"}, {"gold"}});
  user.membership = draw.of<Words>({{}, {"Premium"}, {"Basic"}, {"premium"}});
  user.age = draw.of<double>({NAN, 0, 19, 20, 21, 30, 65});
  const Words types = {"click",    "CLICK",    "stream",   "Stream", "watched", "Favorited",
                       "Purchase", "purchase", "download", "view",   "rating",  "click, rating"};
  Words habits;
  for (int i = 0; i < 4; ++i) habits.push_back(draw.of(types));
  for (const PlantedItem& item : shop.items)
    while (draw.oneIn(3)) user.events.push_back({item.id, draw.of(habits)});
  for (const PlantedAction& action : shop.actions)
    while (draw.oneIn(3))
      user.actionEvents.push_back(
          {action.id, draw.of<std::string>({"TAKEN", "NOT_TAKEN", "not_taken", "Viewed"})});
  return user;
}

template <typename Row>
Column categories(const char* name, const std::vector<Row>& rows, Words Row::*words) {
  Column column{.name = name, .kind = ColumnKind::categorical};
  column.offsets = {0};
  for (const Row& row : rows) {
    for (const std::string& word : row.*words) column.codes.push_back(column.values.add(word));
    column.offsets.push_back(static_cast<uint32_t>(column.codes.size()));
  }
  return column;
}

template <typename Row>
Column numbers(const char* name, ColumnKind kind, const std::vector<Row>& rows,
               double Row::*number) {
  Column column{.name = name, .kind = kind};
  for (const Row& row : rows) column.numbers.push_back(row.*number);
  return column;
}

template <typename Row>
StringTable idsIn(const std::vector<Row>& rows) {
  StringTable ids;
  for (const Row& row : rows) ids.add(row.id);
  return ids;
}

Column promotedIn(const std::vector<PlantedItem>& items) {
  Column column{.name = "PROMOTED", .kind = ColumnKind::text};
  for (const PlantedItem& item : items)
    column.texts.push_back(item.promoted.empty() ? "" : item.promoted[0]);
  return column;
}

}  // namespace

PlantedShop::PlantedShop() {
  Draw draw;
  // From the last to the first, because nothing may rest on rows that are in the order of their
  // ids.
  for (int i = kItems; i-- > 0;) items.push_back(drawItem(draw, i));
  for (int i = kActions; i-- > 0;) actions.push_back(drawAction(draw, i));
  for (int i = kUsers; i-- > 0;) users.push_back(drawUser(draw, i, *this));
}

Buffer<uint8_t> PlantedShop::bundle() const {
  using Item = PlantedItem;
  Dataset data;
  data.items = idsIn(items);
  data.itemColumns = {categories("GENRE", items, &Item::genre),
                      categories("GENRES", items, &Item::genres),
                      categories("CATEGORY", items, &Item::category),
                      categories("CATEGORY_L1", items, &Item::categoryL1),
                      categories("CATEGORY_L2", items, &Item::categoryL2),
                      categories("AUDIENCE", items, &Item::audience),
                      categories("AVAILABLE", items, &Item::available),
                      categories("DELETED", items, &Item::deleted),
                      categories("DISCONTINUED", items, &Item::discontinued),
                      categories("CULTURE", items, &Item::culture),
                      promotedIn(items),
                      numbers("PRICE", ColumnKind::real, items, &Item::price),
                      numbers("YEAR", ColumnKind::integer, items, &Item::year),
                      numbers("STOCK", ColumnKind::integer, items, &Item::stock),
                      numbers("CREATION_TIMESTAMP", ColumnKind::integer, items, &Item::created)};
  const uint32_t count = data.items.size();
  BundleBuilder bundle(count, "sims", ModelKind::Neighbours);
  writeCatalogue(data, ItemOrder(data.items), {"PROMOTED"}, bundle);
  bundle.add(SectionKind::ItemUserCounts, std::vector<uint32_t>(count, 1));
  bundle.setPopularity(10);
  std::vector<uint32_t> offsets(count + 1, 1);
  offsets[0] = 0;
  bundle.add(SectionKind::NeighbourOffsets, offsets);
  bundle.addIndexes(SectionKind::NeighbourItems, std::vector<uint32_t>{1}, count);
  bundle.add(SectionKind::NeighbourWeights, std::vector<float>{1});
  bundle.setNeighbours(0.5f, 0.001f);
  return aligned(bundle.finish());
}

StringTable PlantedShop::actionIds() const { return idsIn(actions); }
StringTable PlantedShop::userIds() const { return idsIn(users); }

std::vector<Column> PlantedShop::actionColumns() const {
  return {categories("MEMBERSHIP_LEVEL", actions, &PlantedAction::membershipLevel),
          numbers("VALUE", ColumnKind::real, actions, &PlantedAction::value)};
}

std::vector<Column> PlantedShop::userColumns() const {
  return {categories("MEMBERSHIP_STATUS", users, &PlantedUser::membershipStatus),
          categories("MEMBERSHIP", users, &PlantedUser::membership),
          numbers("AGE", ColumnKind::integer, users, &PlantedUser::age)};
}

}  // namespace attune::testing
