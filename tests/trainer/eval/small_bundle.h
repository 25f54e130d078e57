#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "trainer/export/bundle_builder.h"

// A bundle made by hand, so that every right answer can be worked out on paper.

namespace attune::trainer {

/// Items a, b, c, d, e with 5, 4, 3, 2 and 1 of 5 users. Near a: d (0.5), c (0.25); near b: e
/// (0.5); nothing near the others. Newer items weigh twice as much as the next older one,
/// popularity adds a thousandth of an item's share of users.
inline std::vector<uint8_t> smallBundle() {
  BundleBuilder bundle(5, "sims", ModelKind::Neighbours);
  const std::vector<std::string> ids = {"a", "b", "c", "d", "e"};
  bundle.addStrings(SectionKind::ItemIdText, SectionKind::ItemIdOffsets, ids);
  bundle.add(SectionKind::ItemUserCounts, std::vector<uint32_t>{5, 4, 3, 2, 1});
  bundle.setPopularity(5);
  bundle.add(SectionKind::NeighbourOffsets, std::vector<uint32_t>{0, 2, 3, 3, 3, 3});
  bundle.addIndexes(SectionKind::NeighbourItems, std::vector<uint32_t>{3, 2, 4}, 5);
  bundle.add(SectionKind::NeighbourWeights, std::vector<float>{0.5f, 0.25f, 0.5f});
  bundle.setNeighbours(0.5f, 0.001f);
  return bundle.finish();
}

}  // namespace attune::trainer
