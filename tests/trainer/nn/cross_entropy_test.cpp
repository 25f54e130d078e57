#include "trainer/nn/cross_entropy.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "tests/trainer/nn/cross_entropy_problem.h"
#include "trainer/nn/cross_entropy_kernel.h"
#include "trainer/nn/gemm_kernel.h"

using namespace attune;
using namespace attune::trainer;

TEST_CASE("loss and gradients agree with sums in double, on every instruction set") {
  onEachInstructionSet([] {
    for (const size_t tokens : {1, 5, 13, 130}) {
      for (const size_t items : {2, 7, 64, 65, 200}) {
        for (const size_t dimension : {1, 3, 16, 50, 64}) {
          for (const bool biased : {false, true}) {
            CAPTURE(tokens, items, dimension, biased);
            Problem p(tokens, items, dimension, biased);
            const auto loss = p.run();
            checkAgainst(wholeSoftmax(p), p, loss);
          }
        }
      }
    }
  });
}

TEST_CASE("loss and gradients agree for wide vectors and many tiles") {
  onEachInstructionSet([] {
    Problem wide(70, 150, 200, true);
    checkAgainst(wholeSoftmax(wide), wide, wide.run());
    Problem many(1700, 90, 8);
    checkAgainst(wholeSoftmax(many), many, many.run());
    Problem catalogue(60, 7000, 4, true);
    checkAgainst(wholeSoftmax(catalogue), catalogue, catalogue.run());
  });
}

TEST_CASE("the gradients are the loss's finite differences") {
  Problem p(9, 21, 6, true);
  p.weights = {1, 2, 0.5F, 1, 1, 3, 1, 1, 1};
  const CrossEntropyOptions sum{.reduction = Reduction::sum};
  p.run(sum);
  const auto slope = [&](float& x) {
    Problem copy = p;  // its gradients are not looked at
    const float step = 1e-2F, old = x;
    x = old + step;
    copy.hidden = p.hidden, copy.rows = p.rows, copy.bias = p.bias;
    const double up = copy.run(sum).weightedSum;
    x = old - step;
    copy.hidden = p.hidden, copy.rows = p.rows, copy.bias = p.bias;
    const double down = copy.run(sum).weightedSum;
    x = old;
    return (up - down) / (2 * static_cast<double>(step));
  };
  for (size_t i = 0; i < p.hidden.size(); ++i) {
    CHECK(p.hiddenGradient[i] == Approx(slope(p.hidden[i])).margin(2e-3));
  }
  for (size_t i = 0; i < p.rows.size(); ++i) {
    CHECK(p.rowsGradient[i] == Approx(slope(p.rows[i])).margin(2e-3));
  }
  for (size_t i = 0; i < p.bias.size(); ++i) {
    CHECK(p.biasGradient[i] == Approx(slope(p.bias[i])).margin(2e-3));
  }
}

TEST_CASE("weights count, and tokens of weight 0 or without a target leave no trace") {
  onEachInstructionSet([] {
    for (const Reduction reduction : {Reduction::sum, Reduction::mean}) {
      Problem p(40, 30, 20, true);
      for (size_t t = 0; t < p.tokens(); ++t)
        p.weights.push_back(0.25F * static_cast<float>(t % 5));
      p.targets[7] = kNoTarget;
      p.hidden[10 * p.dimension] = kNan;  // of weight 0
      const auto loss = p.run({.reduction = reduction});
      p.hidden[10 * p.dimension] = 0;
      checkAgainst(wholeSoftmax(p, reduction), p, loss);
      CHECK(loss.tokens == 32 - 1);
      CHECK(p.hiddenGradient[7 * p.dimension] == 0);
      CHECK(p.hiddenGradient[10 * p.dimension] == 0);
    }
  });
}

TEST_CASE("without a token that takes part the loss is 0 and only the hidden gradient is written") {
  Problem p(3, 4, 2);
  p.targets.assign(3, kNoTarget);
  p.rowsGradient.assign(8, 5);
  const auto loss = p.run();
  CHECK(loss.mean() == 0);
  CHECK(loss.tokens == 0);
  CHECK(p.hiddenGradient == std::vector<float>(6, 0));
  CHECK(p.rowsGradient == std::vector<float>(8, 5));
  Problem none(0, 4, 2);
  CHECK(none.run().mean() == 0);
}

TEST_CASE("the items' gradients are added to what is there") {
  Problem p(20, 30, 10, true);
  p.run();
  Problem again = p;
  again.rowsGradient.assign(again.rowsGradient.size(), 2);
  again.biasGradient.assign(again.biasGradient.size(), -1);
  again.run();
  for (size_t i = 0; i < p.rowsGradient.size(); ++i) {
    CHECK(again.rowsGradient[i] == Approx(p.rowsGradient[i] + 2));
  }
  for (size_t i = 0; i < p.biasGradient.size(); ++i) {
    CHECK(again.biasGradient[i] == Approx(p.biasGradient[i] - 1));
  }
}

TEST_CASE("a catalogue of one item has no loss and no gradient") {
  onEachInstructionSet([] {
    Problem p(5, 1, 7, true);
    CHECK(p.run().weightedSum == 0);
    CHECK(p.hiddenGradient == std::vector<float>(35, 0));
    for (const float x : p.rowsGradient) CHECK(std::abs(x) < 1e-6);
  });
}

TEST_CASE("logits of ten thousand and more do not overflow") {
  onEachInstructionSet([] {
    Problem p(30, 80, 16);
    for (float& x : p.hidden) x *= 2500;
    const auto loss = p.run();
    const auto reference = wholeSoftmax(p);
    CHECK(loss.weightedSum > 30 * 1e4 / 4);
    checkAgainst(reference, p, loss, 1e-4);
    for (float& x : p.hidden) x *= 1e30F;
    CHECK(std::isfinite(p.run().weightedSum));
    CHECK_FALSE(hasNan(p.hiddenGradient));
  });
}

TEST_CASE("a NaN or an infinity gives a NaN loss") {
  onEachInstructionSet([] {
    for (const float bad : {kNan, std::numeric_limits<float>::infinity()}) {
      for (const size_t where : {0, 1, 2}) {
        CAPTURE(bad, where);
        Problem p(20, 70, 12, true);
        p.hidden[0] = std::abs(p.hidden[0]);
        (where == 0 ? p.hidden[5] : where == 1 ? p.rows[69 * 12] : p.bias[3]) = bad;
        CHECK_FALSE(std::isfinite(p.run().weightedSum));
        CHECK(hasNan(p.hiddenGradient));
        CHECK(hasNan(p.rowsGradient));
      }
    }
  });
}

TEST_CASE("an item whose bias is minus infinity has no part in the loss") {
  onEachInstructionSet([] {
    Problem p(20, 70, 12, true);
    for (uint32_t& target : p.targets) target %= 69;
    p.bias[69] = -std::numeric_limits<float>::infinity();
    Problem without = p;
    without.rows.resize(69 * 12), without.rowsGradient.resize(69 * 12);
    without.bias.resize(69), without.biasGradient.resize(69);
    CHECK(p.run().weightedSum == Approx(without.run().weightedSum));
    CHECK(p.biasGradient[69] == 0);
    CHECK_FALSE(hasNan(p.hiddenGradient));
    p.targets[4] = 69;
    CHECK(p.run().weightedSum == std::numeric_limits<double>::infinity());
  });
}

TEST_CASE("a target outside the catalogue is refused") {
  Problem p(3, 4, 2);
  p.targets[1] = 4;
  CHECK_THROWS_AS(p.run(), std::out_of_range);
  p.targets[1] = 3;
  const std::vector<uint32_t> negatives{1, 4};
  CHECK_THROWS_AS(p.runSampled({.items = negatives}), std::out_of_range);
}

TEST_CASE("the loss gives the same bits with any number of threads and any scratch") {
  const std::vector<uint32_t> negatives{5, 90, 5, 33, 12};
  onEachInstructionSet([&] {
    for (const Precision precision : {Precision::f32, Precision::bf16}) {
      for (const bool sampled : {false, true}) {
        const Problem start(1500, 110, 24, true);
        const auto compute = [&](Problem& p, const CrossEntropyOptions& options) {
          return sampled ? p.runSampled({.items = negatives}, options) : p.run(options);
        };
        Problem alone = start;
        const auto loss = compute(alone, {.precision = precision});
        CrossEntropyScratch scratch;
        for (const unsigned count : {1U, 2U, 3U, 8U}) {
          GemmThreads threads(count);
          Problem shared = start;
          const auto same =
              compute(shared, {.precision = precision, .threads = &threads, .scratch = &scratch});
          CHECK(same.weightedSum == loss.weightedSum);
          CHECK(sameBits(shared.hiddenGradient, alone.hiddenGradient));
          CHECK(sameBits(shared.rowsGradient, alone.rowsGradient));
          CHECK(sameBits(shared.biasGradient, alone.biasGradient));
        }
      }
    }
  });
}

TEST_CASE("sampled softmax agrees with sums in double, with and without the correction") {
  onEachInstructionSet([] {
    for (const bool biased : {false, true}) {
      Problem p(150, 60, 20, biased);
      p.targets[3] = kNoTarget;
      std::vector<uint32_t> negatives;
      Random random(3, 9);
      for (int i = 0; i < 90; ++i) negatives.push_back(random.below(60));
      std::vector<float> logCount(60);
      for (float& x : logCount) x = random.normal();
      SampledNegatives plain{.items = negatives};
      checkAgainst(sampledSoftmax(p, plain), p, p.runSampled(plain));
      std::fill(p.rowsGradient.begin(), p.rowsGradient.end(), 0.0F);
      std::fill(p.biasGradient.begin(), p.biasGradient.end(), 0.0F);
      SampledNegatives corrected{.items = negatives, .logExpectedCount = logCount};
      checkAgainst(sampledSoftmax(p, corrected), p, p.runSampled(corrected));
    }
  });
}

TEST_CASE("sampled softmax with every other item as a negative is the whole softmax") {
  Problem p(100, 80, 12, true);
  std::vector<uint32_t> all(80);
  for (uint32_t i = 0; i < 80; ++i) all[i] = i;
  checkAgainst(wholeSoftmax(p), p, p.runSampled({.items = all}));
}

TEST_CASE("a token whose only negatives are its own target has no loss") {
  onEachInstructionSet([] {
    Problem p(2, 5, 3);
    p.targets = {1, 1};
    const std::vector<uint32_t> negatives{1, 1};
    CHECK(p.runSampled({.items = negatives}).weightedSum == Approx(0).margin(1e-6));
    for (const float x : p.hiddenGradient) CHECK(std::abs(x) < 1e-6);
    CHECK(p.runSampled({.items = {}}).weightedSum == 0);
  });
}

TEST_CASE("bfloat16 products stay within their rounding of the exact gradients") {
  if (!hasBf16Products()) {
    WARN("this processor has no bfloat16 products: not tested");
    return;
  }
  const std::vector<uint32_t> negatives{3, 1, 7, 7, 20};
  for (const size_t tokens : {1, 2, 7, 260}) {
    for (const size_t items : {25, 63, 64, 97, 130, 300}) {
      for (const size_t dimension : {1, 2, 15, 64, 100}) {
        CAPTURE(tokens, items, dimension);
        Problem p(tokens, items, dimension, true);
        for (float& x : p.hidden) x /= std::sqrt(static_cast<float>(dimension));
        checkAgainst(wholeSoftmax(p), p, p.run({.precision = Precision::bf16}), 0.03);
        std::fill(p.rowsGradient.begin(), p.rowsGradient.end(), 0.0F);
        std::fill(p.biasGradient.begin(), p.biasGradient.end(), 0.0F);
        const SampledNegatives drawn{.items = negatives};
        checkAgainst(sampledSoftmax(p, drawn), p,
                     p.runSampled(drawn, {.precision = Precision::bf16}), 0.03);
      }
    }
  }
}

TEST_CASE("the exponential is accurate to 2e-7, cut off at -60 and keeps NaN") {
  onEachInstructionSet([] {
    const size_t width = gemmKernel().panelWidth, lanes = gemmKernel().lanes;
    double worst = 0;
    for (float x = 0; x > -59.9F; x -= 0.00731F * static_cast<float>(width)) {
      std::vector<float> panel(width), sums(lanes);
      for (size_t i = 0; i < width; ++i) panel[i] = x - 0.00731F * static_cast<float>(i);
      const std::vector<float> in = panel;
      const float max = 0;
      crossEntropyKernel().exponentials({panel.data(), 1}, &max, sums.data());
      for (size_t i = 0; i < width && in[i] >= -60; ++i) {
        const double exact = std::exp(static_cast<double>(in[i]));
        worst = std::max(worst, std::abs(panel[i] / exact - 1));
      }
    }
    CHECK(worst < 2e-7);
    std::vector<float> panel(width, -61), sums(lanes);
    panel[1] = kNan;
    panel[2] = -std::numeric_limits<float>::infinity();
    panel[3] = 0;
    const float max = 0;
    crossEntropyKernel().exponentials({panel.data(), 1}, &max, sums.data());
    CHECK(panel[0] == 0);
    CHECK(std::isnan(panel[1]));
    CHECK(panel[2] == 0);
    CHECK(panel[3] == 1);
  });
}
