#pragma once

#include <vector>

#include "runtime/serve/filter.h"
#include "trainer/data/dataset.h"

namespace attune::trainer {

/// Users or actions as filters look at them: rows in the byte order of their ids, written and read
/// as a bundle's items are, so that a condition means the same of all three. A filter of actions
/// runs over the rows (Filter::run) with a session of the user's events with actions, recorded
/// under their ids; one of users is asked user by user (Filter::passesUser). Immutable,
/// thread-safe.
class SubjectRows {
 public:
  /// The columns have a row an id, in the order of `ids`. Throws UserError when there are none or
  /// they are too large.
  SubjectRows(FilterSubject subject, const StringTable& ids, const std::vector<Column>& columns);

  const Vocabulary& ids() const { return ids_; }
  FilterRows rows() const { return {ids_, catalogue_}; }
  /// What filters of these rows are compiled with: the columns, USER_ID or ACTION_ID, and what is
  /// known of events. CurrentUser has the columns of users; of actions it may have any field.
  const FilterFields& fields() const { return fields_; }

 private:
  Buffer<uint8_t> bytes_;
  Vocabulary ids_;
  Catalogue catalogue_;
  FilterFields fields_;
};

}  // namespace attune::trainer
