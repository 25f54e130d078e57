#include "trainer/server/disk_space.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "trainer/base/errors.h"

using attune::trainer::DiskSpace;
using Catch::Matchers::Contains;

TEST_CASE("a disk with less room than must stay free is said to be full, with what to do") {
  const std::string store = (std::filesystem::temp_directory_path() / "a.db").string();
  CHECK_NOTHROW(DiskSpace(store, 1).check());
  CHECK_THROWS_WITH(DiskSpace(store, ~uint64_t{0}).check(),
                    Contains("MB are free in") && Contains("fewer than minFreeMegabytes") &&
                        Contains("make room"));
}

TEST_CASE("without a limit, without a disk of its own or without an answer no disk is full") {
  CHECK_NOTHROW(DiskSpace("a.db", 0).check());
  CHECK_NOTHROW(DiskSpace("postgres://host/database", ~uint64_t{0}).check());
  CHECK_NOTHROW(DiskSpace("/no/such/folder/a.db", ~uint64_t{0}).check());
}
