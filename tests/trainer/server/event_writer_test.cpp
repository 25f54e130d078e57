#include "trainer/server/event_writer.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <future>
#include <set>

#include "trainer/base/errors.h"
#include "trainer/server/limits.h"

using namespace attune::trainer;  // NOLINT: tests
using namespace std::chrono_literals;

namespace {

/// A store in memory whose disk can be broken and held up.
struct FakeDisk {
  std::mutex mutex;
  std::condition_variable moved;
  std::set<EventKey> stored;
  std::vector<EventTracker> trackers;
  int commits = 0;
  int opened = 0;
  bool isBroken = false;
  bool isHeld = false;
  bool isChanged = false;
  bool isFull = false;

  void set(bool FakeDisk::*what, bool value) {
    const std::lock_guard lock(mutex);
    this->*what = value;
    moved.notify_all();
  }
};

class FakeLog final : public EventLog {
 public:
  explicit FakeLog(FakeDisk& disk) : disk_(disk) {
    const std::lock_guard lock(disk_.mutex);
    if (disk_.isBroken) throw UserError("the disk is broken");
    ++disk_.opened;
  }
  void begin() override {
    std::unique_lock lock(disk_.mutex);
    disk_.moved.wait(lock, [&] { return !disk_.isHeld; });
    pending_.clear();
  }
  using EventLog::add;
  std::vector<bool> add(std::span<const Event> events) override {
    const std::lock_guard lock(disk_.mutex);
    std::vector<bool> isNew;
    for (const Event& event : events)
      isNew.push_back(disk_.stored.count(event.key) == 0 && pending_.insert(event.key).second);
    return isNew;
  }
  bool putRecords(const AvroSchema&, const RowBatch&) override { return true; }
  void commit() override {
    const std::lock_guard lock(disk_.mutex);
    if (disk_.isBroken) throw UserError("the disk is broken");
    disk_.stored.insert(pending_.begin(), pending_.end());
    ++disk_.commits;
  }
  void rollback() noexcept override { pending_.clear(); }
  std::optional<AvroSchema> schema(DatasetType) override { return std::nullopt; }
  std::vector<EventTracker> trackers() override {
    const std::lock_guard lock(disk_.mutex);
    return disk_.trackers;
  }
  void addTracker(const EventTracker&) override {}
  bool removeTracker(const std::array<uint8_t, 32>&) override { return false; }
  bool changedElsewhere() override {
    const std::lock_guard lock(disk_.mutex);
    return std::exchange(disk_.isChanged, false);
  }
  void verify(bool) override {
    const std::lock_guard lock(disk_.mutex);
    if (disk_.isBroken) throw UserError("the disk is broken");
  }

 private:
  FakeDisk& disk_;
  std::set<EventKey> pending_;
};

struct World {
  FakeDisk disk;
  Metrics metrics;
  EventWriter writer{[this] { return std::make_unique<FakeLog>(disk); }, metrics,
                     [this] {
                       const std::lock_guard lock(disk.mutex);
                       if (disk.isFull) throw UserError("the disk is full");
                     }};

  /// Hands in one event; nothing when it is refused at once.
  std::optional<std::future<WriteOutcome>> send(uint8_t key, size_t bytes = 10) {
    auto promise = std::make_shared<std::promise<WriteOutcome>>();
    WriteTask task;
    task.events.emplace_back().key[0] = key;
    task.events[0].properties.assign(bytes, 'x');
    task.done = [promise](const WriteOutcome& outcome) { promise->set_value(outcome); };
    auto future = promise->get_future();
    if (!writer.submit(std::move(task))) return std::nullopt;
    return future;
  }
};

/// Waits for what comes by itself, for up to ten seconds.
bool eventually(const std::function<bool()>& holds) {
  for (int i = 0; i < 1000 && !holds(); ++i) std::this_thread::sleep_for(10ms);
  return holds();
}

}  // namespace

TEST_CASE("requests that wait share one transaction") {
  World world;
  world.disk.set(&FakeDisk::isHeld, true);
  std::vector<std::future<WriteOutcome>> answers;
  for (uint8_t key = 0; key < 50; ++key) answers.push_back(std::move(*world.send(key % 40)));
  world.disk.set(&FakeDisk::isHeld, false);
  int isNew = 0;
  for (auto& answer : answers) {
    const WriteOutcome outcome = answer.get();
    REQUIRE(outcome.isStored);
    isNew += outcome.isNew[0];
  }
  CHECK(isNew == 40);
  CHECK(world.disk.commits <= 2);
  CHECK((world.metrics.eventsStored == 40 && world.metrics.eventsDuplicate == 10));
  CHECK((world.writer.queuedRequests() == 0 && world.writer.queuedBytes() == 0));
}

TEST_CASE("after a failure nothing is acknowledged until the store proved writable") {
  World world;
  CHECK(world.send(1)->get().isStored);
  world.disk.set(&FakeDisk::isBroken, true);
  CHECK_FALSE(world.send(2)->get().isStored);
  CHECK(eventually([&] { return !world.writer.isReady(); }));
  CHECK_FALSE(world.send(3));
  CHECK(world.metrics.storeFailures == 1);
  CHECK(world.disk.opened == 1);
  world.disk.set(&FakeDisk::isBroken, false);
  CHECK(eventually([&] { return world.writer.isReady(); }));
  CHECK(world.disk.opened == 2);
  const WriteOutcome again = world.send(2)->get();
  CHECK((again.isStored && again.isNew[0]));
}

TEST_CASE("before the disk is full nothing more is taken, and everything again when there is room") {
  World world;
  CHECK(world.send(1)->get().isStored);
  world.disk.set(&FakeDisk::isFull, true);
  CHECK(eventually([&] { return !world.writer.isReady(); }));
  CHECK_FALSE(world.send(2));
  world.disk.set(&FakeDisk::isFull, false);
  CHECK(eventually([&] { return world.writer.isReady(); }));
  CHECK(world.send(2)->get().isStored);
}

TEST_CASE("when too much waits, more is refused") {
  World world;
  world.disk.set(&FakeDisk::isHeld, true);
  std::vector<std::future<WriteOutcome>> answers;
  bool isRefused = false;
  for (int i = 0; i < 200 && !isRefused; ++i) {
    auto answer = world.send(1, limits::kQueuedBytes / 50);
    isRefused = !answer;
    if (answer) answers.push_back(std::move(*answer));
  }
  CHECK(isRefused);
  CHECK(world.writer.queuedBytes() <= limits::kQueuedBytes);
  world.disk.set(&FakeDisk::isHeld, false);
  for (auto& answer : answers) CHECK(answer.get().isStored);
  CHECK(world.send(9)->get().isStored);
}

TEST_CASE("what waits at the end is written") {
  std::future<WriteOutcome> answer;
  {
    World world;
    world.disk.set(&FakeDisk::isHeld, true);
    answer = std::move(*world.send(1));
    world.disk.set(&FakeDisk::isHeld, false);
    world.writer.finish();
    CHECK_FALSE(world.send(2));
  }
  CHECK(answer.get().isStored);
}

TEST_CASE("trackers that others add are seen") {
  World world;
  CHECK(world.writer.facts()->trackers.empty());
  {
    const std::lock_guard lock(world.disk.mutex);
    world.disk.trackers.push_back({"new", {}, {}});
    world.disk.isChanged = true;
  }
  CHECK(eventually([&] { return world.writer.facts()->trackers.size() == 1; }));
}

TEST_CASE("a store that cannot be opened is told at once") {
  FakeDisk disk;
  disk.isBroken = true;
  Metrics metrics;
  CHECK_THROWS_AS(EventWriter([&] { return std::make_unique<FakeLog>(disk); }, metrics), UserError);
}
