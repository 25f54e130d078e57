#pragma once

#include <span>

#include "runtime/models/model.h"
#include "runtime/models/popularity.h"

namespace attune {

/// Item-to-item neighbours (recipe sims; Linden, Smith and York 2003; Sarwar et al. 2001): every
/// item has a list of the items that the same users had. A user's score for an item is the sum of
/// its weights in the lists of the user's different past items, each past item weighing
/// recencyDecay times the next newer one; a small share of popularity fills up what is left.
class NeighbourModel : public Model {
 public:
  static Result<Owned<Model>> open(const Bundle& bundle);

  /// Row r of the lists: items[offsets[r]..offsets[r + 1]), nearest first.
  struct Weights {
    std::span<const uint32_t> offsets;  // (items + 1)
    IndexView items;                    // (links)
    std::span<const uint8_t> bytes;     // (links) quantised weights, or
    std::span<const float> floats;      // (links) exact ones
    std::span<const float> scales;      // (items), with bytes
    float recencyDecay = 0;
    float popularityBlend = 0;
  };

  NeighbourModel(const Weights& weights, const PopularityCounts& counts)
      : weights_(weights), counts_(counts) {}
  Status score(const Query& query, Scratch& scratch, std::span<float> scores) const override;
  Status scoreRelated(uint32_t item, Scratch& scratch, std::span<float> scores) const override;

 private:
  void addNeighbours(uint32_t item, float weight, std::span<float> scores) const;

  Weights weights_;
  PopularityCounts counts_;
};

}  // namespace attune
