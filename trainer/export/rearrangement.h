#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

/// New items come between the old ones, so that in a newer bundle rows lie elsewhere and numbers of
/// items are others although nothing was learned. Before two bundles are compared, the old one is
/// rearranged as if it had the new one's items already. Whoever does it need not know what a bundle
/// is: these tables say all.
namespace attune::trainer {

/// So many items stay, then so many go, then so many come.
struct ItemRun {
  uint32_t kept = 0, gone = 0, added = 0;
};

enum class StepKind : uint32_t {
  bytes = 0,    ///< are taken as they are
  numbers = 1,  ///< of items, which are numbered anew: a gone one by what comes after it
  rows = 2,     ///< one an item: those of gone items go, those of new ones are 0
  offsets = 3   ///< of rows, the end of the last one too: lengths of rows, as above, after a first 0
};

/// What to do with the next bytes: `count` numbers, rows or offsets of `width` bytes each.
/// Numbers have 1, 2 or 4 bytes, offsets 4, little-endian. What is after the last step is taken as it
/// is.
struct ArrangingStep {
  StepKind kind = StepKind::bytes;
  uint32_t width = 1, count = 0;
};

/// Where in the new bytes `count` offsets are, of 4 bytes each, which are written as differences.
struct OffsetRange {
  uint32_t at = 0, count = 0;
};

struct Rearrangement {
  std::vector<ItemRun> runs;
  std::vector<ArrangingStep> steps;
  std::vector<OffsetRange> offsets;  ///< in order, without overlap, at multiples of 4
};

/// What makes an old bundle like a newer one; nothing for bytes that are no bundles. Repeatable.
/// REQUIRES: both aligned to 16 and shorter than 2^31 bytes
Rearrangement rearrangementOf(std::span<const uint8_t> older, std::span<const uint8_t> newer);

/// The old bytes rearranged; nothing for tables that do not fit or would make more than `most`.
std::optional<std::vector<uint8_t>> rearranged(std::span<const uint8_t> older,
                                               const Rearrangement& tables, size_t most);

/// Writes offsets as differences. REQUIRES: fits(offsets, bytes.size())
void differ(std::span<uint8_t> bytes, std::span<const OffsetRange> offsets);
/// The opposite.
void sumUp(std::span<uint8_t> bytes, std::span<const OffsetRange> offsets);
/// Whether all ranges are in so many bytes, in order, without overlap and at multiples of 4.
bool fits(std::span<const OffsetRange> offsets, size_t size);

}  // namespace attune::trainer
