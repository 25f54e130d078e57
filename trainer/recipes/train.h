#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "trainer/data/dataset.h"
#include "trainer/recipes/recipe.h"

namespace attune::trainer {

/// Everything that decides a bundle's bytes, beside the data.
struct TrainRequest {
  Parameters parameters;  ///< of the recipe to train
  TrainOptions options = {};
  std::set<std::string> includeText = {};  ///< text columns of the items to put in
  BundlePrecision precision = BundlePrecision::int8;
  nlohmann::json metrics = nullptr;  ///< goes into the bundle's provenance
};

/// How long the parts of training took, for the report; never part of a bundle.
struct TrainSeconds {
  double model = 0;   ///< the recipe itself
  double bundle = 0;  ///< quantising and writing
};

/// Trains a recipe and returns the bundle's bytes: equal for equal data, request and build, whatever
/// options.threads is. Throws UserError when there are no interactions.
std::vector<uint8_t> trainBundle(const Dataset& data, const TrainRequest& request,
                                 TrainSeconds* seconds = nullptr);

}  // namespace attune::trainer
