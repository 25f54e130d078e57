#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "trainer/data/event_log.h"
#include "trainer/server/metrics.h"

namespace attune::trainer {

/// What the collector must know of the store to check requests. Immutable.
struct StoreFacts {
  std::vector<EventTracker> trackers;
  std::shared_ptr<const AvroSchema> items;  ///< null: no such dataset
  std::shared_ptr<const AvroSchema> users;
};

/// Items or users to be put.
struct PutRecords {
  std::shared_ptr<const AvroSchema> schema;
  RowBatch rows;
};

/// What became of a task. All of it is durable when `isStored`, none of it otherwise.
struct WriteOutcome {
  bool isStored = false;
  std::vector<bool> isNew;  ///< of each event: false for a duplicate
};

/// One request's work.
struct WriteTask {
  std::vector<Event> events;
  std::optional<PutRecords> records;
  std::function<void(const WriteOutcome&)> done;  ///< called once, in the writer's thread
};

/// Writes what requests bring, in one thread and one transaction for all that wait: the disk is
/// asked to be sure once for many. After a failure every task is refused until the store was opened
/// anew and proved writable, which is tried every second.
class EventWriter {
 public:
  using Open = std::function<std::unique_ptr<EventLog>()>;
  /// Throws UserError while nothing may be written, such as for want of space.
  using Check = std::function<void()>;

  /// Opens the store; throws UserError when that fails. `check` is asked every second; while it
  /// throws, tasks are refused as after a failure.
  EventWriter(Open open, Metrics& metrics, Check check = [] {});
  ~EventWriter() { finish(); }
  EventWriter(const EventWriter&) = delete;
  EventWriter& operator=(const EventWriter&) = delete;

  /// False when too much waits or the store fails: try again later.
  bool submit(WriteTask task);
  /// Writes what waits, then ends; from now on every task is refused.
  void finish();
  /// True while the store can be written.
  bool isReady() const { return ready_; }
  std::shared_ptr<const StoreFacts> facts() const;
  size_t queuedRequests() const;
  size_t queuedBytes() const;

 private:
  void run();
  std::vector<WriteTask> take();
  void write(std::vector<WriteTask>& tasks);
  std::vector<WriteOutcome> store(std::vector<WriteTask>& tasks);
  void count(const std::vector<WriteTask>& tasks, const std::vector<WriteOutcome>& outcomes);
  void fail(const std::string& why);
  void recover();
  void readFacts();

  Open open_;
  Check check_;
  Metrics& metrics_;
  std::unique_ptr<EventLog> log_;  // null after a failure
  std::atomic<bool> ready_{false};

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable arrived_;
  std::deque<WriteTask> queue_;
  size_t queuedBytes_ = 0;
  bool stopping_ = false;
  std::shared_ptr<const StoreFacts> facts_;

  std::thread thread_;
};

}  // namespace attune::trainer
