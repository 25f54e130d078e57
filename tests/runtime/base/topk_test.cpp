#include "runtime/base/topk.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <limits>
#include <vector>

#include "runtime/base/random.h"

using namespace attune;

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// The definition, by sorting everything.
std::vector<uint32_t> sorted(const std::vector<float>& scores, size_t k) {
  std::vector<Scored> all;
  for (uint32_t i = 0; i < scores.size(); ++i)
    if (scores[i] > -kInfinity) all.push_back({i, scores[i]});
  std::sort(all.begin(), all.end(), ranksBefore);
  std::vector<uint32_t> items;
  for (size_t i = 0; i < std::min(k, all.size()); ++i) items.push_back(all[i].item);
  return items;
}

std::vector<uint32_t> found(const std::vector<float>& scores, size_t k) {
  Buffer<Scored> out;
  REQUIRE(topK(scores, k, out).ok());
  std::vector<uint32_t> items;
  for (const Scored& one : out) items.push_back(one.item);
  return items;
}

}  // namespace

TEST_CASE("topK equals sorting for random scores with many ties, of every size and k") {
  Random random(1);
  for (const size_t count : {0u, 1u, 2u, 15u, 16u, 17u, 255u, 1000u, 5003u}) {
    for (const size_t k : {0u, 1u, 2u, 10u, 63u, 64u, 65u, 1000u, 6000u}) {
      std::vector<float> scores(count);
      for (float& score : scores) score = static_cast<float>(random.below(50));
      CAPTURE(count, k);
      CHECK(found(scores, k) == sorted(scores, k));
    }
  }
}

TEST_CASE("topK of ascending scores, its worst case, equals sorting") {
  std::vector<float> scores(20000);
  for (size_t i = 0; i < scores.size(); ++i) scores[i] = static_cast<float>(i);
  CHECK(found(scores, 100) == sorted(scores, 100));
}

TEST_CASE("equal scores come in ascending order of the items") {
  CHECK(found(std::vector<float>(500, 1.0f), 5) == std::vector<uint32_t>{0, 1, 2, 3, 4});
}

TEST_CASE("masked and NaN scores never qualify, and lists are shorter then") {
  std::vector<float> scores(40, -kInfinity);
  scores[3] = std::nanf("");
  scores[20] = -5;
  scores[39] = std::numeric_limits<float>::lowest();
  CHECK(found(scores, 10) == std::vector<uint32_t>{20, 39});
}
