#pragma once

#include <span>
#include <vector>

#include "trainer/nn/sequence_model.h"

namespace attune::trainer {

/// A recurrent network as a bundle has it.
struct RecurrentWeights {
  SequenceModel model;
  std::vector<float> values;       // model's layout
  std::vector<float> itemVectors;  // (items, d), features included
};

/// Networks of the same shape as one: their numbers side by side, with nothing between them, so
/// that an item's score is the mean of their scores (a committee; Hansen and Salamon 1990, "Neural
/// network ensembles"). Only the last norm is common to all: it divides each state by the members'
/// root mean square in place of its own, and states of gates trained alike have nearly the same.
/// Its model has no items of its own. REQUIRES: one member at least.
RecurrentWeights ensembleOf(std::span<const RecurrentWeights> members);

}  // namespace attune::trainer
