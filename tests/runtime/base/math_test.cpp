#include "runtime/base/math.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <vector>

#include "runtime/base/random.h"

using namespace attune;

namespace {

std::vector<float> randomValues(size_t count, uint64_t stream) {
  Random random(7, stream);
  std::vector<float> values(count);
  for (float& value : values) value = random.normal();
  return values;
}

constexpr float kInfinity = std::numeric_limits<float>::infinity();

}  // namespace

TEST_CASE("dot agrees with a double sum for every length around the lane count") {
  for (size_t count = 0; count < 70; ++count) {
    const auto a = randomValues(count, 1);
    const auto b = randomValues(count, 2);
    double expected = 0;
    for (size_t i = 0; i < count; ++i) expected += static_cast<double>(a[i]) * b[i];
    CAPTURE(count);
    CHECK(dot(a, b) == Approx(expected).margin(1e-5));
  }
}

TEST_CASE("dot does not depend on where in memory its arguments lie") {
  const auto a = randomValues(64, 1);
  const auto b = randomValues(64, 2);
  std::vector<float> shifted(80);
  for (size_t shift = 0; shift < 16; ++shift) {
    std::copy(a.begin(), a.end(), shifted.begin() + static_cast<long>(shift));
    CHECK(dot(std::span<const float>(shifted).subspan(shift, 64), b) == dot(a, b));
  }
}

TEST_CASE("exp is within 2e-7 of the true value over its whole range") {
  double worst = 0;
  for (double x = -87.2; x < 88.6; x += 0.00137) {
    const auto value = static_cast<float>(x);
    const double truth = std::exp(static_cast<double>(value));
    worst = std::max(worst, std::fabs(static_cast<double>(expOf(value)) - truth) / truth);
  }
  CHECK(worst < 2e-7);
}

TEST_CASE("exp has defined answers at its edges") {
  CHECK(expOf(0) == 1);
  CHECK(expOf(-1000) == 0);
  CHECK(expOf(-kInfinity) == 0);
  CHECK(std::isfinite(expOf(1000)));
  CHECK(std::isnan(expOf(std::nanf(""))));
}

TEST_CASE("log is within 3e-7 of the true value from the smallest float to the largest") {
  double worst = 0;
  for (double e = -44.9; e < 38.5; e += 0.00113) {
    const auto value = static_cast<float>(std::pow(10.0, e));
    const double truth = std::log(static_cast<double>(value));
    const double error = std::fabs(static_cast<double>(logOf(value)) - truth);
    worst = std::max(worst, error / std::max(1.0, std::fabs(truth)));
  }
  CHECK(worst < 3e-7);
}

TEST_CASE("log keeps its relative precision next to one") {
  for (float x = 0.99f; x < 1.01f; x += 1e-5f) {
    const double truth = std::log(static_cast<double>(x));
    CHECK(std::fabs(static_cast<double>(logOf(x)) - truth) <= 3e-7 * std::fabs(truth) + 1e-12);
  }
}

TEST_CASE("log has defined answers at its edges") {
  CHECK(logOf(1) == 0);
  CHECK(logOf(0) == -kInfinity);
  CHECK(std::isnan(logOf(-1)));
  CHECK(logOf(kInfinity) == kInfinity);
}

TEST_CASE("sigmoid and tanh agree with the standard library") {
  for (float x = -20; x < 20; x += 0.01f) {
    CHECK(sigmoid(x) == Approx(1 / (1 + std::exp(-static_cast<double>(x)))).epsilon(1e-6));
    CHECK(std::fabs(tanhOf(x) - std::tanh(x)) < 3e-7);
  }
}

TEST_CASE("softmax sums to one and gives masked places nothing") {
  std::vector<float> values = randomValues(1000, 3);
  values[10] = -kInfinity;
  softmax(values);
  double total = 0;
  for (const float value : values) total += static_cast<double>(value);
  CHECK(total == Approx(1).epsilon(1e-6));
  CHECK(values[10] == 0);
}

TEST_CASE("softmax of large scores does not overflow") {
  std::vector<float> values = {1e30f, 1e30f};
  softmax(values);
  CHECK(values == std::vector<float>{0.5f, 0.5f});
}

TEST_CASE("softmax leaves an empty span and an all-masked one alone") {
  std::vector<float> none;
  softmax(none);
  std::vector<float> masked = {-kInfinity, -kInfinity};
  softmax(masked);
  CHECK(masked[0] == -kInfinity);
}

TEST_CASE("softmax gives each place the bits of the scalar exp") {
  for (const size_t count : {1u, 3u, 4u, 15u, 16u, 17u, 1000u}) {
    std::vector<float> values = randomValues(count, 8);
    for (size_t i = 0; i < count; ++i) values[i] *= static_cast<float>(i % 40);  // some vanish
    const float highest = *std::max_element(values.begin(), values.end());
    std::vector<float> expected;
    for (const float value : values) expected.push_back(expOf(value - highest));
    const float scale = 1.0f / sum(expected);
    for (float& value : expected) value *= scale;
    softmax(values);
    CAPTURE(count);
    CHECK(values == expected);
  }
}

TEST_CASE("shares of a softmax scale sum to one and leave the scores alone, for all lengths") {
  for (const size_t count : {1u, 2u, 15u, 17u, 1023u, 1024u, 1025u, 5000u}) {
    std::vector<float> scores = randomValues(count, 9);
    for (float& score : scores) score = 100 + 20 * score;
    const std::vector<float> before = scores;
    const SoftmaxScale scale = softmaxScale(scores);
    CHECK(scores == before);
    double total = 0;
    for (const float score : scores) total += static_cast<double>(scale.shareOf(score));
    CAPTURE(count);
    CHECK(scale.highest == *std::max_element(scores.begin(), scores.end()));
    CHECK(total == Approx(1).epsilon(1e-6));
  }
}

TEST_CASE("a softmax scale does not depend on where the highest score is") {
  std::vector<float> scores(4000, -200.0f);
  for (const size_t place : {0u, 1023u, 1024u, 3999u}) {
    scores[place] = 0;
    const SoftmaxScale scale = softmaxScale(scores);
    CHECK(scale.shareOf(0) == Approx(1));
    CHECK(scale.shareOf(-200) == 0);
    scores[place] = -200;
  }
}

TEST_CASE("a softmax scale of masked or no scores is defined, and masked scores get nothing") {
  CHECK(softmaxScale({}).total == 1);
  CHECK(softmaxScale(std::vector<float>{-kInfinity, -kInfinity}).total == 1);
  std::vector<float> scores(2000, -kInfinity);
  scores[1500] = 3;
  const SoftmaxScale scale = softmaxScale(scores);
  CHECK(scale.shareOf(3) == 1);
  CHECK(scale.shareOf(-kInfinity) == 0);
}

TEST_CASE("norms give mean zero, variance one and root mean square one") {
  const std::vector<float> ones(100, 1.0f);
  const std::vector<float> zeros(100, 0.0f);
  auto x = randomValues(100, 4);
  layerNorm(x, ones, zeros, 0);
  CHECK(sum(x) == Approx(0).margin(1e-4));
  CHECK(dot(x, x) == Approx(100).epsilon(1e-4));
  auto y = randomValues(100, 5);
  rmsNorm(y, ones, 0);
  CHECK(dot(y, y) == Approx(100).epsilon(1e-4));
}

TEST_CASE("matvec multiplies every row and axpy adds a multiple") {
  const std::vector<float> matrix = {1, 2, 3, 4, 5, 6};
  const std::vector<float> x = {1, 10, 100};
  std::vector<float> out(2);
  matvec(matrix, x, out);
  CHECK(out == std::vector<float>{321, 654});
  std::vector<float> y = {1, 1, 1};
  axpy(2, x, y);
  CHECK(y == std::vector<float>{3, 21, 201});
}

TEST_CASE("matvec gives the bits of dot, for all shapes") {
  for (const size_t columns : {1u, 15u, 16u, 32u, 50u, 64u})
    for (const size_t rows : {1u, 3u, 4u, 5u, 8u}) {
      const auto matrix = randomValues(rows * columns, 10);
      const auto x = randomValues(columns, 11);
      std::vector<float> out(rows);
      matvec(matrix, x, out);
      for (size_t row = 0; row < rows; ++row)
        CHECK(out[row] == dot(std::span<const float>(matrix).subspan(row * columns, columns), x));
    }
}

TEST_CASE("dotBytes is dot of the numbers that the bytes stand for, to the bit") {
  for (const size_t count : {0u, 1u, 15u, 16u, 17u, 43u, 64u, 1000u}) {
    Random random(count, 7);
    std::vector<float> a(count), b(count);
    std::vector<int8_t> bytes((count + 15) / 16 * 16);
    const float scale = 0.013f;
    for (size_t i = 0; i < count; ++i) {
      a[i] = random.normal();
      bytes[i] = static_cast<int8_t>(static_cast<int>(random.below(256)) - 128);
      b[i] = scale * static_cast<float>(bytes[i]);
    }
    CAPTURE(count);
    CHECK(dotBytes(a, bytes.data(), scale) == dot(a, b));
  }
}
