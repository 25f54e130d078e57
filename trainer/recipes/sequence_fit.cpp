#include "trainer/recipes/sequence_fit.h"

#include <algorithm>

#include "trainer/base/errors.h"
#include "trainer/nn/sequence_validation.h"
#include "trainer/recipes/baskets.h"

namespace attune::trainer {
namespace {

/// Cases that a blend is fitted to: enough for its four weights, and so many that the fit takes
/// seconds.
constexpr size_t kLeastBlendCases = 30;
constexpr size_t kMostBlendCases = 3000;
constexpr size_t kBlendScores = 40'000'000;  // cases x items
/// Neighbours an item: short lists, because a device downloads them; long ones where that lifts the
/// held-out NDCG@10 by so much.
constexpr uint32_t kShortLists = 20, kLongLists = 50;
constexpr double kLongListsGain = 1.05;
constexpr double kRepeatingUsers = 0.02;
/// Nats that a blend must gain on the held-back events in all: twice its number of weights, more
/// than chance would give them (a likelihood-ratio test at about 0.3 %).
constexpr double kLeastGain = 8;

/// At most `count` of the held-out cases, evenly spread.
HeldOut sampled(HeldOut held, size_t count) {
  const size_t all = held.users.size();
  if (all <= count) return held;
  RowLists rows;
  for (size_t i = 0; i < count; ++i) {
    const size_t from = i * all / count;
    held.users[i] = held.users[from];
    held.targets[i] = held.targets[from];
    if (!held.weights.empty()) held.weights[i] = held.weights[from];
    if (!held.queryRows.empty()) rows.add(held.queryRows.of(from));
  }
  held.users.resize(count);
  held.targets.resize(count);
  if (!held.weights.empty()) held.weights.resize(count);
  held.queryRows = std::move(rows);
  return held;
}

std::vector<uint32_t> userCounts(const Baskets& baskets) {
  std::vector<uint32_t> counts;
  for (uint32_t item = 0; item < baskets.itemCount(); ++item)
    counts.push_back(static_cast<uint32_t>(baskets.usersOf(item).size()));
  return counts;
}

NeighbourLists neighboursOf(const Baskets& baskets, uint32_t length, unsigned threads) {
  return findNeighbours(baskets, {.maxNeighbours = length, .threads = threads});
}

void shorten(NeighbourLists& lists, size_t length) {
  for (auto& list : lists)
    if (list.size() > length) list.resize(length);
}

void chooseBlend(const SequenceModel& model, const std::vector<float>& values,
                 const Sequences& sequences, const ItemFeatures& features,
                 const SequenceTrainingOptions& training, unsigned threads,
                 SequenceChoices& choices) {
  const size_t cases = std::clamp(kBlendScores / model.items(), size_t{200}, kMostBlendCases);
  const HeldOut held =
      sampled(holdOutLast(sequences, training.validationUsers, training.seed), cases);
  if (held.users.size() < kLeastBlendCases) return;
  const size_t d = model.config().hiddenDimension;
  const std::vector<float> vectors =
      fullItemVectors(model, values.data(), features, training.threads);
  const ConstMatrix items(vectors.data(), model.items(), d);
  std::vector<float> states(held.users.size() * d);
  const Matrix hidden(states.data(), held.users.size(), d);
  const std::vector<PointedItems> pointed = encodeHistories(
      model, values.data(), items, held.training, held.users, training.threads, hidden);
  addQueryFeatures(model.queryVectors.in(values.data()), held.queryRows, {}, hidden,
                   training.threads);
  const Baskets baskets(held.training, static_cast<uint32_t>(model.items()));
  NeighbourLists lists = neighboursOf(baskets, kLongLists, threads);
  const std::vector<uint32_t> counts = userCounts(baskets);
  const auto fit = [&] {
    return fitBlend(
        {held, hidden, pointed, items, lists, counts, training.excludeSeen, training.threads});
  };
  const FittedBlend withLong = fit();
  shorten(lists, kShortLists);
  FittedBlend fitted = fit();
  const bool isLong = withLong.ndcgAt10 > kLongListsGain * fitted.ndcgAt10;
  if (isLong) fitted = withLong;
  choices.listLength = isLong ? kLongLists : kShortLists;
  choices.sequenceNdcgAt10 = fitted.sequenceNdcgAt10;
  choices.blends = fitted.gain > kLeastGain && fitted.ndcgAt10 > fitted.sequenceNdcgAt10;
  choices.ndcgAt10 = choices.blends ? fitted.ndcgAt10 : fitted.sequenceNdcgAt10;
  if (choices.blends) choices.blend = fitted.weights;
}

/// `pass` names the checkpoint's file.
TrainedSequenceModel trainPass(const SequenceModel& model, const Sequences& sequences,
                               const ItemFeatures& features, SequenceTrainingOptions training,
                               const TrainOptions& options, const char* pass) {
  if (!options.checkpointPath.empty()) training.checkpointPath = options.checkpointPath + pass;
  training.resume = options.resume;
  return trainSequenceModel(model, sequences, features, training);
}

}  // namespace

uint64_t epochsFrom(uint64_t best) { return std::max<uint64_t>(1, (2 * best + 2) / 5); }

nlohmann::json SequenceChoices::toJson() const {
  nlohmann::json json = {
      {"epochs", epochs}, {"ndcg_at_10", ndcgAt10}, {"sequence_ndcg_at_10", sequenceNdcgAt10}};
  if (blends)
    json["blend"] = {{"sequence", blend.sequence},
                     {"neighbours", blend.neighbours},
                     {"list_length", listLength},
                     {"neighbour_scale", blend.neighbourScale},
                     {"recency_decay", blend.recencyDecay},
                     {"popularity", blend.popularity},
                     {"repeat", blend.repeat}};
  if (!parameters.empty()) json["parameters"] = parameters;
  return json;
}

SequenceChoices SequenceChoices::fromJson(const nlohmann::json& json) {
  SequenceChoices choices;
  try {
    choices.epochs = json.at("epochs");
    choices.ndcgAt10 = json.at("ndcg_at_10");
    choices.sequenceNdcgAt10 = json.at("sequence_ndcg_at_10");
    choices.blends = json.contains("blend");
    if (!choices.blends) return choices;
    const auto& blend = json.at("blend");
    choices.listLength = blend.at("list_length");
    choices.blend = {blend.at("sequence"),      blend.at("neighbours"), blend.at("neighbour_scale"),
                     blend.at("recency_decay"), blend.at("popularity"), blend.at("repeat")};
  } catch (const nlohmann::json::exception& error) {
    throw UserError(std::string("the choices of an earlier training do not fit: ") + error.what());
  }
  return choices;
}

SequenceFit fitSequenceModel(const SequenceModel& model, const Sequences& sequences,
                             const ItemFeatures& features, SequenceTrainingOptions training,
                             Blending blending, const TrainOptions& options) {
  SequenceFit fit;
  if (options.choices.is_null()) {
    TrainedSequenceModel chosen =
        trainPass(model, sequences, features, training, options, kPasses[0]);
    fit.choices.epochs = chosen.bestEpoch;
    fit.values = std::move(chosen.values);
    fit.choices.ndcgAt10 = fit.choices.sequenceNdcgAt10 =
        chosen.bestEpoch > 0 ? chosen.curve.at(chosen.bestEpoch - 1).ndcgAt10 : 0;
    if (blending == Blending::whereItHelps)
      chooseBlend(model, fit.values, sequences, features, training, options.threads, fit.choices);
    if (!options.refit) return fit;
  } else {
    fit.choices = SequenceChoices::fromJson(options.choices);
  }
  training.epochs = std::max<uint64_t>(1, fit.choices.epochs);
  training.validationUsers = 0;
  if (!fit.values.empty()) {
    training.epochs = epochsFrom(fit.choices.epochs);
    training.startValues = std::move(fit.values);
  }
  fit.values = trainPass(model, sequences, features, training, options, kPasses[1]).values;
  return fit;
}

std::vector<float> fitAnother(const SequenceModel& model, const Sequences& sequences,
                              const ItemFeatures& features, SequenceTrainingOptions training,
                              const SequenceChoices& choices, size_t number,
                              const TrainOptions& options) {
  training.epochs = std::max<uint64_t>(1, choices.epochs);
  training.validationUsers = 0;
  training.seed += static_cast<uint64_t>(number) << 32;  // beyond the seeds people choose
  return trainPass(model, sequences, features, training, options, kPasses[1 + number]).values;
}

NeighbourLists blendNeighbours(const Sequences& sequences, uint32_t items, uint32_t length,
                               unsigned threads) {
  return neighboursOf(Baskets(sequences, items), length, threads);
}

bool usersRepeat(const Sequences& sequences) {
  size_t asked = 0, repeating = 0;
  for (size_t user = 0; user < sequences.users(); ++user) {
    const auto history = sequences.of(user);
    if (history.size() < 2) continue;
    ++asked;
    const auto past = history.first(history.size() - 1);
    repeating += std::find(past.begin(), past.end(), history.back()) != past.end();
  }
  return static_cast<double>(repeating) > kRepeatingUsers * static_cast<double>(asked);
}

}  // namespace attune::trainer
