#pragma once

#include <span>
#include <string_view>

#include "runtime/serve/engine.h"
#include "trainer/data/dataset.h"
#include "trainer/data/rows_by_user.h"
#include "trainer/data/split.h"

namespace attune::trainer {

/// An empty session that will hold `events` events without forgetting one.
Session sessionFor(const Vocabulary& items, size_t events);

/// Records a history, as a device would have done. `data` has the tables that the history's numbers
/// are of; ids are what carries over to the bundle. A null event type is the empty text.
Status replay(const Dataset& data, std::span<const HistoryEvent> history, Session& session);

/// What one interaction's own columns say, as an event_context; textual ones are left out.
Status eventContext(const Dataset& data, uint32_t row, Buffer<char>& context);

/// Gives a session the metadata of a user, as an application would: values as text. Columns that the
/// bundle does not know are left out. Error: OutOfMemory.
Status setAttributes(const Engine& engine, const Dataset& data, uint32_t user, Session& session);

/// The context of a request at the time of one interaction: what the time says, and the values of
/// the interaction's own columns.
Status setContext(const Engine& engine, const Dataset& data, uint32_t row, const Session& session,
                  QueryRows& context);

/// The past of every user in a store, and their metadata. Immutable, thread-safe.
class StoredHistories {
 public:
  explicit StoredHistories(Dataset data) : data_(std::move(data)), rows_(data_) {}

  /// A session with the whole history and the metadata of a user; an empty one for a user who is
  /// not there. What events carried comes `withContext` alone: only filters ask for it.
  Result<Session> sessionOf(std::string_view userId, const Engine& engine,
                            bool withContext = true) const;

 private:
  Dataset data_;
  RowsByUser rows_;
};

}  // namespace attune::trainer
