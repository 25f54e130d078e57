#pragma once

#include "trainer/recipes/recipe.h"

namespace attune::trainer {

/// Recipe sims: item-to-item collaborative filtering (Sarwar et al. 2001; Linden, Smith and York
/// 2003). Two items are as near as
///
///   sum over their common users of |history|^-history_length_discount
///   ---------------------------------------------------------------------
///   users(i)^(1 - popularity_discount_factor) x users(j)^popularity_discount_factor
///
/// (the asymmetric cosine of Aiolli 2013; 0.5 is the cosine), if they have at least
/// min_cointeraction_count users in common. An item the data say too little about falls back to
/// popular items in the runtime.
class SimsRecipe : public Recipe {
 public:
  std::unique_ptr<TrainedModel> train(const Dataset& data, const Parameters& parameters,
                                      const TrainOptions& options) const override;
  std::unique_ptr<TrainedModel> update(const Bundle& bundle, const Dataset& data,
                                       const Parameters& parameters,
                                       const TrainOptions& options) const override;
};

}  // namespace attune::trainer
