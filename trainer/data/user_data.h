#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "trainer/data/event.h"
#include "trainer/data/store.h"

namespace attune::trainer {

/// What was deleted of some users.
struct DeletedData {
  uint64_t users = 0;  ///< of whom there was anything
  uint64_t records = 0;
  uint64_t interactions = 0;  ///< imported ones
  uint64_t events = 0;        ///< of the collector
  uint64_t identities = 0;    ///< sessions and anonymous ids that were known to be theirs
};

/// Takes what a store knows of one user, piece by piece; texts are valid until each call returns.
struct UserVisitor {
  std::function<void(const AvroSchema&, std::span<const FieldValue>)> record;
  std::function<void(const AvroSchema&, std::span<const FieldValue>)> interaction;  ///< imported
  std::function<void(const Event&)> event;
  std::function<void(std::string_view sessionId)> session;
  std::function<void(std::string_view anonymousId)> anonymous;
};

/// Everything that a store holds of single users: to hand it over and to delete it. Works beside a
/// collector and beside trainings, which read one moment. A user is who training takes for one:
/// events of a session or an anonymous id that was seen with one user alone are that user's, and
/// where no user is known the anonymous id, or else the session, is the user.
///
/// Every failure is a UserError. tests/trainer/data/user_data_contract.h holds for all. For one
/// thread.
class UserData {
 public:
  virtual ~UserData() = default;

  /// Visits all of one user: record, imported interactions, events in the order of their arrival,
  /// identities. One moment is seen.
  virtual void visit(const std::string& userId, const UserVisitor& visitor) = 0;
  /// Deletes all of these users, and the names of items and event types that nobody else has
  /// interactions with; durable when it returns. Counts the deletion (Store::deletions) when there
  /// was anything. What arrives of them later is new data.
  virtual DeletedData remove(std::span<const std::string> userIds) = 0;
  /// Sees to it that nothing deleted, now or earlier, can be found in the bytes of the store's
  /// files. Waits for others that use the store, at most `waitSeconds`; false when they take longer,
  /// and it must be called again.
  virtual bool eraseTraces(int waitSeconds) = 0;
  /// Where the engine itself still keeps what was deleted, out of reach: the end of a sentence, or ""
  /// when it keeps nothing.
  virtual std::string keptElsewhere() = 0;
};

/// Opens the store at `location`, which must be there.
std::unique_ptr<UserData> openUserData(const std::string& location);

}  // namespace attune::trainer
