#include "trainer/nn/negative_sampler.h"

#include <algorithm>
#include <cmath>

#include "runtime/base/random.h"

namespace attune::trainer {
namespace {

constexpr uint64_t kNegativeStream = uint64_t{3} << 48;

}  // namespace

NegativeSampler::NegativeSampler(std::span<const uint32_t> items, size_t catalogue, double power)
    : sums_(catalogue, 1.0) {
  for (const uint32_t item : items) sums_[item] += 1;
  double total = 0;
  for (double& number : sums_) number = total += std::pow(number, power);
  for (double& number : sums_) number /= total;
}

std::vector<uint32_t> NegativeSampler::draw(size_t count, uint64_t seed, uint64_t step) const {
  Random random(seed, kNegativeStream + step);
  std::vector<uint32_t> drawn(count);
  for (uint32_t& item : drawn) {
    const double place = static_cast<double>(random.next()) * 0x1p-32;
    const auto found = std::upper_bound(sums_.begin(), sums_.end(), place);
    // Rounding may leave the last sum a little below 1.
    item = static_cast<uint32_t>(std::min<std::ptrdiff_t>(
        found - sums_.begin(), static_cast<std::ptrdiff_t>(sums_.size()) - 1));
  }
  return drawn;
}

std::vector<float> NegativeSampler::logExpectedCounts(size_t count) const {
  std::vector<float> logs(sums_.size());
  for (size_t item = 0; item < sums_.size(); ++item) {
    const double chance = sums_[item] - (item > 0 ? sums_[item - 1] : 0.0);
    logs[item] = static_cast<float>(std::log(chance * static_cast<double>(count)));
  }
  return logs;
}

}  // namespace attune::trainer
