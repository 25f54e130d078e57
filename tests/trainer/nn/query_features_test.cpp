#include "trainer/nn/query_features.h"

#include <catch2/catch.hpp>
#include <vector>

#include "tests/trainer/nn/gradient_check.h"

using namespace attune::trainer;

namespace {

constexpr size_t kWidth = 20, kEvents = 5000, kFeatures = 7;

RowLists someLists() {
  attune::Random random(3, 3);
  RowLists lists;
  for (size_t event = 0; event < kEvents; ++event) {
    std::vector<uint32_t> rows(random.below(4));
    for (uint32_t& row : rows) row = random.below(kFeatures);
    lists.add(rows);
  }
  return lists;
}

}  // namespace

TEST_CASE("an event's result gets the vectors of its features, and the way back is the transpose") {
  const auto vectors = randomNumbers(kFeatures * kWidth, 1);
  RowLists lists;
  lists.add(std::vector<uint32_t>{2, 0});
  lists.add({});
  lists.add(std::vector<uint32_t>{2});
  std::vector<float> hidden(3 * kWidth, 1.0f);
  addQueryFeatures({vectors.data(), kFeatures, kWidth}, lists, {}, {hidden.data(), 3, kWidth}, nullptr);
  for (size_t j = 0; j < kWidth; ++j) {
    CHECK(hidden[j] == 1 + vectors[2 * kWidth + j] + vectors[j]);
    CHECK(hidden[kWidth + j] == 1);
    CHECK(hidden[2 * kWidth + j] == 1 + vectors[2 * kWidth + j]);
  }
  std::vector<float> gradient(kFeatures * kWidth, 0.0f);
  queryFeaturesBackward({hidden.data(), 3, kWidth}, lists, {}, {gradient.data(), kFeatures, kWidth}, nullptr);
  for (size_t j = 0; j < kWidth; ++j) {
    CHECK(gradient[j] == hidden[j]);
    CHECK(gradient[kWidth + j] == 0);
    CHECK(gradient[2 * kWidth + j] == hidden[j] + hidden[2 * kWidth + j]);
  }
}

TEST_CASE("query features have the same bits on one thread and on three, dropped or not") {
  const auto vectors = randomNumbers(kFeatures * kWidth, 1), up = randomNumbers(kEvents * kWidth, 2);
  const RowLists lists = someLists();
  const auto run = [&](GemmThreads* threads) {
    const QueryDropout dropout{1, 2, 0.5f, QueryDropout::Of::context};
    std::vector<float> hidden(kEvents * kWidth), gradient(kFeatures * kWidth);
    addQueryFeatures({vectors.data(), kFeatures, kWidth}, lists, dropout, {hidden.data(), kEvents, kWidth}, threads);
    queryFeaturesBackward({up.data(), kEvents, kWidth}, lists, dropout, {gradient.data(), kFeatures, kWidth}, threads);
    hidden.insert(hidden.end(), gradient.begin(), gradient.end());
    return hidden;
  };
  GemmThreads threads(3);
  CHECK(run(nullptr) == run(&threads));
}

TEST_CASE("user and context are dropped at their rate, each on its own, anew in each step") {
  const auto share = [](const QueryDropout& dropout, const QueryDropout& other) {
    size_t both = 0;
    for (size_t event = 0; event < 20000; ++event) both += dropout.drops(event) && other.drops(event);
    return static_cast<double>(both) / 20000;
  };
  const QueryDropout user{1, 5, 0.5f, QueryDropout::Of::user};
  const QueryDropout context{1, 5, 0.5f, QueryDropout::Of::context};
  const QueryDropout later{1, 6, 0.5f, QueryDropout::Of::user};
  CHECK(share(user, user) == Approx(0.5).margin(0.02));
  CHECK(share(user, context) == Approx(0.25).margin(0.02));
  CHECK(share(user, later) == Approx(0.25).margin(0.02));
  CHECK(share({1, 5, 0}, user) == 0);
}
