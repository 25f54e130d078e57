#include "trainer/recipes/user_personalization.h"

#include "trainer/base/errors.h"
#include "trainer/recipes/popularity_count.h"
#include "trainer/recipes/sequence_recipe.h"
#include "trainer/recipes/user_histories.h"

namespace attune::trainer {
namespace {

struct Settings {
  explicit Settings(const Parameters& p)
      : model{.hiddenDimension = size(p, "hidden_dimension"),
              .layers = size(p, "layers"),
              .heads = size(p, "heads"),
              .feedForward = 2 * size(p, "hidden_dimension"),
              .maxHistory = size(p, "max_history")},
        batchTokens(size(p, "batch_tokens")),
        minPercentile(p.number("min_user_history_length_percentile")),
        maxPercentile(p.number("max_user_history_length_percentile")) {
    if (model.hiddenDimension % model.heads != 0)
      throw UserError("recipe user-personalization: hidden_dimension must be a multiple of heads");
    training.epochs = size(p, "epochs");
    training.patience = size(p, "patience");
    training.averaging = p.number("weight_averaging");
    training.learningRate = p.number("learning_rate");
    training.dropout = static_cast<float>(p.number("dropout"));
  }
  static size_t size(const Parameters& p, const char* name) {
    return static_cast<size_t>(p.integer(name));
  }

  SequenceModelConfig model;
  SequenceTrainingOptions training;
  size_t batchTokens;
  double minPercentile;
  double maxPercentile;
};

Sequences sequencesOf(const Dataset& data, const Settings& settings) {
  return userHistories(data, {.minPercentile = settings.minPercentile,
                              .maxPercentile = settings.maxPercentile});
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
    writeItemVectors(items_, config.hiddenDimension, order, precision, bundle);
    for (uint32_t layer = 0; layer < config.layers; ++layer)
      writeLayer(layer, precision, bundle);
    addVector(SectionKind::FinalNorm, model_.finalNorm, 0, bundle);
    writeCounts(counts_, order, bundle);
  }

 private:
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
  prepareTraining(options, sequences.items.size(), settings.batchTokens, threads,
                  settings.training);
  const TrainedSequenceModel trained = trainSequenceModel(model, sequences, {}, settings.training);
  return std::make_unique<TransformerWeights>(
      model, trained.values, fullItemVectors(model, trained.values.data(), {}, &threads),
      countUsers(data));
}

}  // namespace attune::trainer
