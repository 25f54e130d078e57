#include "tests/trainer/eval/filter_trial.h"

#include <algorithm>
#include <cmath>
#include <regex>
#include <stdexcept>

namespace attune::testing {
namespace {

constexpr size_t kCurrentStride = 20;  // every 20th item is asked for related items

/// The values of a request as a caller writes them: numbers bare, texts in quotes.
void give(const Given& given, FilterValues& values) {
  for (const auto& [name, texts] : given) {
    std::string list;
    for (const std::string& text : texts) {
      const bool number = text.find_first_not_of("-.0123456789") == std::string::npos;
      list += (list.empty() ? "" : ",") + (number ? text : "\"" + text + "\"");
    }
    if (!values.set(name, list).ok()) throw std::logic_error("no value: " + list);
  }
}

Session sessionOf(const PlantedUser& user, const std::vector<PlantedEvent>& events,
                  const Vocabulary& ids) {
  Session session(ids, 10000);
  int64_t second = 0;
  for (const PlantedEvent& event : events)
    if (!session.record(event.id, event.type, ++second, NAN).ok())
      throw std::logic_error("no event: " + event.id);
  bool ok = true;
  if (!user.membership.empty()) ok = session.profile().set("MEMBERSHIP", user.membership[0]).ok();
  if (!std::isnan(user.age))
    ok = ok && session.profile().set("AGE", std::to_string(static_cast<int>(user.age))).ok();
  if (!ok) throw std::bad_alloc();
  return session;
}

bool isRefused(const DocumentedFilter& filter, const Given& given) {
  return std::any_of(filter.required.begin(), filter.required.end(),
                     [&](const std::string& name) { return given.count(name) == 0; });
}

}  // namespace

bool Outcomes::has(Outcome outcome) const {
  return std::find(all.begin(), all.end(), outcome) != all.end();
}

bool Outcomes::differ(size_t count, size_t stride) const {
  for (size_t i = 0; i < all.size(); ++i) {
    const size_t along = i / stride % count;
    if (along == 0) continue;
    const Outcome a = all[i], b = all[i - stride];
    if (a != b && a != Outcome::refused && b != Outcome::refused) return true;
  }
  return false;
}

FilterTrial::FilterTrial()
    : bytes_(shop_.bundle()),
      engine_(std::move(Engine::open(bytes_.span()).value())),
      actions_(FilterSubject::actions, shop_.actionIds(), shop_.actionColumns()),
      users_(FilterSubject::users, shop_.userIds(), shop_.userColumns()) {
  for (const PlantedUser& user : shop_.users) {
    sessions_.push_back(sessionOf(user, user.events, engine_->items()));
    actionSessions_.push_back(sessionOf(user, user.actionEvents, actions_.ids()));
  }
}

template <typename Visit>
Outcomes FilterTrial::forQuestions(const DocumentedFilter& filter, const Visit& visit) const {
  Outcomes outcomes;
  outcomes.requests = filter.requests.size();
  // In a filter of users these are what is judged.
  outcomes.users = filter.isOfUsers() || filter.isItemAttributes() ? 1 : shop_.users.size();
  outcomes.currents = filter.asksCurrentItem() ? shop_.items.size() / kCurrentStride : 1;
  outcomes.rows = idsOf(filter).size();
  for (size_t request = 0; request < outcomes.requests; ++request)
    for (size_t user = 0; user < outcomes.users; ++user)
      for (size_t current = 0; current < outcomes.currents; ++current)
        visit(request, user,
              filter.asksCurrentItem() ? &shop_.items[current * kCurrentStride] : nullptr,
              outcomes.all);
  return outcomes;
}

Words FilterTrial::idsOf(const DocumentedFilter& kind) const {
  Words ids;
  if (kind.isOfUsers()) {
    for (const PlantedUser& user : shop_.users) ids.push_back(user.id);
  } else if (kind.isOfActions()) {
    for (const PlantedAction& action : shop_.actions) ids.push_back(action.id);
  } else {
    for (const PlantedItem& item : shop_.items) ids.push_back(item.id);
  }
  return ids;
}

Outcomes FilterTrial::expected(const DocumentedFilter& filter) const {
  const auto judge = [&](size_t request, size_t user, const PlantedItem* current,
                         std::vector<Outcome>& all) {
    const Given& given = filter.requests[request];
    const auto add = [&](const Asked& asked) {
      const bool passes = !isRefused(filter, given) && filter.passes(asked) &&
                          (current == nullptr || current != asked.item);
      all.push_back(isRefused(filter, given) ? Outcome::refused
                    : passes                 ? Outcome::passed
                                             : Outcome::dropped);
    };
    const PlantedUser& who = shop_.users[user];
    if (filter.isOfUsers()) {
      for (const PlantedUser& one : shop_.users) add({one, given});
    } else if (filter.isOfActions()) {
      for (const PlantedAction& action : shop_.actions) add({who, given, nullptr, &action});
    } else {
      for (const PlantedItem& item : shop_.items) add({who, given, &item, nullptr, current});
    }
  };
  return forQuestions(filter, judge);
}

Result<Filter> FilterTrial::compile(const DocumentedFilter& filter, const std::string& expression,
                                    FilterLanguage language) const {
  FilterHint hint;
  if (filter.isItemAttributes())
    return Filter::compileItemAttributes(expression, engine_->filterFields(), language, hint);
  if (filter.isOfUsers()) return Filter::compile(expression, users_.fields(), language, hint);
  if (filter.isOfActions()) return Filter::compile(expression, actions_.fields(), language, hint);
  return engine_->compileFilter(expression, language, hint);
}

Outcomes FilterTrial::actual(const DocumentedFilter& filter, const std::string& expression,
                             FilterLanguage language) {
  const auto compiled = compile(filter, expression, language);
  if (!compiled.ok())
    throw std::logic_error(expression + ": " + compiled.error().what + " at " +
                           std::to_string(compiled.error().at));
  const Words ids = idsOf(filter);
  const auto judge = [&](size_t request, size_t user, const PlantedItem* current,
                         std::vector<Outcome>& all) {
    FilterValues values;
    give(filter.requests[request], values);
    const auto passed = passing(filter, compiled.value(), {user, current, &values});
    if (!passed.ok() && (passed.error().code != ErrorCode::InvalidFilter ||
                         expression.at(passed.error().at - 1) != '$'))
      throw std::logic_error(expression + ": " + passed.error().what);
    for (const std::string& id : ids)
      all.push_back(!passed.ok() ? Outcome::refused
                    : std::binary_search(passed.value().begin(), passed.value().end(), id)
                        ? Outcome::passed
                        : Outcome::dropped);
  };
  return forQuestions(filter, judge);
}

Result<Words> FilterTrial::passing(const DocumentedFilter& kind, const Filter& filter,
                                   const Question& question) {
  Words ids;
  if (kind.isOfUsers()) {
    for (size_t user = 0; user < shop_.users.size(); ++user) {
      const std::string& id = shop_.users[user].id;
      const auto passes = filter.passesUser(users_.ids().find(id), users_.rows(),
                                            requestOf(question, &sessions_[user]), scratch_.filter);
      ATTUNE_TRY(passes);
      if (passes.value()) ids.push_back(id);
    }
  } else if (kind.isOfActions() || kind.isItemAttributes()) {
    const FilterRows rows = kind.isOfActions() ? actions_.rows() : engine_->filterRows();
    const Session* session = kind.isOfActions() ? &actionSessions_[question.user] : nullptr;
    ATTUNE_TRY(filter.run(rows, requestOf(question, session), scratch_.filter));
    for (uint32_t row = 0; row < rows.ids.size(); ++row)
      if (scratch_.filter.passes[row] != 0) ids.emplace_back(rows.ids[row]);
  } else {
    const Session& session = sessions_[question.user];
    const ListRequest request{
        .numResults = engine_->items().size(), .filter = &filter, .filterValues = question.values};
    if (question.current == nullptr) {
      ATTUNE_TRY(engine_->recommend(session, request, scratch_));
    } else {
      ATTUNE_TRY(engine_->related(engine_->items().find(question.current->id), &session, request,
                                  scratch_));
    }
    for (const Scored& one : scratch_.ranked) ids.emplace_back(engine_->items()[one.item]);
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

std::vector<std::string> mutantsOf(const DocumentedFilter& filter) {
  const std::string& expression = filter.expression;
  std::vector<std::string> mutants;
  const auto replaceEach = [&](const char* pattern, const auto& replacement) {
    const std::regex regex(pattern);
    for (std::sregex_iterator at(expression.begin(), expression.end(), regex), end; at != end; ++at)
      mutants.push_back(expression.substr(0, static_cast<size_t>(at->position())) +
                        replacement(at->str()) + at->suffix().str());
  };
  const auto replace = [&](const char* pattern, const std::string& replacement) {
    replaceEach(pattern, [&](const std::string&) { return replacement; });
  };
  replace(R"(("[^"]*")|('[^']*'))", "\"nobody\"");
  replace(" AND .*", "");
  if (filter.isItemAttributes()) return mutants;
  replaceEach(R"(\b[0-9]+\b)",
              [](const std::string& number) { return std::to_string(std::stoi(number) + 1); });
  replace(" IF .*", "");
  replace(R"( \| .*)", "");
  replace(R"(.* \| )", "");
  replace("INCLUDE", "EXCLUDE");
  replace("EXCLUDE", "INCLUDE");
  replace(" AND ", " OR ");
  replace(" OR ", " AND ");
  replace(" < ", " <= ");
  replace(" <= ", " < ");
  replace(" > ", " >= ");
  replace(" >= ", " > ");
  replace(" = ", " != ");
  replace(" != ", " = ");
  replace(" NOT IN ", " IN ");
  if (!filter.has(" NOT IN ")) replace(" (IN|in) ", " NOT IN ");
  return mutants;
}

}  // namespace attune::testing
