#include "trainer/nn/sequence_step.h"

#include <algorithm>
#include <limits>

namespace attune::trainer {

SequenceStep::SequenceStep(const SequenceModel& model, std::span<const uint32_t> occurrences,
                           const ItemFeatures& features, const SequenceTrainingOptions& options)
    : model_(model),
      features_(features),
      options_(options),
      pass_(model, options.threads),
      pointer_(model.pointer, options.threads),
      leftOut_(itemsWithoutEvents(features, occurrences)),
      gradients_(model.layout().size()) {
  if (model.items() > options.wholeSoftmaxItems) {
    sampler_.emplace(occurrences, model.items(), options.negativePower);
    logExpectedCounts_ = sampler_->logExpectedCounts(options.negatives);
  }
  if (features.empty()) return;
  itemVectors_.resize(model.itemVectors.size());
  dItemVectors_.resize(model.itemVectors.size());
}

CrossEntropyLoss SequenceStep::compute(const PackedBatch& batch, std::span<const float> values,
                                       uint64_t step) {
  const size_t d = model_.config().hiddenDimension;
  const IdDropout idDropout{options_.seed, step, features_.empty() ? 0 : options_.idDropout};
  const StepDropout dropout{options_.seed, step, options_.dropout};
  const ConstMatrix items = itemVectors(values, idDropout);
  const size_t rows = batch.targets.size();
  const Matrix hidden = hidden_.matrix(rows, d);
  const Matrix dHidden = dHidden_.matrix(rows, d);
  pass_.forward(batch, values.data(), items, dropout, hidden.rowRange(0, batch.tokens()));
  const std::vector<CopiedMass> copied =
      pointerForward(batch, values, hidden.rowRange(0, batch.tokens()));
  addQuery(batch, values, step, hidden);

  const Matrix dItems = itemGradients();
  const Parameter& bias = model_.itemBias;
  const CrossEntropyInput input = {.dimension = d,
                                   .hidden = {hidden.data, rows * d},
                                   .items = {items.data, items.rows * d},
                                   .itemBias = itemBias(values),
                                   .targets = batch.targets,
                                   .weights = batch.weights,
                                   .copied = copied};
  const CrossEntropyGradients gradients = {
      .hidden = {dHidden.data, rows * d},
      .items = {dItems.data, dItems.rows * d},
      .itemBias = std::span(gradients_).subspan(bias.offset, bias.size()),
      .parts = parts_};
  const CrossEntropyLoss loss = lossOf(input, gradients, step);

  queryBackward(batch, step, dHidden);
  pointerBackward(batch, values, loss.weights, dHidden.rowRange(0, batch.tokens()));
  pass_.backward(batch, values.data(), dropout, dHidden.rowRange(0, batch.tokens()),
                 std::span(gradients_).first(model_.backboneSize()), dItems);
  if (!features_.empty())
    itemVectorsBackward(dItems, features_, idDropout, model_.itemVectors.in(gradients_.data()),
                        model_.featureVectors.in(gradients_.data()), options_.threads);
  return loss;
}

std::span<const float> SequenceStep::itemBias(std::span<const float> values) {
  const std::span<const float> bias =
      values.subspan(model_.itemBias.offset, model_.itemBias.size());
  if (leftOut_.empty()) return bias;
  bias_.assign(model_.items(), 0.0f);
  std::copy(bias.begin(), bias.end(), bias_.begin());
  for (const uint32_t item : leftOut_) bias_[item] = -std::numeric_limits<float>::infinity();
  return bias_;
}

CrossEntropyLoss SequenceStep::lossOf(const CrossEntropyInput& input,
                                      const CrossEntropyGradients& gradients, uint64_t step) const {
  const CrossEntropyOptions how{Reduction::mean, options_.precision, options_.threads};
  if (!sampler_) return crossEntropy(input, gradients, how);
  const auto drawn = sampler_->draw(options_.negatives, options_.seed, step);
  return sampledCrossEntropy(input, {drawn, logExpectedCounts_}, gradients, how);
}

void SequenceStep::addQuery(const PackedBatch& batch, std::span<const float> values, uint64_t step,
                            Matrix hidden) const {
  for (size_t row = batch.tokens(); row < hidden.rows; ++row)
    std::copy_n(model_.startVector.in(values.data()).data, hidden.columns, hidden.row(row));
  const ConstMatrix vectors = model_.queryVectors.in(values.data());
  addQueryFeatures(vectors, batch.userRows,
                   {options_.seed, step, options_.queryDropout, QueryDropout::Of::user}, hidden,
                   options_.threads);
  addQueryFeatures(vectors, batch.contextRows,
                   {options_.seed, step, options_.queryDropout, QueryDropout::Of::context}, hidden,
                   options_.threads);
}

void SequenceStep::queryBackward(const PackedBatch& batch, uint64_t step, ConstMatrix dHidden) {
  float* start = model_.startVector.in(gradients_.data()).data;
  for (size_t row = batch.tokens(); row < dHidden.rows; ++row)
    for (size_t j = 0; j < dHidden.columns; ++j) start[j] += dHidden.row(row)[j];
  const Matrix vectors = model_.queryVectors.in(gradients_.data());
  queryFeaturesBackward(dHidden, batch.userRows,
                        {options_.seed, step, options_.queryDropout, QueryDropout::Of::user},
                        vectors, options_.threads);
  queryFeaturesBackward(dHidden, batch.contextRows,
                        {options_.seed, step, options_.queryDropout, QueryDropout::Of::context},
                        vectors, options_.threads);
}

std::vector<CopiedMass> SequenceStep::pointerForward(const PackedBatch& batch,
                                                     std::span<const float> values,
                                                     ConstMatrix hidden) {
  if (model_.pointer.empty()) return {};
  states_.assign(hidden.data, hidden.data + hidden.rows * hidden.columns);
  pointer_.forward(batch, values.data(), hidden);
  std::vector<CopiedMass> copied = pointer_.masses(batch);
  copied.resize(batch.targets.size());  // starts have nothing to point at
  parts_.resize(batch.targets.size());
  return copied;
}

void SequenceStep::pointerBackward(const PackedBatch& batch, std::span<const float> values,
                                   double lossWeights, Matrix dHidden) {
  if (model_.pointer.empty() || lossWeights == 0) return;
  std::vector<float> weights(batch.tokens());
  for (size_t t = 0; t < batch.tokens(); ++t) {
    if (batch.targets[t] == kNoTarget) continue;
    const double weight = batch.weights.empty() ? 1 : static_cast<double>(batch.weights[t]);
    weights[t] = static_cast<float>(weight / lossWeights);
  }
  pointer_.backward(batch, values.data(), {states_.data(), batch.tokens(), dHidden.columns}, parts_,
                    weights, dHidden, gradients_.data());
}

ConstMatrix SequenceStep::itemVectors(std::span<const float> values, const IdDropout& dropout) {
  const ConstMatrix own = model_.itemVectors.in(values.data());
  if (features_.empty()) return own;
  const Matrix full(itemVectors_.data(), own.rows, own.columns);
  itemVectorsForward(own, model_.featureVectors.in(values.data()), features_, dropout, full,
                     options_.threads);
  return full;
}

Matrix SequenceStep::itemGradients() {
  std::fill(gradients_.begin() + static_cast<std::ptrdiff_t>(model_.backboneSize()),
            gradients_.end(), 0.0f);
  if (features_.empty()) return model_.itemVectors.in(gradients_.data());
  std::fill(dItemVectors_.begin(), dItemVectors_.end(), 0.0f);
  return {dItemVectors_.data(), model_.items(), model_.config().hiddenDimension};
}

}  // namespace attune::trainer
