#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "runtime/base/memory.h"
#include "runtime/base/result.h"
#include "runtime/bundle/query_columns.h"
#include "runtime/bundle/vocabulary.h"
#include "runtime/serve/attributes.h"

namespace attune {

/// One remembered event of a user.
struct SessionEvent {
  uint32_t item;          ///< number in the bundle, or kUnknownItem
  uint32_t type;          ///< number among the session's own event types
  int64_t timestamp;      ///< seconds since 1970
  float value;            ///< NaN for none
  uint32_t textBegin = 0;  ///< in the session's own text: the id of an unknown item, then the context
  uint32_t idLength = 0;   ///< 0 for an item the bundle knows
  uint32_t contextLength = 0;
  bool isCopy = false;  ///< another event says the same of the item in the same second

  uint32_t textLength() const { return idLength + contextLength; }
  /// Whether models look at it. What is said of an item twice in one second (a click and the watch
  /// it began) is one event to them, as in training; filters see every event.
  bool counts() const { return item != kUnknownItem && !isCopy; }
};

/// What an event carried beside its type and value, as one text: names and values of columns in
/// turn, each ended by a zero byte. Names compare in any case (ASCII letters).
namespace event_context {

/// Appends a column's value, which is written as for QueryColumns::set; an empty one is none.
/// Errors: InvalidArgument (no name, or a zero byte), OutOfMemory.
Status add(std::string_view name, std::string_view value, Buffer<char>& context);
/// The value of the first column of that name; empty for none.
std::string_view find(std::string_view context, std::string_view name);

}  // namespace event_context

/// What a model keeps of one session between requests, so that a new event costs one step and not
/// the whole history; each model has its own.
class ModelState {
 public:
  ModelState() = default;
  ModelState(const ModelState&) = delete;
  ModelState& operator=(const ModelState&) = delete;
  virtual ~ModelState() = default;
};

/// A time as whole seconds, rounded down. Error: InvalidArgument if it is not finite or not within
/// 285 million years of 1970.
Result<int64_t> wholeSeconds(double timestamp);

/// A user's history on the device: the newest `maxEvents` events, in time order (equal times in
/// the order they were recorded). Items the bundle does not know are kept too: another bundle may.
/// Borrows the vocabulary. One thread at a time.
class Session {
 public:
  static constexpr uint32_t kMaxIdBytes = BundleLimits::kMaxIdBytes;
  static constexpr uint32_t kMaxTypeBytes = 1024;
  static constexpr uint32_t kMaxTypes = 1000;  ///< different ones among the remembered events
  static constexpr uint32_t kMaxContextBytes = 65535;  ///< of one event

  /// REQUIRES: maxEvents > 0
  Session(const Vocabulary& items, uint32_t maxEvents) : items_(&items), maxEvents_(maxEvents) {}

  /// Remembers an event; it acts on the very next request. Returns whether the bundle knows the
  /// item. `context` is an event_context, for filters: models ask the request for it. Errors:
  /// InvalidArgument (empty, too long or malformed text), OutOfMemory; the history is then as
  /// before.
  Result<bool> record(std::string_view itemId, std::string_view eventType, int64_t timestamp,
                      float value, std::string_view context = {});

  void clear();
  /// What is known of the user, as rows of the bundle's query columns (Engine::setAttribute). Not
  /// part of the history: neither clear() nor save() and restore() touch it.
  QueryRows& attributes() { return attributes_; }
  const QueryRows& attributes() const { return attributes_; }
  /// The same as texts, for filters.
  Attributes& profile() { return profile_; }
  const Attributes& profile() const { return profile_; }

  /// Notes that items were shown, so that exploration pushes them less: not a part of the history
  /// either, but clear() forgets it. kUnknownItem is passed over. Error: OutOfMemory.
  Status noteShown(std::span<const uint32_t> items);
  uint32_t timesShown(uint32_t item) const;
  /// How many events that count for models the item has.
  uint32_t timesHad(uint32_t item) const;

  /// Makes `copy`, a fresh session, this one without the events of an item. Error: OutOfMemory.
  Status copyWithout(uint32_t item, Session& copy) const;

  /// Oldest first.
  std::span<const SessionEvent> events() const { return events_.span().subspan(first_); }
  std::string_view itemId(const SessionEvent& event) const;
  std::string_view typeName(uint32_t type) const;
  /// The event_context of an event.
  std::string_view context(const SessionEvent& event) const {
    return {text_.data() + event.textBegin + event.idLength, event.contextLength};
  }

  /// Tells a model what has changed: histories of one generation differ by `appended()` events at
  /// the end and by those dropped at the beginning alone.
  uint32_t generation() const { return generation_; }
  uint64_t appended() const { return appended_; }
  /// The model's own memory of this session. Not part of the history: may be thrown away any time.
  Owned<ModelState>& modelState() const { return modelState_; }

  /// The whole history as bytes that restore() takes, with this bundle or another one.
  Status save(Buffer<uint8_t>& out) const;
  /// Replaces the history by saved bytes. Error: InvalidSession; the history is then as before.
  Status restore(std::span<const uint8_t> bytes);

 private:
  Result<uint32_t> typeNumber(std::string_view name);
  Status dropUnusedTypes();
  Status insert(const SessionEvent& event);
  void markCopies(size_t index);
  void dropOldest();
  Status compactText();

  const Vocabulary* items_;
  uint32_t maxEvents_;
  Buffer<SessionEvent> events_;
  size_t first_ = 0;  // events before it are dropped; they go for good now and then
  Buffer<char> typeText_;
  Buffer<uint32_t> typeEnds_;
  Buffer<char> text_;
  QueryRows attributes_;
  Attributes profile_;
  struct Shown {
    uint32_t item, times;
  };
  Buffer<Shown> shown_;
  size_t textBytesInUse_ = 0;
  uint32_t generation_ = 0;
  uint64_t appended_ = 0;
  mutable Owned<ModelState> modelState_;
};

}  // namespace attune
