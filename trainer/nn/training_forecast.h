#pragma once

#include <cstdint>

#include "trainer/nn/sequence_trainer.h"

namespace attune::trainer {

/// How long parts of an epoch took on this machine, just now. Never influences what is learned.
struct TrainingSpeed {
  double secondsPerStep = 0;  ///< of a batch: forth, back and the step of Adam
  double secondsPerValidatedUser = 0;
};

/// Epochs until the best one, as seen with the default learning rates on data of many kinds; to
/// these come the epochs of `patience` that show it was the best.
struct UsualBestEpoch {
  static constexpr uint64_t transformer = 25;
  static constexpr uint64_t recurrent = 75;  ///< 63 to 94 on Amazon Beauty and MovieLens 1M
  static constexpr uint64_t sessions = 12;   ///< of either network; 4 to 24 on Yoochoose
};

/// How much of each there is in one training.
struct TrainingWork {
  uint64_t stepsPerEpoch = 0;
  uint64_t validatedUsers = 0;  ///< in each epoch
  uint64_t epochs = 0;          ///< at most
  uint64_t patience = 0;        ///< epochs without a better validation before it stops
  uint64_t usualBestEpoch = UsualBestEpoch::transformer;
};

/// What training will take. The number of epochs is unknown before, for validation ends it.
struct TrainingForecast {
  double secondsPerEpoch = 0;
  uint64_t usualEpochs = 0;
  uint64_t mostEpochs = 0;
  double megabytes = 0;  ///< resident memory at its height, of training alone

  double usualSeconds() const { return secondsPerEpoch * static_cast<double>(usualEpochs); }
  double mostSeconds() const { return secondsPerEpoch * static_cast<double>(mostEpochs); }
};

/// Multiplies: the work times its speed.
TrainingForecast forecastTraining(const TrainingSpeed& speed, const TrainingWork& work,
                                  double megabytes);

/// Counts the batches and users of an epoch.
TrainingWork workOf(const SequenceModel& model, const Sequences& sequences,
                    const SequenceTrainingOptions& options);

/// Memory of training by the sizes of what it keeps, in megabytes: weights, moments, gradients, a
/// batch's activations and the loss's scratch.
double trainingMegabytes(const SequenceModel& model, const Sequences& sequences,
                         const SequenceTrainingOptions& options);

/// Times a few real steps and the validation of some users, on weights that are thrown away. Takes
/// a second or two: three steps after one to warm up, more while they are quick.
TrainingSpeed measureTrainingSpeed(const SequenceModel& model, const Sequences& sequences,
                                   const ItemFeatures& features,
                                   const SequenceTrainingOptions& options);

}  // namespace attune::trainer
