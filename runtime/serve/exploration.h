#pragma once

#include <cstdint>
#include <span>

#include "runtime/base/memory.h"
#include "runtime/base/random.h"
#include "runtime/base/result.h"

namespace attune {

/// What is believed of a new item's score: a logistic distribution.
struct Belief {
  uint32_t item = 0;
  float mean = 0;
  float scale = 0;   ///< above 0
  float chance = 0;  ///< of being drawn: filled by chancesOf()
};

/// A belief of an item shown `shown` times to this user, `taken` times of them with success, that
/// `users` users had in training. `prior` is its score from metadata, `spread` the standard
/// deviation of what is not known at all. The rate of success has a Beta prior, its logarithm moves the mean; every observation
/// narrows the belief.
Belief beliefOf(uint32_t item, float prior, float spread, uint32_t shown, uint32_t taken,
                uint32_t users);

/// Thompson sampling (Thompson 1933; Chapelle and Li 2011) with its chances computed, not drawn:
/// fills each belief's `chance` of having the highest score of all beliefs and of `rival`, a score
/// that is certain, and returns the rival's own. They sum to 1. -infinity is no rival.
/// REQUIRES: scratch holds beliefs.size() floats
float chancesOf(std::span<Belief> beliefs, float rival, std::span<float> scratch);

}  // namespace attune
