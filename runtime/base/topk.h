#pragma once

#include <cstdint>
#include <span>

#include "runtime/base/memory.h"
#include "runtime/base/result.h"

namespace attune {

/// An item and its score.
struct Scored {
  uint32_t item;
  float score;
};

/// The order of every list Attune returns: higher scores first, equal scores by ascending index.
inline bool ranksBefore(const Scored& a, const Scored& b) {
  return a.score > b.score || (a.score == b.score && a.item < b.item);
}

/// Sorts by ranksBefore. By a heap: a third of the code of std::sort, which a device downloads.
void sortRanked(std::span<Scored> ranked);

/// The `k` best of them, fewer if there are fewer, sorted by ranksBefore.
void keepBest(Buffer<Scored>& ranked, size_t k);

/// Which items may be chosen, found out for those that come into question.
struct LazyMask {
  const uint8_t* passes = nullptr;  ///< (items) filled where judge() was called
  void (*judge)(void* judged, uint32_t begin, uint32_t end) = nullptr;
  void* judged = nullptr;  ///< handed to judge()
};

/// Puts the `k` best of `scores` into `out`, best first, fewer when fewer qualify. An item whose
/// score is NaN or -infinity never qualifies: -infinity is how a caller masks one.
/// With a mask, neither does one that does not pass; `mask` may be null.
/// The result depends on the scores alone, not on the instruction set.
///
/// Method: a running threshold; blocks of 16 scores are compared with it at once, survivors are
/// collected, and the collection is pruned to its k best whenever it is full, which raises the
/// threshold. O(n + m log m) for m survivors. Where k is large the threshold begins as what somewhat
/// more than k of a sample's scores say it will be; if fewer reach it, all are looked at again.
Status topK(std::span<const float> scores, size_t k, Buffer<Scored>& out,
            const LazyMask* mask = nullptr);

/// The same, in no order.
Status chooseBest(std::span<const float> scores, size_t k, Buffer<Scored>& out,
            const LazyMask* mask = nullptr);

/// The k best and somewhat more, at most 2 k, in no order: all that reach a score which a sample names.
Status chooseAbout(std::span<const float> scores, size_t k, Buffer<Scored>& out);

}  // namespace attune
