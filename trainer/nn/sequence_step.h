#pragma once

#include <optional>
#include <span>
#include <vector>

#include "trainer/nn/negative_sampler.h"
#include "trainer/nn/sequence_trainer.h"

namespace attune::trainer {

/// Computes the loss of batches and the gradient of all weights; holds the working memory of it.
/// Items with features but no training event take no part: as mere negatives they would teach their
/// features to be unlikely. Their own vectors get no gradient.
class SequenceStep {
 public:
  /// `occurrences`: the items of all training events, from which negatives are drawn.
  SequenceStep(const SequenceModel& model, std::span<const uint32_t> occurrences,
               const ItemFeatures& features, const SequenceTrainingOptions& options);

  /// Loss and gradients() of one batch, its starts included; `step` picks the dropout masks.
  CrossEntropyLoss compute(const PackedBatch& batch, std::span<const float> values, uint64_t step);

  std::span<const float> gradients() const { return gradients_; }

 private:
  /// The items' full vectors, and where their gradient goes: the weights themselves when there are
  /// no features.
  ConstMatrix itemVectors(std::span<const float> values, const IdDropout& dropout);
  Matrix itemGradients();
  /// The items' biases, -infinity for those that take no part in the softmax; or none.
  std::span<const float> itemBias(std::span<const float> values);
  /// Fills the rows of starts and adds the query features; and the way back.
  void addQuery(const PackedBatch& batch, std::span<const float> values, uint64_t step,
                Matrix hidden) const;
  void queryBackward(const PackedBatch& batch, uint64_t step, ConstMatrix dHidden);
  /// The same of the pointer: what it adds to the loss, and the way back.
  std::vector<CopiedMass> pointerForward(const PackedBatch& batch, std::span<const float> values,
                                         ConstMatrix hidden);
  void pointerBackward(const PackedBatch& batch, std::span<const float> values, double lossWeights,
                       Matrix dHidden);
  CrossEntropyLoss lossOf(const CrossEntropyInput& input, const CrossEntropyGradients& gradients,
                          uint64_t step) const;

  const SequenceModel& model_;
  const ItemFeatures& features_;
  const SequenceTrainingOptions& options_;
  SequencePass pass_;
  PointerPass pointer_;
  std::vector<float> states_;     // (tokens, d), what the pointer sees: without query features
  std::vector<LossParts> parts_;  // (tokens + starts), with a pointer
  std::vector<uint32_t> leftOut_;                  // of the softmax
  std::vector<float> bias_;                        // (items), where some are left out
  std::optional<NegativeSampler> sampler_;         // none for the whole softmax
  std::vector<float> logExpectedCounts_;           // (items), with a sampler
  std::vector<float> gradients_;                   // (all weights)
  std::vector<float> itemVectors_, dItemVectors_;  // (items, d), with features only
  Workspace hidden_, dHidden_;                     // (tokens + starts, d)
};

}  // namespace attune::trainer
