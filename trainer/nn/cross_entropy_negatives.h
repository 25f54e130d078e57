#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "trainer/nn/cross_entropy.h"

namespace attune::trainer {

/// The shared negatives, gathered, and where each item stands among them.
class NegativeSlots {
 public:
  NegativeSlots(const CrossEntropyInput& input, const SampledNegatives& negatives);

  /// (negatives, dimension), and their bias with the correction taken off; empty for neither.
  std::span<const float> rows() const { return rows_; }
  std::span<const float> bias() const { return bias_; }
  std::span<const uint32_t> items() const { return negatives_.items; }

  /// The corrected logit of the target of a token, NaN and infinity as they come. One that copied
  /// mass speaks for would be among the candidates whatever is drawn: nothing to correct.
  float targetLogit(const float* hidden, uint32_t token, uint32_t target) const;

  /// Calls `use(slot)` for each slot that holds `item`.
  template <class Use>
  void forEachSlot(uint32_t item, Use use) const {
    for (uint32_t slot = first_[item]; slot != kNone; slot = next_[slot]) use(slot);
  }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  float biasOf(uint32_t item) const;
  float correctedBias(uint32_t item) const;

  const CrossEntropyInput& input_;
  const SampledNegatives& negatives_;
  std::vector<float> rows_;
  std::vector<float> bias_;
  std::vector<uint32_t> first_;  // by item
  std::vector<uint32_t> next_;   // by slot
};

}  // namespace attune::trainer
