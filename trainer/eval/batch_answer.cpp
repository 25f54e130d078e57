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
  if (options_.list == nullptr) options_.list = &noOptions_;
}

BatchAnswer BatchAnswerer::answer(std::string_view line, Scratch& scratch) const {
  const ParsedLine parsed = parseBatchLine(line);
  if (!parsed.error.empty()) return {errorLine(parsed, parsed.error), true};
  auto session = sessionOf(parsed.request);
  if (!session.ok()) return {errorLine(parsed, session.error().what), true};
  std::string problem = readAttributes(parsed.request, session.value());
  const bool ownList = !parsed.request.listOptions.empty();
  ListOptions own;
  if (ownList && problem.empty()) problem = readList(parsed.request, own);
  Question question{
      parsed.request, session.value(), {}, {}, parsed.request.timestamp.value_or(options_.now),
      ownList ? &own : options_.list};
  if (!engine_.beginContext(session.value(), question.now, question.context).ok())
    problem = "out of memory";
  if (problem.empty())
    problem = readValues("context", QueryKind::Context, parsed.request.context, question.context);
  if (problem.empty())
    problem = readFilterValues(parsed.request.filterValues, question.filterValues);
  if (!problem.empty()) return {errorLine(parsed, problem), true};
  Ranking ranking;
  const Status status = serve(question, scratch, ranking);
  if (!status.ok()) return {errorLine(parsed, describe(status.error())), true};
  return {print(parsed, *question.list, scratch, ranking), false};
}

std::string BatchAnswerer::readList(const BatchRequest& request, ListOptions& list) const {
  nlohmann::ordered_json source = options_.list->source;
  source.update(request.listOptions);
  return readListOptions(source, engine_, options_.language, list);
}

std::string BatchAnswerer::describe(const Error& error) const {
  std::string text = error.what;
  if (error.code == ErrorCode::InvalidFilter)
    text = "filter: " + text + " (column " + std::to_string(error.at) + ")";
  return text;
}

Result<Session> BatchAnswerer::sessionOf(const BatchRequest& request) const {
  if (!request.hasEvents && stored_ != nullptr) {
    const bool filtered = options_.filter != nullptr || !options_.list->filters.empty() ||
                          request.listOptions.contains("promotions");
    return stored_->sessionOf(request.userId, engine_, filtered);
  }
  Session session = sessionFor(engine_.items(), request.events.size());
  Buffer<char> context;
  for (const BatchEvent& event : request.events) {
    context.clear();
    for (const auto& [name, text] : event.context)
      ATTUNE_TRY(event_context::add(name, text, context));
    ATTUNE_TRY(session.record(event.itemId, event.eventType, event.timestamp, event.value,
                              {context.data(), context.size()}));
  }
  return session;
}

std::string BatchAnswerer::readAttributes(const BatchRequest& request, Session& session) const {
  if (!request.hasAttributes) return "";
  session.attributes().clear();
  session.profile().clear();
  for (const auto& [name, text] : request.attributes)
    if (!session.profile().set(name, text).ok()) return "out of memory";
  return readValues("attributes", QueryKind::User, request.attributes, session.attributes());
}

std::string BatchAnswerer::readFilterValues(const BatchValues& values, FilterValues& out) const {
  for (const auto& [name, text] : values) {
    const Status set = out.set(name, text);
    if (!set.ok()) return "filterValues." + name + ": " + set.error().what;
  }
  return "";
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
      if (columns[i].isOf(kind)) known.emplace_back(columns[i].name);
    std::string names;
    for (const std::string& one : known) names += (names.empty() ? "" : ", ") + one;
    return place + ": the model has no such column" + didYouMean(name, known) +
           " (columns: " + names + ")";
  }
  return "";
}

ListRequest BatchAnswerer::listRequest(const Question& question) const {
  ListRequest request{options_.numResults,    options_.filter, &question.context,
                      &question.filterValues, question.now,    question.list->controls};
  // Every user has draws of its own, the same in every run.
  for (const std::string* id : {&question.request.userId, &question.request.itemId})
    for (const char byte : *id)
      request.controls.seed = request.controls.seed * 1099511628211u + static_cast<uint8_t>(byte);
  return request;
}

Status BatchAnswerer::serve(const Question& question, Scratch& scratch, Ranking& ranking) const {
  switch (question.request.kind) {
    case BatchRequest::Kind::related:
      return serveRelated(question, scratch);
    case BatchRequest::Kind::ranking:
      return serveRanking(question, scratch, ranking);
    default:
      return engine_.recommend(question.session, listRequest(question), scratch);
  }
}

Status BatchAnswerer::serveRelated(const Question& question, Scratch& scratch) const {
  const uint32_t item = engine_.items().find(question.request.itemId);
  if (item == kUnknownItem) return servePopular(question, scratch);
  return engine_.related(item, &question.session, listRequest(question), scratch);
}

/// What a user without a history gets, filtered for this user and the unknown item asked for.
Status BatchAnswerer::servePopular(const Question& question, Scratch& scratch) const {
  const Session nobody = sessionFor(engine_.items(), 0);
  if (options_.filter == nullptr)
    return engine_.recommend(nobody, {options_.numResults, nullptr}, scratch);
  ATTUNE_TRY(engine_.recommend(nobody, {engine_.items().size(), nullptr}, scratch));
  for (const Scored& one : scratch.ranked) scratch.scores[one.item] = one.score;
  const FilterRequest request{&question.session, &question.filterValues, question.now, true};
  ATTUNE_TRY(options_.filter->run(engine_.filterRows(), request, scratch.filter));
  for (uint32_t item = 0; item < engine_.items().size(); ++item)
    if (scratch.filter.passes[item] == 0) scratch.scores[item] = kMasked;
  return topK(scratch.scores.span(), options_.numResults, scratch.ranked);
}

Status BatchAnswerer::serveRanking(const Question& question, Scratch& scratch,
                                   Ranking& ranking) const {
  const Filter* filter = options_.filter;
  const FilterRequest request{&question.session, &question.filterValues, question.now};
  if (filter != nullptr) ATTUNE_TRY(filter->run(engine_.filterRows(), request, scratch.filter));
  std::vector<uint32_t> items;
  std::vector<std::string_view> unknown;
  std::unordered_set<std::string_view> met;
  for (const std::string& id : question.request.itemList) {
    const uint32_t item = engine_.items().find(id);
    if (item == kUnknownItem) {
      if (met.insert(id).second) unknown.push_back(id);
    } else if (filter == nullptr || scratch.filter.passes[item] != 0) {
      items.push_back(item);
    }
  }
  for (const std::string_view id : unknown) {
    if (filter != nullptr) {
      const auto passes = filter->passesItem(id, engine_.filterRows(), request, scratch.filter);
      ATTUNE_TRY(passes);
      if (!passes.value()) continue;
    }
    ranking.unscored.push_back(id);
  }
  return engine_.rank(question.session, items, scratch, &question.context);
}

std::string BatchAnswerer::print(const ParsedLine& parsed, const ListOptions& list,
                                 const Scratch& scratch, const Ranking& ranking) const {
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
         "],\"scores\":[" + scores + "]" + marksOf(list, scratch) + "},\"error\":null}";
}

/// What the output says of how items came into the list.
std::string BatchAnswerer::marksOf(const ListOptions& list, const Scratch& scratch) const {
  if (scratch.listMarks.size() != scratch.ranked.size() || !list.controls.any()) return {};
  std::string names;
  std::string chances;
  for (const ListMark& mark : scratch.listMarks) {
    if (mark.how >= ListMark::kPromoted)
      appendText(list.names[mark.how - ListMark::kPromoted], names);
    else
      names += "null";
    appendScore(mark.propensity, chances);
    names += ',';
    chances += ',';
  }
  if (!names.empty()) names.pop_back(), chances.pop_back();
  std::string text;
  if (!list.controls.promotions.empty()) text += ",\"promotionNames\":[" + names + "]";
  if (list.controls.explorationWeight > 0) text += ",\"propensities\":[" + chances + "]";
  return text;
}

}  // namespace attune::trainer
