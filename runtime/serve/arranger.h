#pragma once

#include <span>

#include "runtime/base/memory.h"
#include "runtime/base/topk.h"
#include "runtime/models/model.h"
#include "runtime/serve/exploration.h"
#include "runtime/serve/list_controls.h"

namespace attune {

/// Working memory of list controls; a thread's own.
struct ControlScratch {
  Buffer<float> plain;     // (items) the model's own scores
  Buffer<Scored> pool;     // candidates by their keys
  Buffer<float> nearest;   // (pool + beliefs) sum of similarities to the list
  Buffer<Belief> beliefs;  // new items that may be explored
  Buffer<Belief> trial;    // the same at one place of the list
  Buffer<float> numbers;
  Buffer<uint32_t> counts;  // (values of the column) how often each is in the list
  Buffer<Scored> promoted;
  Buffer<ListMark> promotedMarks;
};

/// Puts a list together item by item: at each place the candidate with the best key, less what it
/// loses by resembling the items before it, of those that no maximum forbids; or a new item whose
/// belief wins the draw.
class Arranger {
 public:
  Arranger(const Model& model, const Catalogue& catalogue, const ListControls& controls,
           ControlScratch& scratch)
      : model_(model), catalogue_(catalogue), controls_(controls), scratch_(scratch) {}

  /// Appends up to `count` items, keys as scores, with their marks. Candidates are scratch.pool,
  /// best first, and scratch.beliefs, no item in both. Error: OutOfMemory.
  Status arrange(size_t count, Buffer<Scored>& list, Buffer<ListMark>& marks);

 private:
  bool allowed(uint32_t item) const;
  void take(uint32_t item);
  size_t bestOfPool(float& key) const;
  float keyOf(float key, size_t place) const { return key - penalty_ * scratch_.nearest[place]; }

  const Model& model_;
  const Catalogue& catalogue_;
  const ListControls& controls_;
  ControlScratch& scratch_;
  float penalty_ = 0;
};

}  // namespace attune
