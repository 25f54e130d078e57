#include "trainer/data/dataset.h"

#include <algorithm>
#include <functional>

namespace attune::trainer {
namespace {

constexpr size_t kFirstSlots = 16;

uint64_t hashOf(std::string_view text) { return std::hash<std::string_view>{}(text); }
uint32_t upperHalf(uint64_t hash) { return static_cast<uint32_t>(hash >> 32); }

}  // namespace

/// The slot that holds `text`, or the free one where it belongs. REQUIRES: there are slots.
size_t StringTable::slotOf(std::string_view text, uint64_t hash) const {
  const size_t mask = slots_.size() - 1;
  for (size_t at = hash & mask;; at = (at + 1) & mask) {
    const Slot& slot = slots_[at];
    if (slot.number == kNone) return at;
    if (slot.hash == upperHalf(hash) && strings_[slot.number] == text) return at;
  }
}

uint32_t StringTable::add(std::string_view text) {
  if (2 * strings_.size() >= slots_.size()) grow();
  const uint64_t hash = hashOf(text);
  Slot& slot = slots_[slotOf(text, hash)];
  if (slot.number == kNone) {
    slot = {size(), upperHalf(hash)};
    strings_.emplace_back(text);
  }
  return slot.number;
}

uint32_t StringTable::find(std::string_view text) const {
  if (slots_.empty()) return kNone;
  return slots_[slotOf(text, hashOf(text))].number;
}

void StringTable::grow() {
  slots_.assign(std::max(kFirstSlots, 2 * slots_.size()), Slot());
  for (uint32_t number = 0; number < size(); ++number) {
    const uint64_t hash = hashOf(strings_[number]);
    slots_[slotOf(strings_[number], hash)] = {number, upperHalf(hash)};
  }
}

}  // namespace attune::trainer
