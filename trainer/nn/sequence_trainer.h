#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "trainer/nn/adam.h"
#include "trainer/nn/checkpoint.h"
#include "trainer/nn/cross_entropy.h"
#include "trainer/nn/sequence_batches.h"
#include "trainer/nn/sequence_model.h"

namespace attune::trainer {

/// What is told after each epoch.
struct EpochProgress {
  EpochRecord record;
  uint64_t epochs = 0;     ///< at most, in all
  bool validates = false;  ///< whether record has a quality
  bool isBest = false;
  double interactionsPerSecond = 0;  ///< targets trained on a second, validation not counted
  double trainingSeconds = 0;        ///< of this epoch
  double validationSeconds = 0;
  uint64_t skippedSteps = 0;  ///< so far, and the next two as well
  uint64_t restarts = 0;
  double learningRate = 0;  ///< of the last step
};

struct SequenceTrainingOptions {
  uint64_t epochs = 100;   ///< at most
  uint64_t patience = 10;  ///< epochs without a better validation before training stops
  size_t tokensPerBatch = 12800;
  LongHistories longHistories = LongHistories::latest;
  double learningRate = 1e-3;
  LearningRateSchedule::Shape schedule = LearningRateSchedule::Shape::constant;
  uint64_t warmUpSteps = 100;
  AdamSettings adam;
  double clipNorm = 5;  ///< longer gradients are shortened to it; 0: never
  /// Share the running mean of the weights keeps at a step, 0..1; the mean is what is validated and
  /// kept. 0: the weights themselves are.
  double averaging = 0.995;
  float dropout = 0.2f;
  float idDropout = 0;  ///< only with item features
  /// Chance of an event to do without what is known of its user, and of its context.
  float queryDropout = 0.5f;
  bool trainStart = true;  ///< each user's first item is a target too, of the start vector
  Precision precision = Precision::f32;
  size_t wholeSoftmaxItems = 15000;  ///< larger catalogues are trained against drawn negatives
  size_t negatives = 2048;           ///< drawn anew for each step, shared by its tokens
  double negativePower = 0.5;        ///< chances are (1 + occurrences) ^ this
  size_t validationUsers = 10000;    ///< at most; 0: no validation, all epochs run
  bool excludeSeen = true;           ///< in validation
  /// Weights to go on from, in SequenceModel's layout; empty: drawn by seed.
  std::vector<float> startValues = {};
  uint64_t seed = 1;
  GemmThreads* threads = nullptr;
  std::string checkpointPath;  ///< written after each epoch; empty: never
  bool resume = false;         ///< go on from checkpointPath if it is there
  std::function<void(const EpochProgress&)> onEpoch;
};

/// The best weights of a run and how it went.
struct TrainedSequenceModel {
  std::vector<float> values;  ///< SequenceModel's layout
  uint64_t bestEpoch = 0;     ///< the epoch they are of; without validation the last
  std::vector<EpochRecord> curve;
  uint64_t skippedSteps = 0;
  uint64_t restarts = 0;
};

/// Trains the model to predict each next item of the sequences, by cross-entropy over the whole
/// catalogue, or over negatives drawn from it with their chances corrected for. The result is a
/// function of the arguments and the instruction set, whatever the threads, whether or not the run
/// was interrupted and resumed.
///
/// A step whose loss or gradient is not finite is skipped. When the loss explodes, three steps in a
/// row are skipped, or a high learning rate does no better than guessing, training goes back to the
/// best weights (or the initial ones) at a tenth of the learning rate.
///
/// An item with features but without any event to train on has an own vector of 0: it is what its
/// features say. Such items are left out of the softmax.
///
/// Throws UserError when nothing can be learned (no user has two items), when it diverges however
/// low the learning rate, or when a checkpoint does not fit.
/// REQUIRES: items of the sequences below model.items(); features are of model.items() items.
TrainedSequenceModel trainSequenceModel(const SequenceModel& model, const Sequences& sequences,
                                        const ItemFeatures& features,
                                        const SequenceTrainingOptions& options);

/// (items, d): the full vectors of all items, features included.
std::vector<float> fullItemVectors(const SequenceModel& model, const float* values,
                                   const ItemFeatures& features, GemmThreads* threads);

}  // namespace attune::trainer
