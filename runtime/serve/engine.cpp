#include "runtime/serve/engine.h"

#include <algorithm>
#include <limits>

#include "runtime/base/math.h"
#include "runtime/bundle/section_checks.h"
#include "runtime/serve/list_maker.h"

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

Query queryOf(const Session& session, const QueryRows* context, bool exact = false) {
  return {session, context == nullptr ? std::span<const uint32_t>() : context->rows(), exact};
}

/// e to the power of each score less the best, which comes first.
void makeLogitsPositive(std::span<Scored> ranked) {
  const float best = ranked.empty() ? 0 : ranked.front().score;
  for (Scored& one : ranked) one.score = expOf(one.score - best);
}

/// Which items may be recommended; nothing when all may.
Result<std::span<const uint8_t>> openAllowed(const Bundle& bundle) {
  if (!bundle.has(SectionKind::ItemAllowed)) return std::span<const uint8_t>();
  const auto allowed = bundle.bytes(SectionKind::ItemAllowed);
  ATTUNE_TRY(allowed);
  // Zeros and ones, and not zeros alone.
  const size_t count = allowed.value().size();
  if (count != bundle.itemCount() || largestOf(IndexView(allowed.value().data(), count, 1)) != 1)
    return Error{ErrorCode::CorruptBundle, "the list of allowed items is damaged"};
  return allowed.value();
}

}  // namespace

Result<Owned<Engine>> Engine::open(std::span<const uint8_t> bytes, MetadataTime metadata) {
  auto bundle = Bundle::open(bytes);
  ATTUNE_TRY(bundle);
  const auto items = Vocabulary::open(bundle.value());
  ATTUNE_TRY(items);
  auto queryColumns = QueryColumns::open(bundle.value());
  ATTUNE_TRY(queryColumns);
  auto model = openModel(bundle.value());
  ATTUNE_TRY(model);
  const auto counts = PopularityCounts::open(bundle.value());
  ATTUNE_TRY(counts);
  const auto allowed = openAllowed(bundle.value());
  ATTUNE_TRY(allowed);
  const auto namedFilters = NamedFilters::open(bundle.value());
  ATTUNE_TRY(namedFilters);
  Owned<Engine> engine =
      makeOwned<Engine>(bundle.value(), items.value(), std::move(queryColumns.value()),
                        counts.value(), std::move(model.value()), allowed.value(),
                        namedFilters.value());
  if (!engine) return Error{ErrorCode::OutOfMemory, "out of memory"};
  ATTUNE_TRY(metadata == MetadataTime::now ? engine->openMetadata()
                                           : engine->setCatalogue(Catalogue()));
  return engine;
}

Status Engine::setCatalogue(Result<Catalogue> catalogue) {
  ATTUNE_TRY(catalogue);
  auto fields = FilterFields::of(catalogue.value(), queryColumns_);
  ATTUNE_TRY(fields);
  catalogue_ = std::move(catalogue.value());
  filterFields_ = std::move(fields.value());
  return {};
}

Result<bool> Engine::setAttribute(Session& session, std::string_view name,
                                  std::string_view text) const {
  const auto known = queryColumns_.set(QueryKind::User, name, text, session.attributes());
  ATTUNE_TRY(known);
  ATTUNE_TRY(session.profile().set(name, text));
  return known.value();
}

// The pause is the one since the newest event that models see, as in training: an unknown item
// influences nothing.
Status Engine::beginContext(const Session& session, double now, QueryRows& context) const {
  context.clear();
  Moment moment{now};
  for (const SessionEvent& event : session.events())
    if (event.item != kUnknownItem) moment.before = static_cast<double>(event.timestamp);
  return queryColumns_.setAutomatic(moment, context);
}

Status Engine::recommend(const Session& session, const ListRequest& request,
                         Scratch& scratch) const {
  const Query query = queryOf(session, request.context, request.exact);
  ATTUNE_TRY(scratch.scores.resize(items_.size()));
  ATTUNE_TRY(model_->score(query, scratch, scratch.scores.span()));
  hideForbidden(scratch.scores.span());
  // Logits become shares of the whole catalogue, so this comes before a filter masks some.
  const bool logits = model_->scoresAreLogits();
  const bool coarse = logits && model_->shortlist() > 0 && !request.exact;
  const auto scale = coarse ? shortlist(query, scratch)
                     : logits ? softmaxScale(scratch.scores.span()) : SoftmaxScale();
  ATTUNE_TRY(scale);
  const size_t count = request.numResults;
  if (coarse && request.filter == nullptr && !request.controls.any() &&
      count + kMargin <= model_->shortlist()) {
    scratch.listMarks.clear();
    keepBest(scratch.ranked, count);
  } else {
    const FilterRequest who{&session, request.filterValues, request.now};
    ATTUNE_TRY(ListMaker(*this, &query, who, request, scratch).make());
  }
  if (logits)
    for (Scored& one : scratch.ranked) one.score = scale.value().shareOf(one.score);
  return {};
}

/// The best by their coarse scores with exact ones in scratch.ranked, in no order, and what turns
/// scores into shares: of the others a sample counts, because each says little.
Result<SoftmaxScale> Engine::shortlist(const Query& query, Scratch& scratch) const {
  const std::span<const float> scores = scratch.scores.span();
  ATTUNE_TRY(chooseAbout(scores, model_->shortlist(), scratch.ranked));
  if (scratch.ranked.empty()) return SoftmaxScale();
  float lowest = scratch.ranked[0].score;
  for (const Scored& one : scratch.ranked) lowest = std::min(lowest, one.score);
  model_->refine(query, scratch, scratch.ranked.span());
  float highest = kMasked;
  for (const Scored& one : scratch.ranked) highest = std::max(highest, one.score);
  double total = sampledPowersBelow(scores, lowest, highest);
  for (const Scored& one : scratch.ranked)
    total += static_cast<double>(expOf(one.score - highest));
  return SoftmaxScale{highest, static_cast<float>(total)};
}

Status Engine::related(uint32_t item, const Session* session, const ListRequest& request,
                       Scratch& scratch) const {
  if (item >= items_.size()) return Error{ErrorCode::NotFound, "no such item"};
  ATTUNE_TRY(scratch.scores.resize(items_.size()));
  ATTUNE_TRY(model_->scoreRelated(item, scratch, scratch.scores.span()));
  scratch.scores[item] = kMasked;
  hideForbidden(scratch.scores.span());
  const FilterRequest who{session, request.filterValues, request.now, true, item};
  return ListMaker(*this, nullptr, who, request, scratch).make();
}

void Engine::hideForbidden(std::span<float> scores) const {
  for (size_t i = 0; i < allowed_.size(); ++i)
    if (allowed_[i] == 0) scores[i] = kMasked;
}

Status Engine::rank(const Session& session, std::span<const uint32_t> items, Scratch& scratch,
                    const QueryRows* context) const {
  const Query query = queryOf(session, context);
  ATTUNE_TRY(scratch.scores.resize(items_.size()));
  ATTUNE_TRY(model_->score(query, scratch, scratch.scores.span()));
  ATTUNE_TRY(scratch.marks.resize(items_.size()));
  scratch.ranked.clear();
  scratch.listMarks.clear();
  ATTUNE_TRY(scratch.ranked.reserve(items.size()));
  for (const uint32_t item : items) {
    if (item >= items_.size() || scratch.marks[item] != 0) continue;
    scratch.marks[item] = 1;
    ATTUNE_TRY(scratch.ranked.push({item, scratch.scores[item]}));
  }
  for (const Scored& one : scratch.ranked) scratch.marks[one.item] = 0;
  model_->refine(query, scratch, scratch.ranked.span());
  sortRanked(scratch.ranked.span());
  if (model_->scoresAreLogits()) makeLogitsPositive(scratch.ranked.span());
  makeShares(scratch.ranked.span());
  return {};
}

}  // namespace attune
