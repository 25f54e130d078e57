#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace attune::trainer {

/// One line of a learning curve.
struct EpochRecord {
  uint64_t epoch = 0;      ///< from 1
  double loss = 0;         ///< mean over the epoch's targets, nats
  double ndcgAt10 = 0;     ///< on the validation users; 0 without validation
  double hitRateAt10 = 0;  ///< the same
  double ndcgAt100 = 0;    ///< the same; the best epoch has the highest
};

/// All that a training run is between two epochs. Random numbers are functions of the seed, the
/// step and the epoch, so they need no state of their own.
struct TrainingState {
  std::vector<float> values, firstMoments, secondMoments;  // (all weights)
  std::vector<float> bestValues;                           // (all weights), or empty
  uint64_t epoch = 0;                                      ///< epochs done
  uint64_t step = 0;                                       ///< batches seen
  uint64_t momentSteps = 0;                                ///< steps the moments have seen
  uint64_t bestEpoch = 0;                                  ///< 0: none yet
  double bestNdcg = -1;                                    ///< at 100
  double learningRateFactor = 1;
  uint64_t skippedSteps = 0;  ///< because a loss or gradient was not finite
  uint64_t restarts = 0;      ///< because training diverged
  std::vector<EpochRecord> curve;
  std::vector<float> averages;  ///< (all weights) their running mean, or empty
};

/// Writes the state so that a kill leaves the old file or the new one. `fingerprint` names the data
/// and settings it belongs to. Throws UserError when the file cannot be written.
void saveCheckpoint(const std::string& path, uint64_t fingerprint, const TrainingState& state);

/// False when there is no such file. Throws UserError when it is damaged or belongs to other data
/// or settings.
bool loadCheckpoint(const std::string& path, uint64_t fingerprint, TrainingState& state);

/// FNV-1a over bytes, to build fingerprints with.
class Fingerprint {
 public:
  void add(const void* bytes, size_t count);
  template <typename Number>
  void add(Number number) {
    add(&number, sizeof number);
  }
  uint64_t value() const { return hash_; }

 private:
  uint64_t hash_ = 0xcbf29ce484222325u;
};

}  // namespace attune::trainer
