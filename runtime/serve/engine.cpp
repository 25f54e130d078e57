#include "runtime/serve/engine.h"

#include <algorithm>
#include <limits>

#include "runtime/base/math.h"

namespace attune {
namespace {

constexpr float kMasked = -std::numeric_limits<float>::infinity();

/// Scores that sum to 1; equal shares when they sum to nothing.
void makeShares(std::span<Scored> ranked) {
  double total = 0;
  for (const Scored& one : ranked) total += static_cast<double>(one.score);
  for (Scored& one : ranked)
    one.score = total > 0 ? static_cast<float>(static_cast<double>(one.score) / total)
                          : 1.0f / static_cast<float>(ranked.size());
}

/// e to the power of each score less the best, which comes first.
void makeLogitsPositive(std::span<Scored> ranked) {
  const float best = ranked.empty() ? 0 : ranked.front().score;
  for (Scored& one : ranked) one.score = expOf(one.score - best);
}

/// More candidates than results are scored exactly, for those that the approximation puts lower. Its
/// error is that of a vector rounded to 16 bits, so few change places (tests/bench/exactness.cpp).
constexpr uint32_t kCandidateMargin = 32;

}  // namespace

Result<Owned<Engine>> Engine::open(std::span<const uint8_t> bytes) {
  auto bundle = Bundle::open(bytes);
  ATTUNE_TRY(bundle);
  const auto items = Vocabulary::open(bundle.value());
  ATTUNE_TRY(items);
  auto catalogue = Catalogue::open(bundle.value());
  ATTUNE_TRY(catalogue);
  auto model = openModel(bundle.value());
  ATTUNE_TRY(model);
  Owned<Engine> engine = makeOwned<Engine>(bundle.value(), items.value(),
                                           std::move(catalogue.value()), std::move(model.value()));
  if (!engine) return Error{ErrorCode::OutOfMemory, "out of memory"};
  return engine;
}

Status Engine::recommend(const Session& session, const ListRequest& request,
                         Scratch& scratch) const {
  ATTUNE_TRY(scratch.scores.resize(items_.size()));
  ATTUNE_TRY(model_->score(session, scratch, scratch.scores.span()));
  // Logits become shares of the whole catalogue, so this comes before a filter masks some.
  const bool logits = model_->scoresAreLogits();
  const SoftmaxScale scale = logits ? softmaxScale(scratch.scores.span()) : SoftmaxScale();
  if (!model_->approximates()) {
    ATTUNE_TRY(select(&session, request, scratch));
  } else {
    ListRequest wider = request;
    wider.numResults = std::max(request.numResults, request.numResults + kCandidateMargin);
    ATTUNE_TRY(select(&session, wider, scratch));
    model_->refine(session, scratch, scratch.ranked.span());
    std::sort(scratch.ranked.begin(), scratch.ranked.end(), ranksBefore);
    scratch.ranked.truncate(std::min<size_t>(scratch.ranked.size(), request.numResults));
  }
  if (logits)
    for (Scored& one : scratch.ranked) one.score = scale.shareOf(one.score);
  return {};
}

Status Engine::related(uint32_t item, const Session* session, const ListRequest& request,
                       Scratch& scratch) const {
  if (item >= items_.size()) return Error{ErrorCode::NotFound, "no such item"};
  ATTUNE_TRY(scratch.scores.resize(items_.size()));
  ATTUNE_TRY(model_->scoreRelated(item, scratch, scratch.scores.span()));
  scratch.scores[item] = kMasked;
  return select(session, request, scratch);
}

Status Engine::select(const Session* session, const ListRequest& request, Scratch& scratch) const {
  if (request.filter != nullptr)
    ATTUNE_TRY(request.filter->apply(session, scratch.kept, scratch.scores.span()));
  return topK(scratch.scores.span(), request.numResults, scratch.ranked);
}

Status Engine::rank(const Session& session, std::span<const uint32_t> items,
                    Scratch& scratch) const {
  ATTUNE_TRY(scratch.scores.resize(items_.size()));
  ATTUNE_TRY(model_->score(session, scratch, scratch.scores.span()));
  ATTUNE_TRY(scratch.marks.resize(items_.size()));
  scratch.ranked.clear();
  ATTUNE_TRY(scratch.ranked.reserve(items.size()));
  for (const uint32_t item : items) {
    if (item >= items_.size() || scratch.marks[item] != 0) continue;
    scratch.marks[item] = 1;
    ATTUNE_TRY(scratch.ranked.push({item, scratch.scores[item]}));
  }
  for (const Scored& one : scratch.ranked) scratch.marks[one.item] = 0;
  model_->refine(session, scratch, scratch.ranked.span());
  std::sort(scratch.ranked.begin(), scratch.ranked.end(), ranksBefore);
  if (model_->scoresAreLogits()) makeLogitsPositive(scratch.ranked.span());
  makeShares(scratch.ranked.span());
  return {};
}

}  // namespace attune
