#pragma once

#include <optional>

#include "trainer/data/dataset.h"
#include "trainer/nn/sequence_batches.h"
#include "trainer/recipes/query_table.h"

namespace attune::trainer {

/// Whose histories to learn from and what to say of their events.
struct HistoryOptions {
  /// Only users whose number of events is within these percentiles, 0..1.
  double minPercentile = 0;
  double maxPercentile = 1;
  /// Events further apart than this are of different sessions; none: sessions are not asked for.
  std::optional<double> sessionGapSeconds = {};
  /// Whether newer events weigh more as targets: 2 to the power of minus the share of all
  /// interactions that come later, so the oldest one weighs half of what the newest does. Scaled to
  /// a mean of 1, so that learning rates keep their meaning.
  bool recencyWeights = false;
  /// What is known of users and events beside the items; null: nothing.
  const QueryTable* query = nullptr;
};

/// Every such user's items in time order, with the events' weights if they have any. Several events
/// of a user with one item at one second are one event, the last; of a row of them the first.
/// REQUIRES: at least one interaction
Sequences userHistories(const Dataset& data, const HistoryOptions& options);

}  // namespace attune::trainer
