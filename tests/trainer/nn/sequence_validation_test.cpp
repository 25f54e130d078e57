#include "trainer/nn/sequence_validation.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <vector>

#include "tests/trainer/nn/sequence_world.h"

using namespace attune::trainer;

namespace {

Sequences threeUsers() {
  Sequences sequences;
  sequences.add(std::vector<uint32_t>{1, 2, 3});
  sequences.add(std::vector<uint32_t>{4});
  sequences.add(std::vector<uint32_t>{5, 6});
  return sequences;
}

/// A model whose scores are the item biases alone.
struct BiasModel {
  SequenceModelConfig config = [] {
    SequenceModelConfig c = smallConfig();
    c.itemBias = true;
    return c;
  }();
  SequenceModel model{config, kWorldItems};
  std::vector<float> values = std::vector<float>(model.layout().size(), 0.0f);

  float& bias(size_t item) { return values[model.itemBias.offset + item]; }
  RankingQuality quality(const HeldOut& heldOut, bool excludeSeen) const {
    return validate(model, values.data(), model.itemVectors.in(values.data()), heldOut, excludeSeen,
                    nullptr);
  }
};

}  // namespace

TEST_CASE("the last item of each user with two or more is held out") {
  const HeldOut held = holdOutLast(threeUsers(), 100, 1);
  CHECK(held.users == std::vector<uint32_t>{0, 2});
  CHECK(held.targets == std::vector<uint32_t>{3, 6});
  CHECK(held.training.items == std::vector<uint32_t>{1, 2, 4, 5});
  CHECK(held.training.users() == 3);
}

TEST_CASE("histories without their last items keep sessions and weights, and are encoded by them") {
  Sequences sequences = threeUsers();
  sequences.newSession = {1, 0, 1, 1, 1, 0};
  sequences.weights = {1, 2, 3, 4, 5, 6};
  const HeldOut held = holdOutLast(sequences, 100, 1);
  CHECK(held.training.newSession == std::vector<uint8_t>{1, 0, 1, 1});
  CHECK(held.training.weights == std::vector<float>{1, 2, 4, 5});
  SequenceModelConfig config = smallConfig();
  config.encoder = SequenceEncoder::hierarchicalGru;
  const SequenceModel model(config, kWorldItems);
  const std::vector<float> values = model.initialValues(1);
  const auto encoded = [&](const Sequences& histories) {
    std::vector<float> hidden(3 * config.hiddenDimension);
    encodeHistories(model, values.data(), model.itemVectors.in(values.data()), histories,
                    std::vector<uint32_t>{0, 1, 2}, nullptr, {hidden.data(), 3, config.hiddenDimension});
    return hidden;
  };
  const auto before = encoded(sequences);
  sequences.newSession[2] = 0;
  const auto after = encoded(sequences);
  const auto rest = static_cast<long>(config.hiddenDimension);
  CHECK_FALSE(std::equal(before.begin(), before.begin() + rest, after.begin()));
  CHECK(std::equal(before.begin() + rest, before.end(), after.begin() + rest));
}

TEST_CASE("a sample of users is fixed by the seed, and the others keep their last item") {
  const Sequences sequences = walkingUsers(200, 1);
  const HeldOut held = holdOutLast(sequences, 20, 4);
  CHECK(held.users.size() == 20);
  CHECK(std::is_sorted(held.users.begin(), held.users.end()));
  CHECK(held.users == holdOutLast(sequences, 20, 4).users);
  CHECK(held.users != holdOutLast(sequences, 20, 5).users);
  CHECK(held.training.items.size() == sequences.items.size() - 20);
  CHECK(holdOutLast(sequences, 0, 4).users.empty());
}

TEST_CASE("quality is that of the target's rank among the items not seen") {
  BiasModel m;
  const HeldOut held = holdOutLast(threeUsers(), 100, 1);
  for (size_t item = 0; item < kWorldItems; ++item) m.bias(item) = -static_cast<float>(item);
  // User 0: 0 stands above 3 (1 and 2 are seen): rank 2. User 2: 0 to 4 above 6: rank 6.
  CHECK(m.quality(held, true).ndcgAt10 == Approx((1 / std::log2(3.0) + 1 / std::log2(7.0)) / 2));
  CHECK(m.quality(held, true).hitRateAt10 == 1);
  CHECK(m.quality(held, true).ndcgAt100 == m.quality(held, true).ndcgAt10);
  CHECK(m.quality(held, false).ndcgAt10 == Approx((1 / std::log2(5.0) + 1 / std::log2(8.0)) / 2));
}

TEST_CASE("held-out events count by their weight, and those of weight 0 are not asked for") {
  BiasModel m;
  for (size_t item = 0; item < kWorldItems; ++item) m.bias(item) = -static_cast<float>(item);
  Sequences sequences = threeUsers();
  sequences.weights = {1, 1, 3, 1, 1, 1};
  const double first = 1 / std::log2(3.0), second = 1 / std::log2(7.0);
  CHECK(m.quality(holdOutLast(sequences, 100, 1), true).ndcgAt10 ==
        Approx((3 * first + second) / 4));
  sequences.weights = {1, 1, 0, 1, 1, 0.5};
  const HeldOut held = holdOutLast(sequences, 100, 1);
  CHECK(held.users == std::vector<uint32_t>{2});
  CHECK(held.training.items == std::vector<uint32_t>{1, 2, 3, 4, 5});
  CHECK(held.training.weights == std::vector<float>{1, 1, 0, 1, 1});
  CHECK(m.quality(held, true).ndcgAt10 == Approx(second));
}

TEST_CASE("validation knows the user and the context of the event held out") {
  const SequenceModel model(smallConfig(), kWorldItems, 0, 3);
  const auto values = model.initialValues(1);
  Sequences sequences = threeUsers();
  for (const uint32_t row : {0u, 1u, 0u}) sequences.userRows.add(std::vector<uint32_t>{row});
  for (uint32_t event = 0; event < 6; ++event)
    sequences.contextRows.add(event == 2 ? std::vector<uint32_t>{2} : std::vector<uint32_t>{});
  const HeldOut held = holdOutLast(sequences, 100, 1);
  REQUIRE(held.queryRows.offsets == std::vector<uint64_t>{0, 2, 3});
  CHECK(held.queryRows.rows == std::vector<uint32_t>{0, 2, 0});
  CHECK(held.training.contextRows.rows.empty());
  CHECK(held.training.contextRows.offsets.size() == held.training.items.size() + 1);
  auto loud = values;  // a feature that says what was held out makes it certain
  for (size_t j = 0; j < 16; ++j) {
    loud[model.queryVectors.offset + 2 * 16 + j] = 100 * loud[model.itemVectors.offset + 3 * 16 + j];
    loud[model.queryVectors.offset + j] = 0;
  }
  HeldOut one = held;
  one.users = {0};
  one.targets = {3};
  const auto ndcg = [&](const std::vector<float>& numbers) {
    return validate(model, numbers.data(), model.itemVectors.in(numbers.data()), one, true, nullptr)
        .ndcgAt10;
  };
  std::fill_n(loud.begin() + static_cast<std::ptrdiff_t>(model.finalNorm.offset), 16, 0.0f);
  CHECK(ndcg(loud) == 1);
  auto deaf = loud;
  std::fill_n(deaf.begin() + static_cast<std::ptrdiff_t>(model.queryVectors.offset), 48, 0.0f);
  CHECK(ndcg(deaf) == 0);
}

TEST_CASE("a target that ties with everything, or is NaN, counts as missed") {
  BiasModel m;
  const HeldOut held = holdOutLast(threeUsers(), 100, 1);
  CHECK(m.quality(held, true).hitRateAt10 == 0);
  for (size_t item = 0; item < kWorldItems; ++item)
    m.bias(item) = std::numeric_limits<float>::quiet_NaN();
  CHECK(m.quality(held, true).ndcgAt10 == 0);
}

TEST_CASE("histories are encoded by their latest window and an empty one is zeros") {
  const SequenceModel model(smallConfig(), kWorldItems);
  const auto values = model.initialValues(1);
  Sequences sequences;
  std::vector<uint32_t> history(25);
  for (size_t i = 0; i < history.size(); ++i) history[i] = static_cast<uint32_t>(i);
  sequences.add(history);
  sequences.add({});
  sequences.add(std::span(history).last(model.config().maxHistory));
  std::vector<float> hidden(3 * 16, 1.0f);
  encodeHistories(model, values.data(), model.itemVectors.in(values.data()), sequences,
                  std::vector<uint32_t>{0, 1, 2}, nullptr, {hidden.data(), 3, 16});
  for (size_t j = 0; j < 16; ++j) {
    CHECK(hidden[j] == hidden[32 + j]);
    CHECK(hidden[16 + j] == 0);
  }
  CHECK(hidden[0] != 0);
}
