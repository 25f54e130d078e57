#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "trainer/nn/cross_entropy.h"
#include "trainer/nn/cross_entropy_items.h"

namespace attune::trainer {

/// A token that takes part in the loss.
struct ActiveToken {
  uint32_t token = 0;   ///< its row in CrossEntropyInput
  uint32_t target = 0;  ///< in the catalogue
  float weight = 1;
};

/// How sampled softmax differs: the packed items are negatives, and the target stands apart.
class NegativeSlots;

/// What all tiles of one call share.
struct LossJob {
  const CrossEntropyInput& input;
  const PackedItems& items;        ///< the catalogue, or the negatives
  const NegativeSlots* negatives;  ///< null for the whole softmax
  std::span<const ActiveToken> tokens;
  float gradientScale = 1;          ///< of each token's weight, in the gradients
  std::span<float> hiddenGradient;  ///< as in CrossEntropyGradients
  /// (tokens): what the target's row gets of the token's hidden vector, and the target's bias.
  std::span<float> targetFactors;
  std::span<LossParts> parts;  ///< as in CrossEntropyGradients
  bool wantsBias = false;
};

/// One share's gradient of the packed items: (items, paddedDimension) and (item panels x width).
struct ItemsGradient {
  float* rows = nullptr;
  float* bias = nullptr;
};

/// Tokens of a tile, so that its logits stay in the second level of the cache where they can.
size_t tokensOfTile(const PackedItems& items);

/// Adds to `gradient` and writes hiddenGradient and targetFactors of job.tokens [begin, end), at
/// most tokensOfTile of them. Returns the sum of weight x loss.
double runTile(const LossJob& job, size_t begin, size_t end, const ItemsGradient& gradient);

}  // namespace attune::trainer
