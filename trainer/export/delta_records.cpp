#include "trainer/export/delta_records.h"

#include <algorithm>
#include <cstring>
#include <optional>

namespace attune::trainer {
namespace {

using Bytes = std::span<const uint8_t>;

/// Blocks of the old bundle are found again wherever they went in the new one.
constexpr size_t kBlock = 16, kStride = 8;
/// What another place must fit better by, to be worth a record.
constexpr size_t kGain = 16;

uint64_t hashOf(const uint8_t* block) {
  uint64_t first = 0, second = 0;
  std::memcpy(&first, block, 8);
  std::memcpy(&second, block + 8, 8);
  return (first * 0x9e3779b97f4a7c15u ^ second) * 0xd6e8feb86659fd93u;
}

/// Places of the old bundle by the hash of the block there; of equal blocks the first.
class BlockIndex {
 public:
  explicit BlockIndex(Bytes bytes) : bytes_(bytes) {
    while ((size_t{1} << bits_) < bytes.size() / kStride * 2) ++bits_;
    slots_.assign(size_t{1} << bits_, 0);
    for (size_t at = 0; at + kBlock <= bytes.size(); at += kStride) {
      uint32_t& slot = slots_[slotOf(bytes.data() + at)];
      if (slot == 0) slot = static_cast<uint32_t>(at + 1);
    }
  }

  /// Where the bytes at `newer` may be found; nothing if their block is at no indexed place.
  std::optional<size_t> find(const uint8_t* newer) const {
    const uint32_t slot = slots_[slotOf(newer)];
    if (slot == 0 || std::memcmp(bytes_.data() + slot - 1, newer, kBlock) != 0)
      return std::nullopt;
    return slot - 1;
  }

 private:
  size_t slotOf(const uint8_t* block) const { return hashOf(block) >> (64 - bits_); }

  Bytes bytes_;
  int bits_ = 4;
  std::vector<uint32_t> slots_;
};

/// The part of a new bundle that goes on from a place of the old one.
class Alignment {
 public:
  Alignment(Bytes older, Bytes newer) : older_(older), newer_(newer) {}

  size_t newAt = 0, oldAt = 0;

  bool fits(size_t at) const {
    const size_t from = oldAt + (at - newAt);
    return from < older_.size() && older_[from] == newer_[at];
  }

  /// How many of the bytes fit exactly.
  size_t fitting(size_t begin, size_t end) const {
    size_t count = 0;
    for (size_t at = begin; at < end; ++at) count += fits(at) ? 1 : 0;
    return count;
  }

  /// How far to copy, up to `end`: where most more bytes fit than do not.
  size_t forward(size_t end) const {
    int64_t score = 0, best = 0;
    size_t length = 0;
    const size_t most = std::min(end - newAt, older_.size() - std::min(oldAt, older_.size()));
    for (size_t i = 0; i < most; ++i) {
      score += fits(newAt + i) ? 1 : -1;
      if (score > best) best = score, length = i + 1;
    }
    return length;
  }

  /// How far before `at`, where another place fits, that place fits as well, not before `begin`.
  size_t backward(size_t begin, size_t at, size_t from) const {
    int64_t score = 0, best = 0;
    size_t length = 0;
    for (size_t i = 1; i <= std::min(at - begin, from); ++i) {
      score += older_[from - i] == newer_[at - i] ? 1 : -1;
      if (score > best) best = score, length = i;
    }
    return length;
  }

 private:
  Bytes older_, newer_;
};

}  // namespace

std::vector<DeltaRecord> recordsOf(std::span<const uint8_t> older,
                                   std::span<const uint8_t> newer) {
  const BlockIndex index(older);
  Alignment now(older, newer);
  std::vector<DeltaRecord> records;
  const auto close = [&](size_t nextNew) {
    const size_t copied = now.forward(nextNew);
    records.push_back({static_cast<uint32_t>(copied), static_cast<uint32_t>(now.oldAt),
                       static_cast<uint32_t>(nextNew - now.newAt - copied)});
    if (copied == 0) records.back().from = 0;
  };
  for (size_t at = 0; at + kBlock <= newer.size();) {
    const std::optional<size_t> found = index.find(newer.data() + at);
    if (!found || now.oldAt + (at - now.newAt) == *found) {
      ++at;
      continue;
    }
    size_t length = kBlock;
    while (at + length < newer.size() && *found + length < older.size() &&
           newer[at + length] == older[*found + length])
      ++length;
    if (now.fitting(at, at + length) + kGain <= length) {
      // What fits here as well is taken along, but not what the alignment before it copies.
      const size_t copied = now.newAt + now.forward(at);
      const size_t back = now.backward(copied, at, *found);
      if (at - back > now.newAt) close(at - back);
      now.newAt = at - back;
      now.oldAt = *found - back;
    }
    at += length;
  }
  close(newer.size());
  return records;
}

}  // namespace attune::trainer
