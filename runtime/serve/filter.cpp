#include "runtime/serve/filter.h"

#include <algorithm>
#include <limits>

#include "runtime/serve/filter_parser.h"

namespace attune {

constexpr float kMasked = -std::numeric_limits<float>::infinity();

Result<Filter> Filter::parse(std::string_view expression) {
  return FilterParser(expression).parse();
}

bool Filter::matches(const Session& session, const SessionEvent& event) const {
  if (anyType_) return true;
  const std::string_view name = session.typeName(event.type);
  uint32_t begin = 0;
  for (const uint32_t end : typeEnds_) {
    if (equalWithoutCase(name, {typeText_.data() + begin, end - begin})) return true;
    begin = end;
  }
  return false;
}

Status Filter::apply(const Session* session, Buffer<float>& kept, std::span<float> scores) const {
  const std::span<const SessionEvent> events =
      session == nullptr ? std::span<const SessionEvent>() : session->events();
  kept.clear();
  for (const SessionEvent& event : events)
    if (include_) ATTUNE_TRY(kept.push(event.item == kUnknownItem ? kMasked : scores[event.item]));
  if (include_) std::fill(scores.begin(), scores.end(), kMasked);
  for (size_t i = 0; i < events.size(); ++i) {
    if (events[i].item == kUnknownItem || !matches(*session, events[i])) continue;
    scores[events[i].item] = include_ ? kept[i] : kMasked;
  }
  return {};
}

}  // namespace attune
