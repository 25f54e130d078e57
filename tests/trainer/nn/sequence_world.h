#pragma once

#include <cstdint>
#include <vector>

#include "runtime/base/random.h"
#include "trainer/nn/sequence_model.h"
#include "trainer/nn/sequence_trainer.h"

namespace attune::trainer {

constexpr size_t kWorldItems = 30;

/// Users who walk through the items: after item v comes (7 v + 3) mod 30, except that one event in
/// ten is a random item. Whoever learned the rule ranks the right next item first.
inline Sequences walkingUsers(size_t users, uint64_t seed) {
  Random random(seed, 99);
  Sequences sequences;
  for (size_t user = 0; user < users; ++user) {
    std::vector<uint32_t> history = {random.below(kWorldItems)};
    const size_t length = 3 + random.below(12);
    while (history.size() < length) {
      const uint32_t next = (7 * history.back() + 3) % kWorldItems;
      history.push_back(random.below(10) == 0 ? random.below(kWorldItems) : next);
    }
    sequences.add(history);
  }
  return sequences;
}

inline SequenceModelConfig smallConfig() {
  SequenceModelConfig config;
  config.hiddenDimension = 16;
  config.layers = 2;
  config.heads = 2;
  config.feedForward = 24;
  config.maxHistory = 10;
  return config;
}

inline SequenceTrainingOptions quickOptions() {
  SequenceTrainingOptions options;
  options.epochs = 6;
  options.tokensPerBatch = 256;
  options.learningRate = 0.01;
  options.warmUpSteps = 5;
  options.averaging = 0;
  options.dropout = 0.1f;
  options.excludeSeen = false;
  return options;
}

}  // namespace attune::trainer
