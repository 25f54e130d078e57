#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "runtime/serve/engine.h"
#include "tests/trainer/eval/documented_filters.h"
#include "trainer/eval/subject_rows.h"

namespace attune::testing {

enum class Outcome : uint8_t { dropped, passed, refused };

/// What became of every row, for every request, user and current item.
struct Outcomes {
  size_t requests = 0, users = 0, currents = 0, rows = 0;
  std::vector<Outcome> all;  // (requests, users, currents, rows)

  bool operator==(const Outcomes&) const = default;
  bool has(Outcome outcome) const;
  /// Whether requests, users, current items or rows make a difference, all else being equal; a
  /// refused request is none.
  bool differByRequest() const { return differ(requests, users * currents * rows); }
  bool differByUser() const { return differ(users, currents * rows); }
  bool differByCurrent() const { return differ(currents, rows); }
  bool differByRow() const { return differ(rows, 1); }

 private:
  bool differ(size_t count, size_t stride) const;
};

/// The planted shop as the runtime has it, and filters tried on it.
class FilterTrial {
 public:
  FilterTrial();

  /// What the filter's meaning says.
  Outcomes expected(const DocumentedFilter& filter) const;
  /// What the runtime does with an expression (or query) for the same requests. Items go the way of
  /// a list: Engine::recommend, or Engine::related where the filter asks for a current item, each
  /// with as many results as there are items.
  Outcomes actual(const DocumentedFilter& filter, const std::string& expression,
                  FilterLanguage language);

 private:
  /// One request of one user; with an item it is one for related items.
  struct Question {
    size_t user = 0;
    const PlantedItem* current = nullptr;
    const FilterValues* values = nullptr;
  };
  /// Calls visit(request, user, current item or null) in the order of Outcomes::all.
  template <typename Visit>
  Outcomes forQuestions(const DocumentedFilter& filter, const Visit& visit) const;
  Result<Filter> compile(const DocumentedFilter& filter, const std::string& expression,
                         FilterLanguage language) const;
  /// The ids of the rows that pass.
  Result<Words> passing(const DocumentedFilter& kind, const Filter& filter,
                        const Question& question);
  Words idsOf(const DocumentedFilter& kind) const;
  FilterRequest requestOf(const Question& question, const Session* session) const {
    return {session, question.values, 0};
  }

  PlantedShop shop_;
  Buffer<uint8_t> bytes_;
  Owned<Engine> engine_;
  trainer::SubjectRows actions_, users_;
  std::deque<Session> sessions_, actionSessions_;  // of each user
  Scratch scratch_;
};

/// Expressions that differ from one in a word, a sign, a value or a part.
std::vector<std::string> mutantsOf(const DocumentedFilter& filter);

}  // namespace attune::testing
