// Worlds whose items belong to clusters that metadata alone tell of the unseen ones.
#include <catch2/catch.hpp>
#include <cmath>
#include <string>
#include <vector>

#include "runtime/base/random.h"
#include "tests/trainer/recipes/item_table.h"
#include "trainer/eval/served_bundle.h"
#include "trainer/recipes/train.h"

using namespace attune;
using namespace attune::trainer;

namespace {

constexpr uint32_t kClusters = 4, kItemsEach = 15, kUnseenEach = 4, kUsers = 240;

uint32_t clusterOf(uint32_t item) { return item % kClusters; }
bool isUnseen(uint32_t item) { return item / kClusters < kUnseenEach; }

/// Users take 6 to 12 items of one cluster at random, and no item that is to stay unseen.
Dataset clusteredWorld(std::vector<Column> columns) {
  Random random(11);
  Dataset data;
  for (uint32_t item = 0; item < kClusters * kItemsEach; ++item)
    data.items.add("i" + std::to_string(item));
  data.listedItems = data.items.size();
  data.itemColumns = std::move(columns);
  Interactions& events = data.interactions;
  for (uint32_t user = 0; user < kUsers; ++user) {
    data.users.add("u" + std::to_string(user));
    for (uint32_t left = 6 + random.below(7); left > 0; --left) {
      const uint32_t place = kUnseenEach + random.below(kItemsEach - kUnseenEach);
      events.user.push_back(user);
      events.item.push_back(place * kClusters + user % kClusters);
      events.timestamp.push_back(static_cast<int64_t>(events.timestamp.size()));
      events.eventType.push_back(StringTable::kNone);
      events.eventValue.push_back(NAN);
    }
  }
  return data;
}

/// One text an item: a word of its cluster among words of none.
std::vector<std::string> texts(const std::vector<std::string>& clusterWords,
                               const std::vector<std::string>& others) {
  Random random(12);
  std::vector<std::string> texts;
  for (uint32_t item = 0; item < kClusters * kItemsEach; ++item)
    texts.push_back(others[random.below(static_cast<uint32_t>(others.size()))] +
                    clusterWords[clusterOf(item)] +
                    others[random.below(static_cast<uint32_t>(others.size()))]);
  return texts;
}

std::vector<Column> categories() {
  Random random(13);
  std::vector<std::vector<std::string>> rows;
  std::vector<double> prices;
  for (uint32_t item = 0; item < kClusters * kItemsEach; ++item) {
    rows.push_back(
        {"colour " + std::to_string(random.below(5)), "kind " + std::to_string(clusterOf(item))});
    prices.push_back(random.below(7) == 0 ? NAN : random.uniform());
  }
  return {categoricalColumn(rows), numericColumn(prices)};
}

/// The score of every item for a user who had three items of the cluster, in the dataset's order.
std::vector<float> scoresFor(uint32_t cluster, const Dataset& data, const Engine& engine) {
  Session session(engine.items(), 200);
  for (const uint32_t place : {6, 9, 12}) {
    const std::string item = "i" + std::to_string(place * kClusters + cluster);
    REQUIRE(session.record(item, "", place, NAN).ok());
  }
  Scratch scratch;
  REQUIRE(engine.recommend(session, {.numResults = 500}, scratch).ok());
  std::vector<float> scores(data.items.size(), NAN);
  for (const Scored& one : scratch.ranked)
    scores[data.items.find(std::string(engine.items()[one.item]))] = one.score;
  return scores;
}

ServedBundle trainedOn(const Dataset& data, const std::string& useMetadata) {
  Parameters parameters(findRecipe("user-personalization"));
  parameters.set("hidden_dimension", "32");
  parameters.set("epochs", "40");
  parameters.set("use_metadata", useMetadata);
  return {trainBundle(data, {parameters}), "cold"};
}

/// The shares of right orders between unseen items of the user's cluster and, first, the unseen
/// items of the other clusters, second, the seen ones of the others.
struct Orders {
  double overUnseen = 0;
  double overSeen = 0;
};

Orders ordersOf(const Dataset& data, const std::string& useMetadata) {
  const ServedBundle served = trainedOn(data, useMetadata);
  double right[2] = {}, pairs[2] = {};  // by whether b is unseen
  for (uint32_t cluster = 0; cluster < kClusters; ++cluster) {
    const std::vector<float> scores = scoresFor(cluster, data, served.engine());
    for (uint32_t a = 0; a < scores.size(); ++a) {
      if (!isUnseen(a) || clusterOf(a) != cluster) continue;
      for (uint32_t b = 0; b < scores.size(); ++b) {
        if (clusterOf(b) == cluster) continue;
        right[isUnseen(b)] += scores[a] > scores[b];
        pairs[isUnseen(b)] += 1;
      }
    }
  }
  return {right[1] / pairs[1], right[0] / pairs[0]};
}

}  // namespace

TEST_CASE("unseen items are ranked by their categories") {
  const Dataset data = clusteredWorld(categories());
  const Orders with = ordersOf(data, "true");
  CHECK(with.overUnseen > 0.9);
  CHECK(with.overSeen > 0.9);
  CHECK(ordersOf(data, "false").overUnseen < 0.8);
}

TEST_CASE("unseen items are ranked by Korean and Japanese texts") {
  const std::vector<std::string> korean = {" 강아지", " 고양이를", " 텀블러", " 이어폰"};
  const std::vector<std::string> koreanOthers = {"예쁜", " 할인 중", " 무료배송", "인기 상품",
                                                 " 2개"};
  const std::vector<std::string> japanese = {"木製椅子", "腕時計", "コーヒー豆", "バスタオル"};
  const std::vector<std::string> japaneseOthers = {"人気の", "送料無料", "新発売", "セール中",
                                                   "お得な"};
  for (const auto& text : {texts(korean, koreanOthers), texts(japanese, japaneseOthers)}) {
    const Orders orders = ordersOf(clusteredWorld({textColumn(text)}), "true");
    CAPTURE(text[0]);
    CHECK(orders.overUnseen > 0.95);
    CHECK(orders.overSeen > 0.95);
  }
}

TEST_CASE("NaN in a number and columns that tell nothing leave a model that ranks") {
  const size_t items = kClusters * kItemsEach;
  std::vector<double> odd(items, NAN);
  odd[3] = odd[4] = 1e308;
  odd[7] = -1e308;
  Column constant = numericColumn(std::vector(items, 1.0));
  constant.name = "WEIGHT";
  const Dataset data =
      clusteredWorld({numericColumn(odd), constant, textColumn(std::vector<std::string>(items))});
  const Orders orders = ordersOf(data, "true");
  CHECK(std::isfinite(orders.overUnseen));
}

TEST_CASE("without metadata use_metadata changes no score") {
  for (const std::vector<Column>& columns :
       {std::vector<Column>{}, {textColumn(std::vector<std::string>(60, "said of all items"))}}) {
    const Dataset data = clusteredWorld(columns);
    const ServedBundle with = trainedOn(data, "true"), without = trainedOn(data, "false");
    CHECK(scoresFor(0, data, with.engine()) == scoresFor(0, data, without.engine()));
  }
}
