#include "trainer/data/postgres_store.h"

#include <catch2/catch.hpp>

#include "tests/trainer/data/postgres_fixture.h"
#include "tests/trainer/data/store_contract.h"
#include "tests/trainer/data/test_files.h"
#include "trainer/data/event_log.h"
#include "trainer/data/postgres_layout.h"

using namespace attune::trainer;
using Catch::Matchers::Contains;

namespace {

constexpr const char* kCountTables =
    "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid=c.relnamespace WHERE "
    "n.nspname='attune' AND c.relname ~ '^interactions_[0-9]+$'";

AvroSchema interactions() {
  return parseAvroSchema(interactionsJson(), DatasetType::interactions, "s");
}

std::vector<FieldValue> event(std::string_view user, int64_t time) {
  return {FieldValue::ofText(user), FieldValue::ofText("i"), FieldValue::ofInteger(time),
          FieldValue(), FieldValue()};
}

void importOne(const std::string& url, std::string_view user, ImportMode mode = ImportMode::full) {
  importRows(*openStore(url, StoreAccess::write), interactions(), mode, {event(user, 1)});
}

}  // namespace

TEST_CASE("the PostgreSQL store keeps the contract of stores") {
  PostgresFixture postgres;
  if (!postgres.isThere()) return;
  checkStoreContract(postgres.factory());
}

TEST_CASE("many rows and every text come back from PostgreSQL as they went in") {
  PostgresFixture postgres;
  if (!postgres.isThere()) return;
  const std::string url = postgres.fresh();
  const std::vector<std::string> texts{"a\tb\\n\"'",   "\xF0\x9F\x8E\xAC",       "\\N",
                                       "\xE2\x80\xAE", std::string(256, '\x01'), "DROP TABLE; --",
                                       "{1,NULL}"};
  std::vector<std::vector<FieldValue>> rows;
  for (int64_t i = 0; i < 12000; ++i)
    rows.push_back(event(texts[static_cast<size_t>(i) % texts.size()], i));
  CHECK(importRows(*openStore(url, StoreAccess::write), interactions(), ImportMode::full, rows)
            .added == 12000);
  const auto store = openStore(url, StoreAccess::read);
  size_t row = 0;
  size_t same = 0;
  store->scan(DatasetType::interactions, [&](std::span<const FieldValue> values) {
    same += std::equal(values.begin(), values.end(), rows[row++].begin()) ? 1u : 0u;
  });
  CHECK(same == 12000);
  const auto again = importRows(*openStore(url, StoreAccess::write), interactions(),
                                ImportMode::incremental, rows);
  CHECK((again.added == 0 && again.duplicates == 12000));
}

TEST_CASE("names of fields may be longer than PostgreSQL's, or its own") {
  PostgresFixture postgres;
  if (!postgres.isThere()) return;
  const std::string url = postgres.fresh();
  const std::string longName(140, 'A');
  const AvroSchema schema = parseAvroSchema(
      schemaJson("Interactions", std::string(kRequiredFields) +
                                     R"(,{"name":"xmin","type":"int"},)" + R"({"name":")" +
                                     longName + R"(1","type":"double"},)" + R"({"name":")" +
                                     longName + R"(2","type":"boolean"})"),
      DatasetType::interactions, "s");
  importRows(*openStore(url, StoreAccess::write), schema, ImportMode::full,
             {{FieldValue::ofText("u"), FieldValue::ofText("i"), FieldValue::ofInteger(1),
               FieldValue::ofInteger(-7), FieldValue::ofReal(0.1), FieldValue::ofInteger(1)}});
  CHECK(rowsOf(*openStore(url, StoreAccess::read), DatasetType::interactions) ==
        std::vector<std::string>{"u|i|1|-7|0.1|1"});
}

TEST_CASE("the rows a full import replaced are dropped when their last reader is gone") {
  PostgresFixture postgres;
  if (!postgres.isThere()) return;
  const std::string url = postgres.fresh();
  importOne(url, "old");
  {
    const auto reader = openStore(url, StoreAccess::read);
    importOne(url, "new");
    CHECK(postgres.queryInteger(url, kCountTables) == 2);
    CHECK(rowsOf(*reader, DatasetType::interactions).front() == "old|i|1|null|null");
  }
  importOne(url, "newest");
  CHECK(postgres.queryInteger(url, kCountTables) == 1);
  CHECK(rowsOf(*openStore(url, StoreAccess::read), DatasetType::interactions) ==
        std::vector<std::string>{"newest|i|1|null|null"});
}

TEST_CASE("an import whose server goes away fails, and changes nothing") {
  PostgresFixture postgres;
  if (!postgres.isThere()) return;
  const std::string url = postgres.fresh();
  importOne(url, "before");
  const auto store = openStore(url, StoreAccess::write);
  const auto transaction = store->beginImport(interactions(), ImportMode::full);
  postgres.disconnectAll(url);
  RowBatch batch(5);
  batch.append(event("u", 1));
  CHECK_THROWS_WITH(
      [&] {
        transaction->append(batch);
        transaction->commit();
      }(),
      Contains("connection") && Contains("see whether it runs"));
  CHECK_THROWS_WITH(store->schema(DatasetType::items), Contains("connection"));
  CHECK(rowsOf(*openStore(url, StoreAccess::read), DatasetType::interactions) ==
        std::vector<std::string>{"before|i|1|null|null"});
  CHECK_NOTHROW(importOne(url, "after"));
}

TEST_CASE("a store of a newer format in PostgreSQL is refused") {
  PostgresFixture postgres;
  if (!postgres.isThere()) return;
  const std::string url = postgres.fresh();
  importOne(url, "u");
  postgres.run(url, "UPDATE attune.store SET format=99");
  for (const StoreAccess access : {StoreAccess::read, StoreAccess::write})
    CHECK_THROWS_WITH(openStore(url, access),
                      Contains("newer Attune (format 99") && Contains("update Attune"));
}

TEST_CASE("what in PostgreSQL is not a store is refused") {
  PostgresFixture postgres;
  if (!postgres.isThere()) return;
  const std::string url = postgres.fresh();
  postgres.run(url, "CREATE SCHEMA attune");
  postgres.run(url, "CREATE TABLE attune.store(other text)");
  CHECK_THROWS_WITH(openStore(url, StoreAccess::write), Contains("not that of an Attune store"));
  const std::string ascii = postgres.fresh("ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0");
  CHECK_THROWS_WITH(openStore(ascii, StoreAccess::write),
                    Contains("encoding is SQL_ASCII") && Contains("createdb -E UTF8"));
}

TEST_CASE("who may not make or change a store is told so") {
  PostgresFixture postgres;
  if (!postgres.isThere()) return;
  const std::string url = postgres.fresh();
  const std::string database = url.substr(url.rfind('/') + 1);
  const std::string user = database + "_reader";
  postgres.run(url, "CREATE ROLE " + user + " LOGIN PASSWORD 'opensesame'");
  const std::string limited = postgres.urlOf(user + ":opensesame", database);
  CHECK_THROWS_WITH(openStore(limited, StoreAccess::write),
                    Contains("lacks a permission (permission denied for database") &&
                        Contains("GRANT") && !Contains("opensesame"));
  importOne(url, "u");
  CHECK_THROWS_WITH(openStore(limited, StoreAccess::read), Contains("lacks a permission"));
  postgres.run(url, "GRANT USAGE ON SCHEMA attune TO " + user);
  postgres.run(url, "GRANT SELECT ON ALL TABLES IN SCHEMA attune TO " + user);
  CHECK(rowsOf(*openStore(limited, StoreAccess::read), DatasetType::interactions).size() == 1);
  CHECK_THROWS_WITH(openEventLog(limited)->verify(false), Contains("lacks a permission"));
  postgres.run(url, "ALTER DATABASE " + database + " SET default_transaction_read_only=on");
  CHECK_NOTHROW(openStore(url, StoreAccess::read));
  CHECK_NOTHROW(importOne(url, "v"));  // which says of its transaction that it writes
  postgres.run(postgres.urlOf("postgres", "postgres"), "ALTER DATABASE " + database + " RESET ALL");
  postgres.run(url, "DROP OWNED BY " + user);
  postgres.run(url, "DROP ROLE " + user);
}
