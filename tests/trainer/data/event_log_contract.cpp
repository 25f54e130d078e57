#include "tests/trainer/data/event_log_contract.h"

#include <catch2/catch.hpp>

#include "tests/trainer/data/test_files.h"
#include "trainer/base/errors.h"
#include "trainer/data/dataset_loader.h"
#include "trainer/data/event_log.h"
#include "trainer/data/event_rows.h"

namespace attune::trainer {
namespace {

using Texts = std::vector<std::string>;

/// An event of its own key at second `time`.
Event event(uint8_t key, const std::string& session, const std::string& item, int64_t time = 5) {
  Event event;
  event.key[0] = key;
  event.receivedMs = 1'700'000'000'000;
  event.timeMs = time * 1000;
  event.tracker = "t";
  event.sessionId = session;
  event.eventType = "click";
  event.itemId = item;
  return event;
}

Event of(const std::string& user, Event event) {
  event.userId = user;
  return event;
}

Event from(const std::string& anonymous, Event event) {
  event.anonymousId = anonymous;
  return event;
}

/// Stores them all; which of them were new.
std::vector<bool> store(EventLog& log, const std::vector<Event>& events) {
  log.begin();
  const std::vector<bool> isNew = log.add(events);
  log.commit();
  return isNew;
}

/// The interactions as `user|item`.
Texts pairsOf(const std::string& place) {
  Texts pairs;
  const auto store = openStore(place, StoreAccess::read);
  store->scan(DatasetType::interactions, [&](std::span<const FieldValue> row) {
    pairs.push_back(std::string(row[0].text) + '|' + std::string(row[1].text));
  });
  return pairs;
}

void checkDuplicates(const StoreFactory& factory) {
  const std::string place = factory.fresh();
  {
    const auto log = openEventLog(place);
    CHECK(store(*log, {event(1, "s", "a"), event(2, "s", "b"), event(1, "s", "a")}) ==
          std::vector<bool>{true, true, false});
    CHECK(store(*log, {event(2, "s", "other")}) == std::vector<bool>{false});
  }
  CHECK(store(*openEventLog(place), {event(1, "s", "a")}) == std::vector<bool>{false});
  CHECK(pairsOf(place) == Texts{"s|a", "s|b"});
}

void checkRollback(const StoreFactory& factory) {
  const std::string place = factory.fresh();
  const auto log = openEventLog(place);
  log->begin();
  log->add(of("u", event(1, "s", "a")));
  log->rollback();
  CHECK(store(*log, {event(1, "s", "a")}) == std::vector<bool>{true});
  CHECK(pairsOf(place) == Texts{"s|a"});
  CHECK(store(*log, {of("u", event(2, "s", "b"))}) == std::vector<bool>{true});
  CHECK(pairsOf(place) == Texts{"u|a", "u|b"});
}

void checkIdentities(const StoreFactory& factory) {
  const std::string place = factory.fresh();
  const auto log = openEventLog(place);
  store(*log, {from("d1", event(1, "s1", "before")), from("d1", event(2, "s2", "elsewhere")),
               event(3, "s3", "nobody"), from("d3", event(4, "s4", "device"))});
  CHECK(pairsOf(place) == Texts{"d1|before", "d1|elsewhere", "s3|nobody", "d3|device"});
  store(*log, {of("ada", from("d1", event(5, "s1", "login"))), event(6, "s1", "after")});
  CHECK(pairsOf(place) ==
        Texts{"ada|before", "ada|elsewhere", "s3|nobody", "d3|device", "ada|login", "ada|after"});
  // A second user on the device: what is not surely one's is nobody's.
  store(*log, {of("bob", from("d1", event(7, "s5", "own")))});
  CHECK(pairsOf(place) == Texts{"ada|before", "d1|elsewhere", "s3|nobody", "d3|device", "ada|login",
                                "ada|after", "bob|own"});
  // The same when both come at once.
  const std::string other = factory.fresh();
  store(*openEventLog(other),
        {of("ada", event(1, "s", "a")), of("bob", event(2, "s", "b")), event(3, "s", "whose")});
  CHECK(pairsOf(other) == Texts{"ada|a", "bob|b", "s|whose"});
}

void checkImports(const StoreFactory& factory) {
  const std::string place = factory.fresh();
  const AvroSchema schema =
      parseAvroSchema(interactionsJson(), DatasetType::interactions, "the test");
  const auto log = openEventLog(place);
  store(*log, {of("u", event(1, "s", "a", 9)), event(2, "s", "")});
  CHECK(openStore(place, StoreAccess::read)->schema(DatasetType::interactions)->fields ==
        eventSchema().fields);
  const auto writing = openStore(place, StoreAccess::write);
  importRows(*writing, schema, ImportMode::full,
             {{FieldValue::ofText("v"), FieldValue::ofText("b"), FieldValue::ofInteger(7),
               FieldValue::ofText("watch"), FieldValue()}});
  CHECK(pairsOf(place) == Texts{"v|b", "u|a"});
  const auto reading = openStore(place, StoreAccess::read);
  CHECK(reading->schema(DatasetType::interactions)->fields == schema.fields);
  const DatasetCounts size = reading->counts(DatasetType::interactions);
  CHECK((size.rows == 2 && size.users == 2 && size.items == 2));
  const EventCounts seen =
      reading->scan(DatasetType::interactions, [](std::span<const FieldValue>) {});
  CHECK((seen.events == 2 && seen.withoutItem == 1 && seen.unfit == 0));
  const Dataset dataset = loadDataset(*reading);
  REQUIRE(dataset.interactions.size() == 2);
  CHECK(dataset.users[dataset.interactions.user[1]] == "u");
  CHECK(dataset.eventTypes[dataset.interactions.eventType[1]] == "click");
  CHECK(dataset.interactions.timestamp[1] == 9);
}

}  // namespace

void checkEventOrigins(const StoreFactory& factory) {
  const std::string place = factory.fresh();
  const AvroSchema schema =
      parseAvroSchema(interactionsJson(), DatasetType::interactions, "the test");
  const auto log = openEventLog(place);
  const auto sent = [](uint8_t key, const std::string& source, bool verified, int64_t day) {
    Event one = event(key, "s" + std::to_string(key), "i" + std::to_string(key), 1000 - key);
    one.source = source;
    one.verified = verified;
    one.receivedMs = day * 86'400'000 + 5;
    return one;
  };
  Event visitOnly = sent(9, "net-a", false, 19'000);
  visitOnly.itemId.clear();
  store(*log, {sent(1, "net-b", false, 19'000), visitOnly, sent(2, "net-a", true, 19'001),
               sent(3, "net-b", false, 19'000), sent(4, "", false, 19'002)});
  const auto writing = openStore(place, StoreAccess::write);
  importRows(*writing, schema, ImportMode::full,
             {{FieldValue::ofText("v"), FieldValue::ofText("b"), FieldValue::ofInteger(7),
               FieldValue::ofText("watch"), FieldValue()}});
  const auto reading = openStore(place, StoreAccess::read);
  const EventCounts seen =
      reading->scan(DatasetType::interactions, [](std::span<const FieldValue>) {});
  const auto shown = [](const EventOrigin& one) {
    return std::to_string(one.source) + (one.verified ? "+" : "-") + std::to_string(one.day);
  };
  Texts origins;
  for (const EventOrigin& one : seen.origins) origins.push_back(shown(one));
  CHECK(origins == Texts{"1-19000", "2+19001", "1-19000", "0-19002"});
  // In the order of time, imported ones trusted.
  const Dataset dataset = loadDataset(*reading);
  Texts loaded;
  for (uint32_t row = 0; row < dataset.interactions.size(); ++row)
    loaded.push_back(dataset.items[dataset.interactions.item[row]] + " " +
                     shown(dataset.interactions.origin[row]));
  CHECK(loaded == Texts{"b 0-0", "i4 0-19002", "i3 1-19000", "i2 2+19001", "i1 1-19000"});
}

namespace {

void checkRecords(const StoreFactory& factory) {
  const std::string place = factory.fresh();
  const AvroSchema items = parseAvroSchema(itemsJson(), DatasetType::items, "the test");
  const auto row = [](std::string_view id, int64_t year) {
    return std::vector<FieldValue>{
        FieldValue::ofText(id), FieldValue(), FieldValue::ofInteger(year),
        FieldValue(),           FieldValue(), FieldValue()};
  };
  const auto writing = openStore(place, StoreAccess::write);
  importRows(*writing, items, ImportMode::full, {row("a", 1), row("b", 2)});
  const auto log = openEventLog(place);
  CHECK(log->schema(DatasetType::items)->fields == items.fields);
  CHECK_FALSE(log->schema(DatasetType::users));
  RowBatch rows(items.fields.size());
  rows.append(row("b", 7));
  rows.append(row("c", 3));
  log->begin();
  CHECK(log->putRecords(items, rows));
  log->commit();
  const Texts put{"a|null|1|null|null|null", "b|null|7|null|null|null", "c|null|3|null|null|null"};
  CHECK(rowsOf(*openStore(place, StoreAccess::read), DatasetType::items) == put);
  importRows(*writing, items, ImportMode::full, {row("b", 8), row("d", 4)});
  CHECK(rowsOf(*openStore(place, StoreAccess::read), DatasetType::items) ==
        Texts{put[1], put[2], "d|null|4|null|null|null"});
  AvroSchema other = items;
  other.fields.pop_back();
  log->begin();
  CHECK_FALSE(log->putRecords(other, rows));
  log->rollback();
}

void checkProof(const StoreFactory& factory) {
  const std::string place = factory.fresh();
  const auto log = openEventLog(place);
  CHECK_NOTHROW(log->verify(false));
  CHECK_NOTHROW(log->verify(true));
  CHECK(store(*log, {}).empty());
}

void checkTrackers(const StoreFactory& factory) {
  const std::string place = factory.fresh();
  const auto log = openEventLog(place);
  EventTracker tracker{"shop", {}, {"https://a.example", "https://b.example"}};
  tracker.keySha256.fill(7);
  CHECK_FALSE(log->changedElsewhere());
  const auto other = openEventLog(place);
  other->begin();
  other->addTracker(tracker);
  other->commit();
  CHECK(log->changedElsewhere());
  CHECK_FALSE(log->changedElsewhere());
  CHECK(log->trackers() == std::vector{tracker});
  log->begin();
  CHECK(log->removeTracker(tracker.keySha256));
  CHECK_FALSE(log->removeTracker(tracker.keySha256));
  log->commit();
  CHECK(other->trackers().empty());
}

}  // namespace

void checkEventLogContract(const StoreFactory& factory) {
  SECTION("an event of one key is stored once, also by another process") {
    checkDuplicates(factory);
  }
  SECTION("what is undone never was") { checkRollback(factory); }
  SECTION("whose an event is may come out later, and stays open when two users were seen") {
    checkIdentities(factory);
  }
  SECTION("events are interactions beside the imported ones") { checkImports(factory); }
  SECTION("items are put beside the imported ones and survive the next import") {
    checkRecords(factory);
  }
  SECTION("a store proves that it can be written") { checkProof(factory); }
  SECTION("trackers are seen by others") { checkTrackers(factory); }
}

}  // namespace attune::trainer
