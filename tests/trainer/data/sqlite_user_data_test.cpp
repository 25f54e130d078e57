#include <catch2/catch.hpp>

#include "tests/trainer/data/test_files.h"
#include "tests/trainer/data/user_data_contract.h"

using namespace attune::trainer;  // NOLINT: tests

TEST_CASE("the data of single users in SQLite keep the contract") {
  TestFolder folder;
  int count = 0;
  checkUserDataContract(
      {[&] { return folder.file("store" + std::to_string(++count) + ".db"); }},
      [](const std::string& place) {
        std::string bytes;
        for (const char* part : {"", "-wal", "-shm", "-journal"}) bytes += readFile(place + part);
        return bytes;
      });
}
