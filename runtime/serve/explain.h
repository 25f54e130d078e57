#pragma once

#include <cstdint>
#include <span>

#include "runtime/serve/engine.h"

namespace attune {

/// Why items are listed: what each of the newest different items of a history adds to their scores.
struct Explanation {
  static constexpr uint32_t kMostEvents = 10;

  Buffer<uint32_t> events;      // numbers of events in the session, newest first, one an item
  Buffer<float> contributions;  // (events, items) score less the score without the event's item
};

/// Fills `out` for the items, by asking the model again without each past item: exact for neighbour
/// lists, where contributions are what the lists add; for sequence models it is attribution by
/// erasure (Li, Monroe and Jurafsky 2016). Logits are explained as logits. Costs a run over the
/// history for every past item. Error: OutOfMemory. REQUIRES: items are below engine.items().size()
Status explain(const Engine& engine, const Session& session, std::span<const uint32_t> items,
               const QueryRows* context, Scratch& scratch, Explanation& out);

}  // namespace attune
