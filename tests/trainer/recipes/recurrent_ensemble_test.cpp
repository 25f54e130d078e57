#include "trainer/recipes/recurrent_ensemble.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "tests/trainer/nn/gradient_check.h"

using namespace attune::trainer;

namespace {

constexpr size_t kWidth = 5, kItems = 7;

RecurrentWeights networkOf(uint64_t seed) {
  SequenceModelConfig config;
  config.encoder = SequenceEncoder::hierarchicalGru;
  config.hiddenDimension = kWidth;
  const SequenceModel model(config, kItems);
  std::vector<float> values = model.initialValues(seed);
  const std::vector<float> noise = randomNumbers(values.size(), seed + 100, 0.3f);
  for (size_t i = 0; i < values.size(); ++i) values[i] += noise[i];
  const ConstMatrix own = model.itemVectors.in(static_cast<const float*>(values.data()));
  std::vector<float> vectors(own.data, own.data + kItems * kWidth);
  return {model, std::move(values), std::move(vectors)};
}

/// Two users, the first with two sessions.
PackedBatch histories() {
  PackedBatch batch;
  batch.items = {3, 1, 1, 6, 0, 2, 5, 4};
  batch.newSession = {1, 0, 0, 1, 0, 1, 0, 0};
  batch.offsets = {0, 5, 8};
  return batch;
}

/// (tokens, d) after each event.
std::vector<float> statesOf(const RecurrentWeights& network) {
  const size_t d = network.model.config().hiddenDimension;
  const PackedBatch batch = histories();
  std::vector<float> states(batch.tokens() * d);
  SequencePass(network.model, nullptr)
      .forward(batch, network.values.data(), {network.itemVectors.data(), kItems, d}, {},
               {states.data(), batch.tokens(), d});
  return states;
}

double productOf(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i)
    sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

/// (tokens, items)
std::vector<double> scoresOf(const RecurrentWeights& network) {
  const size_t d = network.model.config().hiddenDimension;
  const std::vector<float> states = statesOf(network);
  std::vector<double> scores;
  for (size_t begin = 0; begin < states.size(); begin += d)
    for (size_t item = 0; item < kItems; ++item)
      scores.push_back(productOf(std::span(states).subspan(begin, d),
                                 std::span(network.itemVectors).subspan(item * d, d)));
  return scores;
}

}  // namespace

TEST_CASE("an ensemble of one network thrice scores as the network alone") {
  const RecurrentWeights alone = networkOf(1);
  const RecurrentWeights all = ensembleOf(std::vector{alone, alone, alone});
  CHECK(all.model.config().hiddenDimension == 3 * kWidth);
  const std::vector<double> expected = scoresOf(alone), found = scoresOf(all);
  REQUIRE(found.size() == expected.size());
  for (size_t i = 0; i < found.size(); ++i) CHECK(found[i] == Approx(expected[i]).margin(1e-5));
}

TEST_CASE("each network of an ensemble keeps its state, and all have one norm") {
  const std::vector<RecurrentWeights> members = {networkOf(1), networkOf(2)};
  RecurrentWeights all = ensembleOf(members);
  const std::vector<float> together = statesOf(all);
  for (size_t member = 0; member < 2; ++member) {
    const std::vector<float> own = statesOf(members[member]);
    for (size_t token = 0; token < own.size() / kWidth; ++token) {
      CAPTURE(member, token);
      const auto expected = std::span(own).subspan(token * kWidth, kWidth);
      const auto found = std::span(together).subspan((token * 2 + member) * kWidth, kWidth);
      const double cosine = productOf(expected, found) /
                            std::sqrt(productOf(expected, expected) * productOf(found, found));
      CHECK(cosine == Approx(1).epsilon(1e-5));
    }
  }
  const Matrix gains = all.model.finalNorm.in(all.values.data());
  std::fill_n(gains.data, 2 * kWidth, 1.0f);
  const std::vector<float> even = statesOf(all);
  for (size_t begin = 0; begin < even.size(); begin += 2 * kWidth) {
    const auto state = std::span(even).subspan(begin, 2 * kWidth);
    CHECK(productOf(state, state) == Approx(2 * kWidth).epsilon(1e-3));
  }
}
