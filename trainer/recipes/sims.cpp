#include "trainer/recipes/sims.h"

#include "trainer/recipes/neighbour_lists.h"
#include "trainer/recipes/popularity_count.h"

namespace attune::trainer {
namespace {

/// Popular items fill lists up, below every item with a neighbour in the user's history.
constexpr float kPopularityBlend = 1e-6f;

class Sims : public TrainedModel {
 public:
  Sims(NeighbourLists lists, ItemCounts counts, float recencyDecay)
      : lists_(std::move(lists)), counts_(std::move(counts)), recencyDecay_(recencyDecay) {}

  ModelKind kind() const override { return ModelKind::Neighbours; }

  void write(const ItemOrder& order, BundlePrecision precision, BundleBuilder& bundle) const override {
    writeNeighbours(lists_, order, precision, bundle);
    bundle.setNeighbours(recencyDecay_, kPopularityBlend);
    writeCounts(counts_, order, bundle);
  }

 private:
  NeighbourLists lists_;
  ItemCounts counts_;
  float recencyDecay_;
};

BasketLimits limitsOf(const Parameters& parameters) {
  return {parameters.number("min_user_history_length_percentile"),
          parameters.number("max_user_history_length_percentile"),
          parameters.number("min_item_interaction_count_percentile"),
          parameters.number("max_item_interaction_count_percentile")};
}

}  // namespace

std::unique_ptr<TrainedModel> SimsRecipe::train(const Dataset& data, const Parameters& parameters,
                                                const TrainOptions& options) const {
  const NeighbourOptions neighbours{
      .popularityDiscount = parameters.number("popularity_discount_factor"),
      .lengthDiscount = parameters.number("history_length_discount"),
      .minCommonUsers = static_cast<uint32_t>(parameters.integer("min_cointeraction_count")),
      .maxNeighbours = static_cast<size_t>(parameters.integer("max_neighbours")),
      .threads = options.threads};
  return std::make_unique<Sims>(findNeighbours(Baskets(data, limitsOf(parameters)), neighbours),
                                countUsers(data),
                                static_cast<float>(parameters.number("recency_decay")));
}

}  // namespace attune::trainer
