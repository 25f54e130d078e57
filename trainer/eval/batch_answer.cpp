#include "trainer/eval/batch_answer.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <unordered_set>

#include "trainer/base/suggest.h"
#include "trainer/eval/served_bundle.h"

namespace attune::trainer {
namespace {

constexpr float kMasked = -std::numeric_limits<float>::infinity();

std::string dump(const nlohmann::ordered_json& value) {
  return value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

void appendText(std::string_view text, std::string& out) {
  const bool plain = std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<uint8_t>(c) < ' ' || c == '"' || c == '\\' || c == '\x7f';
  });
  if (!plain) {
    out += dump(std::string(text));
    return;
  }
  (out += '"').append(text) += '"';
}

/// The shortest decimal number that reads back as the same float.
void appendScore(float score, std::string& out) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, score).ptr;
  out.append(digits, end);
}

std::string errorLine(const ParsedLine& parsed, const std::string& error) {
  return "{\"input\":" + dump(parsed.echo) + ",\"output\":null,\"error\":" + dump(error) + "}";
}

}  // namespace

BatchAnswerer::BatchAnswerer(const Engine& engine, const StoredHistories* stored,
                             const BatchOptions& options)
    : engine_(engine), stored_(stored), options_(options) {
  if (options_.filter == nullptr) return;
  Buffer<float> kept;
  float score = 0;
  const Status status = options_.filter->apply(nullptr, kept, {&score, 1});
  if (!status.ok()) throwRuntimeError("the filter", status.error());
  unknownPasses_ = score != kMasked;
}

BatchAnswer BatchAnswerer::answer(std::string_view line, Scratch& scratch) const {
  const ParsedLine parsed = parseBatchLine(line);
  if (!parsed.error.empty()) return {errorLine(parsed, parsed.error), true};
  auto session = sessionOf(parsed.request);
  if (!session.ok()) return {errorLine(parsed, session.error().what), true};
  QueryRows context;
  std::string problem = readValues("context", QueryKind::Context, parsed.request.context, context);
  if (problem.empty() && parsed.request.hasAttributes) {
    session.value().attributes().clear();
    problem = readValues("attributes", QueryKind::User, parsed.request.attributes,
                         session.value().attributes());
  }
  if (!problem.empty()) return {errorLine(parsed, problem), true};
  Ranking ranking;
  const Status status = serve(parsed.request, session.value(), context, scratch, ranking);
  if (!status.ok()) return {errorLine(parsed, status.error().what), true};
  return {print(parsed, scratch, ranking), false};
}

Result<Session> BatchAnswerer::sessionOf(const BatchRequest& request) const {
  if (!request.hasEvents && stored_ != nullptr)
    return stored_->sessionOf(request.userId, engine_);
  Session session = sessionFor(engine_.items(), request.events.size());
  for (const BatchEvent& event : request.events)
    ATTUNE_TRY(session.record(event.itemId, event.eventType, event.timestamp, event.value));
  return session;
}

std::string BatchAnswerer::readValues(const char* field, QueryKind kind, const BatchValues& values,
                                      QueryRows& rows) const {
  const QueryColumns& columns = engine_.queryColumns();
  for (const auto& [name, text] : values) {
    const auto set = columns.set(kind, name, text, rows);
    if (set.ok()) continue;
    const std::string place = std::string(field) + "." + name;
    if (set.error().code != ErrorCode::NotFound) return place + ": " + set.error().what;
    std::vector<std::string> known;
    for (uint32_t i = 0; i < columns.size(); ++i)
      if (columns[i].kind == kind) known.emplace_back(columns[i].name);
    std::string names;
    for (const std::string& one : known) names += (names.empty() ? "" : ", ") + one;
    return place + ": the model has no such column" + didYouMean(name, known) + " (columns: " +
           names + ")";
  }
  return "";
}

Status BatchAnswerer::serve(const BatchRequest& request, const Session& session,
                            const QueryRows& context, Scratch& scratch, Ranking& ranking) const {
  switch (request.kind) {
    case BatchRequest::Kind::related:
      return serveRelated(request, session, scratch);
    case BatchRequest::Kind::ranking:
      return serveRanking(request, session, context, scratch, ranking);
    default:
      return engine_.recommend(session, {options_.numResults, options_.filter, &context}, scratch);
  }
}

Status BatchAnswerer::serveRelated(const BatchRequest& request, const Session& session,
                                   Scratch& scratch) const {
  const uint32_t item = engine_.items().find(request.itemId);
  if (item == kUnknownItem) return servePopular(session, scratch);
  return engine_.related(item, &session, {options_.numResults, options_.filter}, scratch);
}

/// What a user without a history gets, filtered by the history that this user has.
Status BatchAnswerer::servePopular(const Session& session, Scratch& scratch) const {
  const Session nobody = sessionFor(engine_.items(), 0);
  if (options_.filter == nullptr)
    return engine_.recommend(nobody, {options_.numResults, nullptr}, scratch);
  ATTUNE_TRY(engine_.recommend(nobody, {engine_.items().size(), nullptr}, scratch));
  for (const Scored& one : scratch.ranked) scratch.scores[one.item] = one.score;
  ATTUNE_TRY(options_.filter->apply(&session, scratch.kept, scratch.scores.span()));
  return topK(scratch.scores.span(), options_.numResults, scratch.ranked);
}

Status BatchAnswerer::serveRanking(const BatchRequest& request, const Session& session,
                                   const QueryRows& context, Scratch& scratch,
                                   Ranking& ranking) const {
  ATTUNE_TRY(scratch.scores.resize(engine_.items().size()));
  std::fill(scratch.scores.begin(), scratch.scores.end(), 0.0f);
  if (options_.filter != nullptr)
    ATTUNE_TRY(options_.filter->apply(&session, scratch.kept, scratch.scores.span()));
  std::vector<uint32_t> items;
  std::unordered_set<std::string_view> met;
  for (const std::string& id : request.itemList) {
    const uint32_t item = engine_.items().find(id);
    if (item != kUnknownItem && scratch.scores[item] != kMasked) items.push_back(item);
    if (item == kUnknownItem && unknownPasses_ && met.insert(id).second)
      ranking.unscored.push_back(id);
  }
  return engine_.rank(session, items, scratch, &context);
}

std::string BatchAnswerer::print(const ParsedLine& parsed, const Scratch& scratch,
                                 const Ranking& ranking) const {
  std::string ids;
  std::string scores;
  for (const Scored& one : scratch.ranked) {
    appendText(engine_.items()[one.item], ids);
    appendScore(one.score, scores);
    ids += ',';
    scores += ',';
  }
  for (const std::string_view id : ranking.unscored) {
    appendText(id, ids);
    ids += ',';
    scores += "null,";
  }
  if (!ids.empty()) ids.pop_back();
  if (!scores.empty()) scores.pop_back();
  return "{\"input\":" + dump(parsed.echo) + ",\"output\":{\"recommendedItems\":[" + ids +
         "],\"scores\":[" + scores + "]},\"error\":null}";
}

}  // namespace attune::trainer
