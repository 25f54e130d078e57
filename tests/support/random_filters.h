#pragma once

#include <cstdint>

namespace attune::testing {

struct FilterTrial {
  uint32_t filters = 0;
  uint32_t mistaken = 0;  ///< that did not give what the plain evaluator gives
  uint32_t passed = 0;    ///< rows that passed, in all
  uint32_t few = 0;       ///< filters that found their rows without judging all
  uint32_t hash = 0;      ///< over everything that passed
};

/// Makes a random catalogue, user and history, and `filters` random expressions; each is compiled
/// and run, and judged beside by an evaluator that walks the tree of conditions it was written from,
/// row by row, event by event. Free of the trainer, so that it runs in wasm too.
FilterTrial tryRandomFilters(uint32_t seed, uint32_t filters);

}  // namespace attune::testing
