#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "trainer/nn/gemm_threads.h"
#include "trainer/nn/matrix.h"
#include "trainer/nn/sequence_batches.h"
#include "trainer/nn/sequence_model.h"

namespace attune::trainer {

/// Histories without the items that validation asks for.
struct HeldOut {
  Sequences training;             ///< all users; those asked for lack their last item
  std::vector<uint32_t> users;    ///< who is asked for, ascending
  std::vector<uint32_t> targets;  ///< (users) the item each one lost
  std::vector<float> weights;     ///< (users) of the lost event, or empty for 1 each
  RowLists queryRows;  ///< (users) query features of the user and the lost event, or empty
};

/// Takes the last item from each user with two or more, or from `maxUsers` of them, drawn by seed,
/// when there are more. Users whose last event has weight 0 are not asked.
HeldOut holdOutLast(const Sequences& sequences, size_t maxUsers, uint64_t seed);

/// Tokens of histories that are encoded together, and one history more at most.
inline constexpr size_t kValidationTokens = 4096;

/// hidden (users, d): the model's state after each user's last `maxHistory` items. A user without
/// items has a state of 0. `itemVectors` (items, d) are the items' full vectors. Returns what each
/// user's last event points back at (users), nothing at all for a model without a pointer.
std::vector<PointedItems> encodeHistories(const SequenceModel& model, const float* values,
                                          ConstMatrix itemVectors, const Sequences& sequences,
                                          std::span<const uint32_t> users, GemmThreads* threads,
                                          Matrix hidden);

/// How well targets rank among the whole catalogue: means, weighted as the held-out events are.
struct RankingQuality {
  double ndcgAt10 = 0;
  double hitRateAt10 = 0;
  double ndcgAt100 = 0;  ///< changes less by chance from epoch to epoch, so it chooses among them
};

/// Ranks each held-out item among all items by the model's scores, those of the user's history
/// taken out first if `excludeSeen`. Equal scores rank above the target: a model gets no credit for
/// what it did not decide; nor for NaN.
RankingQuality validate(const SequenceModel& model, const float* values, ConstMatrix itemVectors,
                        const HeldOut& heldOut, bool excludeSeen, GemmThreads* threads);

}  // namespace attune::trainer
