#include "runtime/base/topk.h"

#include <algorithm>
#include <cstring>
#include <limits>

namespace attune {
namespace {

using Float4 = float __attribute__((vector_size(16)));
using Int4 = int32_t __attribute__((vector_size(16)));

/// Whether any of the 16 scores from `from` on is at least `threshold`; NaN is not.
bool anyReaches(const float* from, float threshold) {
  const Float4 limit = {threshold, threshold, threshold, threshold};
  Int4 hits = {};
  for (size_t j = 0; j < 4; ++j) {
    Float4 four;
    std::memcpy(&four, from + 4 * j, sizeof four);
    hits |= four >= limit;
  }
  return (hits[0] | hits[1] | hits[2] | hits[3]) != 0;
}

/// The survivors so far, pruned to the k best whenever they reach the limit.
class Survivors {
 public:
  Survivors(Buffer<Scored>& kept, size_t k) : kept_(kept), k_(k), limit_(std::max<size_t>(4 * k, 256)) {}

  float threshold() const { return threshold_; }

  void offer(uint32_t item, float score) {
    if (!(score >= threshold_)) return;
    kept_.data()[count_++] = {item, score};
    if (count_ == limit_) prune();
  }

  size_t finish() {
    if (count_ > k_) prune();
    sortRanked({kept_.data(), count_});
    return count_;
  }

  size_t limit() const { return limit_; }

 private:
  void prune() {
    std::nth_element(kept_.data(), kept_.data() + (k_ - 1), kept_.data() + count_, ranksBefore);
    count_ = k_;
    threshold_ = kept_.data()[k_ - 1].score;
  }

  Buffer<Scored>& kept_;
  size_t k_;
  size_t limit_;
  size_t count_ = 0;
  float threshold_ = -std::numeric_limits<float>::max();  // masks -infinity
};

}  // namespace

void sortRanked(std::span<Scored> ranked) {
  std::make_heap(ranked.begin(), ranked.end(), ranksBefore);
  std::sort_heap(ranked.begin(), ranked.end(), ranksBefore);
}

Status topK(std::span<const float> scores, size_t k, Buffer<Scored>& out) {
  out.clear();
  k = std::min(k, scores.size());
  if (k == 0) return {};
  Survivors survivors(out, k);
  ATTUNE_TRY(out.resize(survivors.limit()));
  const size_t whole = scores.size() / 16 * 16;
  for (size_t i = 0; i < whole; i += 16) {
    if (!anyReaches(&scores[i], survivors.threshold())) continue;
    for (size_t j = i; j < i + 16; ++j) survivors.offer(static_cast<uint32_t>(j), scores[j]);
  }
  for (size_t i = whole; i < scores.size(); ++i) survivors.offer(static_cast<uint32_t>(i), scores[i]);
  out.truncate(survivors.finish());
  return {};
}

}  // namespace attune
