#include "runtime/serve/exploration.h"

#include <algorithm>
#include <cmath>

#include "runtime/base/math.h"

namespace attune {
namespace {

/// A success in ten, as if seen ten times.
constexpr float kPriorShown = 10, kPriorTaken = 1;
/// The scale of a logistic distribution of standard deviation 1.
constexpr float kScaleOfDeviation = 0.55132890f;
constexpr int kGrid = 48;
/// Scales from its mean beyond which a belief has nothing.
constexpr float kReach = 10;

}  // namespace

Belief beliefOf(uint32_t item, float prior, float spread, uint32_t shown, uint32_t taken,
                uint32_t users) {
  const auto seen = static_cast<float>(shown), successes = static_cast<float>(taken);
  const float rate = (kPriorTaken + successes) / (kPriorShown + std::max(seen, successes));
  const float known = seen + successes + static_cast<float>(users);
  return {item, prior + logOf(rate * (kPriorShown / kPriorTaken)),
          kScaleOfDeviation * spread * std::sqrt(kPriorShown / (kPriorShown + known)), 0};
}

float chancesOf(std::span<Belief> beliefs, float rival, std::span<float> scratch) {
  float low = std::numeric_limits<float>::max(), high = -low, rivals = 1;
  for (Belief& one : beliefs) {
    one.chance = 0;
    low = std::min(low, one.mean - kReach * one.scale);
    high = std::max(high, one.mean + kReach * one.scale);
  }
  const bool hasRival = rival > -std::numeric_limits<float>::infinity();
  if (hasRival) {
    for (const Belief& one : beliefs) rivals *= sigmoid((rival - one.mean) / one.scale);
    low = std::max(low, rival);
  } else {
    rivals = 0;
  }
  float total = 0;
  const float step = (high - low) / kGrid;
  for (int g = 0; g < kGrid && step > 0; ++g) {
    const float x = low + (static_cast<float>(g) + 0.5f) * step;
    float all = 1;
    for (size_t i = 0; i < beliefs.size(); ++i)
      all *= scratch[i] = sigmoid((x - beliefs[i].mean) / beliefs[i].scale);
    // The density over the distribution function is (1 - F) / scale.
    for (size_t i = 0; i < beliefs.size(); ++i) {
      const float part = all * (1 - scratch[i]) / beliefs[i].scale;
      beliefs[i].chance += part;
      total += part;
    }
  }
  if (!(total > 0)) {  // no belief reaches beyond the rival
    if (hasRival || beliefs.empty()) return 1;
    for (Belief& one : beliefs) one.chance = 1 / static_cast<float>(beliefs.size());
    return 0;
  }
  for (Belief& one : beliefs) one.chance *= (1 - rivals) / total;
  return rivals;
}

}  // namespace attune
