#include "tests/trainer/data/user_data_contract.h"

#include <catch2/catch.hpp>

#include "tests/trainer/data/test_files.h"
#include "trainer/base/errors.h"
#include "trainer/data/dataset_loader.h"
#include "trainer/data/event_log.h"
#include "trainer/data/user_data.h"

namespace attune::trainer {
namespace {

using Texts = std::vector<std::string>;
using Bytes = std::function<std::string(const std::string&)>;

FieldValue text(std::string_view value) { return FieldValue::ofText(value); }

std::string usersJson() {
  return schemaJson("Users", R"({"name":"USER_ID","type":"string"},)"
                             R"({"name":"CITY","type":["null","string"],"categorical":true},)"
                             R"({"name":"ADULT","type":["null","boolean"]})");
}

AvroSchema schemaOf(DatasetType type) {
  return parseAvroSchema(type == DatasetType::users ? usersJson() : interactionsJson(), type,
                         "the test");
}

std::vector<FieldValue> interaction(const std::string& user, const std::string& item,
                                    int64_t time, std::string_view type = "watch") {
  return {text(user), text(item), FieldValue::ofInteger(time), text(type), FieldValue()};
}

Event event(uint8_t key, const std::string& user, const std::string& session,
            const std::string& anonymous, const std::string& item) {
  Event event;
  event.key[0] = key;
  event.receivedMs = 1'700'000'000'000;
  event.timeMs = 1'600'000'000'000 + key * 1000;
  event.tracker = "t";
  event.userId = user;
  event.sessionId = session;
  event.anonymousId = anonymous;
  event.eventType = "click";
  event.itemId = item;
  return event;
}

void store(const std::string& place, const std::vector<Event>& events) {
  const auto log = openEventLog(place);
  log->begin();
  for (const Event& one : events) log->add(one);
  log->commit();
}

/// Imported and collected data of `user-ada` and `user-bob`; two devices, the second of both.
std::string world(const StoreFactory& factory) {
  const std::string place = factory.fresh();
  const auto writing = openStore(place, StoreAccess::write);
  importRows(*writing, schemaOf(DatasetType::interactions), ImportMode::full,
             {interaction("user-ada", "item-shared", 1, "type-of-ada"),
              interaction("user-ada", "item-of-ada", 2), interaction("user-bob", "item-shared", 3),
              interaction("user-eve", "item-last", 4, "type-last")});
  importRows(*writing, schemaOf(DatasetType::users), ImportMode::full,
             {{text("user-ada"), text("city-of-ada"), FieldValue::ofInteger(1)},
              {text("user-bob"), text("elsewhere"), FieldValue::ofInteger(0)}});
  Event rich = event(1, "user-ada", "session-ada", "device-ada", "item-clicked");
  rich.properties = R"({"note":"property-of-ada"})";
  rich.impression = R"(["impression-of-ada"])";
  rich.recommendationId = "list-of-ada";
  rich.attributionSource = "source-of-ada";
  rich.eventValue = 2.5;
  store(place, {event(2, "", "session-before", "device-ada", "item-before"), rich,
                event(3, "", "session-ada", "", "item-after"),
                event(4, "user-ada", "session-two", "device-both", "item-shared"),
                event(5, "user-bob", "session-bob", "device-both", "item-shared"),
                event(6, "", "session-nobody", "device-both", "item-nobody")});
  return place;
}

/// The interactions as `user|item`.
Texts pairsOf(const std::string& place) {
  Texts pairs;
  openStore(place, StoreAccess::read)
      ->scan(DatasetType::interactions, [&](std::span<const FieldValue> row) {
        pairs.push_back(std::string(row[0].text) + '|' + std::string(row[1].text));
      });
  return pairs;
}

Texts visited(const std::string& place, const std::string& user) {
  Texts all;
  const auto data = openUserData(place);
  const auto add = [&all](const std::string& what) {
    return [&all, what](const AvroSchema& schema, std::span<const FieldValue> row) {
      REQUIRE(row.size() == schema.fields.size());
      std::string line = what;
      for (const FieldValue& value : row)
        line += '|' + (value.isNull()                                ? std::string("null")
                       : value.kind == FieldValue::Kind::integer ? std::to_string(value.integer)
                                                                 : std::string(value.text));
      all.push_back(line);
    };
  };
  data->visit(user, {add("record"), add("interaction"),
                     [&](const Event& one) {
                       all.push_back("event|" + one.itemId + '|' + one.userId + '|' +
                                     one.sessionId + '|' + one.anonymousId + '|' +
                                     std::to_string(one.timeMs) + '|' + one.properties);
                     },
                     [&](std::string_view id) { all.push_back("session|" + std::string(id)); },
                     [&](std::string_view id) { all.push_back("anonymous|" + std::string(id)); }});
  return all;
}

void checkVisit(const StoreFactory& factory) {
  const std::string place = world(factory);
  CHECK(visited(place, "user-ada") ==
        Texts{"record|user-ada|city-of-ada|1", "interaction|user-ada|item-shared|1|type-of-ada|null",
              "interaction|user-ada|item-of-ada|2|watch|null",
              "event|item-before||session-before|device-ada|1600000002000|",
              R"(event|item-clicked|user-ada|session-ada|device-ada|1600000001000|{"note":"property-of-ada"})",
              "event|item-after||session-ada||1600000003000|",
              "event|item-shared|user-ada|session-two|device-both|1600000004000|",
              "session|session-ada", "session|session-two", "anonymous|device-ada"});
  CHECK(visited(place, "device-both") ==
        Texts{"event|item-nobody||session-nobody|device-both|1600000006000|"});
  CHECK(visited(place, "nobody").empty());
}

void checkRemove(const StoreFactory& factory, const Bytes& bytesOf) {
  const std::string place = world(factory);
  const Texts of{"user-ada",      "item-of-ada",    "type-of-ada",       "city-of-ada",
                 "session-ada",   "device-ada",     "item-clicked",      "item-before",
                 "session-before", "item-after",    "session-two",       "property-of-ada",
                 "list-of-ada",   "source-of-ada",  "impression-of-ada"};
  const std::string before = bytesOf(place);
  for (const std::string& trace : of) CHECK(before.find(trace) != std::string::npos);
  const auto data = openUserData(place);
  const DeletedData deleted = data->remove(Texts{"user-ada", "nobody"});
  CHECK((deleted.users == 1 && deleted.records == 1 && deleted.interactions == 2));
  CHECK((deleted.events == 4 && deleted.identities == 3));
  CHECK(data->eraseTraces(5));
  const std::string after = bytesOf(place);
  for (const std::string& trace : of) {
    CAPTURE(trace);
    CHECK(after.find(trace) == std::string::npos);
  }
  CHECK(pairsOf(place) == Texts{"user-bob|item-shared", "user-eve|item-last",
                                "user-bob|item-shared", "device-both|item-nobody"});
  CHECK(visited(place, "user-ada").empty());
  CHECK(visited(place, "user-bob").size() == 4);
  const auto reading = openStore(place, StoreAccess::read);
  const DatasetCounts size = reading->counts(DatasetType::interactions);
  CHECK((size.rows == 4 && size.users == 3 && size.items == 3));
  CHECK(rowsOf(*reading, DatasetType::users) == Texts{"user-bob|elsewhere|0"});
  CHECK(rowsOf(*reading, DatasetType::interactions).at(1) == "user-eve|item-last|4|type-last|null");
}

void checkImportAfter(const StoreFactory& factory) {
  const std::string place = world(factory);
  openUserData(place)->remove(Texts{"user-ada"});
  const auto writing = openStore(place, StoreAccess::write);
  const ImportCounts counts =
      importRows(*writing, schemaOf(DatasetType::interactions), ImportMode::incremental,
                 {interaction("user-eve", "item-last", 4, "type-last"),
                  interaction("user-new", "item-new", 5), interaction("user-ada", "item-last", 6)});
  CHECK((counts.added == 2 && counts.duplicates == 1));
  const Texts pairs = pairsOf(place);
  CHECK(Texts(pairs.begin(), pairs.begin() + 4) ==
        Texts{"user-bob|item-shared", "user-eve|item-last", "user-new|item-new",
              "user-ada|item-last"});
}

void checkDeletions(const StoreFactory& factory) {
  const std::string place = world(factory);
  const auto seen = [&] { return loadDataset(*openStore(place, StoreAccess::read)).deletions; };
  CHECK(seen() == Deletions{});
  const auto data = openUserData(place);
  data->remove(Texts{"nobody"});
  CHECK(seen() == Deletions{});
  const auto earlier = openStore(place, StoreAccess::read);
  data->remove(Texts{"user-ada", "user-bob"});
  const std::string mark = seen().mark;
  CHECK(mark.size() == 16);
  CHECK(seen() == Deletions{1, mark});
  CHECK(earlier->deletions() == Deletions{});
  data->remove(Texts{"user-ada"});
  CHECK(seen() == Deletions{1, mark});
  data->remove(Texts{"device-both"});
  CHECK(seen() == Deletions{2, mark});
  const std::string other = world(factory);
  openUserData(other)->remove(Texts{"user-ada"});
  CHECK(openStore(other, StoreAccess::read)->deletions().mark != mark);
}

void checkBesideCollector(const StoreFactory& factory, const Bytes& bytesOf) {
  const std::string place = world(factory);
  const auto log = openEventLog(place);  // as attune serve holds it
  const auto add = [&](const Event& one) {
    log->begin();
    const bool isNew = log->add(one);
    log->commit();
    return isNew;
  };
  CHECK(add(event(7, "user-late", "session-late", "", "item-late")));
  const auto data = openUserData(place);
  data->remove(Texts{"user-late"});
  CHECK(data->eraseTraces(5));
  CHECK(bytesOf(place).find("session-late") == std::string::npos);
  // The same event is new again, and its session is the user's again.
  CHECK(add(event(7, "user-late", "session-late", "", "item-late")));
  CHECK(add(event(8, "", "session-late", "", "item-later")));
  CHECK(visited(place, "user-late").size() == 3);
}

void checkReaders(const StoreFactory& factory, const Bytes& bytesOf) {
  const std::string place = world(factory);
  auto training = openStore(place, StoreAccess::read);
  const auto data = openUserData(place);
  CHECK(data->remove(Texts{"user-ada"}).users == 1);
  CHECK(rowsOf(*training, DatasetType::users).size() == 2);  // it sees its own moment
  CHECK_FALSE(data->eraseTraces(0));
  training.reset();
  CHECK(data->eraseTraces(5));
  CHECK(bytesOf(place).find("user-ada") == std::string::npos);
}

/// A reader of before keeps what an import replaced.
void checkReplaced(const StoreFactory& factory, const Bytes& bytesOf) {
  const std::string place = world(factory);
  auto training = openStore(place, StoreAccess::read);
  importRows(*openStore(place, StoreAccess::write), schemaOf(DatasetType::interactions),
             ImportMode::full, {interaction("user-bob", "item-shared", 3)});
  const auto data = openUserData(place);
  CHECK(data->remove(Texts{"user-ada"}).interactions == 0);
  CHECK_FALSE(data->eraseTraces(0));
  CHECK(rowsOf(*training, DatasetType::interactions).size() == 10);
  training.reset();
  CHECK(data->eraseTraces(5));
  const std::string after = bytesOf(place);
  for (const char* trace : {"user-ada", "item-of-ada", "type-of-ada"}) {
    CAPTURE(trace);
    CHECK(after.find(trace) == std::string::npos);
  }
}

}  // namespace

void checkUserDataContract(const StoreFactory& factory, const Bytes& bytesOf) {
  SECTION("all of a user is shown, also what was sent before the user was known") {
    checkVisit(factory);
  }
  SECTION("a deleted user is in no byte of the store, and the others are as before") {
    checkRemove(factory, bytesOf);
  }
  SECTION("imports go on after a deletion") { checkImportAfter(factory); }
  SECTION("deletions that deleted anything are counted, under the store's own mark, for a reader those of its moment") {
    checkDeletions(factory);
  }
  SECTION("users are deleted beside a collector, and what comes later is new") {
    checkBesideCollector(factory, bytesOf);
  }
  SECTION("traces wait for whoever reads, and are erased when asked again") {
    checkReaders(factory, bytesOf);
  }
  SECTION("what an import replaced is erased, too, once nobody reads it") {
    checkReplaced(factory, bytesOf);
  }
  SECTION("a store that is not there is not made") {
    CHECK_THROWS_AS(openUserData(factory.fresh()), UserError);
  }
}

}  // namespace attune::trainer
