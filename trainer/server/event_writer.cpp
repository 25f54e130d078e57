#include "trainer/server/event_writer.h"

#include <chrono>
#include <iterator>
#include <nlohmann/json.hpp>

#include "trainer/base/errors.h"
#include "trainer/server/limits.h"
#include "trainer/server/log.h"

namespace attune::trainer {
namespace {

using Clock = std::chrono::steady_clock;

size_t bytesOf(const WriteTask& task) {
  size_t bytes = sizeof(WriteTask);
  for (const Event& event : task.events)
    bytes += sizeof(Event) + event.properties.size() + event.impression.size() +
             event.itemId.size() + event.userId.size() + event.sessionId.size() +
             event.anonymousId.size() + event.attributionSource.size();
  if (task.records) bytes += task.records->rows.textBytes();
  return bytes;
}

std::shared_ptr<const AvroSchema> shared(std::optional<AvroSchema> schema) {
  return schema ? std::make_shared<const AvroSchema>(std::move(*schema)) : nullptr;
}

}  // namespace

EventWriter::EventWriter(Open open, Metrics& metrics, Check check)
    : open_(std::move(open)), check_(std::move(check)), metrics_(metrics) {
  log_ = open_();
  log_->verify(false);
  readFacts();
  ready_ = true;
  recover();
  thread_ = std::thread([this] { run(); });
}

void EventWriter::finish() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  arrived_.notify_one();
  if (thread_.joinable()) thread_.join();
}

bool EventWriter::submit(WriteTask task) {
  const size_t bytes = bytesOf(task);
  {
    const std::lock_guard lock(mutex_);
    if (!ready_ || stopping_ || queuedBytes_ + bytes > limits::kQueuedBytes) return false;
    queuedBytes_ += bytes;
    queue_.push_back(std::move(task));
  }
  arrived_.notify_one();
  return true;
}

std::shared_ptr<const StoreFacts> EventWriter::facts() const {
  const std::lock_guard lock(mutex_);
  return facts_;
}

size_t EventWriter::queuedRequests() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

size_t EventWriter::queuedBytes() const {
  const std::lock_guard lock(mutex_);
  return queuedBytes_;
}

void EventWriter::run() {
  auto lookedAt = Clock::now();
  while (true) {
    std::vector<WriteTask> tasks = take();
    if (!tasks.empty()) write(tasks);
    {
      const std::lock_guard lock(mutex_);
      if (stopping_ && queue_.empty()) return;
    }
    if (Clock::now() - lookedAt < std::chrono::seconds(limits::kProbeSeconds)) continue;
    lookedAt = Clock::now();
    recover();
  }
}

/// What waits, up to a transaction's worth; waits itself for a moment when there is nothing.
std::vector<WriteTask> EventWriter::take() {
  std::vector<WriteTask> tasks;
  std::unique_lock lock(mutex_);
  arrived_.wait_for(lock, std::chrono::seconds(limits::kProbeSeconds),
                    [this] { return stopping_ || !queue_.empty(); });
  for (size_t events = 0; !queue_.empty() && events < limits::kCommitEvents;) {
    events += queue_.front().events.size() + 1;
    queuedBytes_ -= bytesOf(queue_.front());
    tasks.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return tasks;
}

void EventWriter::write(std::vector<WriteTask>& tasks) {
  std::vector<WriteOutcome> outcomes(tasks.size());
  if (log_) {
    try {
      const auto begun = Clock::now();
      outcomes = store(tasks);
      metrics_.commitSeconds.add(std::chrono::duration<double>(Clock::now() - begun).count());
      count(tasks, outcomes);
    } catch (const std::exception& error) {
      outcomes.assign(tasks.size(), WriteOutcome{});
      fail(error.what());
    }
  }
  for (size_t i = 0; i < tasks.size(); ++i) tasks[i].done(outcomes[i]);
}

/// Events of all tasks first, then records: the order in which every collector locks rows.
std::vector<WriteOutcome> EventWriter::store(std::vector<WriteTask>& tasks) {
  std::vector<Event> events;
  std::vector<WriteOutcome> outcomes(tasks.size());
  for (WriteTask& task : tasks)
    events.insert(events.end(), std::make_move_iterator(task.events.begin()),
                  std::make_move_iterator(task.events.end()));
  log_->begin();
  const std::vector<bool> isNew = log_->add(events);
  auto next = isNew.begin();
  for (size_t i = 0; i < tasks.size(); ++i) {
    const auto end = next + static_cast<std::ptrdiff_t>(tasks[i].events.size());
    outcomes[i].isNew.assign(next, end);
    const std::optional<PutRecords>& records = tasks[i].records;
    outcomes[i].isStored = !records || log_->putRecords(*records->schema, records->rows);
    next = end;
  }
  log_->commit();
  return outcomes;
}

void EventWriter::count(const std::vector<WriteTask>& tasks,
                        const std::vector<WriteOutcome>& outcomes) {
  ++metrics_.commits;
  for (size_t i = 0; i < tasks.size(); ++i) {
    for (const bool isNew : outcomes[i].isNew)
      ++(isNew ? metrics_.eventsStored : metrics_.eventsDuplicate);
    if (tasks[i].records && outcomes[i].isStored)
      metrics_.recordsPut += tasks[i].records->rows.rowCount();
  }
}

void EventWriter::fail(const std::string& why) {
  ready_ = false;
  ++metrics_.storeFailures;
  logLine(LogLevel::error, "the store failed", {{"reason", why}});
  log_->rollback();
  log_.reset();
}

/// Once a second: opens a store that failed anew, or looks whether others changed it.
void EventWriter::recover() {
  try {
    check_();
    if (log_) {
      if (log_->changedElsewhere()) {
        ++metrics_.storeChanges;
        readFacts();
      }
      return;
    }
    log_ = open_();
    log_->verify(true);
    readFacts();
    ready_ = true;
    logLine(LogLevel::info, "the store works again");
  } catch (const std::exception& error) {
    if (ready_) return fail(error.what());
    if (log_) log_->rollback();
    log_.reset();
    logLine(LogLevel::debug, "the store still fails", {{"reason", error.what()}});
  }
}

void EventWriter::readFacts() {
  auto facts = std::make_shared<StoreFacts>();
  facts->trackers = log_->trackers();
  facts->items = shared(log_->schema(DatasetType::items));
  facts->users = shared(log_->schema(DatasetType::users));
  const std::lock_guard lock(mutex_);
  facts_ = std::move(facts);
}

}  // namespace attune::trainer
