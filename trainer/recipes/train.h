#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "trainer/data/dataset.h"
#include "trainer/export/filter_writer.h"
#include "trainer/export/first_pass.h"
#include "trainer/recipes/recipe.h"

namespace attune::trainer {

/// Everything that decides a bundle's bytes, beside the data.
struct TrainRequest {
  Parameters parameters;  ///< of the recipe to train
  TrainOptions options = {};
  std::set<std::string> includeText = {};  ///< text columns of the items to put in
  BundlePrecision precision = BundlePrecision::int8;
  FilterTexts filters = {};          ///< named filters to put in; not looked at by training
  nlohmann::json events = nullptr;   ///< eventsToJson() of the solution, for the provenance
  nlohmann::json metrics = nullptr;  ///< goes into the bundle's provenance
};

/// How long the parts of training took, for the report; never part of a bundle.
struct TrainSeconds {
  double model = 0;   ///< the recipe itself
  double bundle = 0;  ///< quantising and writing
};

struct TrainedBundle {
  std::vector<uint8_t> bytes;
  nlohmann::json choices = nullptr;  ///< TrainedModel::choices()
  std::optional<FirstPass> firstPass = {};  ///< where the bundle has codes of its items
  TrainSeconds seconds = {};
};

/// Trains a recipe and makes the bundle: equal bytes for equal data, request and build, whatever
/// options.threads is. Throws UserError when there are no interactions.
TrainedBundle train(const Dataset& data, const TrainRequest& request);

/// The bytes alone.
std::vector<uint8_t> trainBundle(const Dataset& data, const TrainRequest& request);

/// The bytes of Recipe::update(): weights as the bundle has them, everything else as the data say.
/// The provenance notes what the weights were learned from.
std::vector<uint8_t> trainFrom(const Bundle& bundle, const Dataset& data,
                               const TrainRequest& request);

}  // namespace attune::trainer
