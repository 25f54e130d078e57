#pragma once

#include <string>
#include <vector>

#include "runtime/serve/engine.h"
#include "trainer/data/dataset.h"

/// A shop planted so that Personalize's documented filters tell its rows apart: on either side of
/// every condition and at its edge, in another case, with several values and with none.
namespace attune::testing {

using Words = std::vector<std::string>;  // of one row in one column; none: null

struct PlantedItem {
  std::string id;
  Words genre, genres, category, categoryL1, categoryL2, audience, available, deleted, discontinued,
      culture;
  Words promoted;                                      // a plain text, not a category
  double price = 0, year = 0, stock = 0, created = 0;  // NaN: null
};

struct PlantedAction {
  std::string id;
  Words membershipLevel;
  double value = 0;
};

/// Something done with an item or an action.
struct PlantedEvent {
  std::string id, type;
};

struct PlantedUser {
  std::string id;
  Words membershipStatus, membership;
  double age = 0;
  std::vector<PlantedEvent> events, actionEvents;
};

/// Rows and events drawn from lists of what is worth trying, each column on its own, so that the
/// conditions of one expression meet in every combination. The first user is nobody: without
/// attributes and events.
struct PlantedShop {
  std::vector<PlantedItem> items;
  std::vector<PlantedAction> actions;
  std::vector<PlantedUser> users;

  PlantedShop();

  /// A bundle of the items, in aligned memory. It recommends every item, in whatever order.
  Buffer<uint8_t> bundle() const;
  trainer::StringTable actionIds() const;
  std::vector<trainer::Column> actionColumns() const;
  trainer::StringTable userIds() const;
  std::vector<trainer::Column> userColumns() const;
};

}  // namespace attune::testing
