#include "runtime/models/pointer.h"

#include <algorithm>
#include <cmath>

#include "runtime/base/math.h"
#include "runtime/models/weight_reader.h"

namespace attune {

Result<Pointer> Pointer::open(const Bundle& bundle, size_t dimension, size_t width, size_t window,
                              WeightStorage& storage) {
  Pointer pointer;
  if (width == 0) return pointer;
  WeightReader read(bundle, 0, storage);
  std::span<const float> both;
  ATTUNE_TRY(read.matrix(SectionKind::PointerQueryKey, 2 * width, dimension, both));
  ATTUNE_TRY(read.vector(SectionKind::PointerBias, window, pointer.bias_));
  pointer.query_ = both.first(width * dimension);
  pointer.key_ = both.subspan(width * dimension);
  pointer.width_ = width;
  return pointer;
}

Status Pointer::reserve(PointerMemory& memory) const {
  ATTUNE_TRY(memory.keys.resize(bias_.size() * width_));
  return memory.items.resize(bias_.size());
}

void Pointer::remember(uint32_t item, std::span<const float> hidden, size_t slot,
                       PointerMemory& memory) const {
  matvec(key_, hidden, memory.keys.span().subspan(slot * width_, width_));
  memory.items[slot] = item;
}

Status Pointer::point(std::span<const float> hidden, size_t slot, size_t seen,
                      const PointerMemory& memory, ModelScratch& scratch, size_t items) const {
  ATTUNE_TRY(scratch.numbers.resize(width_ + seen));
  const std::span<float> query = scratch.numbers.span().first(width_);
  const std::span<float> logits = scratch.numbers.span().subspan(width_, seen);
  matvec(query_, hidden, query);
  const float scale = 1.0f / std::sqrt(static_cast<float>(width_));
  const size_t window = bias_.size();
  const auto slotOf = [&](size_t distance) { return (slot + window - distance) % window; };
  for (size_t j = 0; j < seen; ++j)
    logits[j] = dot(query, memory.keys.span().subspan(slotOf(j) * width_, width_)) * scale + bias_[j];
  scratch.highestPointed = *std::max_element(logits.begin(), logits.end());
  ATTUNE_TRY(scratch.pointed.clear(items));
  for (size_t j = 0; j < seen; ++j) {
    const float power = expOf(logits[j] - scratch.highestPointed);
    if (power > 0) ATTUNE_TRY(scratch.pointed.add(memory.items[slotOf(j)], power));
  }
  return {};
}

float withPointed(float score, uint32_t item, const ModelScratch& scratch) {
  const float sum = scratch.pointed.of(item);
  if (!(sum > 0)) return score;
  const float logit = scratch.highestPointed + logOf(sum);
  return std::max(score, logit) + logOf(1.0f + expOf(-std::fabs(score - logit)));
}

}  // namespace attune
