#include "trainer/recipes/user_personalization.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "trainer/base/errors.h"
#include "trainer/recipes/blend_parts.h"
#include "trainer/recipes/item_features.h"
#include "trainer/recipes/sequence_fit.h"

namespace attune::trainer {
namespace {

/// Steps an epoch should have about, where the data suffice for batches that use the processor well.
constexpr size_t kStepsPerEpoch = 100;
constexpr size_t kLeastBatchTokens = 512;
constexpr size_t kMostBatchTokens = 12800;

/// Few events an item ask for much dropout: 0.2 from 300 events an item on, 0.1 more for each
/// halving, at most 0.5. Chosen on the validation events of ML-1M (293) and Amazon Beauty (16).
double dropoutFor(size_t events, size_t items) {
  const double each = static_cast<double>(events) / static_cast<double>(std::max<size_t>(1, items));
  return std::clamp(0.2 + 0.1 * std::log2(300 / std::max(1.0, each)), 0.2, 0.5);
}

struct Settings {
  explicit Settings(const Parameters& p)
      : model{.hiddenDimension = size(p, "hidden_dimension"),
              .layers = size(p, "layers"),
              .heads = size(p, "heads"),
              .feedForward = 2 * size(p, "hidden_dimension"),
              .maxHistory = size(p, "max_history")},
        minPercentile(p.number("min_user_history_length_percentile")),
        maxPercentile(p.number("max_user_history_length_percentile")),
        useMetadata(p.flag("use_metadata")) {
    if (model.hiddenDimension % model.heads != 0)
      throw UserError("recipe user-personalization: hidden_dimension must be a multiple of heads");
    training.epochs = size(p, "epochs");
    training.patience = size(p, "patience");
    training.averaging = p.number("weight_averaging");
    training.learningRate = p.number("learning_rate");
    training.idDropout = static_cast<float>(p.number("id_dropout"));
  }
  /// What depends on the data, unless the user has set it.
  void adapt(const Parameters& p, size_t events, size_t items) {
    training.tokensPerBatch =
        p.has("batch_tokens")
            ? size(p, "batch_tokens")
            : std::clamp(events / kStepsPerEpoch, kLeastBatchTokens, kMostBatchTokens);
    training.dropout =
        static_cast<float>(p.has("dropout") ? p.number("dropout") : dropoutFor(events, items));
  }
  static size_t size(const Parameters& p, const char* name) {
    return static_cast<size_t>(p.integer(name));
  }

  SequenceModelConfig model;
  SequenceTrainingOptions training;
  double minPercentile;
  double maxPercentile;
  bool useMetadata;
};

/// Every user's items in time order, of the users whose number of events is within the percentiles.
Sequences sequencesOf(const Dataset& data, const Settings& settings) {
  const Interactions& events = data.interactions;
  std::vector<std::vector<uint32_t>> histories(data.users.size());
  for (size_t i = 0; i < events.size(); ++i) histories[events.user[i]].push_back(events.item[i]);
  std::vector<size_t> lengths;
  for (const auto& history : histories)
    if (!history.empty()) lengths.push_back(history.size());
  std::sort(lengths.begin(), lengths.end());
  const auto at = [&](double percentile) {
    return lengths[static_cast<size_t>(percentile * static_cast<double>(lengths.size() - 1) + 0.5)];
  };
  const size_t least = at(settings.minPercentile);
  const size_t most = at(settings.maxPercentile);
  Sequences sequences;
  for (const auto& history : histories)
    if (history.size() >= least && history.size() <= most) sequences.add(history);
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
                     ItemCounts counts, BlendParts blend, SequenceChoices choices)
      : model_(std::move(model)),
        values_(std::move(values)),
        items_(std::move(items)),
        counts_(std::move(counts)),
        blend_(std::move(blend)),
        choices_(choices) {}

  ModelKind kind() const override { return ModelKind::Transformer; }
  nlohmann::json choices() const override { return choices_.toJson(); }

  void write(const ItemOrder& order, BundlePrecision precision, BundleBuilder& bundle) const override {
    const SequenceModelConfig& config = model_.config();
    bundle.setTransformer({config.hiddenDimension, config.layers, config.heads, config.feedForward,
                           config.maxHistory, config.normEpsilon, model_.inputScale()});
    writeItems(order, precision, bundle);
    for (uint32_t layer = 0; layer < config.layers; ++layer)
      writeLayer(layer, precision, bundle);
    addVector(SectionKind::FinalNorm, model_.finalNorm, 0, bundle);
    writeCounts(counts_, order, bundle);
    blend_.write(order, precision, bundle);
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
  BlendParts blend_;
  SequenceChoices choices_;
};

}  // namespace

std::unique_ptr<TrainedModel> UserPersonalizationRecipe::train(const Dataset& data,
                                                               const Parameters& parameters,
                                                               const TrainOptions& options) const {
  Settings settings(parameters);
  const Sequences sequences = sequencesOf(data, settings);
  const ItemFeatures features = settings.useMetadata ? itemFeaturesOf(data) : ItemFeatures{};
  const SequenceModel model(settings.model, data.items.size(), features.featureCount);
  GemmThreads threads(options.threads);
  settings.training.seed = options.seed;
  settings.training.threads = &threads;
  settings.adapt(parameters, sequences.items.size(), data.items.size());
  const uint64_t epochs = settings.training.epochs;
  if (options.progress != nullptr)
    settings.training.onEpoch = [&](const EpochProgress& epoch) {
      options.progress->update(
          static_cast<double>(epoch.record.epoch) / static_cast<double>(epochs),
          describe(epoch, epochs));
    };
  settings.training.excludeSeen = !usersRepeat(sequences);
  SequenceFit fit = fitSequenceModel(model, sequences, features, settings.training, options);
  ItemCounts counts = countUsers(data);
  BlendParts blend = learnBlendParts(data, sequences, fit.choices, counts, true, options.threads);
  std::vector<float> vectors = fullItemVectors(model, fit.values.data(), features, &threads);
  return std::make_unique<TransformerWeights>(model, std::move(fit.values), std::move(vectors),
                                              std::move(counts), std::move(blend), fit.choices);
}

}  // namespace attune::trainer
