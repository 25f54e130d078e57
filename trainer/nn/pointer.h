#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "trainer/nn/cross_entropy.h"
#include "trainer/nn/gemm_threads.h"
#include "trainer/nn/parameters.h"
#include "trainer/nn/sequence_batches.h"
#include "trainer/nn/workspace.h"

namespace attune::trainer {

/// The weights of a pointer, one behind the other.
struct PointerParameters {
  Parameter queryKey;      // (d, 2 w): columns of queries, then of keys
  Parameter distanceBias;  // (1, window)

  static PointerParameters addTo(ParameterLayout& layout, size_t dimension, size_t width,
                                 size_t window);

  bool empty() const { return queryKey.size() == 0; }
  size_t width() const { return queryKey.columns / 2; }
};

/// A past event's item and the logit of coming back to it.
struct PointedItem {
  uint32_t item = 0;
  float logit = 0;
};
using PointedItems = std::vector<PointedItem>;

/// scores (items): of each item becomes log(e^score + the sum of e^logit over its events).
void addPointed(const PointedItems& pointed, std::span<float> scores);

/// A second way to the next item: back to one of the sequence's own. Token t points at each token j
/// up to itself with the logit q(t) . k(j) / sqrt(w) + bias(t - j), where q and k are linear in the
/// tokens' states, and what points at an item adds to its part of the one softmax over the
/// catalogue: e^score(item) + the sum of e^logit over its tokens (after CopyNet, Gu et al. 2016).
/// How likely anything comes back, and what, is so learned together with what is new.
///
/// Sequences are no longer than the window. One batch at a time; the thread count changes nothing.
class PointerPass {
 public:
  PointerPass(const PointerParameters& parameters, GemmThreads* threads)
      : parameters_(parameters), threads_(threads) {}

  /// The logits of every token of the batch, of the states `hidden` (tokens, d).
  void forward(const PackedBatch& batch, const float* values, ConstMatrix hidden);

  /// What they add to the loss of each token; of tokens without a target nothing. (tokens)
  std::vector<CopiedMass> masses(const PackedBatch& batch) const;

  /// What the last token of a sequence of the batch points at, oldest first.
  PointedItems last(const PackedBatch& batch, size_t sequence) const;

  /// Given the batch just passed, and of each token the parts of its loss and its weight in the
  /// gradient (0: it has none): dHidden is added to, the parameters in `gradients` are set.
  void backward(const PackedBatch& batch, const float* values, ConstMatrix hidden,
                std::span<const LossParts> parts, std::span<const float> weights, Matrix dHidden,
                float* gradients);

 private:
  void cutIntoGroups(const PackedBatch& batch);
  /// Calls work(first sequence, end, group) for the groups.
  template <typename Work>
  void forGroups(const Work& work) const;
  std::span<const float> logitsOf(size_t token, size_t place) const;
  void sequenceForward(size_t begin, size_t count, const float* bias);
  void tokenBackward(const PackedBatch& batch, size_t begin, size_t place, const LossParts& parts,
                     float weight, float* dBias);

  const PointerParameters& parameters_;
  GemmThreads* threads_;
  Workspace queryKey_, dQueryKey_;     // (tokens, 2 w)
  std::vector<size_t> groups_;  // first sequences of groups, and the end; by the batch alone
  std::vector<uint64_t> firstLogit_;   // (tokens): of the logits of a token's places, oldest first
  std::vector<float> logits_;
  std::vector<std::vector<float>> gradients_;  // (groups) x (queryKey, distanceBias)
};

}  // namespace attune::trainer
