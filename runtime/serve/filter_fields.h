#pragma once

#include <string_view>

#include "runtime/bundle/catalogue.h"
#include "runtime/bundle/query_columns.h"
#include "runtime/serve/filter_parser.h"

namespace attune {

struct FilterField {
  FilterTable table = FilterTable::subject;
  FilterFieldType type = FilterFieldType::category;
  std::string_view name;
  uint32_t column = 0;  ///< in the catalogue
};

/// The fields a filter may be about; of tables without a single field every name is accepted.
/// Borrows the names. Immutable once filled, thread-safe.
class FilterFields {
 public:
  static constexpr uint32_t kNone = ~uint32_t{0};

  /// Those of a bundle: ITEM_ID and the catalogue's columns, the events', and the users' and the
  /// context's columns that the model knows. Of a bundle without context columns an event may carry
  /// anything. Error: OutOfMemory.
  static Result<FilterFields> of(const Catalogue& catalogue, const QueryColumns& queryColumns);

  explicit FilterFields(FilterSubject subject = FilterSubject::items) : subject_(subject) {}
  Status add(const FilterField& field) { return fields_.push(field); }
  /// Adds what is known of every event. Error: OutOfMemory.
  Status addEventFields();
  /// Whether every name is a field of interactions that resembles none of theirs.
  void takeAnyContext(bool any) { anyContext_ = any; }
  bool takesAnyContext() const { return anyContext_; }

  FilterSubject subject() const { return subject_; }
  const FilterField& operator[](uint32_t field) const { return fields_[field]; }
  uint32_t size() const { return static_cast<uint32_t>(fields_.size()); }
  bool knows(FilterTable table) const;
  /// The field of that name in any case, or kNone.
  uint32_t find(FilterTable table, std::string_view name) const;
  /// The field with the most similar name, or kNone when none is similar.
  uint32_t nearest(FilterTable table, std::string_view name) const;

 private:
  FilterSubject subject_;
  bool anyContext_ = false;
  Buffer<FilterField> fields_;
};

/// A field that a mistaken expression may have meant.
struct FilterHint {
  std::string_view meant;  ///< empty for none
};

/// Looks up the fields of a program and checks that the values fit their types. Errors:
/// InvalidFilter (at = column), with a hint for an unknown field.
Status checkFilter(FilterProgram& program, const FilterFields& fields, FilterLanguage language,
                   FilterHint& hint);

/// `true`, `false`, `1` and `0` in any case as a number; else NaN.
double booleanOf(std::string_view text);

}  // namespace attune
