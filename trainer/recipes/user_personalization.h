#pragma once

#include "trainer/recipes/recipe.h"

namespace attune::trainer {

/// Recipe user-personalization: a causal transformer over each user's events (after SASRec, Kang
/// and McAuley 2018, with the full cross-entropy of Klenitskiy and Vasilev 2023), trained to name
/// each next item; see trainer/nn and runtime/models/transformer.h. The last event of each user is
/// held back for early stopping.
class UserPersonalizationRecipe : public Recipe {
 public:
  std::unique_ptr<TrainedModel> train(const Dataset& data, const Parameters& parameters,
                                      const TrainOptions& options) const override;
  std::unique_ptr<TrainedModel> update(const Bundle& bundle, const Dataset& data,
                                       const Parameters& parameters,
                                       const TrainOptions& options) const override;
  std::optional<RecipeForecast> forecast(const Dataset& data, const Parameters& parameters,
                                         const TrainOptions& options) const override;
};

}  // namespace attune::trainer
