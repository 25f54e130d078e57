#pragma once

#include <cstdint>
#include <span>

#include "runtime/models/item_vectors.h"
#include "runtime/models/model.h"
#include "runtime/models/pointer.h"
#include "runtime/models/popularity.h"
#include "runtime/models/query_vectors.h"
#include "runtime/models/weight_reader.h"

namespace attune {

/// The shape of a transformer; see the table Transformer of bundle.fbs.
struct TransformerConfig {
  size_t dimension = 0;
  size_t layers = 0;
  size_t heads = 0;
  size_t feedForward = 0;
  size_t window = 0;
  float normEpsilon = 0;
  float inputScale = 0;
  size_t pointer = 0;  ///< width of the pointer's keys; 0 without one
};

/// The weights of one layer as floats; d = dimension, f = feedForward.
struct TransformerLayer {
  std::span<const float> attentionNorm;    // (d)
  std::span<const float> queryKeyValue;    // (3 d, d)
  std::span<const float> distanceBias;     // (heads, window)
  std::span<const float> attentionOut;     // (d, d)
  std::span<const float> feedForwardNorm;  // (d)
  std::span<const float> gateAndUp;        // (2 f, d)
  std::span<const float> down;             // (d, f)
};

/// A causal transformer over the user's events (after SASRec, Kang and McAuley 2018; blocks with
/// RMS norm and gated feed-forward after Touvron et al. 2023; the learned bias by distance after
/// Raffel et al. 2020). An event sees the `window` newest events, by their distance alone, so keys
/// and values of past events stay valid and a new event costs one step; the last layer takes of
/// older events key and value only. The score of an item is the product of its vector with the
/// last event's result, to which the vectors of the user's and the request's query features are
/// added: they cost no step of the history.
///
/// A bundle may have a Pointer, too: items of the session get a part of their score from it.
///
/// For a user without known events the start vector stands for the result; where a bundle has none,
/// such a user gets items by popularity.
class TransformerModel : public Model {
 public:
  static Result<Owned<Model>> open(const Bundle& bundle);

  explicit TransformerModel(const PopularityCounts& counts) : counts_(counts) {}
  Status score(const Query& query, ModelScratch& scratch, std::span<float> scores) const override;
  Status scoreRelated(uint32_t item, ModelScratch& scratch, std::span<float> scores) const override;
  float similarity(uint32_t a, uint32_t b) const override { return vectors_.similarity(a, b); }
  bool approximates() const override { return vectors_.approximates(); }
  void refine(const Query& query, ModelScratch& scratch, std::span<Scored> ranked) const override;
  size_t shortlist() const override { return vectors_.shortlist; }
  bool scoresAreLogits() const override { return true; }

 private:
  class State;
  Status openWeights(const Bundle& bundle);
  /// Puts what the items are multiplied with into scratch.vector, and room for an item behind it;
  /// nothing, if there is neither a known event nor a start vector.
  Status fillVector(const Query& query, ModelScratch& scratch) const;
  /// Leaves what the state of fillVector() points at in scratch.pointed.
  Status point(const Query& query, ModelScratch& scratch, size_t items) const;
  Result<State*> advance(const Session& session, ModelScratch& scratch) const;
  size_t firstEvent(std::span<const SessionEvent> events) const;
  /// Takes an event in; state.hidden is right after the newest one.
  Status step(uint32_t item, bool isNewest, State& state, ModelScratch& scratch) const;
  void attend(const TransformerLayer& layer, size_t index, std::span<const float> queryKeyValue,
              State& state, std::span<float> weights, std::span<float> mixed) const;

  TransformerConfig config_;
  PopularityCounts counts_;
  ItemVectors vectors_;
  QueryVectors queryVectors_;
  Pointer pointer_;
  WeightStorage weights_;  // what the layers' spans lie in, or the bundle
  Buffer<TransformerLayer> layers_;
  std::span<const float> finalNorm_;  // (d)
};

}  // namespace attune
