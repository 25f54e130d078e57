#pragma once

#include "runtime/bundle/bundle.h"
#include "trainer/recipes/solution.h"
#include "trainer/recipes/train.h"

namespace attune::trainer {

/// What a bundle was trained with: its recipe, parameters and choice of events. Throws UserError
/// for a bundle that does not say so (another tool made it).
Solution solutionOfBundle(const Bundle& bundle, const std::string& name);

/// The text columns of the items that a bundle holds for display.
std::set<std::string> textColumnsOf(const Bundle& bundle, const std::string& name);

/// How the items of an update compare with those of the bundle before.
struct UpdatedItems {
  uint32_t known = 0;          ///< in both
  uint32_t added = 0;          ///< new ones
  uint32_t addedUnseen = 0;    ///< of these, without any event
  uint32_t removed = 0;        ///< the store has them no longer
};

struct UpdatedBundle {
  std::vector<uint8_t> bytes;
  UpdatedItems items;
};

/// Personalize's trainingMode UPDATE: the bundle for newer data, its learned weights kept
/// (Recipe::update); catalogue, named filters, text columns and precision stay what they were. Equal
/// bytes for equal input, whatever the threads. `data` holds the events that solutionOfBundle()
/// asks for. Throws UserError when there are no interactions, when the store no longer has a text
/// column of the bundle, or where Recipe::update does. That the filters still fit the columns is for
/// the caller to check (checkFilters()).
UpdatedBundle updateBundle(const Bundle& bundle, const std::string& name, const Dataset& data,
                           unsigned threads);

}  // namespace attune::trainer
