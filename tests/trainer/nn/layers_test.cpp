#include <catch2/catch.hpp>
#include <vector>

#include "runtime/base/math.h"
#include "tests/trainer/nn/gradient_check.h"
#include "trainer/nn/dropout.h"
#include "trainer/nn/gated_unit.h"
#include "trainer/nn/linear.h"
#include "trainer/nn/norm.h"
#include "trainer/nn/vectorised.h"

using namespace attune::trainer;

namespace {

constexpr size_t kRows = 6;

}  // namespace

TEST_CASE("a linear layer's gradients are its finite differences, with and without a bias") {
  constexpr size_t kIn = 5, kOut = 19;
  for (const bool biased : {true, false}) {
    auto x = randomNumbers(kRows * kIn, 1), w = randomNumbers(kIn * kOut, 2);
    auto b = randomNumbers(kOut, 3);
    const auto up = randomNumbers(kRows * kOut, 4);
    std::vector<float> y(kRows * kOut);
    const ConstMatrix bias = biased ? ConstMatrix(b.data(), 1, kOut) : ConstMatrix();
    const auto loss = [&] {
      linearForward({x.data(), kRows, kIn}, {w.data(), kIn, kOut}, bias, {y.data(), kRows, kOut});
      return weightedSum(y, up);
    };
    std::vector<float> dx(x.size()), dw(w.size(), 0.0f), db(kOut, 0.0f);
    linearBackward({x.data(), kRows, kIn}, {w.data(), kIn, kOut}, {up.data(), kRows, kOut},
                   {dw.data(), kIn, kOut}, biased ? Matrix(db.data(), 1, kOut) : Matrix(),
                   {dx.data(), kRows, kIn});
    checkGradient(x, dx, loss);
    checkGradient(w, dw, loss);
    if (biased) checkGradient(b, db, loss);
  }
}

TEST_CASE("RMSNorm's gradients are its finite differences") {
  constexpr size_t kColumns = 21;
  auto x = randomNumbers(kRows * kColumns, 5), gain = randomNumbers(kColumns, 6);
  const auto up = randomNumbers(x.size(), 7);
  std::vector<float> y(x.size()), scale(kRows);
  const Matrix in(x.data(), kRows, kColumns), gains(gain.data(), 1, kColumns);
  const auto loss = [&] {
    rmsNormForward(in, gains, 1e-5f, {y.data(), kRows, kColumns}, scale);
    return weightedSum(y, up);
  };
  loss();
  std::vector<float> dx(x.size(), 0.0f), dGain(kColumns, 0.0f);
  rmsNormBackward(in, gains, scale, {up.data(), kRows, kColumns}, {dx.data(), kRows, kColumns},
                  {dGain.data(), 1, kColumns});
  checkGradient(x, dx, loss);
  checkGradient(gain, dGain, loss);
}

TEST_CASE("LayerNorm's gradients are its finite differences") {
  constexpr size_t kColumns = 21;
  auto x = randomNumbers(kRows * kColumns, 8), gain = randomNumbers(kColumns, 9);
  auto bias = randomNumbers(kColumns, 10);
  const auto up = randomNumbers(x.size(), 11);
  std::vector<float> y(x.size()), mean(kRows), scale(kRows);
  const Matrix in(x.data(), kRows, kColumns), gains(gain.data(), 1, kColumns);
  const Matrix biases(bias.data(), 1, kColumns);
  const auto loss = [&] {
    layerNormForward(in, gains, biases, 1e-5f, {y.data(), kRows, kColumns}, {mean, scale});
    return weightedSum(y, up);
  };
  loss();
  std::vector<float> dx(x.size(), 0.0f), dGain(kColumns, 0.0f), dBias(kColumns, 0.0f);
  layerNormBackward(in, gains, {mean, scale}, {up.data(), kRows, kColumns},
                    {dx.data(), kRows, kColumns}, {dGain.data(), 1, kColumns},
                    {dBias.data(), 1, kColumns});
  checkGradient(x, dx, loss);
  checkGradient(gain, dGain, loss);
  checkGradient(bias, dBias, loss);
}

TEST_CASE("the norms compute what the runtime's do") {
  constexpr size_t kColumns = 64;
  auto x = randomNumbers(kColumns, 12);
  const auto gain = randomNumbers(kColumns, 13), bias = randomNumbers(kColumns, 14);
  std::vector<float> y(kColumns), mean(1), scale(1);
  auto expected = x;
  attune::rmsNorm(expected, gain, 1e-6f);
  rmsNormForward({x.data(), 1, kColumns}, {gain.data(), 1, kColumns}, 1e-6f,
                 {y.data(), 1, kColumns}, scale);
  for (size_t j = 0; j < kColumns; ++j) CHECK(y[j] == Approx(expected[j]).margin(1e-6));
  expected = x;
  attune::layerNorm(expected, gain, bias, 1e-6f);
  layerNormForward({x.data(), 1, kColumns}, {gain.data(), 1, kColumns}, {bias.data(), 1, kColumns},
                   1e-6f, {y.data(), 1, kColumns}, {mean, scale});
  for (size_t j = 0; j < kColumns; ++j) CHECK(y[j] == Approx(expected[j]).margin(1e-6));
}

TEST_CASE("a norm of zeros is zeros, not NaN") {
  std::vector<float> x(8, 0.0f), gain(8, 1.0f), y(8), scale(1);
  rmsNormForward({x.data(), 1, 8}, {gain.data(), 1, 8}, 1e-6f, {y.data(), 1, 8}, scale);
  for (const float value : y) CHECK(value == 0.0f);
}

TEST_CASE("SwiGLU's gradients are its finite differences") {
  constexpr size_t kWidth = 9;
  auto x = randomNumbers(kRows * 2 * kWidth, 15);
  const auto up = randomNumbers(kRows * kWidth, 16);
  std::vector<float> y(kRows * kWidth);
  const auto loss = [&] {
    swishGateForward({x.data(), kRows, 2 * kWidth}, {y.data(), kRows, kWidth});
    return weightedSum(y, up);
  };
  std::vector<float> dx(x.size());
  swishGateBackward({x.data(), kRows, 2 * kWidth}, {up.data(), kRows, kWidth},
                    {dx.data(), kRows, 2 * kWidth});
  checkGradient(x, dx, loss);
}

TEST_CASE("fastExp is within 3e-7 of the exponential and saturates outside") {
  double worst = 0;
  for (float x = -87; x < 88; x += 0.0137f) {
    const double exact = std::exp(static_cast<double>(x));
    worst = std::max(worst, std::fabs(static_cast<double>(fastExp(x)) / exact - 1));
  }
  CHECK(worst < 3e-7);
  CHECK(fastExp(0.0f) == 1.0f);
  CHECK(fastExp(-1000.0f) < 2e-38f);
  CHECK(fastExp(1000.0f) > 1e38f);
  CHECK(std::isnan(fastExp(std::nanf(""))));
  CHECK(fastTanh(0.5f) == Approx(std::tanh(0.5)).margin(3e-7));
}

TEST_CASE("dropout keeps its share, and the mean of what it leaves") {
  std::vector<float> x(2000 * 64, 1.0f);
  DropoutMask{1, 7, 3, 0.3f}.apply({x.data(), 2000, 64}, 0);
  double kept = 0, sum = 0;
  for (const float value : x) {
    kept += value != 0;
    sum += static_cast<double>(value);
  }
  // Four standard deviations of 128,000 draws.
  CHECK(kept / static_cast<double>(x.size()) == Approx(0.7).margin(0.0052));
  CHECK(sum / static_cast<double>(x.size()) == Approx(1.0).margin(0.0075));
}

TEST_CASE("a dropout mask belongs to seed, step, place and token, not to how rows are cut") {
  const auto mask = [](DropoutMask which, size_t rows, uint64_t first, size_t columns) {
    std::vector<float> x(rows * columns, 1.0f);
    which.apply({x.data(), rows, columns}, first);
    return x;
  };
  for (const size_t columns : {10u, 64u, 200u}) {
    const DropoutMask one{1, 2, 3, 0.5f};
    const auto whole = mask(one, 6, 100, columns);
    auto parts = mask(one, 2, 100, columns);
    const auto rest = mask(one, 4, 102, columns);
    parts.insert(parts.end(), rest.begin(), rest.end());
    CHECK(whole == parts);
    CHECK(whole != mask({2, 2, 3, 0.5f}, 6, 100, columns));
    CHECK(whole != mask({1, 3, 3, 0.5f}, 6, 100, columns));
    CHECK(whole != mask({1, 2, 4, 0.5f}, 6, 100, columns));
    CHECK(whole != mask(one, 6, 101, columns));
  }
}

TEST_CASE("a dropout rate of 0 changes nothing and a rate of 1 leaves nothing infinite") {
  std::vector<float> x(640, 2.0f);
  DropoutMask{1, 1, 1, 0.0f}.apply({x.data(), 10, 64}, 0);
  CHECK(std::all_of(x.begin(), x.end(), [](float value) { return value == 2.0f; }));
  DropoutMask{1, 1, 1, 1.0f}.apply({x.data(), 10, 64}, 0);
  CHECK(std::all_of(x.begin(), x.end(), [](float value) { return std::isfinite(value); }));
}
