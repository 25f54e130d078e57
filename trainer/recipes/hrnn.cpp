#include "trainer/recipes/hrnn.h"

#include <algorithm>

#include "trainer/recipes/cold_start.h"
#include "trainer/recipes/item_features.h"
#include "trainer/recipes/popularity_count.h"
#include "trainer/recipes/sequence_fit.h"
#include "trainer/recipes/sequence_recipe.h"
#include "trainer/recipes/sequence_update.h"
#include "trainer/recipes/user_histories.h"

namespace attune::trainer {
namespace {

size_t size(const Parameters& p, const char* name) { return static_cast<size_t>(p.integer(name)); }

double gapSeconds(const Parameters& p) { return 60 * p.number("session_gap_minutes"); }

/// Personalize's default, and for the sessions of passing visitors one by which the network names more
/// of what follows: on the last eighth of Yoochoose's training sessions HR@20 0.696 and MRR@20 0.299
/// instead of 0.688 and 0.284.
constexpr size_t kDimension = 43, kSessionDimension = 96;

size_t dimensionFor(const Parameters& p, const Sequences& histories) {
  if (p.has("hidden_dimension")) return size(p, "hidden_dimension");
  return areSessions(histories) ? kSessionDimension : kDimension;
}

SequenceModelConfig modelOf(const Parameters& p, const Sequences& histories) {
  SequenceModelConfig config;
  config.encoder = SequenceEncoder::hierarchicalGru;
  config.hiddenDimension = dimensionFor(p, histories);
  config.gradientEvents = size(p, "bptt");
  config.maxHistory = size(p, "max_history");
  return config;
}

HistoryOptions historiesOf(const Parameters& p) {
  return {.minPercentile = p.number("min_user_history_length_percentile"),
          .maxPercentile = p.number("max_user_history_length_percentile"),
          .sessionGapSeconds = gapSeconds(p),
          .recencyWeights = p.flag("recency_mask")};
}

/// What the network has learned, and which items may be recommended (none listed: all).
struct Learned {
  std::vector<float> values;       // SequenceModel's layout
  std::vector<float> itemVectors;  // (items, d), features included
  std::vector<uint8_t> allowed;    // (items), or empty
};

class RecurrentNetwork : public TrainedModel {
 public:
  RecurrentNetwork(SequenceModel model, Learned learned, uint32_t gapSeconds, ItemCounts counts,
                   const SequenceChoices& choices)
      : model_(std::move(model)),
        learned_(std::move(learned)),
        gapSeconds_(gapSeconds),
        counts_(std::move(counts)),
        choices_(choices) {}

  ModelKind kind() const override { return ModelKind::Recurrent; }
  nlohmann::json choices() const override { return choices_.toJson(); }

  void write(const ItemOrder& order, BundlePrecision precision,
             BundleBuilder& bundle) const override {
    const SequenceModelConfig& config = model_.config();
    bundle.setRecurrent({config.hiddenDimension, config.maxHistory, gapSeconds_, config.normEpsilon,
                         model_.inputScale()});
    writeItemVectors(learned_.itemVectors, config.hiddenDimension, order, precision, bundle);
    writeUnit(model_.recurrent.session, 0, precision, bundle);
    writeUnit(model_.recurrent.user, 1, precision, bundle);
    addWeights(SectionKind::SessionStart, model_.recurrent.start, 0, precision, bundle);
    bundle.add(SectionKind::SessionStartBias, numbersOf(model_.recurrent.startBias));
    bundle.add(SectionKind::FinalNorm, numbersOf(model_.finalNorm));
    writeAllowed(learned_.allowed, order, bundle);
    writeCounts(counts_, order, bundle);
  }

 private:
  void writeUnit(const GruParameters& unit, uint32_t index, BundlePrecision precision,
                 BundleBuilder& bundle) const {
    addWeights(SectionKind::RecurrentInput, unit.input, index, precision, bundle);
    addWeights(SectionKind::RecurrentState, unit.state, index, precision, bundle);
    const auto bias = numbersOf(unit.bias), candidate = numbersOf(unit.candidateBias);
    std::vector<float> both(bias.begin(), bias.end());
    both.insert(both.end(), candidate.begin(), candidate.end());
    bundle.add(SectionKind::RecurrentBias, both, index);
  }

  void addWeights(SectionKind kind, const Parameter& parameter, uint32_t unit,
                  BundlePrecision precision, BundleBuilder& bundle) const {
    addMatrix(kind, transposed(parameter.in(learned_.values.data())), parameter.rows,
              parameter.rows, precision, unit, bundle);
  }

  std::span<const float> numbersOf(const Parameter& parameter) const {
    return std::span(learned_.values).subspan(parameter.offset, parameter.size());
  }

  SequenceModel model_;
  Learned learned_;
  uint32_t gapSeconds_;
  ItemCounts counts_;
  SequenceChoices choices_;
};

/// Takes their own vectors from cold items that have features.
void leaveToFeatures(const std::vector<uint8_t>& cold, const ItemFeatures& features,
                     const SequenceModel& model, std::vector<float>& values) {
  const Matrix own = model.itemVectors.in(values.data());
  for (size_t item = 0; !features.empty() && item < cold.size(); ++item)
    if (cold[item] != 0 && features.offsets[item] < features.offsets[item + 1])
      std::fill_n(own.row(item), own.columns, 0.0f);
}

}  // namespace

std::unique_ptr<TrainedModel> HrnnRecipe::train(const Dataset& data, const Parameters& parameters,
                                                const TrainOptions& options) const {
  Learned learned;
  if (kind_ == Kind::coldStart) learned.allowed = coldItems(data, coldItemRuleOf(parameters));
  const Sequences histories = userHistories(data, historiesOf(parameters));
  const ItemFeatures features = kind_ == Kind::events ? ItemFeatures() : itemFeaturesOf(data);
  const SequenceModel model(modelOf(parameters, histories), data.items.size(),
                            features.featureCount);
  GemmThreads threads(options.threads);
  SequenceTrainingOptions training =
      trainingFor(parameters, histories, data.items.size(), options, threads);
  training.longHistories = LongHistories::all;
  training.trainStart = false;  // the network of a bundle has none
  if (kind_ != Kind::events)
    training.idDropout = static_cast<float>(parameters.number("id_dropout"));
  SequenceFit fit = fitSequenceModel(model, histories, features, training, Blending::never, options);
  learned.values = std::move(fit.values);
  std::vector<float> values = learned.values;
  leaveToFeatures(learned.allowed, features, model, values);
  learned.itemVectors = fullItemVectors(model, values.data(), features, &threads);
  return std::make_unique<RecurrentNetwork>(
      model, std::move(learned), static_cast<uint32_t>(gapSeconds(parameters)), countUsers(data),
      fit.choices);
}

std::unique_ptr<TrainedModel> HrnnRecipe::update(const Bundle& bundle, const Dataset& data,
                                                 const Parameters& parameters,
                                                 const TrainOptions& options) const {
  SequenceUpdateParts parts;
  if (kind_ == Kind::coldStart) parts.allowed = coldItems(data, coldItemRuleOf(parameters));
  if (kind_ != Kind::events) parts.features = itemFeaturesOf(data);
  parts.counts = countUsers(data);
  return updateSequenceModel(bundle, data, userHistories(data, historiesOf(parameters)),
                             std::move(parts), options);
}

}  // namespace attune::trainer
