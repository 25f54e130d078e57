#include "trainer/recipes/recency.h"

#include <algorithm>
#include <cmath>

namespace attune::trainer {
namespace {

constexpr double kFadingShare = 0.9;  // of the mixture; the rest is the even share
constexpr double kPseudoCount = 0.5;  // of an item that has no events
constexpr double kShortestHalfLife = 600;
constexpr size_t kHalfLives = 8;  // each a quarter of the one before
constexpr size_t kLeastEvents = 200;

/// Counts that halve every half-life. What is kept grows instead of fading, and is scaled back now
/// and then, so that an event costs one addition.
class FadingCounts {
 public:
  FadingCounts(uint32_t items, double halfLifeSeconds, int64_t start)
      : counts_(items), halfLife_(halfLifeSeconds), start_(start) {}

  void add(uint32_t item, int64_t time) {
    double age = static_cast<double>(time - start_) / halfLife_;
    if (age > 64) {
      const double factor = std::exp2(-age);
      for (double& count : counts_) count *= factor;
      total_ *= factor;
      start_ = time;
      age = 0;
    }
    const double weight = std::exp2(age);
    counts_[item] += weight;
    total_ += weight;
  }
  double shareOf(uint32_t item) const { return total_ > 0 ? counts_[item] / total_ : 0; }

 private:
  std::vector<double> counts_;
  double total_ = 0;
  double halfLife_;
  int64_t start_;
};

class EvenCounts {
 public:
  explicit EvenCounts(uint32_t items) : counts_(items) {}
  void add(uint32_t item) {
    ++counts_[item];
    ++total_;
  }
  double shareOf(uint32_t item) const {
    return (counts_[item] + kPseudoCount) /
           (total_ + kPseudoCount * static_cast<double>(counts_.size()));
  }

 private:
  std::vector<double> counts_;
  double total_ = 0;
};

double mixed(double fading, double even) {
  return kFadingShare * fading + (1 - kFadingShare) * even;
}

/// Mean gain over the events from `first` on.
double gainOf(const Interactions& events, uint32_t items, double halfLife, size_t first) {
  FadingCounts fading(items, halfLife, events.timestamp.front());
  EvenCounts even(items);
  double gain = 0;
  for (size_t i = 0; i < events.size(); ++i) {
    const uint32_t item = events.item[i];
    if (i >= first) {
      const double share = even.shareOf(item);
      gain += std::log(mixed(fading.shareOf(item), share) / share);
    }
    fading.add(item, events.timestamp[i]);
    even.add(item);
  }
  return gain / static_cast<double>(events.size() - first);
}

}  // namespace

PopularityDrift measureDrift(const Interactions& events, uint32_t items) {
  PopularityDrift best;
  if (events.size() < kLeastEvents) return best;
  const auto span = static_cast<double>(events.timestamp.back() - events.timestamp.front());
  const size_t first = events.size() - events.size() / 10;
  double halfLife = span / 4;
  for (size_t i = 0; i < kHalfLives && halfLife >= kShortestHalfLife; ++i, halfLife /= 4) {
    const double gain = gainOf(events, items, halfLife, first);
    if (gain > best.gain) best = {halfLife, gain};
  }
  return best;
}

std::vector<float> driftCorrection(const Interactions& events, uint32_t items,
                                   double halfLifeSeconds) {
  FadingCounts fading(items, halfLifeSeconds, events.timestamp.front());
  EvenCounts even(items);
  for (size_t i = 0; i < events.size(); ++i) {
    fading.add(events.item[i], events.timestamp[i]);
    even.add(events.item[i]);
  }
  std::vector<float> correction(items);
  for (uint32_t item = 0; item < items; ++item) {
    const double share = even.shareOf(item);
    correction[item] = static_cast<float>(std::log(mixed(fading.shareOf(item), share) / share));
  }
  return correction;
}

}  // namespace attune::trainer
