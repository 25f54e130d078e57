#pragma once

#include <cstdint>
#include <vector>

#include "trainer/data/dataset.h"

namespace attune::trainer {

/// A bundle numbers its items in the byte order of their ids, whatever order the data had, so that
/// equal data give equal bundles. These two tables translate.
struct ItemOrder {
  std::vector<uint32_t> toDataset;  ///< (items) the dataset's number of a bundle's item
  std::vector<uint32_t> toBundle;   ///< (items) the bundle's number of a dataset's item

  explicit ItemOrder(const StringTable& items);
  uint32_t size() const { return static_cast<uint32_t>(toDataset.size()); }
};

}  // namespace attune::trainer
