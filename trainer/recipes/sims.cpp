#include "trainer/recipes/sims.h"

#include "trainer/recipes/neighbour_lists.h"
#include "trainer/recipes/popularity_count.h"
#include "trainer/recipes/steady_update.h"

namespace attune::trainer {
namespace {

/// Popular items fill lists up, below every item with a neighbour in the user's history.
constexpr float kPopularityBlend = 1e-6f;

class Sims : public TrainedModel {
 public:
  Sims(SteadyLists lists, ItemCounts counts, float recencyDecay)
      : lists_(std::move(lists)), counts_(std::move(counts)), recencyDecay_(recencyDecay) {}

  ModelKind kind() const override { return ModelKind::Neighbours; }

  void write(const ItemOrder& order, BundlePrecision precision, BundleBuilder& bundle) const override {
    writeNeighbours(lists_.lists, order, precision, bundle, lists_.scales);
    bundle.setNeighbours(recencyDecay_, kPopularityBlend);
    writeCounts(counts_, order, bundle);
  }

 private:
  SteadyLists lists_;
  ItemCounts counts_;
  float recencyDecay_;
};

BasketLimits limitsOf(const Parameters& parameters) {
  return {parameters.number("min_user_history_length_percentile"),
          parameters.number("max_user_history_length_percentile"),
          parameters.number("min_item_interaction_count_percentile"),
          parameters.number("max_item_interaction_count_percentile")};
}

NeighbourOptions optionsOf(const Parameters& parameters, unsigned threads) {
  return {
      .popularityDiscount = parameters.number("popularity_discount_factor"),
      .lengthDiscount = parameters.number("history_length_discount"),
      .minCommonUsers = static_cast<uint32_t>(parameters.integer("min_cointeraction_count")),
      .maxNeighbours = static_cast<size_t>(parameters.integer("max_neighbours")),
      .threads = threads};
}

std::unique_ptr<TrainedModel> modelOf(SteadyLists lists, const Dataset& data,
                                      const Parameters& parameters) {
  return std::make_unique<Sims>(std::move(lists), countUsers(data),
                                static_cast<float>(parameters.number("recency_decay")));
}

}  // namespace

std::unique_ptr<TrainedModel> SimsRecipe::train(const Dataset& data, const Parameters& parameters,
                                                const TrainOptions& options) const {
  return modelOf({findNeighbours(Baskets(data, limitsOf(parameters)),
                                 optionsOf(parameters, options.threads)),
                  {}},
                 data, parameters);
}

std::unique_ptr<TrainedModel> SimsRecipe::update(const Bundle& bundle, const Dataset& data,
                                                 const Parameters& parameters,
                                                 const TrainOptions& options) const {
  NeighbourOptions neighbours = optionsOf(parameters, options.threads);
  const size_t length = neighbours.maxNeighbours;
  neighbours.maxNeighbours *= kSteadyCandidates;
  return modelOf(steadyLists(bundle, KnownItems(bundle, data.items),
                             findNeighbours(Baskets(data, limitsOf(parameters)), neighbours),
                             length),
                 data, parameters);
}

}  // namespace attune::trainer
