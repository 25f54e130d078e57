#include "trainer/data/sqlite_store.h"

#include <catch2/catch.hpp>

#include "tests/trainer/data/store_contract.h"
#include "tests/trainer/data/test_files.h"
#include "trainer/data/sqlite_interactions.h"
#include "trainer/data/sqlite_layout.h"

using namespace attune::trainer;
using Catch::Matchers::Contains;

namespace {

std::vector<FieldValue> event(std::string_view user, int64_t time) {
  return {FieldValue::ofText(user), FieldValue::ofText("i"), FieldValue::ofInteger(time),
          FieldValue(), FieldValue()};
}

AvroSchema interactions() {
  return parseAvroSchema(interactionsJson(), DatasetType::interactions, "s");
}

}  // namespace

TEST_CASE("the SQLite store keeps the contract of stores") {
  const TestFolder folder;
  int number = 0;
  checkStoreContract({[&] { return folder.file("store" + std::to_string(number++) + ".db"); }});
}

TEST_CASE("what is not a store is refused") {
  const TestFolder folder;
  const std::string text = folder.write("notes.txt", std::string(5000, 'x'));
  for (const StoreAccess access : {StoreAccess::read, StoreAccess::write})
    CHECK_THROWS_WITH(openStore(text, access), Contains("notes.txt is not an Attune store"));
  CHECK(readFile(text) == std::string(5000, 'x'));
  {
    SqliteDatabase other(folder.file("other.db"), SqliteMode::write);
    other.execute("CREATE TABLE t(a)");
  }
  CHECK_THROWS_WITH(openStore(folder.file("other.db"), StoreAccess::write),
                    Contains("database of another program"));
  CHECK_THROWS_WITH(openStore(folder.file(""), StoreAccess::write), Contains("is a folder"));
  CHECK_THROWS_WITH(openStore("", StoreAccess::read), Contains("name is empty"));
}

TEST_CASE("a store of a newer format is refused") {
  const TestFolder folder;
  const std::string path = folder.file("s.db");
  importRows(*openStore(path, StoreAccess::write), interactions(), ImportMode::full,
             {event("u", 1)});
  {
    SqliteDatabase database(path, SqliteMode::write);
    database.execute("PRAGMA user_version=99");
  }
  CHECK_THROWS_WITH(openStore(path, StoreAccess::read),
                    Contains("newer Attune (format 99") && Contains("update Attune"));
}

TEST_CASE("unknown kinds of store are refused without showing the password") {
  CHECK_THROWS_WITH(openStore("mysql://me:secret@host", StoreAccess::read),
                    Contains("unknown kind of store mysql://...") && Contains("postgres://") &&
                        !Contains("secret"));
}

TEST_CASE("a store in a missing or read-only place is refused") {
  const TestFolder folder;
  CHECK_THROWS_WITH(openStore(folder.file("no/s.db"), StoreAccess::write),
                    Contains("cannot open store") && Contains("folder exists"));
  CHECK_THROWS_WITH(openStore("/proc/attune.db", StoreAccess::write),
                    Contains("cannot open store /proc/attune.db"));
}

TEST_CASE("a failed first import leaves no file") {
  const TestFolder folder;
  {
    const auto store = openStore(folder.file("s.db"), StoreAccess::write);
    const auto transaction = store->beginImport(interactions(), ImportMode::full);
    RowBatch batch(5);
    batch.append(event("u", 1));
    transaction->append(batch);
  }
  CHECK(folder.fileCount() == 0);
}

TEST_CASE("a store at rest is one file") {
  const TestFolder folder;
  for (int i = 0; i < 2; ++i)
    importRows(*openStore(folder.file("s.db"), StoreAccess::write), interactions(),
               ImportMode::full, {event("u", 1)});
  CHECK(rowsOf(*openStore(folder.file("s.db"), StoreAccess::read), DatasetType::interactions)
            .size() == 1);
  CHECK(folder.fileCount() == 1);
}

TEST_CASE("a full disk stops an import and leaves the data of before") {
  const TestFolder folder;
  const std::string path = folder.file("s.db");
  importRows(*openStore(path, StoreAccess::write), interactions(), ImportMode::full,
             {event("before", 1)});
  SqliteDatabase database(path, SqliteMode::write);
  database.execute("PRAGMA max_page_count=40");
  RowBatch batch(5);
  for (int i = 0; i < 200'000; ++i) batch.append(event("user" + std::to_string(i), i));
  CHECK_THROWS_WITH(
      [&] {
        SqliteInteractionImport import(database, interactions(), ImportMode::full, [] {});
        import.append(batch);
        import.commit();
      }(),
      Contains("the disk is full") && Contains("unchanged"));
  CHECK(rowsOf(*openStore(path, StoreAccess::read), DatasetType::interactions) ==
        std::vector<std::string>{"before|i|1|null|null"});
}

TEST_CASE("single records put beside imports survive a full import") {
  const TestFolder folder;
  const std::string path = folder.file("s.db");
  const AvroSchema items = parseAvroSchema(itemsJson(), DatasetType::items, "s");
  const auto item = [](std::string_view id, int64_t year) {
    return std::vector<FieldValue>{
        FieldValue::ofText(id), FieldValue(), FieldValue::ofInteger(year),
        FieldValue(),           FieldValue(), FieldValue()};
  };
  const auto store = openStore(path, StoreAccess::write);
  importRows(*store, interactions(), ImportMode::full, {event("bulk", 1), event("put", 2)});
  importRows(*store, items, ImportMode::full, {item("bulk", 1), item("put", 2)});
  SqliteDatabase database(path, SqliteMode::write);
  database.execute("UPDATE interactions SET \"$source\"=1 WHERE TIMESTAMP=2");
  database.execute("UPDATE items SET \"$source\"=1 WHERE YEAR=2");
  importRows(*store, interactions(), ImportMode::full, {event("new", 3)});
  importRows(*store, items, ImportMode::full, {item("new", 3), item("put", 4)});
  CHECK(rowsOf(*store, DatasetType::interactions) ==
        std::vector<std::string>{"put|i|2|null|null", "new|i|3|null|null"});
  CHECK(store->counts(DatasetType::interactions).users == 2);
  CHECK(rowsOf(*store, DatasetType::items) ==
        std::vector<std::string>{"put|null|2|null|null|null", "new|null|3|null|null|null"});
}
