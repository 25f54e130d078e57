#include "trainer/nn/cross_entropy_negatives.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace attune::trainer {

NegativeSlots::NegativeSlots(const CrossEntropyInput& input, const SampledNegatives& negatives)
    : input_(input), negatives_(negatives), next_(negatives.items.size(), kNone) {
  const size_t dimension = input.dimension;
  first_.assign(input.items.size() / dimension, kNone);
  rows_.resize(negatives.items.size() * dimension);
  const bool biased = !input.itemBias.empty() || !negatives.logExpectedCount.empty();
  for (size_t slot = 0; slot < negatives.items.size(); ++slot) {
    const uint32_t item = negatives.items[slot];
    if (item >= first_.size()) throw std::out_of_range("sampledCrossEntropy: no such negative");
    std::copy_n(input.items.data() + item * dimension, dimension, &rows_[slot * dimension]);
    if (biased) bias_.push_back(correctedBias(item));
    next_[slot] = first_[item];
    first_[item] = static_cast<uint32_t>(slot);
  }
}

float NegativeSlots::biasOf(uint32_t item) const {
  return input_.itemBias.empty() ? 0 : input_.itemBias[item];
}

float NegativeSlots::correctedBias(uint32_t item) const {
  const float correction =
      negatives_.logExpectedCount.empty() ? 0 : negatives_.logExpectedCount[item];
  return biasOf(item) - correction;
}

float NegativeSlots::targetLogit(const float* hidden, uint32_t token, uint32_t target) const {
  const float* const row = input_.items.data() + target * input_.dimension;
  double sum = 0;
  for (size_t i = 0; i < input_.dimension; ++i) sum += static_cast<double>(hidden[i]) * row[i];
  const bool certain = !input_.copied.empty() && std::isfinite(input_.copied[token].target);
  return static_cast<float>(sum) + (certain ? biasOf(target) : correctedBias(target));
}

}  // namespace attune::trainer
