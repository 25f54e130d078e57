#include "trainer/recipes/user_personalization.h"

#include <algorithm>
#include <cstdio>

#include "trainer/base/errors.h"
#include "trainer/nn/sequence_trainer.h"
#include "trainer/nn/training_forecast.h"
#include "trainer/recipes/percentiles.h"
#include "trainer/recipes/popularity_count.h"

namespace attune::trainer {
namespace {

/// Steps an epoch should have at least, where the data are too few for full batches.
constexpr size_t kLeastSteps = 20;
constexpr size_t kLeastBatchTokens = 512;

struct Settings {
  explicit Settings(const Parameters& p)
      : model{.hiddenDimension = dimension(p),
              .layers = size(p, "layers"),
              .heads = size(p, "heads"),
              .feedForward = 2 * dimension(p),
              .maxHistory = size(p, "max_history")},
        recencyBias(p.flag(p.has("apply_recency_bias") ? "apply_recency_bias" : "recency_mask")),
        batchTokens(size(p, "batch_tokens")),
        minPercentile(p.number("min_user_history_length_percentile")),
        maxPercentile(p.number("max_user_history_length_percentile")) {
    training.epochs = size(p, "epochs");
    training.patience = size(p, "patience");
    training.averaging = p.number("weight_averaging");
    training.learningRate = p.number("learning_rate");
    training.dropout = static_cast<float>(p.number("dropout"));
  }
  static size_t size(const Parameters& p, const char* name) {
    return static_cast<size_t>(p.integer(name));
  }
  /// Personalize's default is 149, which no number of heads divides.
  static size_t dimension(const Parameters& p) {
    const size_t heads = size(p, "heads");
    return (size(p, "hidden_dimension") + heads - 1) / heads * heads;
  }

  /// What depends on the data and on how the command was called.
  void fit(const Sequences& sequences, const TrainOptions& options, GemmThreads& threads) {
    training.seed = options.seed;
    training.threads = &threads;
    training.tokensPerBatch =
        std::clamp(sequences.items.size() / kLeastSteps, kLeastBatchTokens, batchTokens);
  }

  SequenceModelConfig model;
  bool recencyBias;  ///< the score may also count what was popular lately
  SequenceTrainingOptions training;
  size_t batchTokens;
  double minPercentile;
  double maxPercentile;
};

/// Every user's items in time order, of the users whose number of events is within the percentiles.
Sequences sequencesOf(const Dataset& data, const Settings& settings) {
  const Interactions& events = data.interactions;
  std::vector<std::vector<uint32_t>> histories(data.users.size());
  for (size_t i = 0; i < events.size(); ++i) histories[events.user[i]].push_back(events.item[i]);
  std::vector<uint32_t> lengths;
  for (const auto& history : histories) lengths.push_back(static_cast<uint32_t>(history.size()));
  const CountRange range = percentileRange(lengths, settings.minPercentile, settings.maxPercentile);
  Sequences sequences;
  for (size_t user = 0; user < histories.size(); ++user)
    if (lengths[user] > 0 && range.holds(lengths[user])) sequences.add(histories[user]);
  return sequences;
}

/// `epoch 12, loss 5.83, validation NDCG@10 0.1526, 65,000 interactions/s, 4 min left at most`
std::string describe(const EpochProgress& epoch, uint64_t epochs) {
  const double left = static_cast<double>(epochs - epoch.record.epoch) *
                      (epoch.trainingSeconds + epoch.validationSeconds);
  char text[200];
  std::snprintf(text, sizeof text,
                "epoch %llu, loss %.3f, validation NDCG@10 %.4f, %s interactions/s, at most %.0f min left",
                static_cast<unsigned long long>(epoch.record.epoch), epoch.record.loss,
                epoch.record.ndcgAt10,
                withThousands(static_cast<uint64_t>(epoch.interactionsPerSecond)).c_str(),
                left / 60);
  return text;
}

/// (outputs, inputs) from (inputs, outputs), which is how training keeps a matrix.
std::vector<float> transposed(ConstMatrix matrix) {
  std::vector<float> out(matrix.rows * matrix.columns);
  for (size_t i = 0; i < matrix.rows; ++i)
    for (size_t j = 0; j < matrix.columns; ++j)
      out[j * matrix.rows + i] = matrix.data[i * matrix.columns + j];
  return out;
}

class TransformerWeights : public TrainedModel {
 public:
  TransformerWeights(SequenceModel model, std::vector<float> values, std::vector<float> items,
                     ItemCounts counts)
      : model_(std::move(model)),
        values_(std::move(values)),
        items_(std::move(items)),
        counts_(std::move(counts)) {}

  ModelKind kind() const override { return ModelKind::Transformer; }

  void write(const ItemOrder& order, BundlePrecision precision, BundleBuilder& bundle) const override {
    const SequenceModelConfig& config = model_.config();
    bundle.setTransformer({config.hiddenDimension, config.layers, config.heads, config.feedForward,
                           config.maxHistory, config.normEpsilon, model_.inputScale()});
    writeItems(order, precision, bundle);
    for (uint32_t layer = 0; layer < config.layers; ++layer)
      writeLayer(layer, precision, bundle);
    addVector(SectionKind::FinalNorm, model_.finalNorm, 0, bundle);
    writeCounts(counts_, order, bundle);
  }

 private:
  void writeItems(const ItemOrder& order, BundlePrecision precision, BundleBuilder& bundle) const {
    const size_t d = model_.config().hiddenDimension;
    std::vector<float> ordered;
    for (const uint32_t item : order.toDataset) {
      const auto begin = items_.begin() + static_cast<std::ptrdiff_t>(item * d);
      ordered.insert(ordered.end(), begin, begin + static_cast<std::ptrdiff_t>(d));
    }
    addMatrix(SectionKind::ItemVectors, ordered, d, (d + 15) / 16 * 16, precision, 0, bundle);
  }

  void writeLayer(uint32_t layer, BundlePrecision precision, BundleBuilder& bundle) const {
    const BlockParameters& block = model_.blocks[layer];
    const auto matrix = [&](SectionKind kind, const Parameter& parameter) {
      addMatrix(kind, transposed(parameter.in(values_.data())), parameter.rows, parameter.rows,
                precision, layer, bundle);
    };
    addVector(SectionKind::AttentionNorm, block.attentionNorm, layer, bundle);
    matrix(SectionKind::QueryKeyValue, block.queryKeyValue);
    addVector(SectionKind::DistanceBias, block.distanceBias, layer, bundle);
    matrix(SectionKind::AttentionOut, block.attentionOut);
    addVector(SectionKind::FeedForwardNorm, block.feedForwardNorm, layer, bundle);
    matrix(SectionKind::GateAndUp, block.gateAndUp);
    matrix(SectionKind::Down, block.down);
  }

  void addVector(SectionKind kind, const Parameter& parameter, uint32_t layer,
                 BundleBuilder& bundle) const {
    bundle.add(kind, std::span(values_).subspan(parameter.offset, parameter.size()), layer);
  }

  SequenceModel model_;
  std::vector<float> values_;
  std::vector<float> items_;  // (items, d), features included
  ItemCounts counts_;
};

}  // namespace

std::unique_ptr<TrainedModel> UserPersonalizationRecipe::train(const Dataset& data,
                                                               const Parameters& parameters,
                                                               const TrainOptions& options) const {
  Settings settings(parameters);
  const Sequences sequences = sequencesOf(data, settings);
  const SequenceModel model(settings.model, data.items.size());
  GemmThreads threads(options.threads);
  settings.fit(sequences, options, threads);
  settings.training.checkpointPath = options.checkpointPath;
  settings.training.resume = options.resume;
  const uint64_t epochs = settings.training.epochs;
  if (options.progress != nullptr)
    settings.training.onEpoch = [&](const EpochProgress& epoch) {
      options.progress->update(
          static_cast<double>(epoch.record.epoch) / static_cast<double>(epochs),
          describe(epoch, epochs));
    };
  const TrainedSequenceModel trained = trainSequenceModel(model, sequences, {}, settings.training);
  return std::make_unique<TransformerWeights>(
      model, trained.values, fullItemVectors(model, trained.values.data(), {}, &threads),
      countUsers(data));
}

std::optional<RecipeForecast> UserPersonalizationRecipe::forecast(const Dataset& data,
                                                                  const Parameters& parameters,
                                                                  const TrainOptions& options) const {
  Settings settings(parameters);
  const Sequences sequences = sequencesOf(data, settings);
  const SequenceModel model(settings.model, data.items.size());
  GemmThreads threads(options.threads);
  settings.fit(sequences, options, threads);
  const TrainingForecast forecast =
      forecastTraining(measureTrainingSpeed(model, sequences, {}, settings.training),
                       workOf(model, sequences, settings.training),
                       trainingMegabytes(model, sequences, settings.training));
  return RecipeForecast{forecast.usualSeconds(), forecast.mostSeconds(), forecast.megabytes,
                        forecast.usualEpochs, forecast.mostEpochs};
}

}  // namespace attune::trainer
