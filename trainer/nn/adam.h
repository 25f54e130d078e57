#pragma once

#include <cstdint>
#include <span>

#include "trainer/nn/gemm_threads.h"

namespace attune::trainer {

/// How the learning rate moves: up in a straight line over `warmUpSteps`, then constant, or down
/// along a half cosine to `finalShare` of itself at `totalSteps`.
struct LearningRateSchedule {
  enum class Shape { constant, cosine };
  Shape shape = Shape::constant;
  uint64_t warmUpSteps = 0;
  uint64_t totalSteps = 0;  ///< cosine only
  double finalShare = 0;    ///< cosine only, 0..1

  /// The factor of step `step`, from 0 on; in (0, 1] before the end of a cosine.
  double at(uint64_t step) const;
};

/// Adam (Kingma and Ba 2015) with decoupled weight decay (Loshchilov and Hutter 2019).
struct AdamSettings {
  float beta1 = 0.9f;
  float beta2 = 0.999f;
  float epsilon = 1e-8f;
  float weightDecay = 0;  ///< share of a weight lost in a step = learning rate x this
};

/// One step over a range of numbers that are not aware of each other.
struct AdamRange {
  std::span<float> values;
  std::span<const float> gradients;
  std::span<float> firstMoments;
  std::span<float> secondMoments;
};

/// values -= rate * m^ / (sqrt(v^) + epsilon) with the moments corrected for step `step`, counted
/// from 1. Gradients are multiplied by `gradientScale` first (clipping).
void adamStep(const AdamSettings& settings, const AdamRange& range, uint64_t step, float rate,
              float gradientScale, GemmThreads* threads);

/// numbers += share * (target - numbers). REQUIRES: the same size
void moveTowards(std::span<const float> target, float share, std::span<float> numbers,
                 GemmThreads* threads);

/// Euclidean norm, added up in double in fixed chunks; NaN or infinite if any number is.
double normOf(std::span<const float> numbers, GemmThreads* threads);

}  // namespace attune::trainer
