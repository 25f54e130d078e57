#include "runtime/base/topk.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#if defined(__wasm_simd128__)
#include <wasm_simd128.h>
#endif

namespace attune {
namespace {

constexpr size_t kGroup = 16;
constexpr float kLeast = -std::numeric_limits<float>::max();  // masks -infinity

using Float4 = float __attribute__((vector_size(16)));
using Int4 = int32_t __attribute__((vector_size(16)));

/// A bit for each of four comparisons.
uint32_t bitsOf(Int4 hits) {
#if defined(__wasm_simd128__)
  return wasm_i32x4_bitmask((v128_t)hits);
#else
  uint32_t bits = 0;
  for (size_t j = 0; j < 4; ++j) bits |= (hits[j] != 0 ? 1u : 0u) << j;
  return bits;
#endif
}

/// A bit for each of the 16 scores from `from` on that is at least `threshold`; NaN is not.
uint32_t reaching(const float* from, float threshold) {
  const Float4 limit = {threshold, threshold, threshold, threshold};
  uint32_t bits = 0;
#pragma GCC unroll 4
  for (size_t j = 0; j < 4; ++j) {
    Float4 four;
    std::memcpy(&four, from + 4 * j, sizeof four);
    bits |= bitsOf(four >= limit) << (4 * j);
  }
  return bits;
}

/// Puts the `k` best before the others, in no order (Hoare 1961); a fifth of the code of
/// std::nth_element. REQUIRES: 0 < k <= size, no two elements are equal
void putBestFirst(std::span<Scored> from, size_t k) {
  std::ptrdiff_t low = 0, high = static_cast<std::ptrdiff_t>(from.size()) - 1;
  const auto last = static_cast<std::ptrdiff_t>(k) - 1;
  while (low < high) {
    const Scored pivot = from[static_cast<size_t>((low + high) / 2)];
    std::ptrdiff_t i = low, j = high;
    while (i <= j) {
      while (ranksBefore(from[static_cast<size_t>(i)], pivot)) ++i;
      while (ranksBefore(pivot, from[static_cast<size_t>(j)])) --j;
      if (i <= j) std::swap(from[static_cast<size_t>(i++)], from[static_cast<size_t>(j--)]);
    }
    if (last <= j)
      high = j;
    else if (last >= i)
      low = i;
    else
      return;
  }
}

/// The survivors so far, pruned to the k best whenever they reach the limit.
class Survivors {
 public:
  Survivors(Buffer<Scored>& kept, size_t k, float threshold)
      : kept_(kept), k_(k), limit_(limitOf(k)), threshold_(threshold) {}

  static size_t limitOf(size_t k) { return std::max<size_t>(4 * k, 256); }

  float threshold() const { return threshold_; }

  /// REQUIRES: score >= threshold()
  void offer(uint32_t item, float score) {
    kept_.data()[count_++] = {item, score};
    if (count_ == limit_) prune();
  }

  /// Those of the scores from item `first` on that have a bit, pass and are not below threshold().
  [[gnu::noinline]] void offer(uint32_t first, const float* scores, uint32_t bits, const uint8_t* passes) {
    for (; bits != 0; bits &= bits - 1) {
      const int j = std::countr_zero(bits);
      if (scores[j] >= threshold_ && (passes == nullptr || passes[j] != 0))
        offer(first + static_cast<uint32_t>(j), scores[j]);
    }
  }

  /// Leaves the k best, in no order; or all, if they are not more than `enough`.
  size_t finish(size_t enough) {
    if (count_ > enough) prune();
    return count_;
  }

 private:
  void prune() {
    putBestFirst({kept_.data(), count_}, k_);
    count_ = k_;
    threshold_ = kept_.data()[0].score;
    for (size_t i = 1; i < k_; ++i) threshold_ = std::min(threshold_, kept_.data()[i].score);
  }

  Buffer<Scored>& kept_;
  size_t k_;
  size_t limit_;
  size_t count_ = 0;
  float threshold_;
};

/// Whether none of 16 rows is marked.
bool noneMarked(const uint8_t* marks) {
  uint64_t halves[2];
  std::memcpy(halves, marks, sizeof halves);
  return (halves[0] | halves[1]) == 0;
}

/// What passes the mask. Groups are asked for in ascending order, and more are judged at once where
/// all are asked for: what a call costs beside its rows is as much as a hundred of them.
class Passing {
 public:
  Passing(const LazyMask* mask, size_t count) : mask_(mask), count_(count) {}

  /// Whether none of the 16 from `begin` on passes, as far as that is known already.
  bool excludes(size_t begin) const { return begin < known_ && noneMarked(mask_->passes + begin); }

  /// The marks of the group from `begin` on, which is judged now if it was not yet; null without a
  /// mask.
  const uint8_t* of(size_t begin) {
    if (mask_ == nullptr) return nullptr;
    if (begin >= known_) {
      known_ = std::min(begin + (begin == known_ ? kMostAhead : kLeastAhead), count_);
      mask_->judge(mask_->judged, static_cast<uint32_t>(begin), static_cast<uint32_t>(known_));
    }
    return mask_->passes + begin;
  }

 private:
  static constexpr size_t kLeastAhead = 8 * kGroup, kMostAhead = 128 * kGroup;

  const LazyMask* mask_;
  size_t count_;
  size_t known_ = 0;  // where the newest judged ones end
};

/// Puts the k best into `out`, in no order, of those that are not below `threshold`, and more where
/// there are no more than `enough`; returns how many.
size_t collect(std::span<const float> scores, size_t k, size_t enough, float threshold,
               Buffer<Scored>& out, const LazyMask* mask) {
  Survivors survivors(out, k, threshold);
  Passing passing(mask, scores.size());
  const size_t whole = scores.size() / kGroup * kGroup;
  for (size_t i = 0; i < scores.size(); i += kGroup) {
    uint32_t bits = 0;
    while (i < whole && (passing.excludes(i) ||
                         (bits = reaching(&scores[i], survivors.threshold())) == 0))
      i += kGroup;
    if (i >= whole) bits = (uint32_t{1} << (scores.size() - whole)) - 1;
    if (bits == 0) break;
    survivors.offer(static_cast<uint32_t>(i), &scores[i], bits, passing.of(i));
  }
  return survivors.finish(enough);
}

/// What about the k best reach, and rather more than fewer, by one group in 64; the least where that
/// would be few.
float thresholdOf(std::span<const float> scores, size_t k, Buffer<Scored>& room,
                  const LazyMask* mask) {
  constexpr size_t kEvery = 64 * kGroup;
  if (k < 256 || scores.size() < 16 * k) return kLeast;
  const size_t wanted = k / 64 + k / 512 + 16;
  Survivors survivors(room, wanted, kLeast);
  size_t offered = 0;
  for (size_t i = 0; i + kGroup <= scores.size(); i += kEvery) {
    const auto begin = static_cast<uint32_t>(i);
    if (mask != nullptr) mask->judge(mask->judged, begin, begin + kGroup);
    for (size_t j = i; j < i + kGroup; ++j) {
      if (!(scores[j] >= survivors.threshold()) || (mask != nullptr && mask->passes[j] == 0)) continue;
      survivors.offer(static_cast<uint32_t>(j), scores[j]);
      ++offered;
    }
  }
  if (offered < wanted) return kLeast;
  survivors.finish(0);
  return survivors.threshold();
}

/// The k best, or as many more up to `enough` as come by the way.
Status choose(std::span<const float> scores, size_t k, size_t enough, Buffer<Scored>& out,
              const LazyMask* mask) {
  out.clear();
  k = std::min(k, scores.size());
  if (k == 0) return {};
  ATTUNE_TRY(out.resize(Survivors::limitOf(k)));
  const float threshold = thresholdOf(scores, k, out, mask);
  size_t found = collect(scores, k, enough, threshold, out, mask);
  if (found < k && threshold > kLeast) found = collect(scores, k, enough, kLeast, out, mask);
  out.truncate(found);
  return {};
}

}  // namespace

void sortRanked(std::span<Scored> ranked) {
  std::make_heap(ranked.begin(), ranked.end(), ranksBefore);
  std::sort_heap(ranked.begin(), ranked.end(), ranksBefore);
}

void keepBest(Buffer<Scored>& ranked, size_t k) {
  if (k == 0) ranked.clear();
  if (ranked.size() > k) putBestFirst(ranked.span(), k);
  ranked.truncate(std::min(ranked.size(), k));
  sortRanked(ranked.span());
}

Status topK(std::span<const float> scores, size_t k, Buffer<Scored>& out, const LazyMask* mask) {
  ATTUNE_TRY(chooseBest(scores, k, out, mask));
  sortRanked(out.span());
  return {};
}

Status chooseBest(std::span<const float> scores, size_t k, Buffer<Scored>& out,
                  const LazyMask* mask) {
  return choose(scores, k, k, out, mask);
}

Status chooseAbout(std::span<const float> scores, size_t k, Buffer<Scored>& out) {
  return choose(scores, k, 2 * k, out, nullptr);
}

}  // namespace attune
