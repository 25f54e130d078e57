#include "trainer/nn/query_features.h"

#include <algorithm>

#include "runtime/base/random.h"

namespace attune::trainer {
namespace {

constexpr size_t kEventsPerTask = 2048;
constexpr size_t kColumnsPerTask = 16;  // one cache line of a row
constexpr uint32_t kQueryDropoutWord = 0x2e50u;

void addTo(const float* from, size_t count, float* to) {
  for (size_t j = 0; j < count; ++j) to[j] += from[j];
}

size_t tasksFor(size_t things, size_t perTask) { return (things + perTask - 1) / perTask; }

}  // namespace

void RowLists::add(std::span<const uint32_t> list) {
  if (offsets.empty()) offsets.push_back(0);
  rows.insert(rows.end(), list.begin(), list.end());
  offsets.push_back(rows.size());
}

void RowLists::clear() {
  offsets.clear();
  rows.clear();
}

bool QueryDropout::drops(size_t event) const {
  if (rate <= 0) return false;
  const Random::Block block =
      Random::philox({{static_cast<uint32_t>(event), static_cast<uint32_t>(of),
                       static_cast<uint32_t>(step), kQueryDropoutWord}},
                     seed);
  return static_cast<float>(block.word[0] >> 8) * 0x1p-24f < rate;
}

void addQueryFeatures(ConstMatrix vectors, const RowLists& lists, const QueryDropout& dropout,
                      Matrix hidden, GemmThreads* threads) {
  if (lists.empty()) return;
  runTasks(threads, tasksFor(hidden.rows, kEventsPerTask), [&](size_t task) {
    const size_t end = std::min(hidden.rows, (task + 1) * kEventsPerTask);
    for (size_t event = task * kEventsPerTask; event < end; ++event)
      if (!dropout.drops(event))
        for (const uint32_t row : lists.of(event))
          addTo(vectors.row(row), hidden.columns, hidden.row(event));
  });
}

void queryFeaturesBackward(ConstMatrix dHidden, const RowLists& lists, const QueryDropout& dropout,
                           Matrix dVectors, GemmThreads* threads) {
  if (lists.empty()) return;
  runTasks(threads, tasksFor(dHidden.columns, kColumnsPerTask), [&](size_t task) {
    const size_t begin = task * kColumnsPerTask;
    const size_t count = std::min(kColumnsPerTask, dHidden.columns - begin);
    for (size_t event = 0; event < dHidden.rows; ++event)
      if (!lists.of(event).empty() && !dropout.drops(event))
        for (const uint32_t row : lists.of(event))
          addTo(dHidden.row(event) + begin, count, dVectors.row(row) + begin);
  });
}

}  // namespace attune::trainer
