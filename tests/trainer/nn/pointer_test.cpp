#include "trainer/nn/pointer.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "tests/trainer/nn/gradient_check.h"

using namespace attune::trainer;

namespace {

constexpr size_t kWidth = 3, kDimension = 8, kWindow = 10;

struct Setting {
  ParameterLayout layout;
  PointerParameters parameters = PointerParameters::addTo(layout, kDimension, kWidth, kWindow);
  std::vector<float> values = randomNumbers(layout.size(), 1, 0.5f);
};

/// Two sequences; the first comes back to items 4 and 5, the second to its only one.
PackedBatch returningBatch() {
  PackedBatch batch;
  batch.items = {4, 5, 4, 6, 7, 7};
  batch.targets = {5, 4, 6, 5, 7, kNoTarget};
  batch.offsets = {0, 4, 6};
  return batch;
}

Matrix view(std::vector<float>& numbers) {
  return {numbers.data(), numbers.size() / kDimension, kDimension};
}

/// What was pointed at in returningBatch.
struct Pointed : Setting {
  PackedBatch batch = returningBatch();
  std::vector<float> hidden = randomNumbers(batch.tokens() * kDimension, 2);
  PointerPass pass{parameters, nullptr};

  Pointed() { pass.forward(batch, values.data(), view(hidden)); }
};

/// What a token points at, one term after the other.
double logitOf(const Pointed& s, size_t token, size_t back) {
  const auto part = [&](size_t row, size_t column) {
    double sum = 0;
    for (size_t i = 0; i < kDimension; ++i)
      sum += static_cast<double>(s.hidden[row * kDimension + i]) *
             static_cast<double>(s.values[i * 2 * kWidth + column]);
    return sum;
  };
  double product = 0;
  for (size_t k = 0; k < kWidth; ++k) product += part(token, k) * part(token - back, kWidth + k);
  return product / std::sqrt(static_cast<double>(kWidth)) +
         static_cast<double>(s.values[s.parameters.distanceBias.offset + back]);
}

}  // namespace

TEST_CASE("a token points at itself and every token before it, by both states and the distance") {
  const Pointed s;
  const PointedItems first = s.pass.last(s.batch, 0), second = s.pass.last(s.batch, 1);
  REQUIRE(first.size() == 4);
  for (size_t j = 0; j < 4; ++j) {
    CHECK(first[j].item == s.batch.items[j]);
    CHECK(static_cast<double>(first[j].logit) == Approx(logitOf(s, 3, 3 - j)).margin(1e-5));
  }
  REQUIRE(second.size() == 2);
  CHECK(static_cast<double>(second[0].logit) == Approx(logitOf(s, 5, 1)).margin(1e-5));
}

TEST_CASE("the mass of a token is of all it points at, its target's of the target's events alone") {
  const Pointed s;
  const auto masses = s.pass.masses(s.batch);
  const auto power = [&](size_t token, size_t back) { return std::exp(logitOf(s, token, back)); };
  CHECK(std::isinf(masses[0].target));  // 5 has not occurred yet
  CHECK(static_cast<double>(masses[1].all) == Approx(std::log(power(1, 0) + power(1, 1))).margin(1e-5));
  CHECK(static_cast<double>(masses[1].target) == Approx(logitOf(s, 1, 1)).margin(1e-5));
  CHECK(static_cast<double>(masses[4].target) == Approx(logitOf(s, 4, 0)).margin(1e-5));
  CHECK(std::isinf(masses[5].all));  // nothing is asked of it
}

TEST_CASE("what points at an item is added to its score, event after event") {
  std::vector<float> scores{1, 2, 3};
  addPointed({{2, 0.5f}, {0, -40}, {2, 1.5f}}, scores);
  CHECK(scores[0] == 1);
  CHECK(scores[1] == 2);
  CHECK(static_cast<double>(scores[2]) == Approx(std::log(std::exp(3.0) + std::exp(0.5) + std::exp(1.5))));
}

TEST_CASE("a pointer's gradients are the loss's finite differences") {
  Setting s;
  const PackedBatch batch = returningBatch();
  auto hidden = randomNumbers(batch.tokens() * kDimension, 2);
  const auto items = randomNumbers(9 * kDimension, 4, 0.5f);
  const std::vector<float> weights{1, 2, 0, 0.5f, 1, 1};
  std::vector<float> dHidden(hidden.size()), dItems(items.size());
  std::vector<LossParts> parts(batch.tokens());
  PointerPass pass(s.parameters, nullptr);
  const auto loss = [&] {
    pass.forward(batch, s.values.data(), view(hidden));
    const auto copied = pass.masses(batch);
    return crossEntropy({.dimension = kDimension,
                         .hidden = hidden,
                         .items = items,
                         .itemBias = {},
                         .targets = batch.targets,
                         .weights = weights,
                         .copied = copied},
                        {.hidden = dHidden, .items = dItems, .itemBias = {}, .parts = parts},
                        {.reduction = Reduction::sum})
        .weightedSum;
  };
  loss();
  std::vector<float> ofTargets = weights;
  ofTargets[5] = 0;
  std::vector<float> gradients(s.layout.size());
  pass.backward(batch, s.values.data(), view(hidden), parts, ofTargets, view(dHidden),
                gradients.data());
  const std::vector<float> byHidden = dHidden;
  checkGradient(s.values, gradients, loss, 5e-3);
  checkGradient(hidden, byHidden, loss, 5e-3);
}

TEST_CASE("a pointer's gradients have the same bits on one thread and on three") {
  const Setting s;
  PackedBatch batch;
  attune::Random random(3, 3);
  for (size_t sequence = 0; sequence < 500; ++sequence) {
    for (size_t t = 0; t < 8; ++t) batch.items.push_back(random.below(9));
    batch.offsets.push_back(static_cast<uint32_t>(batch.items.size()));
  }
  for (size_t t = 0; t < batch.tokens(); ++t) batch.targets.push_back(random.below(9));
  auto hidden = randomNumbers(batch.tokens() * kDimension, 2);
  const std::vector<LossParts> parts(batch.tokens(), LossParts{3, 1});
  const std::vector<float> weights(batch.tokens(), 0.01f);
  const auto gradientsOn = [&](GemmThreads* threads) {
    std::vector<float> dHidden(hidden.size(), 0.5f), gradients(s.layout.size());
    PointerPass pass(s.parameters, threads);
    pass.forward(batch, s.values.data(), view(hidden));
    pass.backward(batch, s.values.data(), view(hidden), parts, weights, view(dHidden),
                  gradients.data());
    gradients.insert(gradients.end(), dHidden.begin(), dHidden.end());
    return gradients;
  };
  GemmThreads threads(3);
  CHECK(gradientsOn(nullptr) == gradientsOn(&threads));
}
