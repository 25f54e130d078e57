#include "trainer/recipes/percentiles.h"

#include <catch2/catch.hpp>

using namespace attune::trainer;

namespace {

std::vector<uint32_t> from1To(uint32_t last) {
  std::vector<uint32_t> counts;
  for (uint32_t count = last; count >= 1; --count) counts.push_back(count);
  return counts;
}

bool equals(const CountRange& range, uint32_t low, uint32_t high) {
  return range.low == low && range.high == high;
}

}  // namespace

TEST_CASE("percentiles are ranks of the counts that are not zero") {
  std::vector<uint32_t> counts = from1To(101);
  counts.insert(counts.end(), 1000, 0u);
  CHECK(equals(percentileRange(counts, 0, 1), 1, 101));
  CHECK(equals(percentileRange(counts, 0.01, 0.9), 2, 91));
}

TEST_CASE("between two ranks the outer one counts, so that few lose nobody") {
  CHECK(equals(percentileRange({5, 9, 7}, 0.005, 0.995), 5, 9));
  CHECK(equals(percentileRange({5, 9, 7}, 0.49, 0.51), 5, 9));
  CHECK(equals(percentileRange({5, 9, 7}, 0.5, 0.5), 7, 7));
}

TEST_CASE("one count is its own range, and no counts have none") {
  CHECK(equals(percentileRange({4}, 0.3, 0.7), 4, 4));
  CHECK(equals(percentileRange({0, 0}, 0, 1), 0, 0));
  CHECK(equals(percentileRange({}, 0, 1), 0, 0));
  CHECK(percentileRange({4}, 0, 1).holds(4));
  CHECK_FALSE(percentileRange({4}, 0, 1).holds(5));
}
