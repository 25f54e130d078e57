#include "trainer/nn/sequence_model.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "trainer/base/errors.h"
#include "trainer/nn/norm.h"

namespace attune::trainer {
namespace {

constexpr float kInitialDeviation = 0.02f;
/// Features start this much smaller: first they are noise to an item's own vector.
constexpr float kFeatureShare = 0.1f;
constexpr size_t kTokensPerChunk = 1024;  // enough work for a task, little enough for the cache

void check(const SequenceModelConfig& config) {
  if (config.hiddenDimension == 0 || config.heads == 0 || config.feedForward == 0 ||
      config.maxHistory == 0 || config.gradientEvents == 0)
    throw UserError("a sequence model needs sizes above 0");
  if (config.encoder != SequenceEncoder::transformer) return;
  if (config.hiddenDimension % config.heads != 0)
    throw UserError("hidden dimension " + std::to_string(config.hiddenDimension) +
                    " cannot be shared by " + std::to_string(config.heads) +
                    " heads: choose a multiple");
}

/// The pointer begins with a share of a tenth or so: with far less of the softmax over all items it
/// would take thousands of steps to be heard.
float firstPointerBias(size_t items) {
  return std::log(std::max(1.0f, static_cast<float>(items) / 32));
}

/// Mask 0 is the input's; each block has two; the recurrent states have one.
DropoutMask maskOf(const StepDropout& dropout, size_t place) {
  return {dropout.seed, dropout.step, static_cast<uint32_t>(place), dropout.rate};
}

}  // namespace

SequenceModel::SequenceModel(const SequenceModelConfig& config, size_t items, size_t features,
                             size_t queryFeatures)
    : config_(config) {
  check(config);
  const size_t d = config.hiddenDimension;
  if (config.encoder == SequenceEncoder::hierarchicalGru)
    recurrent = HierarchicalGruParameters::addTo(layout_, d);
  else
    for (size_t layer = 0; layer < config.layers; ++layer)
      blocks.push_back(
          BlockParameters::addTo(layout_, blockShape(), "block" + std::to_string(layer)));
  finalNorm = layout_.add("finalNorm", 1, d);
  itemVectors = layout_.add("itemVectors", items, d);
  featureVectors = layout_.add("featureVectors", features, d);
  itemBias = layout_.add("itemBias", 1, config.itemBias ? items : 0);
  startVector = layout_.add("startVector", 1, d);
  queryVectors = layout_.add("queryVectors", queryFeatures, d);
  if (config.pointer)
    pointer = PointerParameters::addTo(layout_, d, d / config.heads, config.maxHistory);
}

BlockShape SequenceModel::blockShape() const {
  return {config_.hiddenDimension, config_.heads, config_.feedForward, config_.maxHistory,
          config_.normEpsilon};
}

float SequenceModel::inputScale() const {
  return std::sqrt(static_cast<float>(config_.hiddenDimension));
}

std::vector<float> SequenceModel::initialValues(uint64_t seed) const {
  std::vector<float> values(layout_.size());
  uint64_t stream = 0;
  for (const Parameter& parameter : layout_.all())
    fillNormal({values.data() + parameter.offset, parameter.size()}, kInitialDeviation, seed,
               stream++);
  const auto fill = [&](const Parameter& parameter, float value) {
    std::fill_n(values.data() + parameter.offset, parameter.size(), value);
  };
  for (const BlockParameters& block : blocks) {
    fill(block.attentionNorm, 1);
    fill(block.feedForwardNorm, 1);
    fill(block.distanceBias, 0);
  }
  if (config_.encoder == SequenceEncoder::hierarchicalGru)
    recurrent.initialise(values, kInitialDeviation);
  fill(finalNorm, 1);
  for (size_t i = 0; i < featureVectors.size(); ++i)
    values[featureVectors.offset + i] *= kFeatureShare;
  fill(itemBias, 0);
  if (config_.pointer) fill(pointer.distanceBias, firstPointerBias(items()));
  return values;
}

void SequencePass::forward(const PackedBatch& batch, const float* values, ConstMatrix itemVectors,
                           const StepDropout& dropout, Matrix hidden) {
  cutIntoChunks(batch);
  runTasks(threads_, used_, [&](size_t c) {
    forwardChunk(chunks_[c], batch, values, itemVectors, dropout, hidden);
  });
}

void SequencePass::backward(const PackedBatch& batch, const float* values,
                            const StepDropout& dropout, ConstMatrix dHidden,
                            std::span<float> backboneGradients, Matrix dItemVectors) {
  const Matrix dInput = dInput_.matrix(batch.tokens(), dHidden.columns);
  gradients_.resize(std::max(gradients_.size(), used_));
  runTasks(threads_, used_, [&](size_t c) {
    gradients_[c].assign(model_.backboneSize(), 0.0f);
    backwardChunk(chunks_[c], values, dropout, dHidden, gradients_[c].data(), dInput);
  });
  addUp({gradients_.data(), used_}, backboneGradients, threads_);
  scatterRows(dInput, batch.items, model_.inputScale(), dItemVectors, threads_);
}

void SequencePass::cutIntoChunks(const PackedBatch& batch) {
  used_ = 0;
  for (size_t s = 0; s < batch.sequences();) {
    if (used_ == chunks_.size()) {
      chunks_.emplace_back();
      for (const BlockParameters& block : model_.blocks)
        chunks_.back().blocks.emplace_back(model_.blockShape(), block);
    }
    Chunk& chunk = chunks_[used_++];
    chunk.firstSequence = s;
    chunk.firstToken = batch.offsets[s];
    chunk.offsets.assign(1, 0);
    for (; s < batch.sequences() && chunk.tokens() < kTokensPerChunk; ++s)
      chunk.offsets.push_back(batch.offsets[s + 1] - static_cast<uint32_t>(chunk.firstToken));
  }
}

void SequencePass::forwardChunk(Chunk& chunk, const PackedBatch& batch, const float* values,
                                ConstMatrix itemVectors, const StepDropout& dropout,
                                Matrix hidden) {
  const size_t n = chunk.tokens(), first = chunk.firstToken;
  const Matrix x = chunk.last.matrix(n, hidden.columns);
  gatherRows(itemVectors, std::span(batch.items).subspan(first, n), model_.inputScale(), x);
  maskOf(dropout, 0).apply(x, first);
  encode(chunk, batch, values, dropout, x);
  chunk.lastScale.resize(n);
  rmsNormForward(x, model_.finalNorm.in(values), model_.config().normEpsilon,
                 hidden.rowRange(first, n), chunk.lastScale);
}

void SequencePass::encode(Chunk& chunk, const PackedBatch& batch, const float* values,
                          const StepDropout& dropout, Matrix x) {
  const size_t first = chunk.firstToken;
  if (model_.config().encoder == SequenceEncoder::hierarchicalGru) {
    std::span<const uint8_t> newSession = batch.newSession;
    if (!newSession.empty()) newSession = newSession.subspan(first, x.rows);
    chunk.recurrent.forward(x, chunk.offsets, newSession, model_.config().gradientEvents,
                            model_.recurrent.in(values), x);
    maskOf(dropout, 1).apply(x, first);
  }
  for (size_t layer = 0; layer < chunk.blocks.size(); ++layer)
    chunk.blocks[layer].forward(values, chunk.offsets, maskOf(dropout, 2 * layer + 1),
                                maskOf(dropout, 2 * layer + 2), first, x);
}

void SequencePass::encodeBackward(Chunk& chunk, const float* values, const StepDropout& dropout,
                                  float* gradients, Matrix dx) {
  const size_t first = chunk.firstToken;
  if (model_.config().encoder == SequenceEncoder::hierarchicalGru) {
    maskOf(dropout, 1).apply(dx, first);
    chunk.recurrent.backward(model_.recurrent.in(values), dx, model_.recurrent.in(gradients), dx);
  }
  BlockScratch scratch;
  for (size_t layer = chunk.blocks.size(); layer-- > 0;)
    chunk.blocks[layer].backward(values, chunk.offsets, maskOf(dropout, 2 * layer + 1),
                                 maskOf(dropout, 2 * layer + 2), first, gradients, dx, scratch);
}

void SequencePass::backwardChunk(Chunk& chunk, const float* values, const StepDropout& dropout,
                                 ConstMatrix dHidden, float* gradients, Matrix dInput) {
  const size_t n = chunk.tokens(), first = chunk.firstToken;
  const Matrix dx = dInput.rowRange(first, n);
  std::fill_n(dx.data, n * dx.columns, 0.0f);
  rmsNormBackward(chunk.last.matrix(n, dx.columns), model_.finalNorm.in(values), chunk.lastScale,
                  dHidden.rowRange(first, n), dx, model_.finalNorm.in(gradients));
  encodeBackward(chunk, values, dropout, gradients, dx);
  maskOf(dropout, 0).apply(dx, first);
}

}  // namespace attune::trainer
