#include "trainer/data/postgres_event_log.h"

#include <barrier>
#include <catch2/catch.hpp>
#include <thread>

#include "tests/trainer/data/event_log_contract.h"
#include "tests/trainer/data/postgres_fixture.h"
#include "tests/trainer/data/test_files.h"

using namespace attune::trainer;
using Catch::Matchers::Contains;

namespace {

Event event(uint32_t key, const std::string& item) {
  Event event;
  for (int i = 0; i < 4; ++i)
    event.key[static_cast<size_t>(i)] = static_cast<uint8_t>(key >> (24 - 8 * i));
  event.receivedMs = 1'700'000'000'000;
  event.timeMs = 5000;
  event.tracker = "t";
  event.sessionId = "s";
  event.eventType = "click";
  event.itemId = item;
  return event;
}

Event of(const std::string& user, const std::string& session, Event event) {
  event.userId = user;
  event.sessionId = session;
  return event;
}

std::vector<bool> store(EventLog& log, const std::vector<Event>& events) {
  log.begin();
  const std::vector<bool> isNew = log.add(events);
  log.commit();
  return isNew;
}

std::vector<FieldValue> item(std::string_view id) {
  return {FieldValue::ofText(id), FieldValue(), FieldValue(),
          FieldValue(),           FieldValue(), FieldValue()};
}

}  // namespace

TEST_CASE("the PostgreSQL event log keeps the contract of event logs") {
  PostgresFixture postgres;
  if (!postgres.isThere()) return;
  checkEventLogContract(postgres.factory());
}

TEST_CASE("the PostgreSQL event log keeps where events came from, and who is verified") {
  PostgresFixture postgres;
  if (!postgres.isThere()) return;
  checkEventOrigins(postgres.factory());
}

TEST_CASE("a PostgreSQL store of before there were sources is read, and brought up to date") {
  PostgresFixture postgres;
  if (!postgres.isThere()) return;
  const std::string url = postgres.fresh();
  store(*openEventLog(url), {event(1, "i1")});
  for (const char* statement :
       {"ALTER TABLE attune.events DROP COLUMN source, DROP COLUMN verified",
        "ALTER TABLE attune.event_trackers DROP COLUMN verify_secret, DROP COLUMN trusted",
        "DROP TABLE attune.deletions", "DROP TABLE attune.erasure_probe"})
    postgres.run(url, statement);
  const auto origins = [&url] {
    return openStore(url, StoreAccess::read)
        ->scan(DatasetType::interactions, [](std::span<const FieldValue>) {})
        .origins;
  };
  CHECK(origins().size() == 1);
  CHECK(openStore(url, StoreAccess::read)->deletions() == Deletions{});
  Event sure = event(2, "i2");
  sure.source = "net";
  sure.verified = true;
  store(*openEventLog(url), {sure});
  const std::vector<EventOrigin> both = origins();
  REQUIRE(both.size() == 2);
  CHECK((both[0].source == 0 && !both[0].verified && both[1].source == 1 && both[1].verified));
}

TEST_CASE("several collectors write the same events at once, each in its own order") {
  PostgresFixture postgres;
  if (!postgres.isThere()) return;
  const std::string url = postgres.fresh();
  constexpr uint32_t kRounds = 20;
  constexpr uint32_t kEvents = 307;  // a prime: steps of any length come to each
  std::vector<uint64_t> news(3);
  std::vector<std::string> failures(3);
  std::barrier together(3);
  std::vector<std::thread> collectors;
  for (uint32_t c = 0; c < 3; ++c)
    collectors.emplace_back([&, c] {
      try {
        const auto log = openEventLog(url);  // all of them make the store at once, too
        for (uint32_t round = 0; round < kRounds; ++round) {
          std::vector<Event> events;
          for (uint32_t i = 0; i < kEvents; ++i) {
            const uint32_t n = c == 0 ? i : c == 1 ? kEvents - 1 - i : i * 7 % kEvents;
            events.push_back(of("u" + std::to_string(n), "s" + std::to_string(n),
                                event(round * kEvents + n, "i")));
          }
          together.arrive_and_wait();
          for (const bool isNew : store(*log, events)) news[c] += isNew ? 1u : 0u;
        }
      } catch (const std::exception& error) {
        failures[c] = error.what();
      }
      together.arrive_and_drop();
    });
  for (std::thread& collector : collectors) collector.join();
  CHECK(failures == std::vector<std::string>(3));
  CHECK(news[0] + news[1] + news[2] == kRounds * kEvents);
  CHECK(postgres.queryInteger(url, "SELECT count(*) FROM attune.events") == kRounds * kEvents);
}

TEST_CASE("events of one exchange keep the order they came in, whatever their keys") {
  PostgresFixture postgres;
  if (!postgres.isThere()) return;
  const std::string url = postgres.fresh();
  store(*openEventLog(url), {event(9, "first"), event(5, "second"), event(7, "third")});
  std::vector<std::string> items;
  openStore(url, StoreAccess::read)
      ->scan(DatasetType::interactions,
             [&](std::span<const FieldValue> row) { items.emplace_back(row[1].text); });
  CHECK(items == std::vector<std::string>{"first", "second", "third"});
}

TEST_CASE("events are taken while an import runs, records are told to wait") {
  PostgresFixture postgres;
  if (!postgres.isThere()) return;
  const std::string url = postgres.fresh();
  const AvroSchema items = parseAvroSchema(itemsJson(), DatasetType::items, "s");
  const auto writing = openStore(url, StoreAccess::write);
  importRows(*writing, items, ImportMode::full, {item("a")});
  const auto log = openEventLog(url);
  RowBatch rows(items.fields.size());
  rows.append(item("b"));
  auto transaction = writing->beginImport(items, ImportMode::full);
  transaction->append(rows);
  log->begin();
  CHECK(log->add(event(1, "i")));
  CHECK_FALSE(log->putRecords(items, rows));
  log->commit();
  CHECK(store(*log, {event(1, "i")}) == std::vector<bool>{false});
  transaction->commit();
  log->begin();
  CHECK(log->putRecords(items, rows));
  log->commit();
  CHECK(log->changedElsewhere());
  CHECK(rowsOf(*openStore(url, StoreAccess::read), DatasetType::items).size() == 1);
}

TEST_CASE("after a lost connection a new event log goes on") {
  PostgresFixture postgres;
  if (!postgres.isThere()) return;
  const std::string url = postgres.fresh();
  auto log = openEventLog(url);
  store(*log, {event(1, "acknowledged")});
  log->begin();
  log->add(event(2, "lost"));
  postgres.disconnectAll(url);
  CHECK_THROWS_WITH(log->commit(), Contains("connection"));
  log->rollback();
  CHECK_THROWS_WITH(log->begin(), Contains("connection"));
  CHECK_THROWS_WITH(log->changedElsewhere(), Contains("connection"));
  log = openEventLog(url);
  log->verify(true);
  CHECK(store(*log, {event(1, "acknowledged"), event(2, "lost")}) ==
        std::vector<bool>{false, true});
}

TEST_CASE("a database that does not wait for its disk is made to") {
  PostgresFixture postgres;
  if (!postgres.isThere()) return;
  const std::string url = postgres.fresh();
  const std::string database = url.substr(url.rfind('/') + 1);
  postgres.run(url, "ALTER DATABASE " + database + " SET synchronous_commit=off");
  const auto log = openEventLog(url);
  for (const char* statement :
       {"CREATE TABLE attune.noted(setting text)",
        "CREATE FUNCTION attune.note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO "
        "attune.noted VALUES(current_setting(''synchronous_commit'')); RETURN NEW; END'",
        "CREATE TRIGGER note BEFORE INSERT ON attune.events FOR EACH ROW EXECUTE FUNCTION "
        "attune.note()"})
    postgres.run(url, statement);
  store(*log, {event(1, "i")});
  CHECK(postgres.queryInteger(url, "SELECT count(*) FROM attune.noted WHERE setting='on'") == 1);
}
