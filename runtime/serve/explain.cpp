#include "runtime/serve/explain.h"

namespace attune {
namespace {

/// The items' scores for a session, in scratch.ranked in their order.
Status scoreOf(const Engine& engine, const Session& session, std::span<const uint32_t> items,
               const QueryRows* context, Scratch& scratch) {
  const Query query{session, context == nullptr ? std::span<const uint32_t>() : context->rows()};
  ATTUNE_TRY(scratch.scores.resize(engine.items().size()));
  ATTUNE_TRY(engine.model().score(query, scratch, scratch.scores.span()));
  scratch.ranked.clear();
  for (const uint32_t item : items) ATTUNE_TRY(scratch.ranked.push({item, scratch.scores[item]}));
  engine.model().refine(query, scratch, scratch.ranked.span());
  return {};
}

/// The newest events of the newest different items.
Status findEvents(const Session& session, Buffer<uint32_t>& events) {
  const std::span<const SessionEvent> history = session.events();
  events.clear();
  for (size_t i = history.size(); i-- > 0 && events.size() < Explanation::kMostEvents;) {
    bool isNew = history[i].counts();
    for (const uint32_t other : events) isNew = isNew && history[other].item != history[i].item;
    if (isNew) ATTUNE_TRY(events.push(static_cast<uint32_t>(i)));
  }
  return {};
}

}  // namespace

Status explain(const Engine& engine, const Session& session, std::span<const uint32_t> items,
               const QueryRows* context, Scratch& scratch, Explanation& out) {
  ATTUNE_TRY(findEvents(session, out.events));
  const size_t count = items.size();
  ATTUNE_TRY(out.contributions.resize(out.events.size() * count));
  ATTUNE_TRY(scoreOf(engine, session, items, context, scratch));
  for (size_t e = 0; e < out.events.size(); ++e)
    for (size_t i = 0; i < count; ++i) out.contributions[e * count + i] = scratch.ranked[i].score;
  for (size_t e = 0; e < out.events.size(); ++e) {
    Session without(engine.items(), static_cast<uint32_t>(session.events().size()));
    ATTUNE_TRY(session.copyWithout(session.events()[out.events[e]].item, without));
    ATTUNE_TRY(scoreOf(engine, without, items, context, scratch));
    for (size_t i = 0; i < count; ++i) out.contributions[e * count + i] -= scratch.ranked[i].score;
  }
  return {};
}

}  // namespace attune
