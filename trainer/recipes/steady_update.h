#pragma once

#include <vector>

#include "runtime/bundle/bundle.h"
#include "trainer/data/dataset.h"
#include "trainer/recipes/neighbour_lists.h"

/// What an update counts anew changes a little everywhere, and every device would load all of it
/// again. So whatever is still right to within a tolerance is left as the bundle has it. Each update
/// compares with what the data say now: errors stay below the tolerance, however many follow.
namespace attune::trainer {

/// The items of a bundle among those of newer data.
struct KnownItems {
  std::vector<uint32_t> inBundle;  ///< (items of the data) their number there, or kUnknownItem
  std::vector<uint32_t> inData;    ///< (items of the bundle) the same the other way

  /// Throws UserError for a damaged bundle.
  KnownItems(const Bundle& bundle, const StringTable& items);
};

/// How many candidates an item steadyLists() wants for every neighbour it is to have.
inline constexpr size_t kSteadyCandidates = 2;

/// Neighbour lists and the scales their weights are stored with.
struct SteadyLists {
  NeighbourLists lists;
  std::vector<float> scales;  ///< (items) 0: what the list asks for; empty for weights as f32
};

/// Lists of newer data, near those of the bundle: weights are within a tenth of what the data say,
/// and no item that is not listed is more than a tenth nearer than one that is. `fresh` has
/// kSteadyCandidates x length neighbours an item, where there are so many; the result has `length`.
/// Throws UserError for a damaged bundle.
SteadyLists steadyLists(const Bundle& bundle, const KnownItems& known, NeighbourLists fresh,
                        size_t length);

/// Leaves a prior of known items (a section of floats) as the bundle has it where it moved by less
/// than a hundredth. Nothing where either has none. Throws UserError for a damaged bundle.
void steadyPrior(const Bundle& bundle, const KnownItems& known, SectionKind kind,
                 std::vector<float>& prior);

}  // namespace attune::trainer
