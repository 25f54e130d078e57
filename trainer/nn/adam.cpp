#include "trainer/nn/adam.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "trainer/nn/vectorised.h"

namespace attune::trainer {
namespace {

constexpr size_t kNumbersPerTask = 16384;

size_t tasksFor(size_t numbers) { return (numbers + kNumbersPerTask - 1) / kNumbersPerTask; }

struct StepFactors {
  float beta1, beta2, epsilon, decay, rate, firstCorrection, secondCorrection, gradientScale;
};

ATTUNE_VECTORISED
void adamNumbers(const StepFactors& f, const AdamRange& range, size_t begin, size_t end) {
  float* values = range.values.data();
  const float* gradients = range.gradients.data();
  float* first = range.firstMoments.data();
  float* second = range.secondMoments.data();
  for (size_t i = begin; i < end; ++i) {
    const float g = gradients[i] * f.gradientScale;
    const float m = f.beta1 * first[i] + (1.0f - f.beta1) * g;
    const float v = f.beta2 * second[i] + (1.0f - f.beta2) * g * g;
    first[i] = m;
    second[i] = v;
    const float move = m * f.firstCorrection / (std::sqrt(v * f.secondCorrection) + f.epsilon);
    values[i] -= f.rate * (move + f.decay * values[i]);
  }
}

ATTUNE_VECTORISED
double sumOfSquares(const float* numbers, size_t count) {
  double lanes[8] = {};
  const size_t whole = count / 8 * 8;
  for (size_t i = 0; i < whole; i += 8)
    for (size_t j = 0; j < 8; ++j)
      lanes[j] += static_cast<double>(numbers[i + j]) * static_cast<double>(numbers[i + j]);
  for (size_t i = whole; i < count; ++i)
    lanes[i - whole] += static_cast<double>(numbers[i]) * static_cast<double>(numbers[i]);
  return ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) +
         ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
}

}  // namespace

double LearningRateSchedule::at(uint64_t step) const {
  if (step < warmUpSteps)
    return static_cast<double>(step + 1) / static_cast<double>(warmUpSteps + 1);
  if (shape == Shape::constant || totalSteps <= warmUpSteps) return 1;
  const double done =
      static_cast<double>(step - warmUpSteps) / static_cast<double>(totalSteps - warmUpSteps);
  const double wave = 0.5 + 0.5 * std::cos(std::numbers::pi * std::min(done, 1.0));
  return finalShare + (1 - finalShare) * wave;
}

void adamStep(const AdamSettings& settings, const AdamRange& range, uint64_t step, float rate,
              float gradientScale, GemmThreads* threads) {
  const double count = static_cast<double>(step);
  const StepFactors factors = {
      settings.beta1,
      settings.beta2,
      settings.epsilon,
      settings.weightDecay,
      rate,
      static_cast<float>(1 / (1 - std::pow(static_cast<double>(settings.beta1), count))),
      static_cast<float>(1 / (1 - std::pow(static_cast<double>(settings.beta2), count))),
      gradientScale};
  const size_t size = range.values.size();
  runTasks(threads, tasksFor(size), [&](size_t task) {
    const size_t begin = task * kNumbersPerTask;
    adamNumbers(factors, range, begin, std::min(size, begin + kNumbersPerTask));
  });
}

void moveTowards(std::span<const float> target, float share, std::span<float> numbers,
                 GemmThreads* threads) {
  runTasks(threads, tasksFor(numbers.size()), [&](size_t task) {
    const size_t begin = task * kNumbersPerTask;
    const size_t end = std::min(numbers.size(), begin + kNumbersPerTask);
    for (size_t i = begin; i < end; ++i) numbers[i] += share * (target[i] - numbers[i]);
  });
}

double normOf(std::span<const float> numbers, GemmThreads* threads) {
  std::vector<double> parts(tasksFor(numbers.size()), 0.0);
  runTasks(threads, parts.size(), [&](size_t task) {
    const size_t begin = task * kNumbersPerTask;
    parts[task] = sumOfSquares(&numbers[begin], std::min(kNumbersPerTask, numbers.size() - begin));
  });
  double total = 0;
  for (const double part : parts) total += part;
  return std::sqrt(total);
}

}  // namespace attune::trainer
