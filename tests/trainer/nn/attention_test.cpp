#include "trainer/nn/attention.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "tests/trainer/nn/gradient_check.h"

using namespace attune::trainer;

namespace {

/// Some packed sequences and everything attention needs for them.
struct Case {
  size_t heads, d, window;
  std::vector<uint32_t> offsets;
  std::vector<float> qkv, bias, out, logSums;

  Case(size_t headCount, size_t dimension, size_t reach, std::vector<uint32_t> starts)
      : heads(headCount),
        d(dimension),
        window(reach),
        offsets(std::move(starts)),
        qkv(randomNumbers(tokens() * 3 * d, 1)),
        bias(randomNumbers(heads * window, 2)),
        out(tokens() * d),
        logSums(heads * tokens()) {}

  size_t tokens() const { return offsets.back(); }
  ConstMatrix inputs() const { return {qkv.data(), tokens(), 3 * d}; }
  ConstMatrix biases() const { return {bias.data(), heads, window}; }
  void forward() {
    CausalAttention{heads}.forward(inputs(), offsets, biases(), {out.data(), tokens(), d},
                                   {logSums.data(), heads, tokens()});
  }
};

/// The definition, in double.
std::vector<double> plainAttention(const Case& c) {
  std::vector<double> out(c.tokens() * c.d, 0.0);
  const size_t width = c.d / c.heads;
  const auto at = [&](size_t token, size_t column) {
    return static_cast<double>(c.qkv[token * 3 * c.d + column]);
  };
  for (size_t s = 0; s + 1 < c.offsets.size(); ++s)
    for (size_t i = c.offsets[s]; i < c.offsets[s + 1]; ++i)
      for (size_t h = 0; h < c.heads; ++h) {
        double total = 0;
        std::vector<double> sums(width, 0.0);
        for (size_t j = c.offsets[s]; j <= i; ++j) {
          if (i - j >= c.window) continue;
          double score = 0;
          for (size_t k = 0; k < width; ++k)
            score += at(i, h * width + k) * at(j, c.d + h * width + k);
          const double weight = std::exp(score / std::sqrt(static_cast<double>(width)) +
                                         static_cast<double>(c.bias[h * c.window + i - j]));
          total += weight;
          for (size_t k = 0; k < width; ++k) sums[k] += weight * at(j, 2 * c.d + h * width + k);
        }
        for (size_t k = 0; k < width; ++k) out[i * c.d + h * width + k] = sums[k] / total;
      }
  return out;
}

}  // namespace

TEST_CASE("attention over packed sequences agrees with its definition") {
  for (Case c : {Case(1, 4, 10, {0, 1, 4, 4, 9}), Case(2, 32, 100, {0, 70, 71, 104}),
                 Case(3, 12, 5, {0, 40})}) {
    c.forward();
    const auto expected = plainAttention(c);
    double worst = 0;
    for (size_t i = 0; i < expected.size(); ++i)
      worst = std::max(worst, std::fabs(expected[i] - static_cast<double>(c.out[i])));
    CHECK(worst < 2e-5);
  }
}

TEST_CASE("attention's gradients are its finite differences") {
  for (Case c : {Case(2, 8, 6, {0, 3, 8}), Case(1, 6, 3, {0, 5, 6}), Case(2, 4, 50, {0, 37})}) {
    const auto up = randomNumbers(c.tokens() * c.d, 3);
    c.forward();
    std::vector<float> dQkv(c.qkv.size()), dBias(c.bias.size(), 0.0f);
    CausalAttention{c.heads}.backward(
        c.inputs(), c.offsets, c.biases(), {c.out.data(), c.tokens(), c.d},
        {c.logSums.data(), c.heads, c.tokens()}, {up.data(), c.tokens(), c.d},
        {dQkv.data(), c.tokens(), 3 * c.d}, {dBias.data(), c.heads, c.window});
    const auto loss = [&] {
      c.forward();
      return weightedSum(c.out, up);
    };
    checkGradient(c.qkv, dQkv, loss, 4e-3);
    checkGradient(c.bias, dBias, loss, 4e-3);
  }
}

TEST_CASE("a token's result does not depend on later tokens, nor on other sequences") {
  Case c(2, 8, 20, {0, 6, 12});
  c.forward();
  const auto before = c.out;
  for (size_t j = 9 * 24; j < 12 * 24; ++j) c.qkv[j] += 1;  // the last three tokens
  c.forward();
  CHECK(std::equal(before.begin(), before.begin() + 9 * 8, c.out.begin()));
  CHECK_FALSE(std::equal(before.begin() + 9 * 8, before.end(), c.out.begin() + 9 * 8));
}

TEST_CASE("attention knows distances only: a sequence's end is the same wherever it starts") {
  // Within a window of 4, the last tokens of a long history see what those of a short one see.
  Case whole(2, 8, 4, {0, 30});
  whole.forward();
  Case tail(2, 8, 4, {0, 10});
  tail.bias = whole.bias;
  std::copy(whole.qkv.begin() + 20 * 24, whole.qkv.end(), tail.qkv.begin());
  tail.forward();
  for (size_t i = 4 * 8; i < tail.out.size(); ++i)
    CHECK(tail.out[i] == Approx(whole.out[20 * 8 + i]).margin(1e-5));
}

TEST_CASE("large scores neither overflow nor give NaN") {
  Case c(1, 4, 8, {0, 8});
  for (float& x : c.qkv) x *= 1e4f;
  c.forward();
  for (const float x : c.out) CHECK(std::isfinite(x));
}
