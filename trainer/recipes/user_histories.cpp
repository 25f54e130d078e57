#include "trainer/recipes/user_histories.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace attune::trainer {
namespace {

/// The events of each user, as places in the interactions.
std::vector<std::vector<size_t>> eventsOfUsers(const Dataset& data) {
  std::vector<std::vector<size_t>> events(data.users.size());
  for (size_t i = 0; i < data.interactions.size(); ++i)
    events[data.interactions.user[i]].push_back(i);
  return events;
}

struct LengthRange {
  size_t least, most;
  bool holds(size_t length) const { return length >= least && length <= most; }
};

LengthRange rangeOf(const std::vector<std::vector<size_t>>& users, const HistoryOptions& options) {
  std::vector<size_t> lengths;
  for (const auto& events : users)
    if (!events.empty()) lengths.push_back(events.size());
  std::sort(lengths.begin(), lengths.end());
  const auto at = [&](double percentile) {
    return lengths[static_cast<size_t>(percentile * static_cast<double>(lengths.size() - 1) + 0.5)];
  };
  return {at(options.minPercentile), at(options.maxPercentile)};
}

void scaleToMeanOne(std::vector<float>& weights) {
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  const double mean = sum / static_cast<double>(weights.size());
  for (float& weight : weights) weight = static_cast<float>(static_cast<double>(weight) / mean);
}

}  // namespace

Sequences userHistories(const Dataset& data, const HistoryOptions& options) {
  const Interactions& all = data.interactions;
  const auto users = eventsOfUsers(data);
  const LengthRange range = rangeOf(users, options);
  const auto isFarFrom = [&](size_t event, size_t before) {
    const auto apart = static_cast<double>(all.timestamp[event] - all.timestamp[before]);
    return apart > *options.sessionGapSeconds;
  };
  const auto weightOf = [&](size_t event) {
    const auto later = static_cast<double>(all.size() - 1 - event);  // they are in time order
    return static_cast<float>(std::exp2(-later / static_cast<double>(all.size())));
  };
  Sequences sequences;
  for (const auto& events : users) {
    if (events.empty() || !range.holds(events.size())) continue;
    for (size_t i = 0; i < events.size(); ++i) {
      sequences.items.push_back(all.item[events[i]]);
      if (options.sessionGapSeconds)
        sequences.newSession.push_back(i == 0 || isFarFrom(events[i], events[i - 1]));
      if (options.recencyWeights) sequences.weights.push_back(weightOf(events[i]));
    }
    sequences.offsets.push_back(sequences.items.size());
  }
  scaleToMeanOne(sequences.weights);
  return sequences;
}

}  // namespace attune::trainer
