#include "runtime/serve/engine.h"

#include <algorithm>
#include <limits>

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
  ATTUNE_TRY(model_->score(session.events(), scratch, scratch.scores.span()));
  return select(&session, request, scratch);
}

Status Engine::related(uint32_t item, const Session* session, const ListRequest& request,
                       Scratch& scratch) const {
  if (item >= items_.size()) return Error{ErrorCode::NotFound, "no such item"};
  ATTUNE_TRY(scratch.scores.resize(items_.size()));
  ATTUNE_TRY(model_->scoreRelated(item, scratch.scores.span()));
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
  ATTUNE_TRY(model_->score(session.events(), scratch, scratch.scores.span()));
  ATTUNE_TRY(scratch.marks.resize(items_.size()));
  scratch.ranked.clear();
  ATTUNE_TRY(scratch.ranked.reserve(items.size()));
  for (const uint32_t item : items) {
    if (item >= items_.size() || scratch.marks[item] != 0) continue;
    scratch.marks[item] = 1;
    ATTUNE_TRY(scratch.ranked.push({item, scratch.scores[item]}));
  }
  for (const Scored& one : scratch.ranked) scratch.marks[one.item] = 0;
  std::sort(scratch.ranked.begin(), scratch.ranked.end(), ranksBefore);
  makeShares(scratch.ranked.span());
  return {};
}

}  // namespace attune
