#include "trainer/recipes/hrnn.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>

#include "trainer/base/errors.h"
#include "trainer/data/synthetic.h"
#include "trainer/eval/served_bundle.h"
#include "trainer/nn/sequence_model.h"
#include "trainer/recipes/train.h"

using namespace attune;
using namespace attune::trainer;
using Catch::Contains;

namespace {

std::vector<uint8_t> train(const Dataset& data, const std::string& recipe,
                           const std::map<std::string, std::string>& settings,
                           BundlePrecision precision = BundlePrecision::int8) {
  TrainRequest request{Parameters(findRecipe(recipe))};
  request.parameters.set("epochs", "2");
  for (const auto& [name, value] : settings) request.parameters.set(name, value);
  request.precision = precision;
  return trainBundle(data, request);
}

/// Short histories with items that come again.
Dataset visits() {
  return markovWorld({.users = 300, .items = 5, .interactions = 1200, .seed = 2});
}

Dataset walks() { return markovWorld({.users = 60, .items = 20, .interactions = 900, .seed = 2}); }

/// The trainer's network with the weights of a bundle of floats.
class Restored {
 public:
  explicit Restored(const Bundle& bundle)
      : bundle_(bundle),
        model_(configOf(bundle), bundle.itemCount()),
        values_(model_.layout().size()) {
    const HierarchicalGruParameters& network = model_.recurrent;
    readUnit(network.session, 0);
    readUnit(network.user, 1);
    readMatrix(SectionKind::SessionStart, network.start, 0);
    readVector(SectionKind::SessionStartBias, network.startBias);
    readVector(SectionKind::FinalNorm, model_.finalNorm);
    readVector(SectionKind::ItemVectors, model_.itemVectors);
  }

  /// The logits of all items after a history.
  std::vector<double> logits(const PackedBatch& history) const {
    const size_t d = model_.config().hiddenDimension;
    std::vector<float> hidden(history.tokens() * d);
    const ConstMatrix items = model_.itemVectors.in(values_.data());
    SequencePass(model_, nullptr)
        .forward(history, values_.data(), items, {}, {hidden.data(), history.tokens(), d});
    std::vector<double> found;
    for (size_t item = 0; item < items.rows; ++item) {
      double sum = 0;
      for (size_t i = 0; i < d; ++i)
        sum += static_cast<double>(hidden[hidden.size() - d + i]) *
               static_cast<double>(items.row(item)[i]);
      found.push_back(sum);
    }
    return found;
  }

 private:
  static SequenceModelConfig configOf(const Bundle& bundle) {
    SequenceModelConfig config;
    config.encoder = SequenceEncoder::hierarchicalGru;
    config.hiddenDimension = bundle.header().recurrent()->dimension();
    return config;
  }
  void readVector(SectionKind kind, const Parameter& to) {
    const auto from = bundle_.floats(kind, to.size()).value();
    std::copy(from.begin(), from.end(), values_.begin() + static_cast<long>(to.offset));
  }
  void readMatrix(SectionKind kind, const Parameter& to, uint32_t unit) {
    const auto from = bundle_.floats(kind, to.size(), unit).value();
    for (size_t i = 0; i < to.rows; ++i)
      for (size_t j = 0; j < to.columns; ++j)
        values_[to.offset + i * to.columns + j] = from[j * to.rows + i];
  }
  void readUnit(const GruParameters& unit, uint32_t index) {
    readMatrix(SectionKind::RecurrentInput, unit.input, index);
    readMatrix(SectionKind::RecurrentState, unit.state, index);
    const auto both =
        bundle_.floats(SectionKind::RecurrentBias, 4 * unit.state.rows, index).value();
    std::copy_n(both.begin(), unit.bias.size(),
                values_.begin() + static_cast<long>(unit.bias.offset));
    std::copy(both.begin() + static_cast<long>(unit.bias.size()), both.end(),
              values_.begin() + static_cast<long>(unit.candidateBias.offset));
  }

  const Bundle& bundle_;
  SequenceModel model_;
  std::vector<float> values_;
};

}  // namespace

TEST_CASE("an hrnn bundle of floats answers as the trainer's network does") {
  const ServedBundle served(
      train(walks(), "hrnn", {{"hidden_dimension", "33"}, {"session_gap_minutes", "2"}},
            BundlePrecision::float32),
      "hrnn");
  const Restored restored(served.engine().bundle());
  Session session(served.engine().items(), 100);
  PackedBatch history;
  history.offsets.push_back(0);
  Scratch scratch;
  int64_t clock = 0;
  for (uint32_t i = 0; i < 30; ++i) {
    const uint32_t item = 7 * i * i % 20;
    const int64_t pause = i % 4 == 3 ? 121 : 120;
    clock += pause;
    REQUIRE(session.record(served.engine().items()[item], "click", clock, 0).ok());
    history.items.push_back(item);
    history.newSession.push_back(pause > 120);
    history.offsets.back() = i + 1;
    const auto logits = restored.logits(history);
    double total = 0;
    for (const double logit : logits) total += std::exp(logit);
    REQUIRE(served.engine().recommend(session, {.numResults = 20}, scratch).ok());
    REQUIRE(scratch.ranked.size() == 20);
    for (const Scored& one : scratch.ranked)
      CHECK(static_cast<double>(one.score) ==
            Approx(std::exp(logits[one.item]) / total).margin(1e-5));
  }
}

TEST_CASE("hrnn's parameters reach the bundle and change what is learned") {
  const Dataset data = walks();
  const auto plain = train(data, "hrnn", {});
  const ServedBundle served(plain, "hrnn");
  const auto* table = served.engine().bundle().header().recurrent();
  CHECK(table->dimension() == 43);
  CHECK(table->window() == 200);
  CHECK(table->session_gap() == 1800);
  for (const auto& [name, value] :
       std::map<std::string, std::string>{{"recency_mask", "false"},
                                          {"bptt", "2"},
                                          {"max_history", "5"},
                                          {"dropout", "0"},
                                          {"session_gap_minutes", "0.5"},
                                          {"learning_rate", "0.01"},
                                          {"hidden_dimension", "32"}}) {
    CAPTURE(name);
    CHECK(train(data, "hrnn", {{name, value}}) != plain);
  }
}

TEST_CASE("passing visitors get two wider networks unless width and number are set") {
  const auto width = [&](const std::map<std::string, std::string>& settings) {
    const ServedBundle served(train(visits(), "hrnn", settings), "hrnn");
    return served.engine().bundle().header().recurrent()->dimension();
  };
  CHECK(width({}) == 2 * 128);
  CHECK(width({{"ensemble_size", "1"}}) == 128);
  CHECK(width({{"hidden_dimension", "43"}}) == 2 * 43);
  CHECK(width({{"hidden_dimension", "43"}, {"ensemble_size", "3"}}) == 3 * 43);
}

TEST_CASE("hrnn tells the width and the number of networks that the data chose") {
  TrainRequest request{Parameters(findRecipe("hrnn"))};
  request.parameters.set("epochs", "1");
  const nlohmann::json told = attune::trainer::train(visits(), request).choices.at("parameters");
  CHECK(told.at("hidden_dimension") == 128);
  CHECK(told.at("ensemble_size") == 2);
  CHECK_FALSE(told.contains("epochs"));
}

TEST_CASE("an ensemble that was interrupted goes on to the same bytes") {
  TrainRequest request{Parameters(findRecipe("hrnn"))};
  for (const auto& [name, value] : std::map<std::string, std::string>{
           {"epochs", "2"}, {"hidden_dimension", "32"}, {"ensemble_size", "3"}})
    request.parameters.set(name, value);
  const auto whole = trainBundle(walks(), request);
  const std::string path =
      (std::filesystem::temp_directory_path() / "attune-ensemble-test").string();
  request.options.checkpointPath = path;
  CHECK(trainBundle(walks(), request) == whole);
  // As if it had stopped while the third network was trained, which begins anew.
  for (const char* pass : {".choose", ".refit", ".refit2"})
    CHECK(std::filesystem::exists(path + pass));
  REQUIRE(std::filesystem::remove(path + ".refit3"));
  request.options.resume = true;
  CHECK(trainBundle(walks(), request) == whole);
  for (const char* pass : kPasses) std::filesystem::remove(path + pass);
}

TEST_CASE("hrnn-coldstart recommends cold items alone") {
  Dataset data = walks();
  const uint32_t fresh = data.items.add("fresh"), rare = data.items.add("rare");
  data.itemColumns.clear();
  data.interactions.user.push_back(0);
  data.interactions.item.push_back(rare);
  data.interactions.timestamp.push_back(data.interactions.timestamp.back());
  data.interactions.eventType.push_back(StringTable::kNone);
  data.interactions.eventValue.push_back(0);
  const ServedBundle served(
      train(data, "hrnn-coldstart",
            {{"cold_start_max_interactions", "1"}, {"hidden_dimension", "32"}}),
      "hrnn-coldstart");
  Session session(served.engine().items(), 10);
  Scratch scratch;
  for (int events = 0; events < 3; ++events) {
    REQUIRE(served.engine().recommend(session, {.numResults = 25}, scratch).ok());
    std::set<std::string_view> ids;
    double sum = 0;
    for (const Scored& one : scratch.ranked) {
      ids.insert(served.engine().items()[one.item]);
      sum += static_cast<double>(one.score);
    }
    CHECK(ids == std::set<std::string_view>{data.items[fresh], data.items[rare]});
    CHECK(sum == Approx(1).epsilon(1e-3));
    REQUIRE(session.record(data.items[3], "click", events, 0).ok());
  }
  CHECK_THROWS_WITH(train(walks(), "hrnn-coldstart", {}), Contains("no item is cold"));
}

TEST_CASE("hrnn on one user and one item gives a model that answers") {
  Dataset data;
  data.users.add("u");
  data.items.add("i");
  for (int i = 0; i < 5; ++i) {
    data.interactions.user.push_back(0);
    data.interactions.item.push_back(0);
    data.interactions.timestamp.push_back(7 + i);
    data.interactions.eventType.push_back(StringTable::kNone);
    data.interactions.eventValue.push_back(0);
  }
  const ServedBundle served(train(data, "hrnn", {}), "hrnn");
  Session session(served.engine().items(), 10);
  Scratch scratch;
  REQUIRE(session.record("i", "", 7, 0).ok());
  REQUIRE(served.engine().recommend(session, {}, scratch).ok());
  REQUIRE(scratch.ranked.size() == 1);
  CHECK(scratch.ranked[0].score == Approx(1));
}

TEST_CASE(
    "a learning rate of one and a wrong dimension give a model of finite numbers or a reason") {
  for (const char* wrong : {"31", "257", "43.5", "-43", ""})
    CHECK_THROWS_WITH(train(walks(), "hrnn", {{"hidden_dimension", wrong}}),
                      Contains("a whole number from 32 to 256"));
  const ServedBundle served(train(walks(), "hrnn", {{"learning_rate", "1"}}), "hrnn");
  Session session(served.engine().items(), 10);
  REQUIRE(session.record(served.engine().items()[0], "", 7, 0).ok());
  Scratch scratch;
  REQUIRE(served.engine().recommend(session, {}, scratch).ok());
  for (const Scored& one : scratch.ranked) CHECK(std::isfinite(one.score));
}

TEST_CASE("hrnn says what training will take, all networks of an ensemble counted") {
  const auto forecast = [](const char* networks) {
    Parameters parameters(findRecipe("hrnn"));
    parameters.set("epochs", "10");
    parameters.set("ensemble_size", networks);
    return makeRecipe("hrnn")->forecast(visits(), parameters, {}).value();
  };
  const RecipeForecast one = forecast("1"), three = forecast("3");
  CHECK(one.mostPasses == 10 + 4);
  CHECK(three.mostPasses == 10 + 4 + 2 * 10);
  CHECK(one.seconds > 0);
  CHECK(one.mostSeconds >= one.seconds);
  CHECK(one.megabytes > 0);
}
