#pragma once

#include <cstdint>
#include <span>

#include "runtime/base/memory.h"
#include "runtime/models/model.h"
#include "runtime/models/weight_reader.h"

namespace attune {

/// What a pointer keeps of the newest `window` events, in a ring.
struct PointerMemory {
  Buffer<float> keys;      // (window, width)
  Buffer<uint32_t> items;  // (window)
};

/// A transformer's second way to the next item: back to one of the session's own (after CopyNet, Gu
/// et al. 2016). The last event points at each event with the logit q . k / sqrt(width) +
/// bias(distance), and an item's score becomes log(e^score + the sum of e^logit over its events).
/// Without weights in the bundle it points at nothing. A view of the weights.
class Pointer {
 public:
  /// Numbers that openInto appends to `storage` at most.
  static size_t weightCount(size_t dimension, size_t width, size_t window) {
    return 2 * width * dimension + window;
  }
  /// Reads the weights; nothing with a width of 0. Errors: CorruptBundle, OutOfMemory.
  static Result<Pointer> open(const Bundle& bundle, size_t dimension, size_t width, size_t window,
                              WeightStorage& storage);

  bool empty() const { return width_ == 0; }
  Status reserve(PointerMemory& memory) const;
  /// Keeps an event whose result is `hidden` (d). REQUIRES: slot < window
  void remember(uint32_t item, std::span<const float> hidden, size_t slot,
                PointerMemory& memory) const;
  /// What the event in `slot`, whose result is `hidden`, points at goes to scratch.pointed; `seen`
  /// events are in the memory.
  Status point(std::span<const float> hidden, size_t slot, size_t seen,
               const PointerMemory& memory, ModelScratch& scratch, size_t items) const;

 private:
  std::span<const float> query_;  // (width, d)
  std::span<const float> key_;    // (width, d)
  std::span<const float> bias_;   // (window), by distance
  size_t width_ = 0;
};

/// A score with what points at its item. REQUIRES: scratch of point()
float withPointed(float score, uint32_t item, const ModelScratch& scratch);

}  // namespace attune
