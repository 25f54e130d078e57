#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "trainer/nn/gemm_threads.h"
#include "trainer/nn/matrix.h"
#include "trainer/nn/sequence_batches.h"
#include "trainer/nn/sequence_validation.h"
#include "trainer/recipes/neighbour_lists.h"

namespace attune::trainer {

/// What an item's score is made of, beside the sequence model (see runtime/models/blend.h):
///   sequence x its logit + neighbours x log(1 + n / neighbourScale) + popularity x log(users +
///   1/2)
///   + repeat x log(1 + times the user had it),
/// n = sum over the user's different past items, newest first, of recencyDecay^place x the weight
/// of the item in their neighbour lists.
struct BlendWeights {
  float sequence = 1;
  float neighbours = 0;
  float neighbourScale = 1;  ///< above 0
  float recencyDecay = 1;    ///< (0, 1]
  float popularity = 0;
  float repeat = 0;
};

/// The held-out cases a blend is fitted to.
struct BlendCases {
  const HeldOut& heldOut;
  ConstMatrix hidden;                ///< (cases, d): what the sequence model made of each history
  std::span<const PointedItems> pointed;  ///< (cases), or empty: what it points back at in each
  ConstMatrix itemVectors;           ///< (items, d)
  const NeighbourLists& neighbours;  ///< learned without the held-out items
  std::span<const uint32_t> userCounts;  ///< (items) different users, without the held-out items
  bool excludeSeen = true;               ///< a user's past items are no candidates
  GemmThreads* threads = nullptr;
};

/// The weights found, and what they are worth on the cases.
struct FittedBlend {
  BlendWeights weights;
  double ndcgAt10 = 0;
  double sequenceNdcgAt10 = 0;  ///< of the sequence model alone
  double gain = 0;  ///< log likelihood of all cases above that of the sequence model alone, nats
};

/// Maximises the likelihood of the held-out items under the softmax of the blend, a multinomial
/// logit (McFadden 1974) in the weights, for each of a few decays and scales, by Newton's method
/// with a ridge; the best by likelihood is taken. Only popularity may have a weight below 0.
FittedBlend fitBlend(const BlendCases& cases);

/// NDCG@10 of given weights on the cases; ties count against the blend.
double ndcgOf(const BlendCases& cases, const BlendWeights& weights);

}  // namespace attune::trainer
