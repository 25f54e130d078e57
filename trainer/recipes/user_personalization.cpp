#include "trainer/recipes/user_personalization.h"

#include "trainer/recipes/blend_parts.h"
#include "trainer/recipes/item_features.h"
#include "trainer/recipes/sequence_fit.h"
#include "trainer/recipes/sequence_recipe.h"
#include "trainer/recipes/sequence_update.h"
#include "trainer/recipes/steady_update.h"
#include "trainer/recipes/user_histories.h"

namespace attune::trainer {
namespace {

struct Settings {
  explicit Settings(const Parameters& p)
      : model{.hiddenDimension = dimension(p),
              .layers = size(p, "layers"),
              .heads = size(p, "heads"),
              .feedForward = 2 * dimension(p),
              .maxHistory = size(p, "max_history")},
        query{.users = p.flag("use_metadata"),
              .context = p.flag("use_context"),
              .automatic = p.flag("automatic_context")},
        recencyBias(p.flag(p.has("apply_recency_bias") ? "apply_recency_bias" : "recency_mask")),
        minPercentile(p.number("min_user_history_length_percentile")),
        maxPercentile(p.number("max_user_history_length_percentile")),
        useMetadata(p.flag("use_metadata")) {}
  static size_t size(const Parameters& p, const char* name) {
    return static_cast<size_t>(p.integer(name));
  }
  /// Personalize's default is 149, which no number of heads divides.
  static size_t dimension(const Parameters& p) {
    const size_t heads = size(p, "heads");
    return (size(p, "hidden_dimension") + heads - 1) / heads * heads;
  }

  SequenceModelConfig model;
  QueryTableOptions query;
  bool recencyBias;  ///< what was popular lately may count, and new sessions more than old ones
  double minPercentile;
  double maxPercentile;
  bool useMetadata;
};

Sequences sequencesOf(const Dataset& data, const Settings& settings, const QueryTable& query) {
  HistoryOptions options;
  options.minPercentile = settings.minPercentile;
  options.maxPercentile = settings.maxPercentile;
  options.query = &query;
  Sequences sequences = userHistories(data, options);
  if (!settings.recencyBias || !areSessions(sequences)) return sequences;
  options.recencyWeights = true;
  return userHistories(data, options);
}

/// Where users come back to items, the model learns when and to which.
SequenceModelConfig modelFor(const Settings& settings, const Sequences& sequences) {
  SequenceModelConfig config = settings.model;
  config.pointer = usersRepeat(sequences);
  return config;
}

class TransformerWeights : public TrainedModel {
 public:
  TransformerWeights(SequenceModel model, std::vector<float> values, std::vector<float> items,
                     std::unique_ptr<QueryTable> query, ItemCounts counts, BlendParts blend,
                     SequenceChoices choices)
      : model_(std::move(model)),
        values_(std::move(values)),
        items_(std::move(items)),
        query_(std::move(query)),
        counts_(std::move(counts)),
        blend_(std::move(blend)),
        choices_(choices) {}

  ModelKind kind() const override { return ModelKind::Transformer; }
  nlohmann::json choices() const override { return choices_.toJson(); }

  void write(const ItemOrder& order, BundlePrecision precision,
             BundleBuilder& bundle) const override {
    const SequenceModelConfig& config = model_.config();
    bundle.setTransformer({config.hiddenDimension, config.layers, config.heads, config.feedForward,
                           config.maxHistory, config.normEpsilon, model_.inputScale(),
                           model_.pointer.width()});
    writeItemVectors(items_, config.hiddenDimension, order, precision, bundle);
    for (uint32_t layer = 0; layer < config.layers; ++layer) writeLayer(layer, precision, bundle);
    addVector(SectionKind::FinalNorm, model_.finalNorm, 0, bundle);
    if (!model_.pointer.empty()) writePointer(precision, bundle);
    query_->write(numbersOf(model_.queryVectors), numbersOf(model_.startVector), precision, bundle);
    writeCounts(counts_, order, bundle);
    blend_.write(order, precision, bundle);
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

  void writePointer(BundlePrecision precision, BundleBuilder& bundle) const {
    const Parameter& both = model_.pointer.queryKey;
    addMatrix(SectionKind::PointerQueryKey, transposed(both.in(values_.data())), both.rows,
              both.rows, precision, 0, bundle);
    addVector(SectionKind::PointerBias, model_.pointer.distanceBias, 0, bundle);
  }

  void addVector(SectionKind kind, const Parameter& parameter, uint32_t layer,
                 BundleBuilder& bundle) const {
    bundle.add(kind, numbersOf(parameter), layer);
  }

  std::span<const float> numbersOf(const Parameter& parameter) const {
    return std::span(values_).subspan(parameter.offset, parameter.size());
  }

  SequenceModel model_;
  std::vector<float> values_;
  std::vector<float> items_;  // (items, d), features included
  std::unique_ptr<QueryTable> query_;
  ItemCounts counts_;
  BlendParts blend_;
  SequenceChoices choices_;
};

}  // namespace

std::unique_ptr<TrainedModel> UserPersonalizationRecipe::train(const Dataset& data,
                                                               const Parameters& parameters,
                                                               const TrainOptions& options) const {
  const Settings settings(parameters);
  auto query = std::make_unique<QueryTable>(data, settings.query);
  const Sequences sequences = sequencesOf(data, settings, *query);
  const ItemFeatures features = settings.useMetadata ? itemFeaturesOf(data) : ItemFeatures{};
  const SequenceModel model(modelFor(settings, sequences), data.items.size(), features.featureCount,
                            query->featureCount());
  GemmThreads threads(options.threads);
  SequenceTrainingOptions training =
      trainingFor(parameters, sequences, data.items.size(), options, threads);
  training.idDropout = static_cast<float>(parameters.number("id_dropout"));
  SequenceFit fit =
      fitSequenceModel(model, sequences, features, training, Blending::whereItHelps, options);
  fit.choices.parameters = leftToData(parameters, training);
  ItemCounts counts = countUsers(data);
  BlendParts blend =
      learnBlendParts(data, sequences, fit.choices, counts, settings.recencyBias, options.threads);
  std::vector<float> vectors = fullItemVectors(model, fit.values.data(), features, &threads);
  return std::make_unique<TransformerWeights>(model, std::move(fit.values), std::move(vectors),
                                              std::move(query), std::move(counts), std::move(blend),
                                              fit.choices);
}

std::unique_ptr<TrainedModel> UserPersonalizationRecipe::update(const Bundle& bundle,
                                                                const Dataset& data,
                                                                const Parameters& parameters,
                                                                const TrainOptions& options) const {
  const Settings settings(parameters);
  const QueryTable query(data, {.users = false, .context = false});
  const Sequences sequences = sequencesOf(data, settings, query);
  SequenceUpdateParts parts;
  if (settings.useMetadata) parts.features = itemFeaturesOf(data);
  parts.counts = countUsers(data);
  SequenceChoices choices = SequenceChoices::fromJson(options.choices);
  parts.listLength = choices.listLength;
  choices.listLength *= kSteadyCandidates;
  parts.blend = learnBlendParts(data, sequences, choices, parts.counts, settings.recencyBias,
                                options.threads);
  return updateSequenceModel(bundle, data, sequences, std::move(parts), options);
}

std::optional<RecipeForecast> UserPersonalizationRecipe::forecast(
    const Dataset& data, const Parameters& parameters, const TrainOptions& options) const {
  const Settings settings(parameters);
  const QueryTable query(data, settings.query);
  const Sequences sequences = sequencesOf(data, settings, query);
  const ItemFeatures features = settings.useMetadata ? itemFeaturesOf(data) : ItemFeatures{};
  const SequenceModel model(modelFor(settings, sequences), data.items.size(), features.featureCount,
                            query.featureCount());
  GemmThreads threads(options.threads);
  return forecastPasses(model, sequences, features,
                        trainingFor(parameters, sequences, data.items.size(), options, threads),
                        options.choices.is_null());
}

}  // namespace attune::trainer
