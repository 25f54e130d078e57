#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "trainer/data/avro_schema.h"
#include "trainer/data/dataset.h"
#include "trainer/data/rows.h"

namespace attune::trainer {

enum class StoreAccess { read, write };

enum class ImportMode {
  full,         ///< replaces what earlier imports brought; single records put by the API stay
  incremental,  ///< adds interactions; replaces items and users of the same id
};

/// What an import did to the dataset.
struct ImportCounts {
  uint64_t added = 0;       ///< new rows
  uint64_t replaced = 0;    ///< items, users: stored records that got new values
  uint64_t duplicates = 0;  ///< rows that changed nothing: see ImportTransaction::commit
};

/// The size of one dataset.
struct DatasetCounts {
  uint64_t rows = 0;
  uint64_t users = 0;  ///< different USER_IDs in it
  uint64_t items = 0;  ///< different ITEM_IDs in it
};

/// What became of the collector's events when interactions were scanned.
struct EventCounts {
  uint64_t events = 0;
  uint64_t withoutItem = 0;  ///< which only tell of a visit
  uint64_t unfit = 0;        ///< a field that the schema says may not be null has no fitting value
  /// Of each event that was visited, in this order; they are the last rows of the scan.
  std::vector<EventOrigin> origins;
};

/// One import: all of it is stored, or nothing. For one thread, which may be another one than the
/// store's as long as the store is not used meanwhile.
class ImportTransaction {
 public:
  /// Undoes everything unless commit() returned.
  virtual ~ImportTransaction() = default;
  /// Adds rows of the schema given to Store::beginImport. Throws UserError when the disk is full.
  virtual void append(const RowBatch& rows) = 0;
  /// Makes the import durable and visible. Of interactions equal in every field the first is kept;
  /// of items and users of one id the last values are kept, in the place of the first.
  virtual ImportCounts commit() = 0;
};

/// Called for each row; texts are valid until it returns.
using RowVisitor = std::function<void(std::span<const FieldValue>)>;

/// Where datasets live between imports and training: their schemas and their rows. Nothing here is
/// particular to one database engine, and tests/trainer/data/store_contract.h holds for all.
///
/// A store opened for reading shows one moment: what was committed when it was opened. A store
/// opened for writing sees its own commits. For one thread.
class Store {
 public:
  virtual ~Store() = default;
  /// The schema of a dataset, or nothing while it was never imported. Interactions that only the
  /// collector brought have eventSchema().
  virtual std::optional<AvroSchema> schema(DatasetType type) const = 0;
  virtual DatasetCounts counts(DatasetType type) const = 0;
  /// Visits all rows in the order of their import, values in the order of the schema's fields;
  /// after the imported interactions the collector's events, each under its user as far as known.
  virtual EventCounts scan(DatasetType type, const RowVisitor& visit) const = 0;
  /// Deletions of users: what was learned when they were fewer knows of somebody who is gone.
  virtual Deletions deletions() const { return {}; }
  /// Starts an import. Throws UserError when another process is writing, or when an incremental
  /// import brings another schema than the stored one.
  virtual std::unique_ptr<ImportTransaction> beginImport(const AvroSchema& schema,
                                                         ImportMode mode) = 0;
};

/// What `location` may be, for help and messages.
inline constexpr const char* kStoreForms = "a file path, or postgres://USER@HOST:PORT/DATABASE";

/// How messages name the store: its path, or its URL without the password.
std::string storeName(const std::string& location);

/// Opens the store at `location`: a file path (SQLite) or a postgres:// URL, made when it is
/// missing and `access` is write. Throws UserError: missing, not a store, of a newer version,
/// read-only, a server that cannot be reached, or an unknown kind of store.
std::unique_ptr<Store> openStore(const std::string& location, StoreAccess access);

}  // namespace attune::trainer
