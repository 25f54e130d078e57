#pragma once

#include <functional>
#include <memory>
#include <string>

#include "trainer/data/store.h"

namespace attune::trainer {

/// Makes stores of one engine for the contract; each call of `fresh` names a new, missing store.
struct StoreFactory {
  std::function<std::string()> fresh;
};

/// Runs, as sections of the calling test case, what every Store must do.
void checkStoreContract(const StoreFactory& factory);

/// The rows of a dataset as text, one string a row: `u1|i1|5|null|2.5`.
std::vector<std::string> rowsOf(const Store& store, DatasetType type);

/// Appends rows given as typed values and commits.
ImportCounts importRows(Store& store, const AvroSchema& schema, ImportMode mode,
                        const std::vector<std::vector<FieldValue>>& rows);

}  // namespace attune::trainer
