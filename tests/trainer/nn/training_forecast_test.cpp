#include "trainer/nn/training_forecast.h"

#include <catch2/catch.hpp>

#include "tests/trainer/nn/sequence_world.h"

using namespace attune::trainer;

TEST_CASE("a forecast is the work times its speed") {
  const TrainingForecast forecast = forecastTraining(
      {.secondsPerStep = 0.5, .secondsPerValidatedUser = 0.01},
      {.stepsPerEpoch = 20, .validatedUsers = 100, .epochs = 100, .patience = 10}, 300);
  CHECK(forecast.secondsPerEpoch == Approx(11));
  CHECK(forecast.mostEpochs == 100);
  CHECK(forecast.mostSeconds() == Approx(1100));
  CHECK(forecast.usualEpochs == UsualBestEpoch::transformer + 10);
  CHECK(forecast.usualSeconds() ==
        Approx(11.0 * static_cast<double>(UsualBestEpoch::transformer + 10)));
  CHECK(forecast.megabytes == 300);
}

TEST_CASE("no more epochs are forecast than allowed, and all of them where nothing ends them") {
  CHECK(forecastTraining({1, 1}, {1, 1, 5, 10}, 0).usualEpochs == 5);
  CHECK(forecastTraining({1, 1}, {1, 0, 100, 10}, 0).usualEpochs == 100);
  CHECK(forecastTraining({0, 0}, {0, 0, 0, 0}, 0).mostSeconds() == 0);
  CHECK(forecastTraining({1, 1}, {1, 1, 100, 10, 40}, 0).usualEpochs == 50);
}

TEST_CASE("the work of an epoch is counted as training does it") {
  const SequenceModel model(smallConfig(), kWorldItems);
  const Sequences sequences = walkingUsers(120, 1);
  SequenceTrainingOptions options = quickOptions();
  const TrainingWork work = workOf(model, sequences, options);
  CHECK(work.validatedUsers == 120);
  CHECK(work.epochs == options.epochs);
  const double tokens = static_cast<double>(sequences.items.size()) - 2 * 120;
  CHECK(static_cast<double>(work.stepsPerEpoch) >= tokens / 256 - 1);
  CHECK(static_cast<double>(work.stepsPerEpoch) <= tokens / 200 + 1);
  options.validationUsers = 0;
  CHECK(workOf(model, sequences, options).validatedUsers == 0);
}

TEST_CASE("measuring gives times above 0, and 0 for data without anything to learn") {
  const SequenceModel model(smallConfig(), kWorldItems);
  const TrainingSpeed speed = measureTrainingSpeed(model, walkingUsers(60, 1), {}, quickOptions());
  CHECK(speed.secondsPerStep > 0);
  CHECK(speed.secondsPerValidatedUser > 0);
  Sequences lonely;
  lonely.add(std::vector<uint32_t>{3});
  CHECK(measureTrainingSpeed(model, lonely, {}, quickOptions()).secondsPerStep == 0);
}

TEST_CASE("memory grows with what needs it") {
  const Sequences sequences = walkingUsers(60, 1);
  const SequenceTrainingOptions options = quickOptions();
  const auto megabytes = [&](size_t items, size_t dimension) {
    SequenceModelConfig config = smallConfig();
    config.hiddenDimension = dimension;
    return trainingMegabytes(SequenceModel(config, items), sequences, options);
  };
  CHECK(megabytes(kWorldItems, 16) > 0);
  CHECK(megabytes(10000, 16) > megabytes(kWorldItems, 16) + 1);
  CHECK(megabytes(10000, 64) > 2 * megabytes(10000, 16));
}

TEST_CASE(
    "the memory of a recurrent network is that of its states, however many layers a transformer "
    "has") {
  const Sequences sequences = walkingUsers(60, 1);
  const auto megabytes = [&](size_t layers, size_t tokens) {
    SequenceModelConfig config = smallConfig();
    config.encoder = SequenceEncoder::hierarchicalGru;
    config.layers = layers;
    SequenceTrainingOptions options = quickOptions();
    options.tokensPerBatch = tokens;
    return trainingMegabytes(SequenceModel(config, kWorldItems), sequences, options);
  };
  CHECK(megabytes(8, 256) == megabytes(2, 256));
  CHECK(megabytes(2, 256) > megabytes(2, 32));
}
