#pragma once

#include "trainer/recipes/recipe.h"

namespace attune::trainer {

/// Recipes hrnn, hrnn-metadata and hrnn-coldstart: a recurrent network on two levels, sessions and
/// users (HRNN-Init of Quadrana et al. 2017, arXiv:1706.04148), trained to name each next item by
/// the full cross-entropy; see trainer/nn/hierarchical_gru.h and runtime/models/recurrent.h. A
/// session ends where two events are further apart than session_gap_minutes. The last event of each
/// user is held back for early stopping. Several such networks may answer together
/// (recurrent_ensemble.h); for sessions two do.
///
/// hrnn-metadata adds what the Items dataset says to the items' vectors. hrnn-coldstart does so too
/// and recommends cold items alone (cold_start.h), by what the Items dataset says of them: their
/// own vectors, which saw too little, are left out, where there is anything said.
class HrnnRecipe : public Recipe {
 public:
  enum class Kind { events, metadata, coldStart };

  explicit HrnnRecipe(Kind kind) : kind_(kind) {}
  std::unique_ptr<TrainedModel> train(const Dataset& data, const Parameters& parameters,
                                      const TrainOptions& options) const override;
  std::unique_ptr<TrainedModel> update(const Bundle& bundle, const Dataset& data,
                                       const Parameters& parameters,
                                       const TrainOptions& options) const override;
  std::optional<RecipeForecast> forecast(const Dataset& data, const Parameters& parameters,
                                         const TrainOptions& options) const override;

 private:
  Kind kind_;
};

}  // namespace attune::trainer
