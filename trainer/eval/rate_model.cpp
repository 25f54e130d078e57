#include "trainer/eval/rate_model.h"

#include "runtime/base/random.h"

namespace attune::trainer {
namespace {

struct Rate {
  double views = 0;
  double reward = 0;

  void add(double one) {
    ++views;
    reward += one;
  }
  double shrunkTo(double mean, double shrinkage) const {
    return (reward + shrinkage * mean) / (views + shrinkage);
  }
};

/// Mean rewards as all folds but one know them.
class RateModel {
 public:
  RateModel(size_t items, double shrinkage) : shrinkage_(shrinkage), byItem_(items) {}

  void learn(const LoggedAction& action) {
    all_.add(action.reward);
    byItem_[action.item].add(action.reward);
    std::vector<Rate>& rates = byPosition_[action.position];
    rates.resize(byItem_.size());
    rates[action.item].add(action.reward);
  }

  /// (items) at a position.
  std::vector<double> ratesAt(uint32_t position) const {
    const double mean = all_.views > 0 ? all_.reward / all_.views : 0.0;
    const auto here = byPosition_.find(position);
    std::vector<double> rates(byItem_.size());
    for (size_t item = 0; item < rates.size(); ++item) {
      const double ofItem = byItem_[item].shrunkTo(mean, shrinkage_);
      const Rate seen = here == byPosition_.end() ? Rate{} : here->second[item];
      rates[item] = seen.shrunkTo(ofItem, shrinkage_);
    }
    return rates;
  }

 private:
  double shrinkage_;
  Rate all_;
  std::vector<Rate> byItem_;                          // (items)
  std::map<uint32_t, std::vector<Rate>> byPosition_;  // (items) each
};

/// What a fold predicts at one position.
struct Predictions {
  std::vector<double> rates;  ///< (items)
  double ofPolicy = 0;
};

Predictions predictionsOf(const RateModel& model, const ContextFreePolicy& policy,
                          uint32_t position) {
  Predictions predictions{model.ratesAt(position)};
  const std::span<const double> probabilities = policy.at(position);
  for (size_t item = 0; item < predictions.rates.size(); ++item)
    predictions.ofPolicy += probabilities[item] * predictions.rates[item];
  return predictions;
}

}  // namespace

std::span<const double> ContextFreePolicy::at(uint32_t position) const {
  const auto found = byPosition.find(position);
  return found == byPosition.end() ? elsewhere : found->second;
}

void predictRates(std::span<LoggedAction> actions, const ContextFreePolicy& policy, size_t items,
                  const CrossFitOptions& options) {
  std::vector<uint32_t> foldOf;  // (actions)
  foldOf.reserve(actions.size());
  for (const LoggedAction& action : actions)
    foldOf.push_back(Random(options.seed, action.round).next() % options.folds);
  for (uint32_t fold = 0; fold < options.folds; ++fold) {
    RateModel model(items, options.shrinkage);
    for (size_t i = 0; i < actions.size(); ++i)
      if (foldOf[i] != fold) model.learn(actions[i]);
    std::map<uint32_t, Predictions> byPosition;
    for (size_t i = 0; i < actions.size(); ++i) {
      if (foldOf[i] != fold) continue;
      LoggedAction& action = actions[i];
      auto [known, isNew] = byPosition.try_emplace(action.position);
      if (isNew) known->second = predictionsOf(model, policy, action.position);
      action.prediction = known->second.rates[action.item];
      action.policyPrediction = known->second.ofPolicy;
    }
  }
}

}  // namespace attune::trainer
