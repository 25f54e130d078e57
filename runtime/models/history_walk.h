#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "runtime/bundle/vocabulary.h"

namespace attune {

/// Calls visit(item, weight) for the different items of a history, newest first. The newest weighs
/// 1 and each further one `decay` times the one before; those that would change no list are left
/// out. itemAt(i) is the item of event i, or kUnknownItem for one that does not count.
/// `marks` (items) is all zero before and after.
template <typename ItemAt, typename Visit>
void forDifferentItems(size_t events, float decay, std::span<uint8_t> marks, const ItemAt& itemAt,
                       const Visit& visit) {
  constexpr float kLeastWeight = 1e-6f;
  float weight = 1;
  size_t oldest = events;
  while (oldest > 0 && weight >= kLeastWeight) {
    const uint32_t item = itemAt(--oldest);
    if (item == kUnknownItem || marks[item] != 0) continue;
    marks[item] = 1;
    visit(item, weight);
    weight *= decay;
  }
  for (size_t i = oldest; i < events; ++i)
    if (const uint32_t item = itemAt(i); item != kUnknownItem) marks[item] = 0;
}

}  // namespace attune
