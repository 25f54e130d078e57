#include "trainer/recipes/score_blend.h"

#include <catch2/catch.hpp>

#include "runtime/base/random.h"

using namespace attune;
using namespace attune::trainer;

namespace {

constexpr uint32_t kItems = 40;
constexpr uint32_t kUsers = 200;

/// Users with one past item each, whose held-out item is its neighbour, its successor, with chance
/// `near`, else any. The sequence model knows nothing: its states are noise, unless `wise`.
struct Cases {
  Cases(float near, bool wise, bool repeats = false) : hiddenNumbers(kUsers * kItems) {
    Random random(11, 0);
    for (uint32_t user = 0; user < kUsers; ++user) {
      const uint32_t past = random.below(kItems - 1);
      const uint32_t next = random.uniform() < near ? past + 1 : random.below(kItems);
      held.training.add(std::vector<uint32_t>{past});
      held.users.push_back(user);
      held.targets.push_back(repeats && random.uniform() < 0.9f ? past : next);
      for (uint32_t item = 0; item < kItems; ++item)
        hiddenNumbers[user * kItems + item] =
            wise && item == held.targets.back() ? 5.0f : 0.3f * random.normal();
    }
    for (uint32_t item = 0; item < kItems; ++item) {
      identity.resize(kItems * kItems);
      identity[item * kItems + item] = 1;
      lists.push_back(item + 1 < kItems ? std::vector<Neighbour>{{item + 1, 0.5f}}
                                        : std::vector<Neighbour>{});
    }
    counts.assign(kItems, 5);
  }
  BlendCases view(bool excludeSeen = true) const {
    return {held,
            ConstMatrix(hiddenNumbers.data(), kUsers, kItems),
            pointed,
            ConstMatrix(identity.data(), kItems, kItems),
            lists,
            counts,
            excludeSeen};
  }

  HeldOut held;
  std::vector<PointedItems> pointed;
  std::vector<float> hiddenNumbers, identity;
  NeighbourLists lists;
  std::vector<uint32_t> counts;
};

}  // namespace

TEST_CASE("neighbours get a weight where they foretell what the sequence model does not") {
  const Cases cases(0.8f, false);
  const FittedBlend fitted = fitBlend(cases.view());
  CHECK(fitted.weights.neighbours > 0.5f);
  CHECK(fitted.sequenceNdcgAt10 < 0.3);
  CHECK(fitted.ndcgAt10 > 0.7);
  CHECK(ndcgOf(cases.view(), fitted.weights) == Approx(fitted.ndcgAt10));
}

TEST_CASE("a sequence model that knows everything is left alone in the ranking") {
  const Cases cases(0.0f, true);
  const FittedBlend fitted = fitBlend(cases.view());
  CHECK(fitted.sequenceNdcgAt10 == Approx(1));
  CHECK(fitted.ndcgAt10 > 0.99);
  CHECK(fitted.weights.sequence > 0.5f);
}

TEST_CASE("neighbours that mislead get no weight below 0") {
  Cases cases(0.0f, false);
  for (auto& list : cases.lists)  // a neighbour is what never comes next
    for (Neighbour& one : list) one.item = 0;
  for (uint32_t& target : cases.held.targets) target = std::max(1u, target);
  const FittedBlend fitted = fitBlend(cases.view());
  CHECK(fitted.weights.neighbours >= 0);
  CHECK(fitted.weights.sequence >= 0.1f);
}

TEST_CASE("repeats count where seen items are right answers, and only there") {
  const Cases cases(0.5f, false, true);
  CHECK(fitBlend(cases.view(false)).weights.repeat > 1);
  CHECK(fitBlend(cases.view(false)).ndcgAt10 > 0.8);
  CHECK(fitBlend(cases.view(true)).weights.repeat == 0);
}

TEST_CASE("the fit does not depend on the number of threads") {
  const Cases cases(0.6f, false);
  GemmThreads threads(3);
  BlendCases parallel = cases.view();
  parallel.threads = &threads;
  const BlendWeights one = fitBlend(cases.view()).weights, three = fitBlend(parallel).weights;
  CHECK(one.sequence == three.sequence);
  CHECK(one.neighbours == three.neighbours);
  CHECK(one.popularity == three.popularity);
}

TEST_CASE("what the sequence model points back at is part of its logits") {
  Cases cases(0.0f, false, true);
  const double without = fitBlend(cases.view(false)).sequenceNdcgAt10;
  for (uint32_t i = 0; i < kUsers; ++i)
    cases.pointed.push_back({{cases.held.training.of(i)[0], 4.0f}});
  CHECK(fitBlend(cases.view(false)).sequenceNdcgAt10 > without + 0.3);
}
