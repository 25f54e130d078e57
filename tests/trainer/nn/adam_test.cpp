#include "trainer/nn/adam.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <vector>

#include "tests/trainer/nn/gradient_check.h"

using namespace attune::trainer;

namespace {

struct Numbers {
  std::vector<float> values, gradients, first, second;

  explicit Numbers(size_t count)
      : values(randomNumbers(count, 1)), gradients(count), first(count), second(count) {}
  AdamRange range() { return {values, gradients, first, second}; }
};

}  // namespace

TEST_CASE("Adam takes the published step, with weight decay apart") {
  Numbers n(3);
  n.values = {1.0f, -2.0f, 0.5f};
  AdamSettings settings;
  settings.weightDecay = 0.1f;
  double m[3] = {}, v[3] = {}, expected[3] = {1, -2, 0.5};
  for (uint64_t step = 1; step <= 5; ++step) {
    for (size_t i = 0; i < 3; ++i) {
      const double g = (static_cast<double>(i) - 1.0) * static_cast<double>(step);
      n.gradients[i] = static_cast<float>(g);
      m[i] = 0.9 * m[i] + 0.1 * g / 2;
      v[i] = 0.999 * v[i] + 0.001 * g / 2 * g / 2;
      const double t = static_cast<double>(step);
      const double move =
          m[i] / (1 - std::pow(0.9, t)) / (std::sqrt(v[i] / (1 - std::pow(0.999, t))) + 1e-8);
      expected[i] -= 0.01 * (move + 0.1 * expected[i]);
    }
    adamStep(settings, n.range(), step, 0.01f, 0.5f, nullptr);
  }
  for (size_t i = 0; i < 3; ++i)
    CHECK(static_cast<double>(n.values[i]) == Approx(expected[i]).margin(1e-5));
}

TEST_CASE("Adam finds the lowest point of a bowl") {
  Numbers n(40);
  for (uint64_t step = 1; step <= 600; ++step) {
    for (size_t i = 0; i < n.values.size(); ++i)
      n.gradients[i] = static_cast<float>(i + 1) * (n.values[i] - 3.0f);
    adamStep({}, n.range(), step, 0.05f, 1, nullptr);
  }
  for (const float value : n.values) CHECK(value == Approx(3).margin(0.01));
}

TEST_CASE("Adam and the norm have the same bits on any number of threads") {
  Numbers alone(100'003);
  alone.gradients = randomNumbers(100'003, 2);
  Numbers together = alone;
  GemmThreads threads(3);
  adamStep({}, alone.range(), 1, 0.1f, 1, nullptr);
  adamStep({}, together.range(), 1, 0.1f, 1, &threads);
  CHECK(alone.values == together.values);
  CHECK(alone.second == together.second);
  CHECK(normOf(alone.gradients, nullptr) == normOf(alone.gradients, &threads));
}

TEST_CASE("a running mean moves by its share towards the target") {
  std::vector<float> mean = {1, 2};
  moveTowards(std::vector<float>{3, -2}, 0.25f, mean, nullptr);
  CHECK(mean == std::vector<float>{1.5f, 1});
}

TEST_CASE("the norm is Euclid's, and not finite when a number is not") {
  CHECK(normOf(std::vector<float>{3, 0, -4}, nullptr) == Approx(5));
  CHECK(normOf({}, nullptr) == 0);
  CHECK(std::isnan(normOf(std::vector<float>{1, std::nanf("")}, nullptr)));
  CHECK(std::isinf(normOf(std::vector<float>{1, std::numeric_limits<float>::infinity()}, nullptr)));
}

TEST_CASE("the learning rate climbs, stays, or falls along a cosine") {
  const LearningRateSchedule constant{LearningRateSchedule::Shape::constant, 4, 0, 0};
  CHECK(constant.at(0) == Approx(0.2));
  CHECK(constant.at(3) == Approx(0.8));
  CHECK(constant.at(4) == 1);
  CHECK(constant.at(1'000'000) == 1);
  const LearningRateSchedule cosine{LearningRateSchedule::Shape::cosine, 0, 100, 0.1};
  CHECK(cosine.at(0) == 1);
  CHECK(cosine.at(50) == Approx(0.55));
  CHECK(cosine.at(100) == Approx(0.1));
  CHECK(cosine.at(200) == Approx(0.1));
}
