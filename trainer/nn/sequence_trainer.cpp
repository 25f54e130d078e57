#include "trainer/nn/sequence_trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "trainer/base/errors.h"
#include "trainer/nn/sequence_step.h"
#include "trainer/nn/sequence_validation.h"

namespace attune::trainer {
namespace {

constexpr uint64_t kMaxRestarts = 12;
constexpr double kRestartFactor = 0.1;
constexpr uint64_t kMaxSkipsInARow = 3;
constexpr double kSafeLearningRate = 0.01;  // at this one and below, patience is all it takes

class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

uint64_t fingerprintOf(const SequenceModel& model, const Sequences& sequences,
                       const ItemFeatures& features, const SequenceTrainingOptions& o) {
  const SequenceModelConfig& c = model.config();
  Fingerprint print;
  print.add(sequences.items.data(), sequences.items.size() * sizeof(uint32_t));
  print.add(sequences.newSession.data(), sequences.newSession.size());
  print.add(sequences.weights.data(), sequences.weights.size() * sizeof(float));
  print.add(sequences.offsets.data(), sequences.offsets.size() * sizeof(uint64_t));
  print.add(features.offsets.data(), features.offsets.size() * sizeof(uint64_t));
  for (const RowLists* lists : {&sequences.userRows, &sequences.contextRows}) {
    print.add(lists->rows.data(), lists->rows.size() * sizeof(uint32_t));
    print.add(lists->offsets.data(), lists->offsets.size() * sizeof(uint64_t));
  }
  print.add(features.features.data(), features.features.size() * sizeof(uint32_t));
  print.add(features.weights.data(), features.weights.size() * sizeof(float));
  for (const size_t n :
       {model.layout().size(), c.hiddenDimension, c.layers, c.heads, c.feedForward, c.maxHistory,
        c.gradientEvents, o.tokensPerBatch, o.validationUsers, o.wholeSoftmaxItems, o.negatives})
    print.add(n);
  for (const uint64_t n : {o.epochs, o.patience, o.warmUpSteps, o.seed}) print.add(n);
  for (const double x : {o.learningRate, o.clipNorm, o.averaging, o.negativePower}) print.add(x);
  for (const float x : {o.dropout, o.idDropout, o.queryDropout, o.adam.beta1, o.adam.beta2, o.adam.epsilon,
                        o.adam.weightDecay, c.normEpsilon})
    print.add(x);
  print.add(o.longHistories), print.add(o.schedule), print.add(o.precision);
  print.add(o.startValues.data(), o.startValues.size() * sizeof(float));
  print.add(o.excludeSeen), print.add(o.trainStart), print.add(c.itemBias), print.add(c.encoder);
  print.add(c.pointer);
  return print.value();
}

/// One run of training.
class Run {
 public:
  Run(const SequenceModel& model, const Sequences& sequences, const ItemFeatures& features,
      const SequenceTrainingOptions& options)
      : model_(model),
        features_(features),
        options_(options),
        heldOut_(holdOutLast(sequences, options.validationUsers, options.seed)),
        windows_(cutWindows(heldOut_.training, model.config().maxHistory, options.longHistories)),
        fingerprint_(fingerprintOf(model, sequences, features, options)),
        step_(model, heldOut_.training.items, features, options) {
    if (windows_.empty())
      throw UserError("nothing to learn from: no user has enough interactions for a next item");
    schedule_ = {options.schedule, options.warmUpSteps, options.epochs * batchesPerEpoch(), 0.0};
    if (!options.resume || options.checkpointPath.empty() ||
        !loadCheckpoint(options.checkpointPath, fingerprint_, state_))
      startAfresh();
  }

  TrainedSequenceModel train() {
    while (state_.epoch < options_.epochs && !outOfPatience()) trainEpoch();
    const bool chosen = !state_.bestValues.empty();
    return {std::move(chosen ? state_.bestValues : candidate()),
            chosen ? state_.bestEpoch : state_.epoch, std::move(state_.curve), state_.skippedSteps,
            state_.restarts};
  }

 private:
  BatchReader readerOf(std::span<const Window> windows) const {
    return {heldOut_.training, windows, options_.tokensPerBatch, options_.trainStart};
  }

  uint64_t batchesPerEpoch() const {
    BatchReader reader = readerOf(windows_);
    PackedBatch batch;
    uint64_t count = 0;
    while (reader.next(batch)) ++count;
    return count;
  }

  void startAfresh() {
    state_.values = firstValues();
    for (const uint32_t item : itemsWithoutEvents(features_, heldOut_.training.items))
      std::fill_n(model_.itemVectors.in(state_.values.data()).row(item), model_.itemVectors.columns,
                  0.0f);
    state_.firstMoments.assign(state_.values.size(), 0.0f);
    state_.secondMoments.assign(state_.values.size(), 0.0f);
    state_.averages.clear();
  }

  std::vector<float> firstValues() const {
    return options_.startValues.empty() ? model_.initialValues(options_.seed)
                                        : options_.startValues;
  }

  bool averages() const { return options_.averaging > 0; }

  /// The weights that are judged.
  std::vector<float>& candidate() { return averages() ? state_.averages : state_.values; }

  bool validates() const { return !heldOut_.users.empty(); }
  bool outOfPatience() const {
    return validates() && state_.bestEpoch > 0 &&
           state_.epoch - state_.bestEpoch >= options_.patience;
  }

  void trainEpoch() {
    EpochProgress progress;
    const Stopwatch training;
    double loss = 0;
    while (!passOverData(loss)) restart();
    progress.trainingSeconds = training.seconds();
    ++state_.epoch;
    progress.record = {.epoch = state_.epoch, .loss = loss};
    progress.interactionsPerSecond = static_cast<double>(targets_) / progress.trainingSeconds;
    const Stopwatch validation;
    if (validates()) progress.isBest = keepIfBest(progress.record);
    progress.validationSeconds = validation.seconds();
    state_.curve.push_back(progress.record);
    if (!options_.checkpointPath.empty())
      saveCheckpoint(options_.checkpointPath, fingerprint_, state_);
    report(progress);
  }

  void report(EpochProgress& progress) const {
    progress.epochs = options_.epochs;
    progress.validates = validates();
    progress.skippedSteps = state_.skippedSteps;
    progress.restarts = state_.restarts;
    progress.learningRate = learningRate();
    if (options_.onEpoch) options_.onEpoch(progress);
  }

  /// One epoch over all windows; false when training has diverged.
  bool passOverData(double& meanLoss) {
    const std::vector<Window> order = shuffled(windows_, options_.seed, state_.epoch);
    BatchReader reader = readerOf(order);
    PackedBatch batch;
    double sum = 0;
    uint64_t skipsInARow = 0;
    targets_ = 0;
    while (reader.next(batch)) {
      const CrossEntropyLoss loss = step_.compute(batch, state_.values, state_.step++);
      const bool done = update(loss.mean());
      skipsInARow = done ? 0 : skipsInARow + 1;
      if (skipsInARow == kMaxSkipsInARow || loss.mean() > explodedLoss()) return false;
      if (!done) continue;
      sum += loss.weightedSum;
      targets_ += loss.tokens;
    }
    meanLoss = targets_ > 0 ? sum / static_cast<double>(targets_) : 0;
    return targets_ > 0 && !stagnates(meanLoss);
  }

  /// What guessing costs, and far above it.
  double guessingLoss() const { return std::log(static_cast<double>(model_.items())); }
  double explodedLoss() const { return 10 + 3 * guessingLoss(); }

  /// Whether steps are too long to learn anything: finite numbers, but no better than guessing.
  bool stagnates(double loss) const {
    return loss >= guessingLoss() && state_.momentSteps > options_.warmUpSteps &&
           learningRate() > kSafeLearningRate;
  }

  double learningRate() const {
    return options_.learningRate * state_.learningRateFactor * schedule_.at(state_.momentSteps);
  }

  /// Applies the gradient, unless something in it is not finite, or all of it is 0 although there
  /// is something to learn: weights have grown until a norm made them vanish.
  bool update(double loss) {
    const double norm = normOf(step_.gradients(), options_.threads);
    if (!std::isfinite(loss) || !std::isfinite(norm) || (norm == 0 && loss > 0)) {
      ++state_.skippedSteps;
      return false;
    }
    const bool clip = options_.clipNorm > 0 && norm > options_.clipNorm;
    const auto scale = static_cast<float>(clip ? options_.clipNorm / norm : 1.0);
    const auto rate = static_cast<float>(learningRate());
    ++state_.momentSteps;
    for (const Parameter& parameter : model_.layout().all()) updateOne(parameter, rate, scale);
    if (averages()) average();
    return true;
  }

  /// The mean of the first steps has their number as its memory, not the initial weights.
  void average() {
    if (state_.averages.empty()) state_.averages = state_.values;
    const auto steps = static_cast<double>(state_.momentSteps);
    const double keep = std::min(options_.averaging, steps / (10 + steps));
    moveTowards(state_.values, static_cast<float>(1 - keep), state_.averages, options_.threads);
  }

  void updateOne(const Parameter& parameter, float rate, float scale) {
    AdamSettings settings = options_.adam;
    if (parameter.rows < 2) settings.weightDecay = 0;  // norms and biases keep their size
    const auto part = [&](auto& numbers) {
      return std::span(numbers).subspan(parameter.offset, parameter.size());
    };
    adamStep(settings,
             {part(state_.values), step_.gradients().subspan(parameter.offset, parameter.size()),
              part(state_.firstMoments), part(state_.secondMoments)},
             state_.momentSteps, rate, scale, options_.threads);
  }

  /// Back to the best weights, or the first, at a lower learning rate.
  void restart() {
    if (++state_.restarts > kMaxRestarts)
      throw UserError("training diverges even at a learning rate of " +
                      std::to_string(learningRate()) + ": check the data and learning_rate");
    startAfresh();
    if (!state_.bestValues.empty()) state_.values = state_.bestValues;
    state_.momentSteps = 0;
    state_.learningRateFactor *= kRestartFactor;
  }

  bool keepIfBest(EpochRecord& record) {
    const std::vector<float>& values = candidate();
    const std::vector<float> full =
        fullItemVectors(model_, values.data(), features_, options_.threads);
    const ConstMatrix items(full.data(), model_.items(), model_.config().hiddenDimension);
    const RankingQuality quality =
        validate(model_, values.data(), items, heldOut_, options_.excludeSeen, options_.threads);
    record.ndcgAt10 = quality.ndcgAt10;
    record.hitRateAt10 = quality.hitRateAt10;
    record.ndcgAt100 = quality.ndcgAt100;
    if (!(quality.ndcgAt100 > state_.bestNdcg)) return false;
    state_.bestNdcg = quality.ndcgAt100;
    state_.bestEpoch = state_.epoch;
    state_.bestValues = values;
    return true;
  }

  const SequenceModel& model_;
  const ItemFeatures& features_;
  const SequenceTrainingOptions& options_;
  HeldOut heldOut_;
  std::vector<Window> windows_;
  uint64_t fingerprint_;
  LearningRateSchedule schedule_;
  SequenceStep step_;
  TrainingState state_;
  uint64_t targets_ = 0;  // trained on in this epoch
};

}  // namespace

TrainedSequenceModel trainSequenceModel(const SequenceModel& model, const Sequences& sequences,
                                        const ItemFeatures& features,
                                        const SequenceTrainingOptions& options) {
  return Run(model, sequences, features, options).train();
}

std::vector<float> fullItemVectors(const SequenceModel& model, const float* values,
                                   const ItemFeatures& features, GemmThreads* threads) {
  const ConstMatrix own = model.itemVectors.in(values);
  if (features.empty()) return {own.data, own.data + model.itemVectors.size()};
  std::vector<float> full(model.itemVectors.size());
  itemVectorsForward(own, model.featureVectors.in(values), features, {},
                     {full.data(), own.rows, own.columns}, threads);
  return full;
}

}  // namespace attune::trainer
