#include "trainer/recipes/sequence_fit.h"

#include <catch2/catch.hpp>

#include "runtime/serve/engine.h"
#include "tests/support/sample.h"
#include "trainer/base/errors.h"
#include "trainer/data/synthetic.h"
#include "trainer/recipes/train.h"

using namespace attune;
using namespace attune::trainer;
using Catch::Contains;

namespace {

TrainRequest quickRequest() {
  TrainRequest request{Parameters(findRecipe("user-personalization"))};
  request.parameters.set("epochs", "3");
  request.parameters.set("hidden_dimension", "16");
  return request;
}

Dataset smallWorld() {
  return checkerboardWorld({.users = 60, .items = 30, .interactions = 900, .seed = 1});
}

}  // namespace

TEST_CASE("what was chosen can be taken over, and nothing is chosen again") {
  const Dataset data = smallWorld();
  TrainRequest request = quickRequest();
  const TrainedBundle chosen = train(data, request);
  REQUIRE(chosen.choices.at("epochs") >= 1);
  request.options.choices = chosen.choices;
  const TrainedBundle again = train(data, request);
  CHECK(again.choices == chosen.choices);
  CHECK(again.bytes != chosen.bytes);  // from the beginning, not from the weights chosen by
  CHECK(train(data, request).bytes == again.bytes);
}

TEST_CASE(
    "what the data chose in the place of a parameter is told by its name, what was set is not") {
  TrainRequest request = quickRequest();
  request.parameters.set("patience", "2");
  const nlohmann::json told = train(smallWorld(), request).choices.at("parameters");
  CHECK(told.size() == 3);
  CHECK(told.at("batch_tokens") == 512);
  CHECK(told.at("dropout") == 0.5);
  CHECK(told.at("weight_averaging") == 0.995);
}

TEST_CASE("without a second pass the model is the one that was chosen by") {
  const Dataset data = smallWorld();
  TrainRequest request = quickRequest();
  const TrainedBundle both = train(data, request);
  request.options.refit = false;
  const TrainedBundle first = train(data, request);
  CHECK(first.choices == both.choices);
  CHECK(first.bytes != both.bytes);
}

TEST_CASE("choices of another kind are refused by name") {
  TrainRequest request = quickRequest();
  request.options.choices = {{"epochs", 3}};
  CHECK_THROWS_WITH(train(smallWorld(), request), Contains("choices of an earlier training"));
}

TEST_CASE("choices survive JSON") {
  SequenceChoices choices;
  choices.epochs = 7;
  choices.blends = true;
  choices.listLength = 50;
  choices.blend = {0.5f, 2, 0.1f, 0.85f, -0.25f, 0.75f};
  choices.ndcgAt10 = 0.125;
  choices.sequenceNdcgAt10 = 0.0625;
  CHECK(SequenceChoices::fromJson(choices.toJson()).toJson() == choices.toJson());
  choices.blends = false;
  CHECK_FALSE(SequenceChoices::fromJson(choices.toJson()).blends);
}

TEST_CASE("users repeat themselves or they do not") {
  Sequences once, again;
  for (uint32_t user = 0; user < 50; ++user) {
    once.add(std::vector<uint32_t>{user, user + 1, user + 2});
    again.add(std::vector<uint32_t>{user, user + 1, user % 2 == 0 ? user : user + 2});
  }
  CHECK_FALSE(usersRepeat(once));
  CHECK(usersRepeat(again));
  CHECK_FALSE(usersRepeat(Sequences()));
}
