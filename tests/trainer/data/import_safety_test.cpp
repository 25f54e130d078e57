#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/trainer/data/import_fixture.h"
#include "tests/trainer/data/store_contract.h"
#include "trainer/base/errors.h"

using namespace attune::trainer;

namespace {

std::string manyRows(const std::string& user, int rows) {
  std::string csv = kInteractionsHeader;
  for (int i = 0; i < rows; ++i)
    csv +=
        user + std::to_string(i) + ",i" + std::to_string(i % 97) + "," + std::to_string(i) + ",,\n";
  return csv;
}

/// Imports in a process of its own, where no file may grow above `maxFileBytes`.
pid_t importInChild(ImportFixture& fixture, const std::string& file, rlim_t maxFileBytes) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  ::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{maxFileBytes, maxFileBytes};
  ::setrlimit(RLIMIT_FSIZE, &limit);
  int code = 0;
  try {
    fixture.import({file});
  } catch (const UserError& error) {
    const bool told = std::string(error.what()).find("the disk is full") != std::string::npos;
    code = told ? 2 : 70;
  }
  ::_exit(code);
}

int exitCode(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// The first row and the number of rows; throws when the store cannot be read.
std::pair<std::string, size_t> state(const ImportFixture& fixture) {
  const auto rows =
      rowsOf(*openStore(fixture.options.store, StoreAccess::read), DatasetType::interactions);
  return {rows.at(0), rows.size()};
}

}  // namespace

TEST_CASE("no room on the disk is one clear error, and the data of before stays") {
  for (const bool isFirst : {true, false}) {
    ImportFixture fixture;
    if (!isFirst) fixture.importText(manyRows("before", 10));
    const std::string big = fixture.folder.write("big.csv", manyRows("u", 300'000));
    CHECK(exitCode(importInChild(fixture, big, 1 << 20)) == 2);
    if (isFirst)
      CHECK(fixture.folder.fileCount() == 2);  // no store was left
    else
      CHECK(state(fixture).second == 10);
    CHECK(fixture.import({big}).rowsKept == 300'000);
  }
}

TEST_CASE("a killed import leaves the data of before or the new data, whole") {
  ImportFixture fixture;
  const std::string files[] = {fixture.folder.write("a.csv", manyRows("a", 20'000)),
                               fixture.folder.write("b.csv", manyRows("b", 25'000))};
  fixture.import({files[0]});
  std::pair<std::string, size_t> before = state(fixture);
  int killed = 0;
  for (int cycle = 0; cycle < 30; ++cycle) {
    const pid_t child = importInChild(fixture, files[(cycle + 1) % 2], RLIM_INFINITY);
    ::usleep(static_cast<useconds_t>(cycle) * 3000);
    ::kill(child, SIGKILL);
    killed += exitCode(child) == -1 ? 1 : 0;
    const auto after = state(fixture);
    const size_t expected = after.first[0] == 'a' ? 20'000 : 25'000;
    CHECK((after == before || after.second == expected));
    before = after;
  }
  CHECK(killed > 0);
  CHECK(fixture.import({files[1]}).dataset.rows == 25'000);
}
