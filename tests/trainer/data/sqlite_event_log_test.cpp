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

TEST_CASE("what is no store is not made one by the event log") {
  TestFolder folder;
  CHECK_THROWS_WITH(openEventLog(folder.write("text.db", std::string(5000, 'x'))),
                    Contains("is not an Attune store"));
  CHECK_THROWS_WITH(openEventLog(folder.file("none/store.db")), Contains("cannot open store"));
  CHECK_THROWS_WITH(openEventLog("postgres://here/x"), Contains("PostgreSQL"));
}
