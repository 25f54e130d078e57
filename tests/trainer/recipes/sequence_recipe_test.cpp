#include "trainer/recipes/sequence_recipe.h"

#include <catch2/catch.hpp>

using namespace attune::trainer;

namespace {

/// `users` histories of `events` items each; every one, or none, ends on the item it began with.
Sequences historiesOf(uint32_t users, uint32_t events, bool comeBack) {
  Sequences sequences;
  for (uint32_t user = 0; user < users; ++user) {
    std::vector<uint32_t> history;
    for (uint32_t i = 0; i < events; ++i) history.push_back(user * events + i);
    if (comeBack) history.back() = history.front();
    sequences.add(history);
  }
  return sequences;
}

SequenceTrainingOptions optionsFor(const Sequences& sequences,
                                   const std::vector<std::pair<std::string, std::string>>& set = {}) {
  Parameters parameters(findRecipe("user-personalization"));
  for (const auto& [name, value] : set) parameters.set(name, value);
  GemmThreads threads(1);
  return trainingFor(parameters, sequences, sequences.items.size(), {}, threads);
}

}  // namespace

TEST_CASE("short histories with items that come again are sessions") {
  CHECK(areSessions(historiesOf(100, 4, true)));
}

TEST_CASE("short histories whose items never come again are of known users") {
  CHECK_FALSE(areSessions(historiesOf(100, 4, false)));
}

TEST_CASE("long histories are no sessions though items come again") {
  CHECK_FALSE(areSessions(historiesOf(100, 8, true)));
}

TEST_CASE("no histories at all are no sessions") { CHECK_FALSE(areSessions(Sequences{})); }

TEST_CASE("sessions are trained on in small steps, with less dropout and without their first item") {
  const SequenceTrainingOptions sessions = optionsFor(historiesOf(40000, 4, true));
  const SequenceTrainingOptions users = optionsFor(historiesOf(40000, 4, false));
  CHECK(sessions.tokensPerBatch == 1024);
  CHECK(users.tokensPerBatch == 1600);
  CHECK(sessions.dropout == Approx(0.3));
  CHECK(users.dropout == Approx(0.5));
  CHECK(sessions.averaging > users.averaging);
  CHECK(sessions.patience < users.patience);
  CHECK_FALSE(sessions.trainStart);
  CHECK(users.trainStart);
}

TEST_CASE("what was set holds for sessions too") {
  const SequenceTrainingOptions options =
      optionsFor(historiesOf(40000, 4, true),
                 {{"dropout", "0.1"}, {"batch_tokens", "5000"}, {"weight_averaging", "0.9"}, {"patience", "7"}});
  CHECK(options.dropout == Approx(0.1));
  CHECK(options.tokensPerBatch == 5000);
  CHECK(options.averaging == Approx(0.9));
  CHECK(options.patience == 7);
}
