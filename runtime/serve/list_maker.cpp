#include "runtime/serve/list_maker.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "runtime/base/math.h"
#include "runtime/serve/filter_runner.h"

namespace attune {
namespace {

constexpr float kMasked = -std::numeric_limits<float>::infinity();
constexpr float kLeastScore = 1e-12f;
constexpr double kSecondsADay = 86400;

/// What is reordered is chosen from so many candidates; from all where these do not fill the list.
constexpr size_t kLeastPool = 100, kPoolOfList = 4;
/// New items that compete for a place at once.
constexpr size_t kBeliefs = 32;
/// Beliefs compete by their mean and so many scales.
constexpr float kOptimism = 2;
/// Streams of the request's random numbers; places of a list have the lower ones.
constexpr uint64_t kPromotedPlaces = uint64_t{1} << 32;

}  // namespace

Status ListMaker::make() {
  scratch_.listMarks.clear();
  if (controls_.any()) return control();
  const size_t count = request_.numResults;
  ATTUNE_TRY(select(request_.filter, request_.filterValues, count + margin(count)));
  if (!refines()) return {};
  model_.refine(*query_, scratch_, scratch_.ranked.span());
  keepBest(scratch_.ranked, count);
  return {};
}

size_t ListMaker::margin(size_t count) const {
  if (!refines() || count == 0) return 0;
  const size_t shortlist = query_->exact ? 0 : model_.shortlist();
  return std::max(kMargin, shortlist - std::min(shortlist, count));
}

/// The best `count` by scratch.scores that pass the filter, in scratch.ranked: sorted, if they are not
/// refined.
Status ListMaker::select(const Filter* filter, const FilterValues* values, size_t count) {
  const auto choose = refines() ? chooseBest : topK;
  if (filter == nullptr) return choose(scratch_.scores.span(), count, scratch_.ranked, nullptr);
  who_.values = values;
  auto runner = filter->start(engine_.filterRows(), who_, scratch_.filter);
  ATTUNE_TRY(runner);
  const std::span<const float> scores = scratch_.scores.span();
  Buffer<uint32_t>& rows = scratch_.filter.rows;
  const auto few = runner.value().judgeFew(rows);
  ATTUNE_TRY(few);
  if (few.value()) {
    scratch_.ranked.clear();
    for (const uint32_t row : rows)
      if (scores[row] > kMasked) ATTUNE_TRY(scratch_.ranked.push({row, scores[row]}));
    keepBest(scratch_.ranked, count);
    return {};
  }
  const auto judge = [](void* judged, uint32_t begin, uint32_t end) {
    static_cast<FilterRunner*>(judged)->judge(begin, end);
  };
  const LazyMask mask{scratch_.filter.passes.data(), judge, &runner.value()};
  return choose(scores, count, scratch_.ranked, &mask);
}

Status ListMaker::control() {
  ControlScratch& own = scratch_.control;
  created_ = engine_.catalogue().find("CREATION_TIMESTAMP");
  own.plain.clear();
  ATTUNE_TRY(own.plain.append(scratch_.scores.span()));
  ATTUNE_TRY(promote());
  const size_t count = request_.numResults - own.promoted.size();
  ATTUNE_TRY(fill(count));
  ATTUNE_TRY(mix());
  for (Scored& one : scratch_.ranked) one.score = own.plain[one.item];
  return {};
}

void ListMaker::fillKeys() {
  const ControlScratch& own = scratch_.control;
  const std::span<float> keys = scratch_.scores.span();
  if (logits() && !controls_.adjust()) {
    std::copy(own.plain.begin(), own.plain.end(), keys.begin());
  } else {
    for (uint32_t i = 0; i < keys.size(); ++i) keys[i] = keyOf(i, own.plain[i]);
  }
  for (const Scored& one : own.promoted) keys[one.item] = kMasked;
}

float ListMaker::keyOf(uint32_t item, float score) const {
  if (score == kMasked) return kMasked;
  float key = logits() ? score : logOf(std::max(score, kLeastScore));
  if (controls_.popularityDiscount > 0)
    key -= controls_.popularityDiscount * engine_.counts().logit(item);
  if (controls_.freshnessBoost > 0) {
    // NaN, an item without a time, is below nothing and gains nothing.
    const double age = ageInDays(item) / static_cast<double>(controls_.freshnessDays);
    if (age < 100)
      key += controls_.freshnessBoost * expOf(-0.6931472f * static_cast<float>(std::max(0.0, age)));
  }
  return key;
}

/// Since the item's CREATION_TIMESTAMP; NaN where it has none.
double ListMaker::ageInDays(uint32_t item) const {
  if (created_ == Catalogue::kNoColumn) return NAN;
  const CatalogueColumn& column = engine_.catalogue().column(created_);
  if (column.type != ColumnType::Integer && column.type != ColumnType::Real) return NAN;
  if (column.isNull(item)) return NAN;
  return (request_.now - column.numbers[item]) / kSecondsADay;
}

/// The best `count` by their keys in scratch.ranked; where the model is more exact of a few items,
/// it is of these.
Status ListMaker::candidates(const Filter* filter, const FilterValues* values, size_t count) {
  fillKeys();
  ATTUNE_TRY(select(filter, values, count + margin(count)));
  if (refines()) {
    model_.refine(*query_, scratch_, scratch_.ranked.span());
    for (Scored& one : scratch_.ranked) {
      scratch_.control.plain[one.item] = one.score;
      one.score = keyOf(one.item, one.score);
    }
  }
  keepBest(scratch_.ranked, count);
  return {};
}

/// Fills control.promoted by rank. A promotion has the nearest whole number to its share of the
/// list, halves rounded up, of items that no promotion before it took.
Status ListMaker::promote() {
  ControlScratch& own = scratch_.control;
  own.promoted.clear();
  own.promotedMarks.clear();
  size_t left = request_.numResults;
  for (size_t p = 0; p < controls_.promotions.size(); ++p) {
    const Promotion& promotion = controls_.promotions[p];
    const size_t share = (size_t{request_.numResults} * promotion.percent + 50) / 100;
    ATTUNE_TRY(candidates(promotion.filter, promotion.values, std::min(share, left)));
    left -= scratch_.ranked.size();
    for (const Scored& one : scratch_.ranked) {
      size_t at = own.promoted.size();
      ATTUNE_TRY(own.promoted.push(one));
      ATTUNE_TRY(own.promotedMarks.push({ListMark::kPromoted + static_cast<uint32_t>(p), 1}));
      for (; at > 0 && ranksBefore(own.promoted[at], own.promoted[at - 1]); --at) {
        std::swap(own.promoted[at], own.promoted[at - 1]);
        std::swap(own.promotedMarks[at], own.promotedMarks[at - 1]);
      }
    }
  }
  return {};
}

/// The list without promotions, in scratch.ranked and scratch.listMarks.
Status ListMaker::fill(size_t count) {
  ControlScratch& own = scratch_.control;
  if (!controls_.reorder()) {
    ATTUNE_TRY(candidates(request_.filter, request_.filterValues, count));
    for (size_t i = 0; i < scratch_.ranked.size(); ++i) ATTUNE_TRY(scratch_.listMarks.push({}));
    return {};
  }
  const bool wide = controls_.diversity > 0 || controls_.maxPerValue > 0;
  size_t pool = wide ? std::max(kLeastPool, kPoolOfList * count) : count;
  for (;; pool *= 8) {
    ATTUNE_TRY(candidates(request_.filter, request_.filterValues, pool));
    const bool all = scratch_.ranked.size() < pool;
    own.pool.clear();
    ATTUNE_TRY(own.pool.append(scratch_.ranked.span()));
    own.beliefs.clear();
    if (controls_.explorationWeight > 0 && query_ != nullptr) ATTUNE_TRY(believe());
    scratch_.ranked.clear();
    scratch_.listMarks.clear();
    Arranger arranger(model_, engine_.catalogue(), controls_, own);
    ATTUNE_TRY(arranger.arrange(count, scratch_.ranked, scratch_.listMarks));
    if (all || scratch_.ranked.size() == count) return {};
  }
}

/// An item is new for explorationItemAgeCutOff days from its CREATION_TIMESTAMP, or, where it has
/// none, as long as no user had it in training.
bool ListMaker::isNew(uint32_t item) const {
  const double age = ageInDays(item);
  return std::isnan(age) ? engine_.counts().users(item) == 0
                         : age <= static_cast<double>(controls_.explorationItemAgeCutOff);
}

/// Fills control.beliefs with the new items most worth trying, and takes them out of control.pool.
Status ListMaker::believe() {
  ControlScratch& own = scratch_.control;
  fillKeys();
  const std::span<float> keys = scratch_.scores.span();
  double sums[2] = {};  // of what is not new, and of what is
  double counts[2] = {};
  float best = kMasked;
  for (uint32_t item = 0; item < keys.size(); ++item) {
    if (keys[item] == kMasked) continue;
    const bool newItem = isNew(item);
    sums[newItem] += static_cast<double>(keys[item]);
    counts[newItem] += 1;
    best = std::max(best, keys[item]);
  }
  if (counts[0] + counts[1] == 0) return {};
  const double mean = (sums[0] + sums[1]) / (counts[0] + counts[1]);
  const float spread = controls_.explorationWeight * (best - static_cast<float>(mean));
  if (!(spread > 0)) return {};
  // Nobody having had an item yet speaks against it in the score. As new items go, it is believed
  // to be as good as the average of the others, and as its metadata say among the new ones.
  const bool both = counts[0] > 0 && counts[1] > 0;
  const double lift = both ? std::max(0.0, sums[0] / counts[0] - sums[1] / counts[1]) : 0;
  const Session& session = *who_.session;
  const auto beliefIn = [&](uint32_t item) {
    return beliefOf(item, keys[item] + static_cast<float>(lift), spread, session.timesShown(item),
                    session.timesHad(item), engine_.counts().users(item));
  };
  for (uint32_t item = 0; item < keys.size(); ++item) {
    if (keys[item] == kMasked) continue;
    const Belief belief = beliefIn(item);
    keys[item] = isNew(item) ? belief.mean + kOptimism * belief.scale : kMasked;
  }
  ATTUNE_TRY(select(request_.filter, request_.filterValues, kBeliefs));
  sortRanked(scratch_.ranked.span());
  if (refines()) {
    model_.refine(*query_, scratch_, scratch_.ranked.span());
    for (const Scored& one : scratch_.ranked) own.plain[one.item] = one.score;
  }
  fillKeys();
  for (const Scored& one : scratch_.ranked) ATTUNE_TRY(own.beliefs.push(beliefIn(one.item)));
  const auto isBelief = [&](const Scored& one) {
    for (const Belief& belief : own.beliefs)
      if (belief.item == one.item) return true;
    return false;
  };
  own.pool.truncate(static_cast<size_t>(std::remove_if(own.pool.begin(), own.pool.end(), isBelief) -
                                        own.pool.begin()));
  return {};
}

/// Puts the promoted items at random places between the others: every choice of places has the same
/// chance (selection sampling, Fan, Muller and Rezucha 1962). Both keep their order.
Status ListMaker::mix() {
  ControlScratch& own = scratch_.control;
  size_t promoted = own.promoted.size(), others = scratch_.ranked.size();
  const size_t all = promoted + others;
  if (promoted == 0) return {};
  Random random(controls_.seed, kPromotedPlaces);
  ATTUNE_TRY(scratch_.ranked.resize(all));
  ATTUNE_TRY(scratch_.listMarks.resize(all));
  for (size_t place = all; place-- > 0;) {
    if (promoted > 0 && random.below(static_cast<uint32_t>(place + 1)) < promoted) {
      scratch_.ranked[place] = own.promoted[--promoted];
      scratch_.listMarks[place] = own.promotedMarks[promoted];
    } else {
      scratch_.ranked[place] = scratch_.ranked[--others];
      scratch_.listMarks[place] = scratch_.listMarks[others];
    }
  }
  return {};
}

}  // namespace attune
