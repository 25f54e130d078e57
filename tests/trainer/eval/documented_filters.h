#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/support/planted_shop.h"

// The filters that Personalize's documentation and samples show, and what each means, told by hand
// from the words beside it there: nothing here reads an expression.

namespace attune::testing {

/// What a request gives for placeholders.
using Given = std::map<std::string, Words>;

/// Whether a row passes is asked for one user and one request.
struct Asked {
  const PlantedUser& user;  ///< who asks; of filters of users, who is judged
  const Given& given;
  const PlantedItem* item = nullptr;  ///< what is judged, when it is an item
  const PlantedAction* action = nullptr;
  const PlantedItem* current = nullptr;  ///< the item of a request for related items

  /// The values of a placeholder, none when the request has none.
  Words values(const std::string& name) const {
    const auto found = given.find(name);
    return found == given.end() ? Words() : found->second;
  }
  /// The only value as a number.
  double number(const std::string& name) const { return std::stod(values(name).at(0)); }
};

struct DocumentedFilter {
  std::string expression;
  bool (*passes)(const Asked&);
  std::vector<Given> requests = {{}};
  Words required;  ///< placeholders without whose values the request is an error

  bool isItemAttributes() const { return !has(" WHERE "); }
  bool isOfUsers() const { return has(" UserID "); }
  bool isOfActions() const { return has(" ActionID "); }
  bool asksCurrentItem() const { return has("CurrentItem."); }
  bool has(const char* text) const { return expression.find(text) != std::string::npos; }
};

const std::vector<DocumentedFilter>& documentedFilters();

}  // namespace attune::testing
