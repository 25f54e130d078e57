#include "trainer/nn/sequence_trainer.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/trainer/nn/sequence_world.h"
#include "trainer/base/errors.h"

using namespace attune::trainer;

namespace {

bool allFinite(const std::vector<float>& values) {
  return std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
}

TrainedSequenceModel trainOn(const Sequences& sequences, const SequenceTrainingOptions& options,
                             const ItemFeatures& features = {}) {
  const SequenceModel model(smallConfig(), kWorldItems, features.featureCount);
  return trainSequenceModel(model, sequences, features, options);
}

}  // namespace

TEST_CASE("a model learns the rule by which users walk") {
  const TrainedSequenceModel trained = trainOn(walkingUsers(600, 1), quickOptions());
  REQUIRE(trained.curve.size() == 6);
  CHECK(trained.curve.front().loss > trained.curve.back().loss);
  CHECK(trained.curve.back().ndcgAt10 >
        0.8);  // about 0.9 is the best there is: one step in ten is random
  CHECK(trained.skippedSteps == 0);
  CHECK(trained.restarts == 0);
}

TEST_CASE("training has the same bits on one thread and on three, and others for another seed") {
  SequenceTrainingOptions options = quickOptions();
  options.epochs = 2;
  options.tokensPerBatch = 3000;  // several chunks a batch
  const Sequences sequences = walkingUsers(900, 2);
  const auto alone = trainOn(sequences, options).values;
  GemmThreads threads(3);
  options.threads = &threads;
  CHECK(trainOn(sequences, options).values == alone);
  options.seed = 2;
  CHECK(trainOn(sequences, options).values != alone);
}

TEST_CASE("a run that is interrupted and resumed ends with the bits of one that is not") {
  const std::string path = (std::filesystem::temp_directory_path() / "attune-resume-test").string();
  std::filesystem::remove(path);
  const Sequences sequences = walkingUsers(200, 3);
  SequenceTrainingOptions options = quickOptions();
  options.averaging = 0.9;
  const TrainedSequenceModel whole = trainOn(sequences, options);
  options.checkpointPath = path;
  options.resume = true;
  for (const uint64_t stop : {1u, 4u}) {
    options.onEpoch = [stop](const EpochProgress& progress) {
      if (progress.record.epoch == stop) throw std::runtime_error("stopped");
    };
    CHECK_THROWS_AS(trainOn(sequences, options), std::runtime_error);
  }
  options.onEpoch = nullptr;
  const TrainedSequenceModel resumed = trainOn(sequences, options);
  CHECK(resumed.values == whole.values);
  CHECK(resumed.bestEpoch == whole.bestEpoch);
  CHECK(resumed.curve.size() == whole.curve.size());
  options.seed = 5;
  CHECK_THROWS_WITH(trainOn(sequences, options), Catch::Contains("other data or settings"));
  std::filesystem::remove(path);
}

TEST_CASE("a recurrent network learns the rule, the same on one thread and on three") {
  SequenceModelConfig config = smallConfig();
  config.encoder = SequenceEncoder::hierarchicalGru;
  const SequenceModel model(config, kWorldItems);
  Sequences sequences = walkingUsers(600, 1);
  sequences.weights.assign(sequences.items.size(), 1.0f);
  for (size_t i = 0; i < sequences.items.size(); ++i) sequences.newSession.push_back(i % 3 == 0);
  SequenceTrainingOptions options = quickOptions();
  const auto trained = trainSequenceModel(model, sequences, {}, options);
  CHECK(trained.curve.back().ndcgAt10 > 0.8);
  GemmThreads threads(3);
  options.threads = &threads;
  CHECK(trainSequenceModel(model, sequences, {}, options).values == trained.values);
  options.epochs = 1;
  const auto once = trainSequenceModel(model, sequences, {}, options).values;
  sequences.weights[sequences.offsets[5] + 1] = 3;
  CHECK(trainSequenceModel(model, sequences, {}, options).values != once);
}

TEST_CASE("a checkpoint of other sessions, weights or encoder is refused") {
  const std::string path = (std::filesystem::temp_directory_path() / "attune-hrnn-test").string();
  SequenceModelConfig config = smallConfig();
  config.encoder = SequenceEncoder::hierarchicalGru;
  Sequences sequences = walkingUsers(30, 3);
  sequences.weights.assign(sequences.items.size(), 1.0f);
  sequences.newSession.assign(sequences.items.size(), 0);
  SequenceTrainingOptions options = quickOptions();
  options.epochs = 1;
  options.checkpointPath = path;
  trainSequenceModel(SequenceModel(config, kWorldItems), sequences, {}, options);
  options.resume = true;
  const auto refuses = [&](const Sequences& other, const SequenceModelConfig& model) {
    CHECK_THROWS_WITH(trainSequenceModel(SequenceModel(model, kWorldItems), other, {}, options),
                      Catch::Contains("other data or settings"));
  };
  CHECK_NOTHROW(trainSequenceModel(SequenceModel(config, kWorldItems), sequences, {}, options));
  refuses(sequences, smallConfig());
  config.gradientEvents = 3;
  refuses(sequences, config);
  config.gradientEvents = 32;
  Sequences other = sequences;
  other.newSession[1] = 1;
  refuses(other, config);
  other = sequences;
  other.weights[1] = 2;
  refuses(other, config);
  std::filesystem::remove(path);
}

TEST_CASE("training stops when validation no longer improves and keeps the best weights") {
  SequenceTrainingOptions options = quickOptions();
  options.epochs = 200;
  options.patience = 3;
  const TrainedSequenceModel trained = trainOn(walkingUsers(60, 4), options);
  CHECK(trained.curve.size() == trained.bestEpoch + 3);
  double best = -1;
  for (const EpochRecord& record : trained.curve) best = std::max(best, record.ndcgAt100);
  CHECK(trained.curve[trained.bestEpoch - 1].ndcgAt100 == best);
}

TEST_CASE("drawn negatives teach the rule as well") {
  SequenceTrainingOptions options = quickOptions();
  options.wholeSoftmaxItems = kWorldItems - 1;
  options.negatives = 12;
  options.epochs = 12;
  CHECK(trainOn(walkingUsers(600, 9), options).curve.back().ndcgAt10 > 0.75);
}

TEST_CASE("averaged weights are judged and kept in place of the last ones") {
  SequenceTrainingOptions options = quickOptions();
  const Sequences sequences = walkingUsers(600, 8);
  options.validationUsers = 0;
  const std::vector<float> last = trainOn(sequences, options).values;
  options.averaging = 1e-9;  // remembers nothing
  CHECK(trainOn(sequences, options).values == last);
  options.averaging = 0.95;
  CHECK(trainOn(sequences, options).values != last);
  options.validationUsers = 600;
  options.epochs = 10;
  CHECK(trainOn(sequences, options).curve.back().ndcgAt10 > 0.8);
}

TEST_CASE("without validation all epochs run and the last weights count") {
  SequenceTrainingOptions options = quickOptions();
  options.validationUsers = 0;
  options.epochs = 3;
  const TrainedSequenceModel trained = trainOn(walkingUsers(50, 5), options);
  CHECK(trained.curve.size() == 3);
  CHECK(trained.bestEpoch == 3);
  CHECK(trained.curve[2].ndcgAt10 == 0);
}

TEST_CASE("a learning rate of a million ends in a sensible model, with its restarts counted") {
  SequenceTrainingOptions options = quickOptions();
  options.learningRate = 1e6;
  options.epochs = 10;
  const TrainedSequenceModel trained = trainOn(walkingUsers(300, 6), options);
  CHECK(allFinite(trained.values));
  CHECK(trained.restarts > 0);
  CHECK(trained.curve.back().ndcgAt10 > 0.8);
}

TEST_CASE("features alone carry an item's meaning when ids are dropped") {
  ItemFeatures features;  // each item its own feature: as good as an id
  features.featureCount = kWorldItems;
  features.offsets = {0};
  for (uint32_t item = 0; item < kWorldItems; ++item) {
    features.features.push_back(item);
    features.weights.push_back(1);
    features.offsets.push_back(item + 1);
  }
  SequenceTrainingOptions options = quickOptions();
  options.idDropout = 1;
  options.epochs = 10;  // features start small
  const TrainedSequenceModel trained = trainOn(walkingUsers(600, 7), options, features);
  CHECK(trained.curve.back().ndcgAt10 > 0.7);
}

TEST_CASE("one item, one user and identical users are trained on without NaN") {
  Sequences one;
  one.add(std::vector<uint32_t>{3, 3, 3});
  CHECK(allFinite(trainOn(one, quickOptions()).values));
  Sequences same;
  for (int user = 0; user < 40; ++user) same.add(std::vector<uint32_t>{1, 2, 3, 4});
  SequenceTrainingOptions options = quickOptions();
  options.validationUsers = 10;  // the others still show the last item
  options.epochs = options.patience = 40;
  CHECK(trainOn(same, options).curve.back().ndcgAt10 == 1);
}

TEST_CASE("sequences without a next item are refused in one line") {
  Sequences lonely;
  lonely.add(std::vector<uint32_t>{1});
  lonely.add({});
  CHECK_THROWS_WITH(trainOn(lonely, quickOptions()), Catch::Contains("nothing to learn from"));
}

TEST_CASE("an item without events is what its features say, on whole and drawn softmax") {
  // Items 30 and 31 stand beside the world's: one has a feature of other items, one has none.
  constexpr size_t kAll = kWorldItems + 2;
  ItemFeatures features{{0}, {}, {}, 2};
  for (size_t item = 0; item < kAll; ++item) {
    if (item < kAll - 1) {
      features.features.push_back(item % 2);
      features.weights.push_back(1);
    }
    features.offsets.push_back(features.features.size());
  }
  const SequenceModel model(smallConfig(), kAll, features.featureCount);
  SequenceTrainingOptions options = quickOptions();
  options.epochs = 2;
  options.idDropout = 0.2f;
  for (const size_t whole : {1000, 10}) {
    options.wholeSoftmaxItems = whole;
    options.negatives = 20;
    const TrainedSequenceModel trained =
        trainSequenceModel(model, walkingUsers(300, 4), features, options);
    REQUIRE(allFinite(trained.values));
    CHECK(trained.curve.back().loss < std::log(30.0));
    const auto full = fullItemVectors(model, trained.values.data(), features, nullptr);
    const ConstMatrix own = model.itemVectors.in(trained.values.data());
    const ConstMatrix feature = model.featureVectors.in(trained.values.data());
    for (size_t j = 0; j < own.columns; ++j) {
      CHECK(own.row(30)[j] == 0);
      CHECK(full[30 * own.columns + j] == feature.row(0)[j]);
    }
    // Without features nothing better is known of an item than that nobody had it.
    CHECK(std::any_of(own.row(31), own.row(31) + own.columns, [](float x) { return x != 0; }));
  }
}
