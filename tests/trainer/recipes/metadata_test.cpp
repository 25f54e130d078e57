// user-personalization on a world where the right item depends on a user column and on a context
// column: trained, written to a bundle and asked through the engine.
#include <catch2/catch.hpp>
#include <set>

#include "runtime/base/random.h"
#include "tests/trainer/recipes/query_world.h"
#include "trainer/data/split.h"
#include "trainer/eval/evaluator.h"
#include "trainer/eval/histories.h"
#include "trainer/eval/served_bundle.h"
#include "trainer/recipes/train.h"

using namespace attune;
using namespace attune::trainer;

namespace {

std::vector<uint8_t> train(const Dataset& data, const std::vector<std::string>& settings = {}) {
  TrainRequest request{Parameters(findRecipe("user-personalization"))};
  // All epochs: validation leaves seen items out, and here they are the right ones.
  for (const auto& [name, value] : {std::pair{"hidden_dimension", "16"}, {"epochs", "40"},
                                    {"patience", "100"}, {"learning_rate", "0.01"},
                                    {"weight_averaging", "0.9"}})
    request.parameters.set(name, value);
  for (const std::string& name : settings) request.parameters.set(name, "false");
  return trainBundle(data, request);
}

const std::vector<uint8_t>& trained() {
  static const std::vector<uint8_t> bundle = train(queryWorld());
  return bundle;
}

double ndcgWithout(const std::vector<std::string>& settings) {
  const Dataset data = queryWorld();
  const Split split = splitDataset(data, {.protocol = "leave-one-out", .excludeSeen = false});
  const Evaluation evaluation = evaluateBundle(train(split.train, settings), data, split);
  return (*evaluation.find("metrics"))["normalized_discounted_cumulative_gain_at_10"].value;
}

/// The groups ("tv-red") of a user's first five items.
struct Asker {
  ServedBundle served{trained(), "world"};
  Scratch scratch;

  std::multiset<std::string> groups(const Session& session, const std::string& device) {
    QueryRows context;
    if (!device.empty()) REQUIRE(served.engine().setContext(context, "DEVICE", device).value());
    ListRequest request;
    request.numResults = kItemsPerGroup;
    request.context = &context;
    REQUIRE(served.engine().recommend(session, request, scratch).ok());
    std::multiset<std::string> found;
    for (const Scored& one : scratch.ranked) {
      const std::string id(served.engine().items()[one.item]);
      found.insert(id.substr(0, id.rfind('-')));
    }
    return found;
  }
};

}  // namespace

TEST_CASE("context that decides the right item is learned, and is of no use when it is left out") {
  // One of five items is right with the context, one of ten without it.
  CHECK(ndcgWithout({}) > 0.55);
  CHECK(ndcgWithout({"use_context"}) < 0.49);
}

TEST_CASE("a user without events gets lists by attributes and context, and the first event moves them") {
  Asker asker;
  for (const char* taste : {"red", "blue"})
    for (const char* device : {"phone", "tv"}) {
      CAPTURE(taste, device);
      Session session(asker.served.engine().items(), 10);
      REQUIRE(asker.served.engine().setAttribute(session, "TASTE", taste).value());
      CHECK(asker.groups(session, device).count(std::string(device) + "-" + taste) == kItemsPerGroup);
    }
  Session session(asker.served.engine().items(), 10);
  REQUIRE(session.record("tv-blue-1", "", 1, 0).ok());
  CHECK(asker.groups(session, "tv").count("tv-blue") == kItemsPerGroup);
  CHECK(asker.groups(session, "phone").count("phone-blue") == kItemsPerGroup);
  REQUIRE(session.record("phone-red-1", "", 2, 0).ok());
  REQUIRE(session.record("tv-red-1", "", 3, 0).ok());
  CHECK(asker.groups(session, "tv").count("tv-red") >= 4);
}

TEST_CASE("numbers of a user say what their interval says, those never met too") {
  Asker asker;
  for (const auto& [age, taste] : {std::pair{"18", "blue"}, {"-3.5", "blue"}, {"51", "red"}, {"1e3", "red"}}) {
    CAPTURE(age);
    Session session(asker.served.engine().items(), 10);
    REQUIRE(asker.served.engine().setAttribute(session, "age", age).value());
    CHECK(asker.groups(session, "tv").count(std::string("tv-") + taste) >= 4);
  }
}

TEST_CASE("a stored user is asked for with the stored metadata") {
  Asker asker;
  const StoredHistories stored([] {
    Dataset data = queryWorld();
    data.interactions = {};
    Column device{.name = "DEVICE", .kind = ColumnKind::categorical};
    device.offsets = {0};
    data.interactions.columns = {device};
    return data;
  }());
  for (const uint32_t user : {0u, 1u}) {
    const auto session = stored.sessionOf("u" + std::to_string(user), asker.served.engine());
    REQUIRE(session.ok());
    CHECK(session.value().events().empty());
    CHECK(asker.groups(session.value(), "phone").count(std::string("phone-") + tasteOf(user)) == kItemsPerGroup);
  }
}

TEST_CASE("weights of events choose what is foretold") {
  Dataset data;  // users look at one thing and take another in turn
  Random random(3, 3);
  Interactions& events = data.interactions;
  for (int64_t round = 0; round < 7; ++round)
    for (uint32_t user = 0; user < 800; ++user) {
      const bool isLook = round % 2 == 1;
      const std::string taken = "take-" + std::to_string(random.below(20));
      events.user.push_back(data.users.add("u" + std::to_string(user)));
      events.item.push_back(data.items.add(isLook ? "look-" + std::to_string(round) : taken));
      events.timestamp.push_back(round);
      events.eventType.push_back(data.eventTypes.add(isLook ? "Look" : "Take"));
      events.eventValue.push_back(0);
      events.weight.push_back(isLook ? 0.0f : 1.0f);
    }
  const auto shareOfLook = [&] {
    const ServedBundle served(train(data), "weights");
    const Vocabulary& items = served.engine().items();
    Session session(items, 10);
    REQUIRE(session.record("take-1", "Take", 1, 0).ok());
    Scratch scratch;
    const std::vector<uint32_t> asked{items.find("look-1"), items.find("take-2")};
    REQUIRE(served.engine().rank(session, asked, scratch).ok());
    const Scored& best = scratch.ranked[0];
    return best.item == asked[0] ? best.score : scratch.ranked[1].score;
  };
  CHECK(shareOfLook() < 0.05f);
  events.weight.clear();
  CHECK(shareOfLook() > 0.2f);
}
