#pragma once

#include <cstdint>
#include <span>

#include "runtime/bundle/catalogue.h"
#include "runtime/serve/filter.h"

namespace attune {

/// Keeps a share of a list for items that a filter of its own lets pass.
struct Promotion {
  const Filter* filter = nullptr;        ///< null: every item
  const FilterValues* values = nullptr;  ///< of its placeholders; null: none
  uint32_t percent = 0;                  ///< of the list's items, 0..100
};

/// What a request says about the list as a whole. All of it is off by default. Scores stay those of
/// the model; the order is that of their logarithms with what stands here added.
struct ListControls {
  std::span<const Promotion> promotions = {};

  /// 0..1: maximal marginal relevance (Carbonell and Goldstein 1998), with the sum of an item's
  /// similarities to the items before it, so that it weighs little at the top of the list, where
  /// order matters most: an item loses 2.65 x diversity x (best less worst candidate's score) x that
  /// sum / length of the list.
  float diversity = 0;
  /// At most so many items with one value of a categorical column; 0: any number.
  uint32_t maxPerValue = 0;
  uint32_t column = Catalogue::kNoColumn;  ///< which column; REQUIRES: it is categorical

  /// 0..1: how much of an item's popularity (the logarithm of its users) is taken off.
  float popularityDiscount = 0;
  /// 0..10: what a new item gains; halved with every `freshnessDays` of age.
  float freshnessBoost = 0;
  float freshnessDays = 30;

  /// 0..1: how wide the posterior of a new item is; see Exploration.
  float explorationWeight = 0;
  /// Days for which an item is new.
  float explorationItemAgeCutOff = 30;

  /// Places of promoted items and what is explored are drawn by it.
  uint64_t seed = 0;

  bool reorder() const { return diversity > 0 || maxPerValue > 0 || explorationWeight > 0; }
  bool adjust() const { return popularityDiscount > 0 || freshnessBoost > 0; }
  bool any() const { return !promotions.empty() || reorder() || adjust(); }
};

/// How an item came into a list.
struct ListMark {
  static constexpr uint32_t kRanked = 0, kExplored = 1, kPromoted = 2;
  uint32_t how = kRanked;  ///< kPromoted + number of the promotion, from there on
  /// The chance that just this item is at this place, given those before it; 1 where nothing is
  /// drawn. Places of promoted items do not count.
  float propensity = 1;
};

}  // namespace attune
