#include "runtime/models/history_walk.h"

#include <catch2/catch.hpp>
#include <utility>
#include <vector>

using namespace attune;

namespace {

using Visits = std::vector<std::pair<uint32_t, float>>;

Visits walk(const std::vector<uint32_t>& items, float decay, std::vector<uint8_t>& marks) {
  Visits visits;
  forDifferentItems(items.size(), decay, marks, [&](size_t i) { return items[i]; },
                    [&](uint32_t item, float weight) { visits.emplace_back(item, weight); });
  return visits;
}

}  // namespace

TEST_CASE("a history is walked from its newest item, each item once, each weighing less") {
  std::vector<uint8_t> marks(4);
  CHECK(walk({0, 2, 1, kUnknownItem, 2}, 0.5f, marks) == Visits{{2, 1.0f}, {1, 0.5f}, {0, 0.25f}});
  CHECK(marks == std::vector<uint8_t>(4));
}

TEST_CASE("a walk ends where items would weigh nothing, and leaves no mark") {
  std::vector<uint8_t> marks(100);
  std::vector<uint32_t> items;
  for (uint32_t i = 0; i < 100; ++i) items.push_back(i);
  const Visits visits = walk(items, 0.1f, marks);
  CHECK(visits.size() >= 6);
  CHECK(visits.size() <= 7);
  CHECK(marks == std::vector<uint8_t>(100));
}
