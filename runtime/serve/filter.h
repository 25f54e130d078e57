#pragma once

#include <span>
#include <string_view>

#include "runtime/base/memory.h"
#include "runtime/base/result.h"
#include "runtime/bundle/catalogue.h"
#include "runtime/bundle/vocabulary.h"
#include "runtime/serve/filter_fields.h"
#include "runtime/serve/filter_program.h"
#include "runtime/serve/filter_values.h"
#include "runtime/serve/session.h"

namespace attune {

/// The rows a filter is about: the items of a bundle, or in the same form actions (the session then
/// has the user's events with actions, under their ids) or users (see Filter::passesUser).
struct FilterRows {
  const Vocabulary& ids;
  const Catalogue& columns;
};

/// What a request says to its filter.
struct FilterRequest {
  const Session* session = nullptr;      ///< the user's events and attributes; null: neither
  const FilterValues* values = nullptr;  ///< of placeholders; null: none
  double now = 0;                        ///< seconds since 1970
  bool hasCurrentItem = false;           ///< whether this is a request for related items
  uint32_t currentItem = kUnknownItem;   ///< of which item; an unknown one has no values
};

/// What a condition compares with in one request.
struct ResolvedCondition {
  enum class Truth : uint8_t { asks, always, never } truth = Truth::asks;
  bool any = false;                         ///< EVENT_TYPE IN ("*")
  uint32_t textBegin = 0, textEnd = 0;      ///< in FilterScratch::texts
  uint32_t numberBegin = 0, numberEnd = 0;  ///< in FilterScratch::numbers
  uint32_t tableBegin = 0;                  ///< in FilterScratch::tables: a flag for each value
};

/// An expression that takes part in one request.
struct FilterPart {
  const FilterExpression* expression = nullptr;
  size_t marks = 0;  ///< in FilterScratch::marks: what it makes of rows with events, if it asks
  bool rowsMayHold = false;  ///< whether it could hold for a row without events
};

/// Working memory of filters; a thread's own.
struct FilterScratch {
  Buffer<ResolvedCondition> conditions;
  Buffer<std::string_view> texts;
  Buffer<double> numbers;
  Buffer<uint8_t> tables;
  Buffer<FilterPart> parts;
  Buffer<uint8_t> stack;     // (depth, block)
  Buffer<uint32_t> offsets;  // (rows of a block + 1)
  Buffer<uint16_t> prefix;   // (values of a block + 1)
  Buffer<uint8_t> marks;     // (expressions about events, rows)
  Buffer<uint8_t> excluded;  // (block)
  Buffer<uint8_t> passes;    // (rows) the result
  Buffer<uint32_t> rows;     // the result of FilterRunner::judgeFew
};

class FilterRunner;

/// A compiled filter expression: which items may be listed. Its language is at FilterParser; what
/// it means where Personalize's documentation is silent is in README.md. Immutable, thread-safe.
class Filter {
 public:
  /// Parses an expression and checks it against the fields of a bundle (or of schemas). Errors:
  /// InvalidFilter (at = column of the mistake in characters, from 1; `hint` says which field an
  /// unknown one may mean), OutOfMemory.
  static Result<Filter> compile(std::string_view expression, const FilterFields& fields,
                                FilterLanguage language, FilterHint& hint);

  /// The same of what a batch segment job asks of items: FilterParser::parseItemAttributes.
  static Result<Filter> compileItemAttributes(std::string_view query, const FilterFields& fields,
                                              FilterLanguage language, FilterHint& hint);

  const FilterProgram& program() const { return program_; }

  /// Finds out once, in an eighth of a byte a row, what expressions hold for that ask nothing of a
  /// request; every later run then goes without them. Errors: as of run(). REQUIRES: all runs are
  /// over these rows
  Status prepare(const FilterRows& rows);

  /// Puts into scratch.passes a 1 for each row that passes, a 0 for the others. Time is linear in
  /// rows x conditions. Errors: InvalidFilter (an INCLUDE lacks the value of a placeholder, a value
  /// does not fit its field, CurrentItem where there is none; `at` = column of the expression,
  /// from 1), OutOfMemory. REQUIRES: compiled with the fields of these rows; known items of the
  /// session are below rows.ids.size()
  Status run(const FilterRows& rows, const FilterRequest& request, FilterScratch& scratch) const;

  /// The same for the rows that FilterRunner::judge is asked for: who wants the best rows need not
  /// know of all. The runner borrows all arguments. Errors as of run().
  Result<FilterRunner> start(const FilterRows& rows, const FilterRequest& request,
                             FilterScratch& scratch) const;

  /// Whether the row of that id passes; of an unknown one nothing but its id is known. Errors as of
  /// run().
  Result<bool> passesItem(std::string_view id, const FilterRows& rows,
                          const FilterRequest& request, FilterScratch& scratch) const;

  /// Whether one user passes a filter of users. The rows are the users; the session has this user's
  /// own events, with whatever item, and attributes: the user judged is the CurrentUser. Errors as
  /// of run(). REQUIRES: compiled with the fields of these rows; user < rows.ids.size()
  Result<bool> passesUser(uint32_t user, const FilterRows& rows, const FilterRequest& request,
                          FilterScratch& scratch) const;

 private:
  explicit Filter(FilterProgram&& program) : program_(std::move(program)) {}
  FilterProgram program_;
};

}  // namespace attune
