#pragma once

#include <span>

#include "runtime/models/model.h"
#include "runtime/models/neighbour_table.h"

namespace attune {

/// See the table Blend of bundle.fbs.
struct BlendConfig {
  float sequence = 1;
  float neighbours = 0;
  float neighbourScale = 1;
  float recencyDecay = 1;
  float repeat = 0;
};

/// A sequence model whose logits are joined by what else speaks for an item: the neighbour lists of
/// the user's past items, a number of its own (popularity, recency), and whether the user had it.
///   score = sequence x logit + neighbours x log(1 + n / neighbourScale) + prior
///           + repeat x log(1 + times the user had it),
/// n = sum over the different past items, newest first, of recencyDecay^place x the item's weight
/// in their lists. A log-linear pool of the evidence, weighted in training (Genest and Zidek 1986).
/// A user without known events gets the sequence model's logits and the cold prior.
class BlendedModel : public Model {
 public:
  /// Wraps the model of a bundle that has a Blend. Errors: CorruptBundle, OutOfMemory.
  static Result<Owned<Model>> open(const Bundle& bundle, Owned<Model>&& sequence);

  BlendedModel(const BlendConfig& config, Owned<Model>&& sequence)
      : config_(config), sequence_(std::move(sequence)) {}
  Status score(const Query& query, ModelScratch& scratch, std::span<float> scores) const override;
  Status scoreRelated(uint32_t item, ModelScratch& scratch, std::span<float> scores) const override;
  float similarity(uint32_t a, uint32_t b) const override { return sequence_->similarity(a, b); }
  bool approximates() const override { return sequence_->approximates(); }
  void refine(const Query& query, ModelScratch& scratch, std::span<Scored> ranked) const override;
  size_t shortlist() const override { return sequence_->shortlist(); }
  bool scoresAreLogits() const override { return true; }

 private:
  Status openParts(const Bundle& bundle);
  Status addNeighbours(std::span<const SessionEvent> history, ModelScratch& scratch,
                       std::span<float> scores) const;
  Status addRepeats(std::span<const SessionEvent> history, ModelScratch& scratch,
                    std::span<float> scores) const;

  BlendConfig config_;
  Owned<Model> sequence_;
  NeighbourTable table_;              // with config_.neighbours != 0
  std::span<const float> prior_;      // (items) or empty
  std::span<const float> coldPrior_;  // (items) or empty
};

}  // namespace attune
