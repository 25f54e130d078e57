#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "trainer/base/progress.h"
#include "trainer/data/bad_row_limit.h"
#include "trainer/data/store.h"

namespace attune::trainer {

struct ImportOptions {
  std::string store = "./attune.db";
  DatasetType type = DatasetType::interactions;
  std::string schema;              ///< the path of the Avro schema
  std::vector<std::string> files;  ///< CSV, plain or packed, in this order
  ImportMode mode = ImportMode::full;
  BadRowLimit maxBad;
  std::string quarantine;  ///< empty: `<first file>.quarantine.jsonl`
  int64_t nowSeconds = 0;  ///< since 1970: bounds TIMESTAMP
};

struct ImportSummary {
  uint64_t rowsRead = 0;  ///< without headers
  uint64_t rowsKept = 0;  ///< new rows, and records that got new values
  uint64_t rowsBad = 0;
  uint64_t rowsDuplicate = 0;    ///< good rows that changed nothing
  uint64_t recordsReplaced = 0;  ///< of rowsKept: items or users that were there before
  uint64_t textsCut = 0;         ///< textual values cut to 20,000 characters
  DatasetCounts dataset;         ///< the dataset afterwards
  double seconds = 0;
  std::string quarantine;  ///< the file of bad rows; empty when there are none
};

/// Imports CSV files into a store, all or nothing: when this throws, the store is as it was. Rows
/// are parsed in a second thread. Throws UserError for everything the user can mend, also when
/// more rows are bad than `maxBad` bears; the quarantine file is then written all the same.
ImportSummary importFiles(const ImportOptions& options, Progress& progress);

}  // namespace attune::trainer
