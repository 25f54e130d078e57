#include "runtime/serve/arranger.h"

#include <algorithm>
#include <limits>

namespace attune {
namespace {

constexpr uint32_t kTaken = kUnknownItem;
/// What a diversity of 1 takes off an item that equals all before it, at the end of the list, in
/// spreads of the candidates' keys. So a strength of a half costs the sequence models up to 2 % of
/// NDCG@10 and makes their lists 20 to 28 % less alike (tests/bench/diversity.mjs).
constexpr float kPenalty = 2.65f;
constexpr float kNone = -std::numeric_limits<float>::infinity();

}  // namespace

Status Arranger::arrange(size_t count, Buffer<Scored>& list, Buffer<ListMark>& marks) {
  const size_t pool = scratch_.pool.size(), beliefs = scratch_.beliefs.size();
  ATTUNE_TRY(scratch_.nearest.resize(pool + beliefs));
  std::fill(scratch_.nearest.begin(), scratch_.nearest.end(), 0.0f);
  if (controls_.maxPerValue > 0) {
    ATTUNE_TRY(scratch_.counts.resize(catalogue_.column(controls_.column).values.size()));
    std::fill(scratch_.counts.begin(), scratch_.counts.end(), 0u);
  }
  if (pool > 0)
    penalty_ = kPenalty * controls_.diversity *
               (scratch_.pool[0].score - scratch_.pool[pool - 1].score) / static_cast<float>(count);
  ATTUNE_TRY(scratch_.numbers.resize(beliefs));
  for (size_t place = 0; place < count; ++place) {
    float rival = kNone;
    const size_t best = bestOfPool(rival);
    scratch_.trial.clear();
    for (size_t i = 0; i < beliefs; ++i) {
      Belief one = scratch_.beliefs[i];
      if (one.item == kTaken || !allowed(one.item)) continue;
      one.mean = keyOf(one.mean, pool + i);
      one.item = static_cast<uint32_t>(i);
      ATTUNE_TRY(scratch_.trial.push(one));
    }
    ListMark mark;
    size_t drawn = beliefs;
    if (!scratch_.trial.empty()) {
      mark.propensity = chancesOf(scratch_.trial.span(), rival, scratch_.numbers.span());
      float u = Random(controls_.seed, place).uniform() - mark.propensity;
      for (const Belief& one : scratch_.trial) {
        if (u < 0) break;
        drawn = one.item;
        mark = {ListMark::kExplored, one.chance};
        u -= one.chance;
      }
    }
    if (drawn == beliefs && best == pool) break;
    Scored next;
    if (drawn == beliefs) {
      next = {scratch_.pool[best].item, rival};
      scratch_.pool[best].item = kTaken;
    } else {
      next = {scratch_.beliefs[drawn].item, scratch_.beliefs[drawn].mean};
      scratch_.beliefs[drawn].item = kTaken;
    }
    ATTUNE_TRY(list.push(next));
    ATTUNE_TRY(marks.push(mark));
    take(next.item);
  }
  return {};
}

/// Whether an item may still follow: none of its values is there as often as may be.
bool Arranger::allowed(uint32_t item) const {
  if (controls_.maxPerValue == 0) return true;
  const IndexView codes = catalogue_.column(controls_.column).codesOf(item);
  for (size_t i = 0; i < codes.size(); ++i)
    if (scratch_.counts[codes[i]] >= controls_.maxPerValue) return false;
  return true;
}

void Arranger::take(uint32_t item) {
  if (controls_.maxPerValue > 0) {
    const IndexView codes = catalogue_.column(controls_.column).codesOf(item);
    for (size_t i = 0; i < codes.size(); ++i) ++scratch_.counts[codes[i]];
  }
  if (penalty_ == 0) return;
  const size_t pool = scratch_.pool.size();
  const auto approach = [&](uint32_t other, float& nearest) {
    if (other != kTaken) nearest += model_.similarity(item, other);
  };
  for (size_t i = 0; i < pool; ++i) approach(scratch_.pool[i].item, scratch_.nearest[i]);
  for (size_t i = 0; i < scratch_.beliefs.size(); ++i)
    approach(scratch_.beliefs[i].item, scratch_.nearest[pool + i]);
}

/// The place of the best candidate in the pool, and its key; the pool's size for none. An item that
/// is passed over for its penalty is met again at the next place.
size_t Arranger::bestOfPool(float& key) const {
  size_t best = scratch_.pool.size();
  for (size_t i = 0; i < scratch_.pool.size(); ++i) {
    const Scored& one = scratch_.pool[i];
    if (one.item == kTaken || !allowed(one.item)) continue;
    const float mine = keyOf(one.score, i);
    if (best < scratch_.pool.size() && mine <= key) continue;
    key = mine, best = i;
    if (penalty_ == 0) break;
  }
  return best;
}

}  // namespace attune
