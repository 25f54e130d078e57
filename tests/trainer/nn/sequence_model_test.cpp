#include "trainer/nn/sequence_model.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "tests/trainer/nn/gradient_check.h"
#include "tests/trainer/nn/sequence_world.h"
#include "trainer/base/errors.h"
#include "trainer/nn/sequence_validation.h"

using namespace attune::trainer;

namespace {

constexpr size_t kWidth = 16;

PackedBatch batchOf(size_t sequences, size_t length) {
  PackedBatch batch;
  attune::Random random(5, 5);
  for (size_t s = 0; s < sequences; ++s) {
    for (size_t t = 0; t < length; ++t) {
      batch.items.push_back(random.below(kWorldItems));
      batch.newSession.push_back(random.below(3) == 0);
    }
    batch.offsets.push_back(static_cast<uint32_t>(batch.items.size()));
  }
  return batch;
}

SequenceModelConfig recurrentConfig() {
  SequenceModelConfig config = smallConfig();
  config.encoder = SequenceEncoder::hierarchicalGru;
  return config;
}

/// Weights that make everything in the model matter.
std::vector<float> livelyValues(const SequenceModel& model) {
  auto values = randomNumbers(model.layout().size(), 3, 0.25f);
  for (const BlockParameters& block : model.blocks)
    for (const Parameter& norm : {block.attentionNorm, block.feedForwardNorm})
      for (size_t i = 0; i < norm.size(); ++i) values[norm.offset + i] += 1;
  return values;
}

std::vector<float> hiddenOf(const SequenceModel& model, const PackedBatch& batch,
                            const std::vector<float>& values, const StepDropout& dropout,
                            GemmThreads* threads = nullptr) {
  std::vector<float> hidden(batch.tokens() * kWidth);
  SequencePass(model, threads)
      .forward(batch, values.data(), model.itemVectors.in(values.data()), dropout,
               {hidden.data(), batch.tokens(), kWidth});
  return hidden;
}

}  // namespace

TEST_CASE("the whole model's gradients are its finite differences, dropout included") {
  const SequenceModel model(GENERATE(smallConfig(), recurrentConfig()), kWorldItems);
  auto values = livelyValues(model);
  const PackedBatch batch = batchOf(3, 5);
  const auto up = randomNumbers(batch.tokens() * kWidth, 4);
  for (const StepDropout dropout : {StepDropout{}, StepDropout{1, 1, 0.3f}}) {
    std::vector<float> hidden(batch.tokens() * kWidth);
    std::vector<float> gradients(model.layout().size(), 0.0f);
    SequencePass pass(model, nullptr);
    pass.forward(batch, values.data(), model.itemVectors.in(values.data()), dropout,
                 {hidden.data(), batch.tokens(), kWidth});
    pass.backward(batch, values.data(), dropout, {up.data(), batch.tokens(), kWidth},
                  std::span(gradients).first(model.backboneSize()),
                  model.itemVectors.in(gradients.data()));
    const auto loss = [&] { return weightedSum(hiddenOf(model, batch, values, dropout), up); };
    for (const Parameter& parameter : model.layout().all()) {
      if (parameter.size() == 0) continue;
      INFO(parameter.name);
      const size_t checked = std::min<size_t>(parameter.size(), 200);
      checkGradient(std::span(values).subspan(parameter.offset, checked),
                    std::span<const float>(gradients).subspan(parameter.offset, checked), loss,
                    0.01, 2e-3f);
    }
  }
}

TEST_CASE("passes have the same bits on one thread and on three") {
  const SequenceModel model(GENERATE(smallConfig(), recurrentConfig()), kWorldItems);
  const auto values = livelyValues(model);
  const PackedBatch batch = batchOf(700, 9);  // several chunks
  const auto up = randomNumbers(batch.tokens() * kWidth, 6);
  const auto gradientsOn = [&](GemmThreads* threads) {
    std::vector<float> hidden(batch.tokens() * kWidth);
    std::vector<float> gradients(model.layout().size(), 0.0f);
    SequencePass pass(model, threads);
    const StepDropout dropout{1, 2, 0.2f};
    pass.forward(batch, values.data(), model.itemVectors.in(values.data()), dropout,
                 {hidden.data(), batch.tokens(), kWidth});
    pass.backward(batch, values.data(), dropout, {up.data(), batch.tokens(), kWidth},
                  std::span(gradients).first(model.backboneSize()),
                  model.itemVectors.in(gradients.data()));
    gradients.insert(gradients.end(), hidden.begin(), hidden.end());
    return gradients;
  };
  GemmThreads threads(3);
  CHECK(gradientsOn(nullptr) == gradientsOn(&threads));
}

TEST_CASE("a pass used again gives what a fresh one gives") {
  const SequenceModel model(GENERATE(smallConfig(), recurrentConfig()), kWorldItems);
  const auto values = livelyValues(model);
  const PackedBatch small = batchOf(2, 4), large = batchOf(400, 8);
  SequencePass pass(model, nullptr);
  std::vector<float> hidden(large.tokens() * kWidth);
  const auto run = [&](const PackedBatch& batch) {
    hidden.resize(batch.tokens() * kWidth);
    pass.forward(batch, values.data(), model.itemVectors.in(values.data()), {},
                 {hidden.data(), batch.tokens(), kWidth});
    return hidden;
  };
  run(large);
  CHECK(run(small) == hiddenOf(model, small, values, {}));
  CHECK(run(large) == hiddenOf(model, large, values, {}));
}

TEST_CASE("a state does not change when events follow: keys and values may be kept") {
  const SequenceModel model(GENERATE(smallConfig(), recurrentConfig()), kWorldItems);
  const auto values = livelyValues(model);
  const PackedBatch whole = batchOf(1, 10);
  PackedBatch start;
  start.items.assign(whole.items.begin(), whole.items.begin() + 6);
  start.newSession.assign(whole.newSession.begin(), whole.newSession.begin() + 6);
  start.offsets.push_back(6);
  const auto all = hiddenOf(model, whole, values, {}), first = hiddenOf(model, start, values, {});
  for (size_t i = 0; i < first.size(); ++i) CHECK(first[i] == Approx(all[i]).margin(1e-5));
}

TEST_CASE("fresh weights are a function of the seed, with norms 1 and biases 0") {
  SequenceModelConfig config = smallConfig();
  config.itemBias = true;
  const SequenceModel model(config, kWorldItems, 4);
  const auto values = model.initialValues(7);
  CHECK(values == model.initialValues(7));
  CHECK(values != model.initialValues(8));
  CHECK(values[model.finalNorm.offset] == 1);
  CHECK(values[model.blocks[1].distanceBias.offset] == 0);
  CHECK(values[model.itemBias.offset + kWorldItems - 1] == 0);
  CHECK(model.featureVectors.rows == 4);
  CHECK(model.items() == kWorldItems);
}

TEST_CASE("a recurrent model has the network's weights in the blocks' place and no heads to divide") {
  SequenceModelConfig config = recurrentConfig();
  config.hiddenDimension = 43;
  const SequenceModel model(config, kWorldItems);
  CHECK(model.blocks.empty());
  CHECK(model.backboneSize() == 2 * (43 * 129 + 43 * 129 + 129 + 43) + 43 * 43 + 43 + 43);
  const auto values = model.initialValues(3);
  CHECK(values[model.recurrent.user.bias.offset] == 0);
  double squares = 0;
  const Parameter& matrix = model.recurrent.session.state;
  for (size_t i = 0; i < matrix.size(); ++i)
    squares += std::pow(static_cast<double>(values[matrix.offset + i]), 2);
  CHECK(squares / static_cast<double>(matrix.size()) == Approx(1.0 / 43).epsilon(0.1));
}

TEST_CASE("sizes that make no model are refused by name") {
  SequenceModelConfig config = smallConfig();
  config.heads = 3;
  CHECK_THROWS_WITH(SequenceModel(config, 5), Catch::Contains("16") && Catch::Contains("3 heads"));
  config = smallConfig();
  config.maxHistory = 0;
  CHECK_THROWS_AS(SequenceModel(config, 5), UserError);
}
