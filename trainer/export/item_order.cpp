#include "trainer/export/item_order.h"

#include <algorithm>
#include <numeric>

namespace attune::trainer {

ItemOrder::ItemOrder(const StringTable& items) : toDataset(items.size()), toBundle(items.size()) {
  std::iota(toDataset.begin(), toDataset.end(), 0u);
  std::sort(toDataset.begin(), toDataset.end(),
            [&](uint32_t a, uint32_t b) { return items[a] < items[b]; });
  for (uint32_t i = 0; i < size(); ++i) toBundle[toDataset[i]] = i;
}

}  // namespace attune::trainer
