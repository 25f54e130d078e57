#include "trainer/nn/negative_sampler.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

using attune::trainer::NegativeSampler;

namespace {

std::vector<double> shares(const NegativeSampler& sampler, size_t items, size_t count) {
  std::vector<double> found(items, 0.0);
  for (const uint32_t item : sampler.draw(count, 1, 1))
    found.at(item) += 1 / static_cast<double>(count);
  return found;
}

}  // namespace

TEST_CASE("negatives are drawn in proportion to a power of how often items occur") {
  const std::vector<uint32_t> items = {0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1};  // 3, 8 and no times
  const auto events = shares(NegativeSampler(items, 3, 1), 3, 200'000);
  CHECK(events[0] == Approx(4.0 / 14).margin(0.005));
  CHECK(events[1] == Approx(9.0 / 14).margin(0.005));
  CHECK(events[2] == Approx(1.0 / 14).margin(0.005));
  const auto roots = shares(NegativeSampler(items, 3, 0.5), 3, 200'000);
  CHECK(roots[1] == Approx(3.0 / 6).margin(0.005));
  const auto equal = shares(NegativeSampler(items, 3, 0), 3, 200'000);
  CHECK(equal[2] == Approx(1.0 / 3).margin(0.005));
}

TEST_CASE("expected counts are those of the draws") {
  const NegativeSampler sampler(std::vector<uint32_t>{2, 2, 1}, 4, 1);
  const auto logs = sampler.logExpectedCounts(70);
  CHECK(std::exp(logs[0]) == Approx(10));
  CHECK(std::exp(logs[1]) == Approx(20));
  CHECK(std::exp(logs[2]) == Approx(30));
}

TEST_CASE("draws are a function of seed and step") {
  const NegativeSampler sampler(std::vector<uint32_t>{2, 2, 1}, 1000, 0.5);
  CHECK(sampler.draw(50, 1, 1) == sampler.draw(50, 1, 1));
  CHECK(sampler.draw(50, 1, 1) != sampler.draw(50, 1, 2));
  CHECK(sampler.draw(50, 1, 1) != sampler.draw(50, 2, 1));
  CHECK(sampler.draw(0, 1, 1).empty());
}
