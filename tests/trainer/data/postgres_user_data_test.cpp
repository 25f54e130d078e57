#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <thread>

#include "tests/trainer/data/postgres_fixture.h"
#include "tests/trainer/data/test_files.h"
#include "tests/trainer/data/user_data_contract.h"
#include "trainer/data/event_log.h"
#include "trainer/data/user_data.h"

using namespace attune::trainer;  // NOLINT: tests
namespace fs = std::filesystem;

namespace {

/// All that the server's files hold of a database, and what all databases share, but for the
/// write-ahead log. Everything is written to them first.
std::string bytesOfDatabase(const std::string& url) {
  PostgresConnection connection(url, kBatchPatience);
  connection.run("CHECKPOINT");
  const PostgresRows names = connection.run(
      "SELECT current_setting('data_directory'),oid::text FROM pg_database WHERE "
      "datname=current_database()");
  const fs::path data = std::string(names.text(0, 0));
  std::string bytes;
  for (const fs::path& folder :
       {data / "base" / std::string(names.text(0, 1)), data / "base/pgsql_tmp", data / "global"})
    if (fs::exists(folder))
      for (const auto& entry : fs::directory_iterator(folder))
        if (entry.is_regular_file()) bytes += readFile(entry.path().string());
  return bytes;
}

}  // namespace

TEST_CASE("the data of single users in PostgreSQL keep the contract") {
  PostgresFixture postgres;
  if (!postgres.isThere()) return;
  checkUserDataContract(postgres.factory(), bytesOfDatabase);
}

TEST_CASE("traces in PostgreSQL wait for other programs' moments, and are told of") {
  PostgresFixture postgres;
  if (!postgres.isThere()) return;
  const std::string url = postgres.fresh();
  {
    const auto log = openEventLog(url);
    log->begin();
    log->add(Event{.key = {1}, .tracker = "t", .sessionId = "session-ada", .userId = "user-ada",
                   .eventType = "click", .itemId = "i"});
    log->commit();
  }
  const auto data = openUserData(url);
  {
    PostgresConnection dump(url, kBatchPatience);  // it has read nothing of the store yet
    dump.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    dump.run("SELECT 1");
    CHECK(data->remove(std::vector<std::string>{"user-ada"}).events == 1);
    CHECK_FALSE(data->eraseTraces(0));
    CHECK(dump.queryInteger("SELECT count(*) FROM attune.events") == 1);
  }
  CHECK(data->eraseTraces(5));
  CHECK(bytesOfDatabase(url).find("session-ada") == std::string::npos);
  CHECK_THAT(data->keptElsewhere(), Catch::Matchers::Contains("write-ahead log") &&
                                        !Catch::Matchers::Contains("statistics"));
}

TEST_CASE("users are deleted beside collectors that put records and events in one transaction") {
  PostgresFixture postgres;
  if (!postgres.isThere()) return;
  const std::string url = postgres.fresh();
  const AvroSchema users = parseAvroSchema(
      schemaJson("Users", R"({"name":"USER_ID","type":"string"},{"name":"CITY","type":"string"})"),
      DatasetType::users, "s");
  const auto row = [](std::string_view id) {
    return std::vector<FieldValue>{FieldValue::ofText(id), FieldValue::ofText("city")};
  };
  importRows(*openStore(url, StoreAccess::write), users, ImportMode::full, {row("user-0")});
  const std::vector<std::string> ids{"user-0", "user-1", "user-2"};
  std::vector<std::string> failures(3);
  std::atomic<uint64_t> rounds{0}, put{0};
  std::atomic<bool> isDone{false};
  const auto collect = [&](uint8_t collector) {
    const auto log = openEventLog(url);
    for (uint32_t round = 0; !isDone; ++round, ++rounds) {
      const std::string& id = ids[(collector + round) % ids.size()];
      RowBatch rows(users.fields.size());
      rows.append(row(id));
      log->begin();
      put += log->putRecords(users, rows);
      log->add(Event{.key = {collector, static_cast<uint8_t>(round >> 8),
                             static_cast<uint8_t>(round)},
                     .tracker = "t", .sessionId = "s-" + id, .userId = id, .eventType = "click",
                     .itemId = "i"});
      log->commit();
    }
  };
  const auto remove = [&] {
    const auto data = openUserData(url);
    for (int i = 0; i < 20; ++i) data->remove(ids);
  };
  const auto reporting = [&](size_t place, const auto& work) {
    return std::thread([&failures, place, work] {
      try {
        work();
      } catch (const std::exception& error) {
        failures[place] = error.what();
      }
    });
  };
  std::thread one = reporting(0, [&] { collect(1); }), two = reporting(1, [&] { collect(2); });
  reporting(2, remove).join();
  isDone = true;
  one.join();
  two.join();
  CHECK(failures == std::vector<std::string>(3));
  CHECK((rounds > 0 && put > 0));
  openUserData(url)->remove(ids);
  for (const char* table : {"events", "event_identities", "users_1"})
    CHECK(postgres.queryInteger(url, std::string("SELECT count(*) FROM attune.") + table) == 0);
}

TEST_CASE("an import keeps deletions in PostgreSQL out, and the line says so") {
  PostgresFixture postgres;
  if (!postgres.isThere()) return;
  const std::string url = postgres.fresh();
  const auto writing = openStore(url, StoreAccess::write);
  const auto import = writing->beginImport(
      parseAvroSchema(interactionsJson(), DatasetType::interactions, "s"), ImportMode::full);
  const auto data = openUserData(url);
  CHECK_THROWS_WITH(data->remove(std::vector<std::string>{"user-ada"}),
                    Catch::Matchers::Contains("being written by another process"));
}

TEST_CASE("who does not own the database is told that its statistics keep samples of rows") {
  PostgresFixture postgres;
  if (!postgres.isThere()) return;
  const std::string url = postgres.fresh();
  const std::string database = url.substr(url.rfind('/') + 1);
  const std::string user = database + "_user";
  postgres.run(url, "CREATE ROLE " + user + " LOGIN PASSWORD 'opensesame'");
  postgres.run(url, "GRANT CREATE ON DATABASE " + database + " TO " + user);
  {
    const std::string own = postgres.urlOf(user + ":opensesame", database);
    openEventLog(own);
    const auto data = openUserData(own);
    CHECK(data->remove(std::vector<std::string>{"user-ada"}).users == 0);
    CHECK(data->eraseTraces(5));
    CHECK_THAT(data->keptElsewhere(),
               Catch::Matchers::Contains("only the database's owner may write anew"));
  }
  postgres.run(url, "DROP OWNED BY " + user);
  postgres.run(url, "DROP ROLE " + user);
}
