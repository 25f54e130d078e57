#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <span>
#include <vector>

#include "runtime/base/random.h"
#include "trainer/nn/matrix.h"

namespace attune::trainer {

/// Normal numbers, different for each stream.
inline std::vector<float> randomNumbers(size_t count, uint64_t stream, float deviation = 1) {
  Random random(2024, stream);
  std::vector<float> numbers(count);
  for (float& number : numbers) number = deviation * random.normal();
  return numbers;
}

/// The weighted sum of all results: a loss whose gradient by them is `weights`.
inline double weightedSum(std::span<const float> results, std::span<const float> weights) {
  double sum = 0;
  for (size_t i = 0; i < results.size(); ++i)
    sum += static_cast<double>(results[i]) * static_cast<double>(weights[i]);
  return sum;
}

/// Compares a gradient with central differences of the loss by each number of `numbers`. Errors are
/// measured against the largest element of the gradient: float arithmetic gives no better.
inline void checkGradient(std::span<float> numbers, std::span<const float> gradient,
                          const std::function<double()>& loss, double tolerance = 2e-3,
                          float step = 1e-2f) {
  REQUIRE(numbers.size() == gradient.size());
  double largest = 1e-3;
  for (const float g : gradient) largest = std::max(largest, std::fabs(static_cast<double>(g)));
  double worst = 0;
  for (size_t i = 0; i < numbers.size(); ++i) {
    const float kept = numbers[i];
    numbers[i] = kept + step;
    const double above = loss();
    numbers[i] = kept - step;
    const double below = loss();
    numbers[i] = kept;
    const double difference = (above - below) / (2 * static_cast<double>(step));
    worst = std::max(worst, std::fabs(difference - static_cast<double>(gradient[i])) / largest);
  }
  CHECK(worst < tolerance);
}

}  // namespace attune::trainer
