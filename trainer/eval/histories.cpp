#include "trainer/eval/histories.h"

#include <algorithm>

namespace attune::trainer {

Session sessionFor(const Vocabulary& items, size_t events) {
  return Session(items, static_cast<uint32_t>(std::max<size_t>(1, events)));
}

Status replay(const Dataset& data, std::span<const HistoryEvent> history, Session& session) {
  for (const HistoryEvent& event : history) {
    const std::string_view type = event.eventType == StringTable::kNone
                                      ? std::string_view()
                                      : std::string_view(data.eventTypes[event.eventType]);
    ATTUNE_TRY(session.record(data.items[event.item], type, event.timestamp, event.value));
  }
  return {};
}

Result<Session> StoredHistories::sessionOf(std::string_view userId, const Vocabulary& items) const {
  const uint32_t user = data_.users.find(userId);
  if (user == StringTable::kNone) return sessionFor(items, 0);
  std::vector<HistoryEvent> history;
  for (const uint32_t row : rows_[user]) history.push_back(historyEvent(data_.interactions, row));
  Session session = sessionFor(items, history.size());
  ATTUNE_TRY(replay(data_, history, session));
  return session;
}

}  // namespace attune::trainer
