#pragma once

#include <cstdint>
#include <span>

#include "runtime/base/result.h"
#include "runtime/bundle/bundle.h"
#include "runtime/models/history_walk.h"
#include "runtime/serve/session.h"

namespace attune {

/// A list of similar items with weights for every item, as it lies in a bundle: row r of the lists
/// is items[offsets[r]..offsets[r + 1]), nearest one first. A view: borrows the bytes.
class NeighbourTable {
 public:
  /// Error: CorruptBundle.
  static Result<NeighbourTable> open(const Bundle& bundle);

  /// The longest list.
  size_t longest() const;

  /// Calls visit(neighbour, weight x its weight) for an item's neighbours, the nearest one first.
  template <typename Visit>
  void forNeighbours(uint32_t item, float weight, const Visit& visit) const {
    const uint32_t begin = offsets_[item];
    const uint32_t end = offsets_[item + 1];
    if (scales_.empty()) {
      for (uint32_t i = begin; i < end; ++i) visit(items_[i], weight * floats_[i]);
      return;
    }
    const float scale = weight * scales_[item];
    for (uint32_t i = begin; i < end; ++i) visit(items_[i], scale * static_cast<float>(bytes_[i]));
  }

  /// forNeighbours() of the different items of a history, with the weights of forDifferentItems().
  template <typename Visit>
  void forHistory(std::span<const SessionEvent> events, float decay, std::span<uint8_t> marks,
                  const Visit& visit) const {
    const auto itemAt = [&](size_t i) { return events[i].counts() ? events[i].item : kUnknownItem; };
    forDifferentItems(events.size(), decay, marks, itemAt, [&](uint32_t item, float weight) {
      forNeighbours(item, weight, visit);
    });
  }

 private:
  Status openWeights(const Bundle& bundle);

  std::span<const uint32_t> offsets_;  // (items + 1)
  IndexView items_;                    // (links)
  std::span<const uint8_t> bytes_;     // (links) quantised weights, or
  std::span<const float> floats_;      // (links) exact ones
  std::span<const float> scales_;      // (items), with bytes
};

}  // namespace attune
