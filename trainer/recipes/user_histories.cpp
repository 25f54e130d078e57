#include "trainer/recipes/user_histories.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_set>

#include "trainer/data/rows_by_user.h"
#include "trainer/recipes/percentiles.h"

namespace attune::trainer {
namespace {

/// A user's rows without those that say, at the same second, what a later one says again: a click
/// and a watch of one film are one event, and a copy would be all too easy to foretell. Copies that
/// follow each other count at the first of them, as in the runtime (Session::markCopies).
std::vector<uint32_t> withoutCopies(const Interactions& all, std::span<const uint32_t> rows) {
  std::vector<uint32_t> kept;
  std::unordered_set<uint32_t> later;  // items of the same second
  const auto sameSecond = [&](size_t a, size_t b) {
    return all.timestamp[rows[a]] == all.timestamp[rows[b]];
  };
  for (size_t i = rows.size(); i-- > 0;) {
    if (i + 1 < rows.size() && !sameSecond(i, i + 1)) later.clear();
    const bool follows = i > 0 && sameSecond(i, i - 1) && all.item[rows[i]] == all.item[rows[i - 1]];
    if (!follows && later.insert(all.item[rows[i]]).second) kept.push_back(rows[i]);
  }
  std::reverse(kept.begin(), kept.end());
  return kept;
}

CountRange rangeOf(const Dataset& data, const RowsByUser& rows, const HistoryOptions& options) {
  std::vector<uint32_t> lengths;
  for (uint32_t user = 0; user < data.users.size(); ++user)
    lengths.push_back(static_cast<uint32_t>(withoutCopies(data.interactions, rows[user]).size()));
  return percentileRange(lengths, options.minPercentile, options.maxPercentile);
}

void scaleToMeanOne(std::vector<float>& weights) {
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  if (!(sum > 0)) return;
  const double mean = sum / static_cast<double>(weights.size());
  for (float& weight : weights) weight = static_cast<float>(static_cast<double>(weight) / mean);
}

}  // namespace

Sequences userHistories(const Dataset& data, const HistoryOptions& options) {
  const Interactions& all = data.interactions;
  const RowsByUser rows(data);
  const CountRange range = rangeOf(data, rows, options);
  const QueryTable* query = options.query;
  const auto isFarFrom = [&](uint32_t event, uint32_t before) {
    const auto apart = static_cast<double>(all.timestamp[event] - all.timestamp[before]);
    return apart > *options.sessionGapSeconds;
  };
  const auto weightOf = [&](uint32_t event) {
    const float own = all.weight.empty() ? 1.0f : all.weight[event];
    if (!options.recencyWeights) return own;
    const auto later = static_cast<double>(all.size() - 1 - event);  // they are in time order
    return own * static_cast<float>(std::exp2(-later / static_cast<double>(all.size())));
  };
  Sequences sequences;
  for (uint32_t user = 0; user < data.users.size(); ++user) {
    const std::vector<uint32_t> events = withoutCopies(all, rows[user]);
    if (events.empty() || !range.holds(static_cast<uint32_t>(events.size()))) continue;
    for (size_t i = 0; i < events.size(); ++i) {
      sequences.items.push_back(all.item[events[i]]);
      if (options.sessionGapSeconds)
        sequences.newSession.push_back(i == 0 || isFarFrom(events[i], events[i - 1]));
      if (options.recencyWeights || !all.weight.empty())
        sequences.weights.push_back(weightOf(events[i]));
      if (query != nullptr && query->hasContextRows())
        sequences.contextRows.add(query->rowsOfEvent(events[i]));
    }
    sequences.offsets.push_back(sequences.items.size());
    if (query != nullptr && query->hasUserRows()) sequences.userRows.add(query->rowsOfUser(user));
  }
  scaleToMeanOne(sequences.weights);
  return sequences;
}

}  // namespace attune::trainer
