#include "trainer/nn/training_forecast.h"

#include <algorithm>
#include <chrono>

#include "trainer/nn/sequence_step.h"
#include "trainer/nn/sequence_validation.h"

namespace attune::trainer {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kLeastTimedSteps = 3;
constexpr size_t kMostTimedSteps = 50;
constexpr double kTimedSeconds = 1;
constexpr size_t kTimedUsers = 300;
constexpr double kMegabyte = 1024.0 * 1024.0;

double secondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// Weights that learn a few steps and are thrown away.
class Trial {
 public:
  Trial(const SequenceModel& model, std::span<const uint32_t> occurrences,
        const ItemFeatures& features, const SequenceTrainingOptions& options)
      : options_(options),
        step_(model, occurrences, features, options),
        values_(model.initialValues(options.seed)),
        firstMoments_(values_.size()),
        secondMoments_(values_.size()),
        averages_(values_) {}

  void run(const PackedBatch& batch) {
    step_.compute(batch, values_, count_++);
    (void)normOf(step_.gradients(), options_.threads);
    adamStep(options_.adam, {values_, step_.gradients(), firstMoments_, secondMoments_}, count_,
             1e-5f, 1, options_.threads);
    if (options_.averaging > 0) moveTowards(values_, 0.01f, averages_, options_.threads);
  }

  const std::vector<float>& values() const { return values_; }

 private:
  const SequenceTrainingOptions& options_;
  SequenceStep step_;
  uint64_t count_ = 0;
  std::vector<float> values_, firstMoments_, secondMoments_, averages_;
};

double secondsPerStep(Trial& trial, const Sequences& sequences, std::span<const Window> windows,
                      size_t tokensPerBatch) {
  BatchReader reader(sequences, windows, tokensPerBatch);
  PackedBatch batch;
  std::vector<double> seconds;
  const auto start = Clock::now();
  while (seconds.size() < kMostTimedSteps &&
         (seconds.size() <= kLeastTimedSteps || secondsSince(start) < kTimedSeconds)) {
    if (!reader.next(batch)) break;
    const auto begin = Clock::now();
    trial.run(batch);
    seconds.push_back(secondsSince(begin));
  }
  if (seconds.size() > 1) seconds.erase(seconds.begin());  // the first one met cold memory
  return median(std::move(seconds));
}

double secondsPerUser(const SequenceModel& model, const std::vector<float>& values,
                      const Sequences& sequences, const ItemFeatures& features,
                      const SequenceTrainingOptions& options) {
  const HeldOut some =
      holdOutLast(sequences, std::min(options.validationUsers, kTimedUsers), options.seed);
  if (some.users.empty()) return 0;
  const auto full = fullItemVectors(model, values.data(), features, options.threads);
  const ConstMatrix items(full.data(), model.items(), model.config().hiddenDimension);
  const auto start = Clock::now();
  (void)validate(model, values.data(), items, some, options.excludeSeen, options.threads);
  return secondsSince(start) / static_cast<double>(some.users.size());
}

/// Numbers that the network keeps of a token until it goes back over it.
double keptPerToken(const SequenceModelConfig& c) {
  const double d = static_cast<double>(c.hiddenDimension);
  // What HierarchicalGruPass holds; going back, the gradients of both products and the states
  // before.
  if (c.encoder == SequenceEncoder::hierarchicalGru) return 27 * d;
  // A block keeps x, its norms, queries, keys and values, the mix, both gates and their product.
  return static_cast<double>(c.layers) * (9 * d + 3 * static_cast<double>(c.feedForward));
}

}  // namespace

TrainingForecast forecastTraining(const TrainingSpeed& speed, const TrainingWork& work,
                                  double megabytes) {
  TrainingForecast forecast;
  forecast.secondsPerEpoch =
      speed.secondsPerStep * static_cast<double>(work.stepsPerEpoch) +
      speed.secondsPerValidatedUser * static_cast<double>(work.validatedUsers);
  forecast.mostEpochs = work.epochs;
  const bool stopsEarly = work.validatedUsers > 0;
  forecast.usualEpochs =
      stopsEarly ? std::min(work.epochs, work.usualBestEpoch + work.patience) : work.epochs;
  forecast.megabytes = megabytes;
  return forecast;
}

TrainingWork workOf(const SequenceModel& model, const Sequences& sequences,
                    const SequenceTrainingOptions& options) {
  const HeldOut heldOut = holdOutLast(sequences, options.validationUsers, options.seed);
  const auto windows =
      cutWindows(heldOut.training, model.config().maxHistory, options.longHistories);
  TrainingWork work{.validatedUsers = heldOut.users.size(),
                    .epochs = options.epochs,
                    .patience = options.patience};
  BatchReader reader(heldOut.training, windows, options.tokensPerBatch);
  PackedBatch batch;
  while (reader.next(batch)) ++work.stepsPerEpoch;
  return work;
}

double trainingMegabytes(const SequenceModel& model, const Sequences& sequences,
                         const SequenceTrainingOptions& options) {
  const SequenceModelConfig& c = model.config();
  const double d = static_cast<double>(c.hiddenDimension);
  const double weights = static_cast<double>(model.layout().size());
  const auto tokensOf = [&](size_t batch) {
    return static_cast<double>(std::min(batch + c.maxHistory, sequences.items.size() + 1));
  };
  const double tokens = tokensOf(options.tokensPerBatch);
  // Weights, gradients, two moments, their mean, the best ones and the checkpoint being written.
  double floats = weights * 7;
  floats += tokens * (keptPerToken(c) + 5 * d);
  if (options.validationUsers > 0) floats += tokensOf(kValidationTokens) * keptPerToken(c);
  floats += (tokens / 1024 + 1) * static_cast<double>(model.backboneSize());
  const double sampled = model.items() > options.wholeSoftmaxItems ? 1 : 0;
  floats += sampled > 0 ? tokens * 16 : 10 * static_cast<double>(model.items()) * d;
  const unsigned threads = options.threads == nullptr ? 1 : options.threads->count();
  const double bytes = 4 * floats +
                       threads * std::max(1.5e6, 200.0 * static_cast<double>(model.items())) +
                       16 * static_cast<double>(sequences.items.size());
  return bytes / kMegabyte;
}

TrainingSpeed measureTrainingSpeed(const SequenceModel& model, const Sequences& sequences,
                                   const ItemFeatures& features,
                                   const SequenceTrainingOptions& options) {
  const auto windows = shuffled(
      cutWindows(sequences, model.config().maxHistory, options.longHistories), options.seed, 0);
  if (windows.empty()) return {};
  Trial trial(model, sequences.items, features, options);
  TrainingSpeed speed;
  speed.secondsPerStep = secondsPerStep(trial, sequences, windows, options.tokensPerBatch);
  speed.secondsPerValidatedUser =
      secondsPerUser(model, trial.values(), sequences, features, options);
  return speed;
}

}  // namespace attune::trainer
