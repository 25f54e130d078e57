#pragma once

#include <span>

#include "runtime/models/model.h"
#include "runtime/models/neighbour_table.h"
#include "runtime/models/popularity.h"

namespace attune {

/// Item-to-item neighbours (recipe sims; Linden, Smith and York 2003; Sarwar et al. 2001): every
/// item has a list of the items that the same users had. A user's score for an item is the sum of
/// its weights in the lists of the user's different past items, each past item weighing
/// recencyDecay times the next newer one; a small share of popularity fills up what is left.
class NeighbourModel : public Model {
 public:
  static Result<Owned<Model>> open(const Bundle& bundle);

  NeighbourModel(const NeighbourTable& table, const PopularityCounts& counts, float recencyDecay,
                 float popularityBlend)
      : table_(table),
        counts_(counts),
        recencyDecay_(recencyDecay),
        popularityBlend_(popularityBlend) {}
  Status score(const Query& query, ModelScratch& scratch, std::span<float> scores) const override;
  Status scoreRelated(uint32_t item, ModelScratch& scratch, std::span<float> scores) const override;
  /// The weight of one in the other's list, by that of the nearest there, which is 0.2: weights
  /// themselves are shares of many neighbours, and small where lists are long.
  float similarity(uint32_t a, uint32_t b) const override;

 private:
  NeighbourTable table_;
  PopularityCounts counts_;
  float recencyDecay_;
  float popularityBlend_;
};

}  // namespace attune
