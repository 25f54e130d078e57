#include <catch2/catch.hpp>

#include "tests/trainer/data/event_log_contract.h"
#include "tests/trainer/data/test_files.h"
#include "trainer/data/event_log.h"

using namespace attune::trainer;  // NOLINT: tests
using Catch::Matchers::Contains;

TEST_CASE("the SQLite event log keeps the contract of event logs") {
  TestFolder folder;
  int count = 0;
  checkEventLogContract({[&] { return folder.file("store" + std::to_string(++count) + ".db"); }});
}

TEST_CASE("where events came from is known to whoever learns from a store in SQLite") {
  TestFolder folder;
  checkEventOrigins({[&] { return folder.file("store.db"); }});
}

TEST_CASE("what is no store is not made one by the event log") {
  TestFolder folder;
  CHECK_THROWS_WITH(openEventLog(folder.write("text.db", std::string(5000, 'x'))),
                    Contains("is not an Attune store"));
  CHECK_THROWS_WITH(openEventLog(folder.file("none/store.db")), Contains("cannot open store"));
}

TEST_CASE("a busy SQLite store is told") {
  TestFolder folder;
  const std::string place = folder.file("store.db");
  const auto one = openEventLog(place);
  const auto two = openEventLog(place);
  one->begin();
  CHECK_THROWS_WITH(two->begin(), Contains("being written by another process"));
  two->rollback();
  one->rollback();
  CHECK_NOTHROW(two->verify(true));
  const auto reader = openStore(place, StoreAccess::read);
  one->begin();
  one->add(Event{.key = {1}, .tracker = "t", .sessionId = "s", .eventType = "click"});
  one->commit();
  CHECK_THROWS_WITH(two->verify(true), Contains("being read"));
}
