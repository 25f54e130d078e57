#include "trainer/nn/item_vectors.h"

#include <algorithm>
#include <functional>

#include "runtime/base/random.h"
#include "trainer/nn/vectorised.h"

namespace attune::trainer {
namespace {

constexpr size_t kItemsPerTask = 1024;
constexpr size_t kColumnsPerTask = 16;  // one cache line of a row
constexpr uint32_t kIdDropoutWord = 0x1d0u;

void addScaled(float scale, const float* from, size_t count, float* to) {
  for (size_t j = 0; j < count; ++j) to[j] += scale * from[j];
}

ATTUNE_VECTORISED
void addFeatures(const ItemFeatures& features, size_t item, ConstMatrix featureVectors, float* to) {
  for (uint64_t i = features.offsets[item]; i < features.offsets[item + 1]; ++i) {
    const float weight = features.weights[i];
    const float* from = featureVectors.row(features.features[i]);
    for (size_t j = 0; j < featureVectors.columns; ++j) to[j] += weight * from[j];
  }
}

/// The features' gradient in columns begin .. begin + count, item after item.
ATTUNE_VECTORISED
void addToFeatures(ConstMatrix dOut, const ItemFeatures& features, size_t begin, size_t count,
                   Matrix dFeatureVectors) {
  for (size_t item = 0; item < dOut.rows; ++item) {
    const float* from = dOut.row(item) + begin;
    for (uint64_t i = features.offsets[item]; i < features.offsets[item + 1]; ++i) {
      const float weight = features.weights[i];
      float* to = dFeatureVectors.row(features.features[i]) + begin;
      for (size_t j = 0; j < count; ++j) to[j] += weight * from[j];
    }
  }
}

void forItems(GemmThreads* threads, size_t items, const std::function<void(size_t)>& work) {
  runTasks(threads, (items + kItemsPerTask - 1) / kItemsPerTask, [&](size_t task) {
    const size_t end = std::min(items, (task + 1) * kItemsPerTask);
    for (size_t item = task * kItemsPerTask; item < end; ++item) work(item);
  });
}

/// Rows added to by index: each task owns some columns, so the order of additions is fixed.
void forColumns(GemmThreads* threads, size_t columns,
                const std::function<void(size_t begin, size_t count)>& work) {
  runTasks(threads, (columns + kColumnsPerTask - 1) / kColumnsPerTask, [&](size_t task) {
    const size_t begin = task * kColumnsPerTask;
    work(begin, std::min(kColumnsPerTask, columns - begin));
  });
}

}  // namespace

std::vector<uint32_t> itemsWithoutEvents(const ItemFeatures& features,
                                         std::span<const uint32_t> occurrences) {
  std::vector<uint32_t> found;
  if (features.empty()) return found;
  const size_t items = features.offsets.size() - 1;
  std::vector<bool> occurs(items);
  for (const uint32_t item : occurrences) occurs[item] = true;
  for (size_t item = 0; item < items; ++item)
    if (!occurs[item] && features.offsets[item] < features.offsets[item + 1])
      found.push_back(static_cast<uint32_t>(item));
  return found;
}

bool IdDropout::drops(size_t item) const {
  if (rate <= 0) return false;
  const Random::Block block =
      Random::philox({{static_cast<uint32_t>(item), static_cast<uint32_t>(item >> 32),
                       static_cast<uint32_t>(step), kIdDropoutWord}},
                     seed);
  return static_cast<float>(block.word[0] >> 8) * 0x1p-24f < rate;
}

void itemVectorsForward(ConstMatrix own, ConstMatrix featureVectors, const ItemFeatures& features,
                        const IdDropout& dropout, Matrix out, GemmThreads* threads) {
  forItems(threads, out.rows, [&](size_t item) {
    float* to = out.row(item);
    if (dropout.drops(item))
      std::fill_n(to, out.columns, 0.0f);
    else
      std::copy_n(own.row(item), out.columns, to);
    if (!features.empty()) addFeatures(features, item, featureVectors, to);
  });
}

void itemVectorsBackward(ConstMatrix dOut, const ItemFeatures& features, const IdDropout& dropout,
                         Matrix dOwn, Matrix dFeatureVectors, GemmThreads* threads) {
  forItems(threads, dOut.rows, [&](size_t item) {
    if (!dropout.drops(item)) addScaled(1, dOut.row(item), dOut.columns, dOwn.row(item));
  });
  if (features.empty()) return;
  forColumns(threads, dOut.columns, [&](size_t begin, size_t count) {
    addToFeatures(dOut, features, begin, count, dFeatureVectors);
  });
}

void gatherRows(ConstMatrix table, std::span<const uint32_t> indices, float scale, Matrix to) {
  for (size_t i = 0; i < indices.size(); ++i) {
    const float* from = table.row(indices[i]);
    for (size_t j = 0; j < to.columns; ++j) to.row(i)[j] = scale * from[j];
  }
}

void scatterRows(ConstMatrix dRows, std::span<const uint32_t> indices, float scale, Matrix dTable,
                 GemmThreads* threads) {
  forColumns(threads, dTable.columns, [&](size_t begin, size_t count) {
    for (size_t i = 0; i < indices.size(); ++i)
      addScaled(scale, dRows.row(i) + begin, count, dTable.row(indices[i]) + begin);
  });
}

}  // namespace attune::trainer
