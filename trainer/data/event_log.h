#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "trainer/data/avro_schema.h"
#include "trainer/data/event.h"
#include "trainer/data/rows.h"

namespace attune::trainer {

/// Who may send events: one write key. The key itself is kept nowhere, only its SHA-256.
struct EventTracker {
  std::string name;
  std::array<uint8_t, 32> keySha256{};
  std::vector<std::string> origins;  ///< exact origins of pages that may send with it
  /// What user tokens are signed with (server/user_token.h); "" when the tracker takes none.
  std::string verifySecret = {};
  bool trusted = false;  ///< only the shop's own servers have the key: all users are sure

  bool operator==(const EventTracker&) const = default;
};

/// Where events and single records go, in the store that training reads. Work is done between
/// begin() and commit(): all of it is durable when commit() returned, and none of it otherwise.
///
/// Every failure is a UserError. After one, call rollback(); the object may then be used again, or
/// be replaced by a new one that the location is opened with. For one thread at a time.
class EventLog {
 public:
  virtual ~EventLog() = default;

  /// Waits a moment for other writers. Throws when the store is busy for longer.
  virtual void begin() = 0;
  /// Of each event whether it is new; false when one of the same key is there already, or came
  /// before it in `events`. Many at once cost an engine over a network one exchange.
  virtual std::vector<bool> add(std::span<const Event> events) = 0;
  bool add(const Event& event) { return add(std::span(&event, 1)).front(); }
  /// Adds items or users, or replaces those of the same id. False, and nothing is done, when
  /// `schema` is not the stored one any more, or when an import is replacing them just now: then
  /// these are to be repeated, and the rest of the transaction may be committed.
  virtual bool putRecords(const AvroSchema& schema, const RowBatch& rows) = 0;
  virtual void commit() = 0;
  virtual void rollback() noexcept = 0;

  /// The schema of an imported dataset.
  virtual std::optional<AvroSchema> schema(DatasetType type) = 0;
  virtual std::vector<EventTracker> trackers() = 0;
  /// REQUIRES: between begin() and commit().
  virtual void addTracker(const EventTracker& tracker) = 0;
  /// False when there is no such key. REQUIRES: between begin() and commit().
  virtual bool removeTracker(const std::array<uint8_t, 32>& keySha256) = 0;
  /// True when another process changed the store since the last call (or since it was opened).
  virtual bool changedElsewhere() = 0;
  /// Makes all that is in the log durable anew and proves that it can be written. What an earlier
  /// process wrote and never made durable is durable after this, so that an event found in the log
  /// may be acknowledged. `thorough` also moves the log into the database, as is needed after a
  /// failed write. Throws when the store cannot be written.
  virtual void verify(bool thorough) = 0;
};

/// Opens the store at `location` (as openStore does), making it when it is missing.
std::unique_ptr<EventLog> openEventLog(const std::string& location);

}  // namespace attune::trainer
