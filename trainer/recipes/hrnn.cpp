#include "trainer/recipes/hrnn.h"

#include <algorithm>

#include "trainer/recipes/cold_start.h"
#include "trainer/recipes/item_features.h"
#include "trainer/recipes/popularity_count.h"
#include "trainer/recipes/recurrent_ensemble.h"
#include "trainer/recipes/sequence_fit.h"
#include "trainer/recipes/sequence_recipe.h"
#include "trainer/recipes/sequence_update.h"
#include "trainer/recipes/user_histories.h"

namespace attune::trainer {
namespace {

size_t size(const Parameters& p, const char* name) { return static_cast<size_t>(p.integer(name)); }

double gapSeconds(const Parameters& p) { return 60 * p.number("session_gap_minutes"); }

/// Personalize's default, and for the sessions of passing visitors one by which the network names
/// more of what follows: on the last eighth of Yoochoose's training sessions HR@20 0.697 and MRR@20
/// 0.303 instead of 0.688 and 0.284.
constexpr size_t kDimension = 43, kSessionDimension = 128;
/// Two networks for sessions, because the second adds what no width of one does: 0.704 and 0.307.
constexpr size_t kSessionNetworks = 2;

size_t dimensionFor(const Parameters& p, const Sequences& histories) {
  if (p.has("hidden_dimension")) return size(p, "hidden_dimension");
  return areSessions(histories) ? kSessionDimension : kDimension;
}

size_t networksFor(const Parameters& p, const Sequences& histories) {
  if (p.has("ensemble_size")) return size(p, "ensemble_size");
  return areSessions(histories) ? kSessionNetworks : 1;
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

class RecurrentNetwork : public TrainedModel {
 public:
  /// `allowed` (items) says which items may be recommended; empty: all.
  RecurrentNetwork(RecurrentWeights weights, std::vector<uint8_t> allowed, uint32_t gapSeconds,
                   ItemCounts counts, const SequenceChoices& choices)
      : weights_(std::move(weights)),
        allowed_(std::move(allowed)),
        gapSeconds_(gapSeconds),
        counts_(std::move(counts)),
        choices_(choices) {}

  ModelKind kind() const override { return ModelKind::Recurrent; }
  nlohmann::json choices() const override { return choices_.toJson(); }

  void write(const ItemOrder& order, BundlePrecision precision,
             BundleBuilder& bundle) const override {
    const SequenceModel& model = weights_.model;
    const SequenceModelConfig& config = model.config();
    bundle.setRecurrent({config.hiddenDimension, config.maxHistory, gapSeconds_, config.normEpsilon,
                         model.inputScale()});
    writeItemVectors(weights_.itemVectors, config.hiddenDimension, order, precision, bundle);
    writeUnit(model.recurrent.session, 0, precision, bundle);
    writeUnit(model.recurrent.user, 1, precision, bundle);
    addWeights(SectionKind::SessionStart, model.recurrent.start, 0, precision, bundle);
    bundle.add(SectionKind::SessionStartBias, numbersOf(model.recurrent.startBias));
    bundle.add(SectionKind::FinalNorm, numbersOf(model.finalNorm));
    writeAllowed(allowed_, order, bundle);
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
    addMatrix(kind, transposed(parameter.in(weights_.values.data())), parameter.rows,
              parameter.rows, precision, unit, bundle);
  }

  std::span<const float> numbersOf(const Parameter& parameter) const {
    return std::span(weights_.values).subspan(parameter.offset, parameter.size());
  }

  RecurrentWeights weights_;
  std::vector<uint8_t> allowed_;
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

/// A network before it is trained, and what it learns from.
struct Untrained {
  Untrained(HrnnRecipe::Kind kind, const Dataset& data, const Parameters& parameters,
            const TrainOptions& options)
      : histories(userHistories(data, historiesOf(parameters))),
        features(kind == HrnnRecipe::Kind::events ? ItemFeatures() : itemFeaturesOf(data)),
        model(modelOf(parameters, histories), data.items.size(), features.featureCount),
        threads(options.threads),
        training(trainingFor(parameters, histories, data.items.size(), options, threads)),
        networks(networksFor(parameters, histories)) {
    training.longHistories = LongHistories::all;
    training.trainStart = false;  // the network of a bundle has none
    if (kind != HrnnRecipe::Kind::events)
      training.idDropout = static_cast<float>(parameters.number("id_dropout"));
  }

  Sequences histories;
  ItemFeatures features;
  SequenceModel model;
  GemmThreads threads;
  SequenceTrainingOptions training;
  size_t networks;
};

}  // namespace

std::unique_ptr<TrainedModel> HrnnRecipe::train(const Dataset& data, const Parameters& parameters,
                                                const TrainOptions& options) const {
  std::vector<uint8_t> allowed;
  if (kind_ == Kind::coldStart) allowed = coldItems(data, coldItemRuleOf(parameters));
  Untrained untrained(kind_, data, parameters, options);
  auto& [histories, features, model, threads, training, count] = untrained;
  SequenceFit fit =
      fitSequenceModel(model, histories, features, training, Blending::never, options);
  fit.choices.parameters =
      leftToData(parameters, training,
                 {{"hidden_dimension", model.config().hiddenDimension}, {"ensemble_size", count}});
  std::vector<RecurrentWeights> networks;
  for (size_t i = 0; i < count; ++i) {
    std::vector<float> values =
        i == 0 ? std::move(fit.values)
               : fitAnother(model, histories, features, training, fit.choices, i, options);
    std::vector<float> known = values;
    leaveToFeatures(allowed, features, model, known);
    std::vector<float> vectors = fullItemVectors(model, known.data(), features, &threads);
    networks.push_back({model, std::move(values), std::move(vectors)});
  }
  return std::make_unique<RecurrentNetwork>(
      networks.size() == 1 ? std::move(networks[0]) : ensembleOf(networks), std::move(allowed),
      static_cast<uint32_t>(gapSeconds(parameters)), countUsers(data), fit.choices);
}

std::optional<RecipeForecast> HrnnRecipe::forecast(const Dataset& data,
                                                   const Parameters& parameters,
                                                   const TrainOptions& options) const {
  const Untrained untrained(kind_, data, parameters, options);
  return forecastPasses(untrained.model, untrained.histories, untrained.features,
                        untrained.training, options.choices.is_null(), untrained.networks - 1);
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
