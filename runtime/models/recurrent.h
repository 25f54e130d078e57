#pragma once

#include <cstdint>
#include <span>

#include "runtime/models/item_vectors.h"
#include "runtime/models/model.h"
#include "runtime/models/popularity.h"
#include "runtime/models/weight_reader.h"

namespace attune {

/// The shape of a hierarchical recurrent network; see the table Recurrent of bundle.fbs.
struct RecurrentConfig {
  size_t dimension = 0;
  size_t window = 0;
  uint32_t sessionGapSeconds = 0;
  float normEpsilon = 0;
  float inputScale = 0;
};

/// A gated recurrent unit (Cho et al. 2014); rows in the order update, reset, candidate.
struct RecurrentUnit {
  std::span<const float> input;  // (3 d, d)
  std::span<const float> state;  // (3 d, d)
  std::span<const float> bias;   // (4, d): the last row is the candidate's under the reset gate
};

/// All weights as floats.
struct RecurrentWeights {
  RecurrentUnit session;
  RecurrentUnit user;
  std::span<const float> start;      // (d, d)
  std::span<const float> startBias;  // (d)
  std::span<const float> finalNorm;  // (d)
};

/// A recurrent network on two levels (HRNN-Init of Quadrana et al. 2017): events pass a session
/// unit, whose first state is made from the user's; when an event comes more than the gap after the
/// one before, the user unit takes one step with the session's last state, and a new session
/// begins. The score of an item is the product of its vector with the normed session state.
///
/// At most the `window` newest known events count, so that an answer depends on events a session
/// still holds. Of more than that the network begins at one of the older half of them: the one
/// whose time and item hash lowest (winnowing, Schleimer et al. 2003). Which one that is depends on
/// these events alone and rarely changes when another comes, so an event costs one step, and now
/// and then, when the beginning moves, a run over at most `window` events.
///
/// A user without known events gets items by popularity.
class RecurrentModel : public Model {
 public:
  static Result<Owned<Model>> open(const Bundle& bundle);

  explicit RecurrentModel(const PopularityCounts& counts) : counts_(counts) {}
  Status score(const Query& query, ModelScratch& scratch, std::span<float> scores) const override;
  Status scoreRelated(uint32_t item, ModelScratch& scratch, std::span<float> scores) const override;
  float similarity(uint32_t a, uint32_t b) const override { return vectors_.similarity(a, b); }
  bool approximates() const override { return vectors_.approximates(); }
  void refine(const Query& query, ModelScratch& scratch, std::span<Scored> ranked) const override;
  size_t shortlist() const override { return vectors_.shortlist; }
  bool scoresAreLogits() const override { return true; }

 private:
  class State;
  Result<State*> advance(const Session& session, ModelScratch& scratch) const;
  size_t firstEvent(std::span<const SessionEvent> events) const;
  Status step(const SessionEvent& event, State& state, ModelScratch& scratch) const;

  RecurrentConfig config_;
  PopularityCounts counts_;
  ItemVectors vectors_;
  WeightStorage storage_;  // what the weights' spans lie in, or the bundle
  RecurrentWeights weights_;
};

}  // namespace attune
