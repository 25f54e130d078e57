#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "trainer/recipes/train.h"

namespace attune::trainer {

/// Time and memory of a whole `attune train`, foretold before it starts.
struct TrainForecast {
  double seconds = 0;      ///< of all its trainings, as they usually go
  double mostSeconds = 0;  ///< at most
  double megabytes = 0;    ///< resident, the data included
  uint64_t passes = 0;     ///< over the data, usually
  uint64_t mostPasses = 0;

  /// `usually about 6.2 min (60 passes over the data), at most 17.7 min (200); 390 MB of memory`
  std::string toText() const;
  nlohmann::ordered_json toJson() const;
};

/// What it really took.
struct TrainActual {
  double seconds = 0;
  double megabytes = 0;

  nlohmann::ordered_json toJson() const;
};

/// `forecast 6.2 min and 390 MB, took 5.9 min (5 % less) and 402 MB (3 % more)`
std::string compare(const TrainForecast& forecast, const TrainActual& actual);

/// Tries out a few steps of the recipe; none for recipes that take seconds, and for no data.
std::optional<TrainForecast> forecastOf(const Dataset& data, const TrainRequest& request);

/// The most memory this process has had, in megabytes.
double peakMegabytes();

}  // namespace attune::trainer
