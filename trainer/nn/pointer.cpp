#include "trainer/nn/pointer.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "trainer/nn/product.h"
#include "trainer/nn/vectorised.h"

namespace attune::trainer {
namespace {

constexpr size_t kTokensPerGroup = 1024;
constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();

/// The log of the sum of e^logit over the places whose item is `item`, or all with kNoTarget.
float logSum(std::span<const float> logits, std::span<const uint32_t> items, uint32_t item) {
  float highest = kMinusInfinity;
  const auto counts = [&](size_t j) { return item == kNoTarget || items[j] == item; };
  for (size_t j = 0; j < logits.size(); ++j)
    if (counts(j)) highest = std::max(highest, logits[j]);
  if (highest == kMinusInfinity) return highest;
  double sum = 0;
  for (size_t j = 0; j < logits.size(); ++j)
    if (counts(j)) sum += std::exp(static_cast<double>(logits[j]) - static_cast<double>(highest));
  return highest + static_cast<float>(std::log(sum));
}

float scaleOf(size_t width) { return 1.0f / std::sqrt(static_cast<float>(width)); }

ATTUNE_VECTORISED
float product(const float* a, const float* b, size_t count) { return laneDot(a, b, count); }

ATTUNE_VECTORISED
void addScaled(float factor, const float* from, size_t count, float* to) {
  for (size_t i = 0; i < count; ++i) to[i] += factor * from[i];
}

}  // namespace

void addPointed(const PointedItems& pointed, std::span<float> scores) {
  for (const PointedItem& one : pointed) {
    float& score = scores[one.item];
    score = std::max(score, one.logit) + std::log1p(std::exp(-std::abs(score - one.logit)));
  }
}

PointerParameters PointerParameters::addTo(ParameterLayout& layout, size_t dimension, size_t width,
                                           size_t window) {
  return {layout.add("pointer.queryKey", dimension, 2 * width),
          layout.add("pointer.distanceBias", 1, window)};
}

void PointerPass::cutIntoGroups(const PackedBatch& batch) {
  groups_.clear();
  for (size_t s = 0; s < batch.sequences(); ++s)
    if (groups_.empty() || batch.offsets[s] - batch.offsets[groups_.back()] >= kTokensPerGroup)
      groups_.push_back(s);
  gradients_.resize(std::max(gradients_.size(), groups_.size()));
  groups_.push_back(batch.sequences());
}

template <typename Work>
void PointerPass::forGroups(const Work& work) const {
  runTasks(threads_, groups_.size() - 1,
           [&](size_t task) { work(groups_[task], groups_[task + 1], task); });
}

std::span<const float> PointerPass::logitsOf(size_t token, size_t place) const {
  return {logits_.data() + firstLogit_[token], place + 1};
}

void PointerPass::sequenceForward(size_t begin, size_t count, const float* bias) {
  const size_t width = parameters_.width();
  const Matrix rows = queryKey_.matrix(begin + count, 2 * width).rowRange(begin, count);
  const float scale = scaleOf(width);
  for (size_t i = 0; i < count; ++i) {
    float* to = logits_.data() + firstLogit_[begin + i];
    for (size_t j = 0; j <= i; ++j)
      to[j] = scale * product(rows.row(i), rows.row(j) + width, width) + bias[i - j];
  }
}

void PointerPass::forward(const PackedBatch& batch, const float* values, ConstMatrix hidden) {
  cutIntoGroups(batch);
  firstLogit_.clear();
  uint64_t logits = 0;
  for (size_t s = 0; s < batch.sequences(); ++s)
    for (size_t t = batch.offsets[s]; t < batch.offsets[s + 1]; ++t) {
      firstLogit_.push_back(logits);
      logits += t - batch.offsets[s] + 1;
    }
  logits_.resize(logits);
  const Matrix all = queryKey_.matrix(batch.tokens(), parameters_.queryKey.columns);
  forGroups([&](size_t first, size_t end, size_t) {
    const size_t begin = batch.offsets[first], count = batch.offsets[end] - begin;
    multiply(hidden.rowRange(begin, count), parameters_.queryKey.in(values),
             all.rowRange(begin, count));
    for (size_t s = first; s < end; ++s)
      sequenceForward(batch.offsets[s], batch.offsets[s + 1] - batch.offsets[s],
                      parameters_.distanceBias.in(values).data);
  });
}

std::vector<CopiedMass> PointerPass::masses(const PackedBatch& batch) const {
  std::vector<CopiedMass> masses(batch.tokens());
  for (size_t s = 0; s < batch.sequences(); ++s) {
    const size_t begin = batch.offsets[s];
    const std::span<const uint32_t> items = std::span(batch.items).subspan(begin);
    for (size_t t = begin; t < batch.offsets[s + 1]; ++t) {
      if (batch.targets[t] == kNoTarget) continue;
      const auto logits = logitsOf(t, t - begin);
      masses[t] = {logSum(logits, items, kNoTarget), logSum(logits, items, batch.targets[t])};
    }
  }
  return masses;
}

PointedItems PointerPass::last(const PackedBatch& batch, size_t sequence) const {
  const size_t begin = batch.offsets[sequence], count = batch.offsets[sequence + 1] - begin;
  const auto logits = logitsOf(begin + count - 1, count - 1);
  PointedItems pointed;
  for (size_t j = 0; j < count; ++j) pointed.push_back({batch.items[begin + j], logits[j]});
  return pointed;
}

void PointerPass::tokenBackward(const PackedBatch& batch, size_t begin, size_t place,
                                const LossParts& parts, float weight, float* dBias) {
  const size_t token = begin + place, width = parameters_.width();
  const Matrix rows = queryKey_.matrix(batch.tokens(), 2 * width);
  const Matrix dRows = dQueryKey_.matrix(batch.tokens(), 2 * width);
  const auto logits = logitsOf(token, place);
  const float scale = scaleOf(width);
  for (size_t j = 0; j <= place; ++j) {
    float slope = std::exp(logits[j] - parts.all);
    if (batch.items[begin + j] == batch.targets[token]) slope -= std::exp(logits[j] - parts.target);
    slope *= weight;
    dBias[place - j] += slope;
    addScaled(slope * scale, rows.row(begin + j) + width, width, dRows.row(token));
    addScaled(slope * scale, rows.row(token), width, dRows.row(begin + j) + width);
  }
}

void PointerPass::backward(const PackedBatch& batch, const float* values, ConstMatrix hidden,
                           std::span<const LossParts> parts, std::span<const float> weights,
                           Matrix dHidden, float* gradients) {
  const Matrix dRows = dQueryKey_.matrix(batch.tokens(), parameters_.queryKey.columns);
  const size_t matrixSize = parameters_.queryKey.size();
  const size_t size = matrixSize + parameters_.distanceBias.size();
  forGroups([&](size_t first, size_t end, size_t task) {
    std::vector<float>& own = gradients_[task];
    own.assign(size, 0.0f);
    const size_t begin = batch.offsets[first], count = batch.offsets[end] - begin;
    std::fill_n(dRows.row(begin), count * dRows.columns, 0.0f);
    for (size_t s = first; s < end; ++s)
      for (size_t t = batch.offsets[s]; t < batch.offsets[s + 1]; ++t)
        if (weights[t] != 0)
          tokenBackward(batch, batch.offsets[s], t - batch.offsets[s], parts[t], weights[t],
                        own.data() + matrixSize);
    addMultiplyLeftTransposed(hidden.rowRange(begin, count), dRows.rowRange(begin, count),
                              {own.data(), hidden.columns, dRows.columns});
    addMultiplyRightTransposed(dRows.rowRange(begin, count), parameters_.queryKey.in(values),
                               dHidden.rowRange(begin, count));
  });
  addUp({gradients_.data(), groups_.size() - 1},
        {parameters_.queryKey.in(gradients).data, size}, threads_);
}

}  // namespace attune::trainer
