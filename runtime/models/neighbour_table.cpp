#include "runtime/models/neighbour_table.h"

#include <algorithm>

namespace attune {
namespace {

Error corrupt(const char* what) { return {ErrorCode::CorruptBundle, what}; }

}  // namespace

Result<NeighbourTable> NeighbourTable::open(const Bundle& bundle) {
  NeighbourTable table;
  const auto items = bundle.indexes(SectionKind::NeighbourItems, bundle.itemCount());
  ATTUNE_TRY(items);
  table.items_ = items.value();
  const auto offsets =
      bundle.offsets(SectionKind::NeighbourOffsets, bundle.itemCount(), items.value().size());
  ATTUNE_TRY(offsets);
  table.offsets_ = offsets.value();
  ATTUNE_TRY(table.openWeights(bundle));
  return table;
}

Status NeighbourTable::openWeights(const Bundle& bundle) {
  const size_t links = items_.size();
  if (!bundle.has(SectionKind::NeighbourScales)) {
    const auto floats = bundle.floats(SectionKind::NeighbourWeights, links);
    ATTUNE_TRY(floats);
    floats_ = floats.value();
    return {};
  }
  const auto bytes = bundle.bytes(SectionKind::NeighbourWeights);
  ATTUNE_TRY(bytes);
  if (bytes.value().size() != links) return corrupt("neighbours and their weights do not match");
  const auto scales = bundle.floats(SectionKind::NeighbourScales, bundle.itemCount());
  ATTUNE_TRY(scales);
  for (const float scale : scales.value())
    if (scale < 0 || scale > 1e6f) return corrupt("a neighbour scale is out of range");
  bytes_ = bytes.value();
  scales_ = scales.value();
  return {};
}

size_t NeighbourTable::longest() const {
  size_t longest = 0;
  for (size_t i = 0; i + 1 < offsets_.size(); ++i)
    longest = std::max<size_t>(longest, offsets_[i + 1] - offsets_[i]);
  return longest;
}

}  // namespace attune
