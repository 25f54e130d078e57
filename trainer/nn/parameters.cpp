#include "trainer/nn/parameters.h"

#include <algorithm>
#include <utility>

#include "runtime/base/random.h"

namespace attune::trainer {

Parameter ParameterLayout::add(std::string name, size_t rows, size_t columns) {
  parameters_.push_back({std::move(name), size_, rows, columns});
  size_ += rows * columns;
  return parameters_.back();
}

void fillNormal(std::span<float> values, float deviation, uint64_t seed, uint64_t stream) {
  Random random(seed, stream);
  for (float& value : values) value = deviation * random.normal();
}

void addUp(std::span<const std::vector<float>> parts, std::span<float> total,
           GemmThreads* threads) {
  constexpr size_t kNumbersPerTask = 8192;
  runTasks(threads, (total.size() + kNumbersPerTask - 1) / kNumbersPerTask, [&](size_t task) {
    const size_t begin = task * kNumbersPerTask;
    const size_t end = std::min(total.size(), begin + kNumbersPerTask);
    std::fill(total.data() + begin, total.data() + end, 0.0f);
    for (const std::vector<float>& part : parts)
      for (size_t i = begin; i < end; ++i) total[i] += part[i];
  });
}

}  // namespace attune::trainer
