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

constexpr size_t kCount = 20000;

/// Scores of which a sample of one group of 16 in 64 says the truth, too much and too little: high ones
/// everywhere, only where it looks, and only where it does not.
std::vector<std::vector<float>> scoresToSample(uint64_t seed) {
  Random random(seed);
  std::vector<float> even(kCount), crowded(kCount, 0.0f), masked(kCount, -kInfinity);
  for (float& score : even) score = random.normal();
  for (size_t i = 0; i < kCount; ++i) {
    if (i % 1024 < 16) crowded[i] = even[i] + 100;
    if (i % 1024 >= 16) masked[i] = even[i];
  }
  return {even, crowded, masked};
}

}  // namespace

TEST_CASE("topK equals sorting where a sample sets the threshold, even if the sample misleads") {
  constexpr size_t k = 1000;
  for (const auto& scores : scoresToSample(3)) CHECK(found(scores, k) == sorted(scores, k));
}

TEST_CASE("topK with a mask equals sorting what passes, where a sample sets the threshold") {
  constexpr uint32_t k = 600;
  Random random(4);
  std::vector<float> scores(kCount), passing(kCount, -kInfinity);
  std::vector<uint8_t> passes(kCount), truth(kCount);
  for (uint32_t i = 0; i < kCount; ++i) {
    scores[i] = random.normal();
    truth[i] = random.below(3) == 0;
    if (truth[i] != 0) passing[i] = scores[i];
  }
  struct Judge {
    std::vector<uint8_t>& passes;
    std::vector<uint8_t>& truth;
  } judge{passes, truth};
  const auto run = [](void* judged, uint32_t begin, uint32_t end) {
    auto& one = *static_cast<Judge*>(judged);
    std::copy(one.truth.begin() + begin, one.truth.begin() + end, one.passes.begin() + begin);
  };
  const LazyMask mask{passes.data(), run, &judge};
  Buffer<Scored> out;
  REQUIRE(topK(scores, k, out, &mask).ok());
  std::vector<uint32_t> items;
  for (const Scored& one : out) items.push_back(one.item);
  CHECK(items == sorted(passing, k));
}

TEST_CASE("about the k best are the k best and at most as many more, also if the sample misleads") {
  constexpr size_t k = 1000;
  std::vector<std::vector<float>> all = scoresToSample(5);
  std::vector<float>& few = all.emplace_back(all[0]);
  for (size_t i = 0; i < kCount; ++i)
    if (i % 50 != 0) few[i] = -kInfinity;
  for (const auto& scores : all) {
    Buffer<Scored> out;
    REQUIRE(chooseAbout(scores, k, out).ok());
    std::vector<uint32_t> items;
    for (const Scored& one : out) items.push_back(one.item);
    CHECK(items.size() <= 2 * k);
    std::sort(items.begin(), items.end());
    for (const uint32_t item : sorted(scores, k))
      CHECK(std::binary_search(items.begin(), items.end(), item));
  }
}

TEST_CASE("keepBest leaves the best, sorted, and all where there are fewer") {
  Buffer<Scored> ranked;
  for (const float score : {1.0f, 5.0f, 3.0f, 5.0f}) REQUIRE(ranked.push({static_cast<uint32_t>(ranked.size()), score}).ok());
  keepBest(ranked, 3);
  REQUIRE(ranked.size() == 3);
  CHECK(ranked[0].item == 1);
  CHECK(ranked[1].item == 3);
  CHECK(ranked[2].item == 2);
  keepBest(ranked, 9);
  CHECK(ranked.size() == 3);
  keepBest(ranked, 0);
  CHECK(ranked.empty());
}

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

namespace {

/// A mask that is filled in where it is asked for, and remembers what was.
struct Asked {
  std::vector<uint8_t> truth, passes;
  size_t judged = 0;

  explicit Asked(std::vector<uint8_t> mask) : truth(std::move(mask)), passes(truth.size(), 7) {}
  LazyMask lazily() { return {passes.data(), judge, this}; }
  static void judge(void* self, uint32_t begin, uint32_t end) {
    auto& asked = *static_cast<Asked*>(self);
    REQUIRE(begin < end);
    REQUIRE(end <= asked.truth.size());
    std::copy(asked.truth.begin() + begin, asked.truth.begin() + end, asked.passes.begin() + begin);
    asked.judged += end - begin;
  }
};

}  // namespace

TEST_CASE("with a lazy mask topK equals sorting what passes, whatever the share that does") {
  Random random(2);
  for (const uint32_t share : {1u, 2u, 10u, 1000u}) {
    for (const size_t count : {1u, 15u, 16u, 33u, 1000u, 20011u}) {
      std::vector<float> scores(count), masked(count);
      std::vector<uint8_t> truth(count);
      for (size_t i = 0; i < count; ++i) {
        scores[i] = static_cast<float>(random.below(5000));
        truth[i] = random.below(share) == 0;
        masked[i] = truth[i] != 0 ? scores[i] : -kInfinity;
      }
      Asked asked(truth);
      const LazyMask mask = asked.lazily();
      Buffer<Scored> out;
      REQUIRE(topK(scores, 40, out, &mask).ok());
      std::vector<uint32_t> items;
      for (const Scored& one : out) items.push_back(one.item);
      CAPTURE(share, count);
      CHECK(items == sorted(masked, 40));
    }
  }
}

TEST_CASE("a lazy mask is asked about few items where most pass") {
  Random random(3);
  std::vector<float> scores(100000);
  for (float& score : scores) score = static_cast<float>(random.uniform());
  Asked asked(std::vector<uint8_t>(scores.size(), 1));
  const LazyMask mask = asked.lazily();
  Buffer<Scored> out;
  REQUIRE(topK(scores, 25, out, &mask).ok());
  CHECK(asked.judged < scores.size() / 3);
}
