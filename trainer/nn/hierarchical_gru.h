#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "trainer/nn/gru.h"
#include "trainer/nn/parameters.h"
#include "trainer/nn/workspace.h"

namespace attune::trainer {

/// Weights of a hierarchical recurrent network (HRNN-Init of Quadrana et al. 2017,
/// arXiv:1706.04148), or their gradients. d = dimension, the same for events, sessions and users. A
/// session's events pass the session unit, whose state at the session's start is made from the
/// user's state u:
///   h = tanh(u S + s).
/// When the next session begins, the last state of the one before is the input of one step of the
/// user unit. A user's first u is 0.
template <typename View>
struct HierarchicalGruMatrices {
  GruMatrices<View> session;
  GruMatrices<View> user;
  View start;      // (d, d)  S
  View startBias;  // (1, d)  s
};
using HierarchicalGruWeights = HierarchicalGruMatrices<ConstMatrix>;
using HierarchicalGruGradients = HierarchicalGruMatrices<Matrix>;

/// Where one unit's weights are in a model's numbers.
struct GruParameters {
  Parameter input;          // (d, 3 d)
  Parameter state;          // (d, 3 d)
  Parameter bias;           // (1, 3 d)
  Parameter candidateBias;  // (1, d)
};

/// Where all weights are in a model's numbers.
struct HierarchicalGruParameters {
  GruParameters session;
  GruParameters user;
  Parameter start;      // (d, d)
  Parameter startBias;  // (1, d)

  static HierarchicalGruParameters addTo(ParameterLayout& layout, size_t dimension);
  HierarchicalGruWeights in(const float* numbers) const;
  HierarchicalGruGradients in(float* numbers) const;

  /// Makes fresh numbers of deviation `from` those a recurrent network begins with: matrices of
  /// deviation 1 / sqrt(d), biases 0.
  void initialise(std::span<float> numbers, float from) const;
};

/// Runs the network over some packed histories on one thread: user u has tokens offsets[u] ..
/// offsets[u + 1] - 1. Holds what forward computed until backward has used it.
///
/// All users' first sessions run together, then all second ones and so on: a session needs the
/// state that the one before left. Gradients flow back over at most `gradientEvents` events:
/// a history is cut into pieces of that many tokens, and what enters a piece counts as given
/// (truncated back-propagation through time, Williams and Peng 1990). The states themselves are
/// those of the whole history.
class HierarchicalGruPass {
 public:
  /// states (tokens, d) = the session unit's state after each token of x (tokens, d), which it may
  /// overwrite. newSession (tokens): not 0 where a session begins; a history's first token always
  /// begins one; empty: one session a user. REQUIRES: gradientEvents > 0
  void forward(ConstMatrix x, std::span<const uint32_t> offsets,
               std::span<const uint8_t> newSession, size_t gradientEvents,
               const HierarchicalGruWeights& weights, Matrix states);

  /// Given dStates: adds to `gradients` and sets dx, which may be dStates.
  void backward(const HierarchicalGruWeights& weights, ConstMatrix dStates,
                const HierarchicalGruGradients& gradients, Matrix dx);

  /// Numbers that it has room for, the units' scratch apart: about 20 d for each token of the
  /// largest batch.
  size_t heldNumbers() const;

 private:
  /// Tokens of one user that one run of the session unit passes: a session, or a piece of one.
  struct Segment {
    uint32_t user = 0;
    uint32_t firstToken = 0;
    uint32_t tokens = 0;
    bool startsSession = false;  ///< else it goes on from the user's segment before
    bool isCut = false;          ///< no gradient flows to the segments before
  };
  /// The segments that run together: at most one a user.
  struct Wave {
    size_t firstRow = 0;            // of its tokens, among all tokens in the order of the waves,
    size_t firstSegment = 0;        // of its segments among all so,
    size_t firstStart = 0;          // and of those that start a session
    std::vector<Segment> segments;  // by user
    std::vector<uint32_t> offsets;  // (segments + 1), from 0
    std::vector<uint32_t> starts;   // which segments start a session

    size_t tokens() const { return offsets.back(); }
  };

  void plan(std::span<const uint32_t> offsets, std::span<const uint8_t> newSession,
            size_t gradientEvents);
  Wave& waveOf(size_t index);
  void startSessions(size_t index, const HierarchicalGruWeights& weights, Matrix initial);
  void forwardWave(size_t index, const HierarchicalGruWeights& weights);
  void backwardWave(size_t index, const HierarchicalGruWeights& weights,
                    const HierarchicalGruGradients& gradients);
  void backwardStarts(size_t index, const HierarchicalGruWeights& weights, ConstMatrix dInitial,
                      const HierarchicalGruGradients& gradients);

  Matrix inWaveOrder(Workspace& workspace) { return workspace.matrix(rowTokens_.size(), width_); }
  Matrix ofUsers(Workspace& workspace) { return workspace.matrix(users_, width_); }
  /// A wave's rows of what is kept of all of them. One place for all, because kept by wave each
  /// would grow to the largest there ever was.
  Matrix rowsOf(const Wave& wave, Workspace& all, size_t columns) const {
    return all.matrix(rowTokens_.size(), columns).rowRange(wave.firstRow, wave.tokens());
  }
  Matrix segmentsOf(const Wave& wave, Workspace& all) const {
    return all.matrix(segments_, width_).rowRange(wave.firstSegment, wave.segments.size());
  }
  Matrix startsOf(const Wave& wave, Workspace& all, size_t columns) const {
    return all.matrix(starts_, columns).rowRange(wave.firstStart, wave.starts.size());
  }
  GruState sessionStateOf(const Wave& wave) {
    return {rowsOf(wave, sessionGates_, 3 * width_), rowsOf(wave, sessionCandidates_, width_)};
  }
  GruState userStateOf(const Wave& wave) {
    return {startsOf(wave, userGates_, 3 * width_), startsOf(wave, userCandidates_, width_)};
  }
  Matrix forStarts(const Wave& wave, Workspace& workspace) const {
    return workspace.matrix(wave.starts.size(), width_);
  }

  size_t users_ = 0;
  size_t width_ = 0;
  size_t segments_ = 0, starts_ = 0;  // of all waves
  std::vector<Wave> waves_;
  size_t waveCount_ = 0;                 // of this batch
  std::vector<uint32_t> rowTokens_;      // (tokens) which token is in a row
  std::vector<uint32_t> unitOffsets_;    // 0, 1, 2 ...: sequences of one token
  Workspace x_, states_, dStates_, dx_;  // (tokens, d) in the order of the waves
  Workspace sessionGates_, sessionCandidates_;
  Workspace initial_;     // (segments, d) the session unit's first states
  Workspace sessionEnd_;  // (starts, d) the user unit's inputs,
  Workspace userBefore_;  // (starts, d) its states before
  Workspace userAfter_;   // (starts, d) and after
  Workspace userGates_, userCandidates_;
  Workspace userStates_, lastStates_;    // (users, d)
  Workspace dUserStates_, dLastStates_;  // (users, d)
  Workspace dInitial_, dStart_, dAfter_, dSessionEnd_, dBefore_;
  GruScratch scratch_;
};

}  // namespace attune::trainer
