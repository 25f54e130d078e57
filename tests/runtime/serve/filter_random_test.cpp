#include <catch2/catch.hpp>

#include "tests/support/random_filters.h"

using namespace attune::testing;

TEST_CASE("10000 random filters over random catalogues pass what a plain evaluator passes") {
  uint32_t filters = 0, passed = 0, few = 0;
  for (uint32_t seed = 0; filters < 10000; ++seed) {
    const FilterTrial trial = tryRandomFilters(seed, 100);
    CAPTURE(seed);
    REQUIRE(trial.mistaken == 0);
    filters += trial.filters;
    passed += trial.passed;
    few += trial.few;
  }
  CHECK(passed > 100000);
  CHECK(few > 20);
}
