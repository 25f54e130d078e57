#include "trainer/nn/item_vectors.h"

#include <catch2/catch.hpp>
#include <numeric>
#include <vector>

#include "tests/trainer/nn/gradient_check.h"

using namespace attune::trainer;

namespace {

constexpr size_t kItems = 5, kFeatures = 3, kWidth = 18;

/// Item 0 has no feature, item 2 has two, feature 1 belongs to three items.
ItemFeatures someFeatures() {
  return {{0, 0, 1, 3, 4, 5}, {1, 0, 1, 2, 1}, {1.0f, 0.5f, 2.0f, 1.0f, -1.0f}, kFeatures};
}

}  // namespace

TEST_CASE("an item's vector is its own plus its weighted features") {
  const auto own = randomNumbers(kItems * kWidth, 1),
             feature = randomNumbers(kFeatures * kWidth, 2);
  std::vector<float> out(kItems * kWidth);
  itemVectorsForward({own.data(), kItems, kWidth}, {feature.data(), kFeatures, kWidth},
                     someFeatures(), {}, {out.data(), kItems, kWidth}, nullptr);
  for (size_t j = 0; j < kWidth; ++j) {
    CHECK(out[j] == own[j]);
    CHECK(out[2 * kWidth + j] ==
          Approx(own[2 * kWidth + j] + 0.5f * feature[j] + 2 * feature[kWidth + j]));
  }
}

TEST_CASE("item vectors' gradients are their finite differences, id dropout included") {
  auto own = randomNumbers(kItems * kWidth, 3), feature = randomNumbers(kFeatures * kWidth, 4);
  const auto up = randomNumbers(kItems * kWidth, 5);
  const ItemFeatures features = someFeatures();
  for (const IdDropout dropout : {IdDropout{}, IdDropout{3, 1, 0.5f}}) {
    std::vector<float> out(kItems * kWidth);
    const auto loss = [&] {
      itemVectorsForward({own.data(), kItems, kWidth}, {feature.data(), kFeatures, kWidth},
                         features, dropout, {out.data(), kItems, kWidth}, nullptr);
      return weightedSum(out, up);
    };
    std::vector<float> dOwn(own.size(), 0.0f), dFeature(feature.size(), 0.0f);
    itemVectorsBackward({up.data(), kItems, kWidth}, features, dropout,
                        {dOwn.data(), kItems, kWidth}, {dFeature.data(), kFeatures, kWidth},
                        nullptr);
    checkGradient(own, dOwn, loss);
    checkGradient(feature, dFeature, loss);
  }
}

TEST_CASE("items without events are those with features that training never sees") {
  const std::vector<uint32_t> seen = {2, 4, 2};
  CHECK(itemsWithoutEvents(someFeatures(), seen) == std::vector<uint32_t>{1, 3});
  CHECK(itemsWithoutEvents(someFeatures(), std::vector<uint32_t>{1, 2, 3, 4}).empty());
  CHECK(itemsWithoutEvents({}, seen).empty());
}

TEST_CASE("id dropout takes its share of items, others at every step") {
  size_t dropped = 0, same = 0;
  for (size_t item = 0; item < 10'000; ++item) {
    const bool now = IdDropout{1, 1, 0.2f}.drops(item);
    dropped += now;
    same += now && IdDropout{1, 2, 0.2f}.drops(item);
    CHECK_FALSE(IdDropout{1, 1, 0}.drops(item));
  }
  CHECK(dropped == Approx(2000).margin(160));  // four standard deviations
  CHECK(same == Approx(400).margin(80));
}

TEST_CASE("rows gathered and scattered come back multiplied, repeated rows added up") {
  const auto table = randomNumbers(4 * kWidth, 6);
  const std::vector<uint32_t> indices = {3, 1, 3};
  std::vector<float> rows(3 * kWidth), back(4 * kWidth, 0.0f);
  gatherRows({table.data(), 4, kWidth}, indices, 2, {rows.data(), 3, kWidth});
  scatterRows({rows.data(), 3, kWidth}, indices, 3, {back.data(), 4, kWidth}, nullptr);
  for (size_t j = 0; j < kWidth; ++j) {
    CHECK(back[j] == 0);
    CHECK(back[kWidth + j] == Approx(6 * table[kWidth + j]));
    CHECK(back[3 * kWidth + j] == Approx(12 * table[3 * kWidth + j]));
  }
}

TEST_CASE("scattering has the same bits on any number of threads") {
  constexpr size_t kTokens = 3000;
  const auto rows = randomNumbers(kTokens * kWidth, 7);
  std::vector<uint32_t> indices(kTokens);
  for (size_t i = 0; i < kTokens; ++i) indices[i] = static_cast<uint32_t>(i * i % 7);
  std::vector<float> alone(7 * kWidth, 0.0f), together(7 * kWidth, 0.0f);
  GemmThreads threads(3);
  scatterRows({rows.data(), kTokens, kWidth}, indices, 1, {alone.data(), 7, kWidth}, nullptr);
  scatterRows({rows.data(), kTokens, kWidth}, indices, 1, {together.data(), 7, kWidth}, &threads);
  CHECK(alone == together);
}
