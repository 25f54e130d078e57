#include "trainer/eval/histories.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace attune::trainer {
namespace {

std::string textOf(double number) {
  char digits[32];
  return {digits, std::to_chars(digits, digits + sizeof digits, number).ptr};
}

std::string_view typeOf(const Dataset& data, const HistoryEvent& event) {
  return event.eventType == StringTable::kNone ? std::string_view()
                                               : std::string_view(data.eventTypes[event.eventType]);
}

/// A value as it is written in a CSV file; empty for null and for textual columns, which are not
/// filtered.
std::string textOf(const Column& column, uint32_t row) {
  std::string text;
  if (column.kind == ColumnKind::categorical) {
    for (uint32_t i = column.offsets[row]; i < column.offsets[row + 1]; ++i)
      text += (text.empty() ? "" : "|") + column.values[column.codes[i]];
  } else if (column.kind == ColumnKind::text) {
    text = column.texts[row];
  } else if (!column.numbers.empty() && !std::isnan(column.numbers[row])) {
    const double number = column.numbers[row];
    const bool isBoolean = column.kind == ColumnKind::boolean;
    text = isBoolean ? (number != 0 ? "true" : "false") : textOf(number);
  }
  return text;
}

}  // namespace

Session sessionFor(const Vocabulary& items, size_t events) {
  return Session(items, static_cast<uint32_t>(std::max<size_t>(1, events)));
}

Status replay(const Dataset& data, std::span<const HistoryEvent> history, Session& session) {
  for (const HistoryEvent& event : history)
    ATTUNE_TRY(session.record(data.items[event.item], typeOf(data, event), event.timestamp,
                              event.value));
  return {};
}

Status eventContext(const Dataset& data, uint32_t row, Buffer<char>& context) {
  context.clear();
  for (const Column& column : data.interactions.columns)
    ATTUNE_TRY(event_context::add(column.name, textOf(column, row), context));
  return {};
}

Status setAttributes(const Engine& engine, const Dataset& data, uint32_t user, Session& session) {
  const QueryColumns& known = engine.queryColumns();
  for (const Column& column : data.userColumns) {
    const std::string text = textOf(column, user);
    ATTUNE_TRY(session.profile().set(column.name, text));
    if (known.find(QueryKind::User, column.name) != QueryColumns::kNone)
      ATTUNE_TRY(known.set(QueryKind::User, column.name, text, session.attributes()));
  }
  return {};
}

Status setContext(const Engine& engine, const Dataset& data, uint32_t row, const Session& session,
                  QueryRows& context) {
  ATTUNE_TRY(
      engine.beginContext(session, static_cast<double>(data.interactions.timestamp[row]), context));
  const QueryColumns& known = engine.queryColumns();
  for (const Column& column : data.interactions.columns)
    if (known.find(QueryKind::Context, column.name) != QueryColumns::kNone)
      ATTUNE_TRY(known.set(QueryKind::Context, column.name, textOf(column, row), context));
  return {};
}

Result<Session> StoredHistories::sessionOf(std::string_view userId, const Engine& engine,
                                           bool withContext) const {
  const uint32_t user = data_.users.find(userId);
  if (user == StringTable::kNone) return sessionFor(engine.items(), 0);
  Session session = sessionFor(engine.items(), rows_[user].size());
  ATTUNE_TRY(setAttributes(engine, data_, user, session));
  Buffer<char> context;
  for (const uint32_t row : rows_[user]) {
    const HistoryEvent event = historyEvent(data_.interactions, row);
    if (withContext) ATTUNE_TRY(eventContext(data_, row, context));
    ATTUNE_TRY(session.record(data_.items[event.item], typeOf(data_, event), event.timestamp,
                              event.value, {context.data(), context.size()}));
  }
  return session;
}

}  // namespace attune::trainer
