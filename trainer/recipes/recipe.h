#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "trainer/base/progress.h"
#include "trainer/data/dataset.h"
#include "trainer/export/bundle_builder.h"
#include "trainer/export/item_order.h"
#include "trainer/export/quantise.h"
#include "trainer/recipes/parameters.h"

namespace attune::trainer {

/// The most networks of an ensemble.
inline constexpr size_t kMostNetworks = 4;
/// The passes over the data that have a checkpoint each: the one that chooses by held-out events,
/// and those that learn from everything, one a network.
inline constexpr const char* kPasses[1 + kMostNetworks] = {".choose", ".refit", ".refit2",
                                                           ".refit3", ".refit4"};

/// What training needs beside the data and the recipe's parameters.
struct TrainOptions {
  uint64_t seed = 1;
  unsigned threads = 1;  ///< never changes the result
  /// Where a recipe that trains for long keeps its state between two rounds; "" = nowhere. The
  /// files are named by this and one of kPasses.
  std::string checkpointPath = {};
  bool resume = false;           ///< go on from the checkpoint, if it is there, to the same result
  Progress* progress = nullptr;  ///< told how far training is; null = nobody asks
  /// What an earlier run on part of the same data chose (TrainedModel::choices()): a recipe that
  /// holds data back to choose by takes these over, holds nothing back and learns from everything.
  /// null = choose.
  nlohmann::json choices = nullptr;
  /// Whether a recipe that holds data back to choose by then learns from everything anew. Without,
  /// the model is the one that was chosen by.
  bool refit = true;
};

/// What a recipe has learned. Immutable.
class TrainedModel {
 public:
  virtual ~TrainedModel() = default;
  virtual ModelKind kind() const = 0;
  /// What the recipe chose by itself, such as a number of epochs, for the report and for another
  /// run; null when it chooses nothing.
  virtual nlohmann::json choices() const { return nullptr; }
  /// Adds the model's sections and configuration, items in the bundle's order.
  virtual void write(const ItemOrder& order, BundlePrecision precision,
                     BundleBuilder& bundle) const = 0;
};

/// What a recipe's training will take, from trying out a little of it.
struct RecipeForecast {
  double seconds = 0;      ///< as it usually goes
  double mostSeconds = 0;  ///< at most
  double megabytes = 0;    ///< of memory, beside the data
  uint64_t passes = 0;     ///< over the data, usually
  uint64_t mostPasses = 0;
};

/// One way to learn from data. Every recipe passes the same contract test
/// (tests/trainer/recipes/contract_test.cpp).
class Recipe {
 public:
  virtual ~Recipe() = default;
  /// REQUIRES: at least one interaction. Same data, parameters and seed give the same model,
  /// whatever the number of threads. Throws UserError where the data do not suffice.
  virtual std::unique_ptr<TrainedModel> train(const Dataset& data, const Parameters& parameters,
                                              const TrainOptions& options) const = 0;
  /// A model for newer data that keeps the weights of a bundle this recipe has made: seconds, not
  /// minutes. New items get vectors from what is known of them; what is only counted is counted
  /// anew. options.choices are those of the bundle, which must outlive the model. A recipe that
  /// only counts trains. REQUIRES: as of train(). Throws UserError where the bundle does not fit
  /// the data.
  virtual std::unique_ptr<TrainedModel> update(const Bundle&, const Dataset& data,
                                               const Parameters& parameters,
                                               const TrainOptions& options) const {
    return train(data, parameters, options);
  }
  /// What train() will take on this machine; none for recipes that take seconds. Takes a few
  /// seconds itself and does not influence what is learned.
  virtual std::optional<RecipeForecast> forecast(const Dataset&, const Parameters&,
                                                 const TrainOptions&) const {
    return std::nullopt;
  }
};

/// The recipe of that name (one of schemas/recipes.json).
std::unique_ptr<Recipe> makeRecipe(const std::string& name);

}  // namespace attune::trainer
