#pragma once

#include "trainer/data/dataset.h"
#include "trainer/data/store.h"

namespace attune::trainer {

/// Reads a whole store into memory. A dataset that was never imported is empty. Interactions are
/// sorted by timestamp, equal ones in the order of their import; items are numbered in the order
/// of the Items dataset, then by first appearance in the interactions as imported; users likewise.
/// IMPRESSION, RECOMMENDATION_ID and EVENT_ATTRIBUTION_SOURCE stay in the store: they are no
/// context. `events`, when given, gets what became of the collector's events. Throws UserError when
/// the store is damaged.
Dataset loadDataset(const Store& store, EventCounts* events = nullptr);

/// Whether a field of an interactions schema is the context of its events and becomes a column.
bool isContextColumn(std::string_view name);

}  // namespace attune::trainer
