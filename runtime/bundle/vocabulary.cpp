#include "runtime/bundle/vocabulary.h"

namespace attune {

Result<Vocabulary> Vocabulary::open(const Bundle& bundle) {
  const auto ids = bundle.strings(
      SectionKind::ItemIdText, kItemIdRows, bundle.itemCount(),
      {.maxBytes = BundleLimits::kMaxIdBytes, .allowEmpty = false, .ascending = true});
  ATTUNE_TRY(ids);
  return Vocabulary(ids.value());
}

uint32_t Vocabulary::find(std::string_view id) const {
  uint32_t low = 0;
  uint32_t high = size();
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (ids_[middle] < id)
      low = middle + 1;
    else
      high = middle;
  }
  return low < size() && ids_[low] == id ? low : kUnknownItem;
}

}  // namespace attune
