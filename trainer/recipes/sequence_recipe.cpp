#include "trainer/recipes/sequence_recipe.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "trainer/nn/training_forecast.h"
#include "trainer/recipes/sequence_fit.h"

namespace attune::trainer {
namespace {

/// Steps an epoch should have about, where the data suffice for batches that use the processor
/// well.
constexpr size_t kStepsPerEpoch = 100;
constexpr size_t kLeastBatchTokens = 512;
constexpr size_t kMostBatchTokens = 12800;
constexpr double kAveraging = 0.995;
constexpr uint64_t kPatience = 10;

/// Sessions are learned from in many small steps with a mean over about two epochs of them, with
/// less dropout, and without guessing the first item. Chosen on the last eighth of Yoochoose's
/// training sessions, all steps of each: HR@20 0.678, MRR@20 0.278 after eight epochs of the large
/// steps, 0.710, 0.303 so.
constexpr size_t kSessionBatchTokens = 1024;
constexpr double kSessionAveraging = 0.999;
constexpr uint64_t kSessionPatience = 3;  // of several hundred steps each
constexpr double kSessionDropout = 0.3;
constexpr double kSessionEvents = 8;  // on average, fewer than a history of a known user has

/// Few events an item ask for much dropout: 0.2 from 300 events an item on, 0.1 more for each
/// halving, at most 0.5. Chosen on the validation events of ML-1M (293) and Amazon Beauty (16).
double dropoutFor(size_t events, size_t items) {
  const double each = static_cast<double>(events) / static_cast<double>(std::max<size_t>(1, items));
  return std::clamp(0.2 + 0.1 * std::log2(300 / std::max(1.0, each)), 0.2, 0.5);
}

size_t integer(const Parameters& p, const char* name) {
  return static_cast<size_t>(p.integer(name));
}

}  // namespace

bool areSessions(const Sequences& sequences) {
  const auto events = static_cast<double>(sequences.items.size());
  return events < kSessionEvents * static_cast<double>(sequences.users()) && usersRepeat(sequences);
}

SequenceTrainingOptions trainingFor(const Parameters& p, const Sequences& sequences, size_t items,
                                    const TrainOptions& options, GemmThreads& threads) {
  const size_t events = sequences.items.size();
  SequenceTrainingOptions training;
  training.epochs = integer(p, "epochs");
  training.learningRate = p.number("learning_rate");
  const bool sessions = areSessions(sequences);
  training.patience = sessions ? kSessionPatience : kPatience;
  if (p.has("patience")) training.patience = static_cast<uint64_t>(p.integer("patience"));
  training.averaging = sessions ? kSessionAveraging : kAveraging;
  if (p.has("weight_averaging")) training.averaging = p.number("weight_averaging");
  const double dropout = sessions ? kSessionDropout : dropoutFor(events, items);
  training.dropout = static_cast<float>(p.has("dropout") ? p.number("dropout") : dropout);
  const size_t mostTokens = sessions ? kSessionBatchTokens : kMostBatchTokens;
  training.tokensPerBatch =
      p.has("batch_tokens") ? integer(p, "batch_tokens")
                            : std::clamp(events / kStepsPerEpoch, kLeastBatchTokens, mostTokens);
  training.trainStart = !sessions;
  training.excludeSeen = !usersRepeat(sequences);
  training.seed = options.seed;
  training.threads = &threads;
  if (options.progress == nullptr) return training;
  training.onEpoch = [progress = options.progress](const EpochProgress& epoch) {
    progress->update(static_cast<double>(epoch.record.epoch) / static_cast<double>(epoch.epochs),
                     describe(epoch, epoch.epochs));
  };
  return training;
}

nlohmann::json leftToData(const Parameters& p, const SequenceTrainingOptions& training,
                          const nlohmann::json& more) {
  nlohmann::json values = {{"patience", training.patience},
                           {"weight_averaging", training.averaging},
                           {"dropout", std::round(1e4 * double{training.dropout}) / 1e4},
                           {"batch_tokens", training.tokensPerBatch}};
  values.update(more);
  const nlohmann::json all = p.toJson();
  nlohmann::json left = nlohmann::json::object();
  for (const auto& [name, given] : all.items())
    if (given.is_null() && values.contains(name)) left[name] = values[name];
  return left;
}

std::string describe(const EpochProgress& epoch, uint64_t epochs) {
  const double left = static_cast<double>(epochs - epoch.record.epoch) *
                      (epoch.trainingSeconds + epoch.validationSeconds);
  char quality[60] = "";
  if (epoch.validates)
    std::snprintf(quality, sizeof quality, "validation NDCG@10 %.4f, ", epoch.record.ndcgAt10);
  char text[200];
  std::snprintf(
      text, sizeof text, "epoch %llu, loss %.3f, %s%s interactions/s, at most %.0f min left",
      static_cast<unsigned long long>(epoch.record.epoch), epoch.record.loss, quality,
      withThousands(static_cast<uint64_t>(epoch.interactionsPerSecond)).c_str(), left / 60);
  return text;
}

RecipeForecast forecastPasses(const SequenceModel& model, const Sequences& sequences,
                              const ItemFeatures& features, const SequenceTrainingOptions& training,
                              bool goesOn, size_t others) {
  TrainingWork work = workOf(model, sequences, training);
  if (model.config().encoder == SequenceEncoder::hierarchicalGru)
    work.usualBestEpoch = UsualBestEpoch::recurrent;
  if (areSessions(sequences)) work.usualBestEpoch = UsualBestEpoch::sessions;
  const TrainingForecast first =
      forecastTraining(measureTrainingSpeed(model, sequences, features, training), work,
                       trainingMegabytes(model, sequences, training));
  const auto further = [&](uint64_t best) {
    return (goesOn ? epochsFrom(best) : best) + others * best;
  };
  const uint64_t best = work.validatedUsers > 0 ? std::min(first.usualEpochs, work.usualBestEpoch)
                                                : first.usualEpochs;
  const uint64_t usual = first.usualEpochs + further(best);
  const uint64_t most = first.mostEpochs + further(first.mostEpochs);
  return {first.secondsPerEpoch * static_cast<double>(usual),
          first.secondsPerEpoch * static_cast<double>(most), first.megabytes, usual, most};
}

std::vector<float> transposed(ConstMatrix matrix) {
  std::vector<float> out(matrix.rows * matrix.columns);
  for (size_t i = 0; i < matrix.rows; ++i)
    for (size_t j = 0; j < matrix.columns; ++j)
      out[j * matrix.rows + i] = matrix.data[i * matrix.columns + j];
  return out;
}

void writeItemVectors(std::span<const float> vectors, size_t dimension, const ItemOrder& order,
                      BundlePrecision precision, BundleBuilder& bundle) {
  std::vector<float> ordered;
  for (const uint32_t item : order.toDataset) {
    const auto row = vectors.subspan(item * dimension, dimension);
    ordered.insert(ordered.end(), row.begin(), row.end());
  }
  addMatrix(SectionKind::ItemVectors, ordered, dimension, (dimension + 15) / 16 * 16, precision, 0,
            bundle);
}

}  // namespace attune::trainer
