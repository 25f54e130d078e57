#include "trainer/nn/sequence_step.h"

#include <catch2/catch.hpp>
#include <vector>

#include "tests/trainer/nn/gradient_check.h"
#include "tests/trainer/nn/sequence_world.h"

using namespace attune::trainer;

namespace {

constexpr size_t kQueryFeatures = 5;

/// Three users with everything that may be known of them.
Sequences knownUsers() {
  Sequences sequences;
  sequences.add(std::vector<uint32_t>{1, 2, 3, 4});
  sequences.add(std::vector<uint32_t>{5, 6});
  sequences.add(std::vector<uint32_t>{7, 8, 9});
  sequences.userRows.add(std::vector<uint32_t>{0});
  sequences.userRows.add(std::vector<uint32_t>{0, 1});
  sequences.userRows.add({});
  for (uint32_t event = 0; event < 9; ++event) {
    sequences.contextRows.add(std::vector<uint32_t>{2 + event % 3});
    sequences.weights.push_back(event % 4 == 0 ? 0.25f : 1.0f + static_cast<float>(event % 2));
  }
  return sequences;
}

PackedBatch batchOf(const Sequences& sequences, bool starts) {
  const auto windows = cutWindows(sequences, 10, LongHistories::latest);
  BatchReader reader(sequences, windows, 1000, starts);
  PackedBatch batch;
  REQUIRE(reader.next(batch));
  return batch;
}

}  // namespace

TEST_CASE("a batch has weights and features of its targets, and starts behind its tokens") {
  const Sequences sequences = knownUsers();
  const PackedBatch batch = batchOf(sequences, true);
  CHECK(batch.items == std::vector<uint32_t>{1, 2, 3, 5, 7, 8});
  CHECK(batch.targets == std::vector<uint32_t>{2, 3, 4, 6, 8, 9, 1, 5, 7});
  const std::vector<size_t> events{1, 2, 3, 5, 7, 8, 0, 4, 6};
  const std::vector<size_t> users{0, 0, 0, 1, 2, 2, 0, 1, 2};
  REQUIRE(batch.weights.size() == 9);
  for (size_t i = 0; i < 9; ++i) {
    CHECK(batch.weights[i] == sequences.weights[events[i]]);
    const auto context = batch.contextRows.of(i), user = batch.userRows.of(i);
    CHECK(std::equal(context.begin(), context.end(), sequences.contextRows.of(events[i]).begin()));
    CHECK(user.size() == sequences.userRows.of(users[i]).size());
  }
  CHECK(batchOf(sequences, false).targets.size() == 6);
}

TEST_CASE("a long history has one start, at its very first item, whichever windows are trained on") {
  Sequences sequences;
  std::vector<uint32_t> history;
  for (uint32_t item = 0; item < 25; ++item) history.push_back(item);
  sequences.add(history);
  for (const LongHistories which : {LongHistories::latest, LongHistories::all}) {
    const auto windows = cutWindows(sequences, 10, which);
    BatchReader reader(sequences, windows, 1000, true);
    PackedBatch batch;
    REQUIRE(reader.next(batch));
    REQUIRE(batch.targets.size() == batch.tokens() + 1);
    CHECK(batch.targets.back() == 0);
  }
}

TEST_CASE("a step's gradient is its finite difference: starts, features, weights and dropout") {
  const SequenceModel model(smallConfig(), kWorldItems, 0, kQueryFeatures);
  const PackedBatch batch = batchOf(knownUsers(), true);
  SequenceTrainingOptions options = quickOptions();
  const ItemFeatures none;
  for (const float dropout : {0.0f, 0.4f}) {
    options.dropout = options.queryDropout = dropout;
    SequenceStep step(model, batch.items, none, options);
    auto values = randomNumbers(model.layout().size(), 3, 0.3f);
    const auto loss = [&] { return step.compute(batch, values, 4).mean(); };
    loss();
    const std::vector<float> gradients(step.gradients().begin(), step.gradients().end());
    for (const Parameter& parameter : {model.startVector, model.queryVectors, model.itemVectors, model.finalNorm}) {
      INFO(parameter.name << ", dropout " << dropout);
      checkGradient(std::span(values).subspan(parameter.offset, parameter.size()),
                    std::span<const float>(gradients).subspan(parameter.offset, parameter.size()),
                    loss, 0.01, 3e-3f);
    }
  }
}

TEST_CASE("a step's gradient is its finite difference with a pointer") {
  SequenceModelConfig config = smallConfig();
  config.pointer = true;
  const SequenceModel model(config, kWorldItems, 0, kQueryFeatures);
  Sequences sequences = knownUsers();
  sequences.items = {1, 2, 1, 1, 5, 5, 7, 8, 7};  // something to point at
  const PackedBatch batch = batchOf(sequences, true);
  SequenceTrainingOptions options = quickOptions();
  options.dropout = 0.3f;
  options.queryDropout = 0;
  const ItemFeatures none;
  SequenceStep step(model, batch.items, none, options);
  auto values = randomNumbers(model.layout().size(), 3, 0.3f);
  const auto loss = [&] { return step.compute(batch, values, 4).mean(); };
  loss();
  const std::vector<float> gradients(step.gradients().begin(), step.gradients().end());
  for (const Parameter& parameter : {model.pointer.queryKey, model.pointer.distanceBias,
                                     model.itemVectors, model.queryVectors, model.finalNorm}) {
    INFO(parameter.name);
    checkGradient(std::span(values).subspan(parameter.offset, parameter.size()),
                  std::span<const float>(gradients).subspan(parameter.offset, parameter.size()),
                  loss, 0.01, 3e-3f);
  }
}

TEST_CASE("a target of weight 0 teaches nothing, and only the ratio of weights matters") {
  const SequenceModel model(smallConfig(), kWorldItems);
  SequenceTrainingOptions options = quickOptions();
  const ItemFeatures none;
  Sequences sequences = knownUsers();
  sequences.userRows.clear();
  sequences.contextRows.clear();
  const auto values = model.initialValues(1);
  const auto gradientOf = [&](const std::vector<float>& weights) {
    sequences.weights = weights;
    const PackedBatch batch = batchOf(sequences, true);
    SequenceStep step(model, batch.items, none, options);
    step.compute(batch, values, 1);
    return std::vector<float>(step.gradients().begin(), step.gradients().end());
  };
  CHECK(gradientOf(std::vector<float>(9, 0.5f)) == gradientOf(std::vector<float>(9, 1.0f)));
  std::vector<float> lastOnly(9, 0.0f);
  lastOnly[5] = 1;  // the only event a user with one earlier event has
  const auto gradient = gradientOf(lastOnly);
  for (size_t j = 0; j < 16; ++j) CHECK(gradient[model.startVector.offset + j] == 0);
  CHECK(gradient != gradientOf(std::vector<float>(9, 1.0f)));
}

TEST_CASE("a model learns what depends on the context alone, and still works without it") {
  attune::Random random(1, 1);
  Sequences sequences;
  for (int user = 0; user < 300; ++user) {
    std::vector<uint32_t> history;
    for (int i = 0; i < 6; ++i) {
      const uint32_t context = random.below(4);
      history.push_back(context * 7 + random.below(2));
      sequences.contextRows.add(std::vector<uint32_t>{context});
    }
    sequences.add(history);
  }
  SequenceTrainingOptions options = quickOptions();
  options.epochs = 10;
  const auto ndcg = [&](size_t features) {
    Sequences data = sequences;
    if (features == 0) data.contextRows.clear();
    const SequenceModel model(smallConfig(), kWorldItems, 0, features);
    return trainSequenceModel(model, data, {}, options).curve.back().ndcgAt10;
  };
  CHECK(ndcg(4) > 0.75);  // two items are equally right: at best 0.815
  CHECK(ndcg(0) < 0.6);
}
