#pragma once

#include <deque>
#include <string>
#include <vector>

#include "runtime/bundle/query_columns.h"
#include "trainer/data/dataset.h"
#include "trainer/export/bundle_builder.h"
#include "trainer/export/quantise.h"
#include "trainer/nn/query_features.h"

namespace attune::trainer {

/// Which metadata a model may learn from.
struct QueryTableOptions {
  bool users = true;       ///< columns of the Users dataset
  bool context = true;     ///< the interactions' own columns
  bool automatic = false;  ///< what the events' times say: hour, weekday and the pause before them
};

/// What is known of users and events, as rows of query features; values become rows by the code
/// that does it on the device (runtime/bundle/query_columns.h).
///
/// Categorical columns have a feature a value, of the values that five users (context: events) or
/// more have, at most a thousand of them: rarer ones teach nothing, and a bundle must not carry
/// what one person alone has. Numbers have a feature for each of at most 16 intervals that hold
/// equally many users (events). Text columns have none; they are only known by name.
///
/// Automatic columns are HOUR_OF_DAY, WEEKDAY and DAYS_SINCE_LAST_EVENT (see automaticNumber), with
/// a feature an hour, a day of the week, and an interval that grows with the pause; neighbours
/// share one where fewer than five events are in it. Where the interactions have a column of such a
/// name, that one is meant, and the automatic one is left out.
class QueryTable {
 public:
  QueryTable(const Dataset& data, const QueryTableOptions& options);
  QueryTable(const QueryTable&) = delete;  // the columns' views are into it
  QueryTable& operator=(const QueryTable&) = delete;

  size_t featureCount() const { return columns_.rowCount(); }
  /// The rows of a user; of one interaction.
  std::vector<uint32_t> rowsOfUser(uint32_t user) const { return rowsOf(QueryKind::User, user); }
  std::vector<uint32_t> rowsOfEvent(uint32_t row) const { return rowsOf(QueryKind::Context, row); }
  bool hasUserRows() const { return hasRows(QueryKind::User); }
  bool hasContextRows() const { return hasRows(QueryKind::Context); }

  /// Adds columns, vectors (featureCount(), d) and the start vector (d) to a bundle.
  void write(std::span<const float> vectors, std::span<const float> start,
             BundlePrecision precision, BundleBuilder& bundle) const;

 private:
  /// What the views of one runtime column are of.
  struct Store {
    const Column* source;  // only looked at in training; null: automatic
    std::string name;
    std::vector<std::string> values;  // kept ones, ascending
    std::string text;
    std::vector<uint32_t> offsets;
    std::vector<double> edges;
    std::vector<uint32_t> rowOfCode;  // (values of the source) or QueryColumns::kNone
  };

  void addColumn(const Column& source, QueryKind kind);
  void addAutomatic(const Dataset& data);
  double numberOf(uint32_t column, uint32_t row) const;
  bool hasRows(QueryKind kind) const;
  std::vector<uint32_t> rowsOf(QueryKind kind, uint32_t row) const;

  std::deque<Store> stores_;  // one a column; never move
  QueryColumns columns_;
  std::vector<Moment> moments_;  // (interactions), or empty without automatic columns
};

}  // namespace attune::trainer
