#include "tests/trainer/data/store_contract.h"

#include <catch2/catch.hpp>
#include <sstream>

#include "tests/trainer/data/test_files.h"
#include "trainer/base/errors.h"

namespace attune::trainer {
namespace {

using Catch::Matchers::Contains;
using Rows = std::vector<std::vector<FieldValue>>;

FieldValue text(std::string_view value) { return FieldValue::ofText(value); }
FieldValue integer(int64_t value) { return FieldValue::ofInteger(value); }
FieldValue real(double value) { return FieldValue::ofReal(value); }
const FieldValue kNull;

AvroSchema interactions() {
  return parseAvroSchema(interactionsJson(), DatasetType::interactions, "s");
}
AvroSchema items() { return parseAvroSchema(itemsJson(), DatasetType::items, "s"); }

std::vector<FieldValue> event(std::string_view user, std::string_view item, int64_t time) {
  return {text(user), text(item), integer(time), text("click"), kNull};
}
std::vector<FieldValue> item(std::string_view id, int64_t year) {
  return {text(id), text("a|b"), integer(year), real(0.5), integer(1), kNull};
}

const Rows kThree{event("u1", "i1", 5), event("u2", "i1", 3), event("u1", "i2", 5)};

void checkEmpty(const StoreFactory& factory) {
  const std::string name = factory.fresh();
  CHECK_THROWS_WITH(openStore(name, StoreAccess::read),
                    Contains("no store at") && Contains("attune import"));
  const auto store = openStore(name, StoreAccess::write);
  CHECK_FALSE(store->schema(DatasetType::items));
  CHECK(store->counts(DatasetType::interactions).rows == 0);
  CHECK(rowsOf(*store, DatasetType::users).empty());
}

void checkRoundTrip(const StoreFactory& factory) {
  const std::string name = factory.fresh();
  const ImportCounts counts =
      importRows(*openStore(name, StoreAccess::write), interactions(), ImportMode::full,
                 {event("u1", "i1", 5),
                  {text("u2"), text("i\n2"), integer(1LL << 60), kNull, real(-2.5)},
                  {text("u1"), text("null"), integer(0), text(""), real(3)}});
  CHECK(counts.added == 3);
  const auto store = openStore(name, StoreAccess::read);
  CHECK(rowsOf(*store, DatasetType::interactions) ==
        std::vector<std::string>{"u1|i1|5|click|null", "u2|i\n2|1152921504606846976|null|-2.5",
                                 "u1|null|0||3"});
  const DatasetCounts size = store->counts(DatasetType::interactions);
  CHECK((size.rows == 3 && size.users == 2 && size.items == 3));
  CHECK(store->schema(DatasetType::interactions)->json == interactionsJson());
}

void checkUncommitted(const StoreFactory& factory) {
  const std::string name = factory.fresh();
  importRows(*openStore(name, StoreAccess::write), interactions(), ImportMode::full, kThree);
  {
    const auto store = openStore(name, StoreAccess::write);
    const auto transaction = store->beginImport(interactions(), ImportMode::full);
    RowBatch batch(5);
    batch.append(event("u9", "i9", 9));
    transaction->append(batch);
  }
  CHECK(rowsOf(*openStore(name, StoreAccess::read), DatasetType::interactions).size() == 3);
}

void checkModes(const StoreFactory& factory) {
  const auto store = openStore(factory.fresh(), StoreAccess::write);
  importRows(*store, interactions(), ImportMode::incremental, kThree);  // into nothing
  const auto add = importRows(*store, interactions(), ImportMode::incremental,
                              {event("u3", "i1", 1), event("u2", "i1", 3)});
  CHECK((add.added == 1 && add.duplicates == 1));
  CHECK(rowsOf(*store, DatasetType::interactions).size() == 4);
  CHECK(rowsOf(*store, DatasetType::interactions).back() == "u3|i1|1|click|null");
  importRows(*store, interactions(), ImportMode::full, {event("only", "one", 1)});
  CHECK(rowsOf(*store, DatasetType::interactions) ==
        std::vector<std::string>{"only|one|1|click|null"});
  CHECK(store->counts(DatasetType::interactions).users == 1);
}

void checkDuplicates(const StoreFactory& factory) {
  const auto store = openStore(factory.fresh(), StoreAccess::write);
  Rows rows = kThree;
  rows.push_back(kThree[0]);
  rows.push_back({text("u1"), text("i1"), integer(5), text("click"), real(1)});
  rows.push_back({text("u1"), text("i1"), integer(5), kNull, kNull});
  rows.push_back(kThree[0]);
  const ImportCounts first = importRows(*store, interactions(), ImportMode::full, rows);
  CHECK((first.added == 5 && first.duplicates == 2));
  const auto before = rowsOf(*store, DatasetType::interactions);
  for (const ImportMode mode : {ImportMode::incremental, ImportMode::full}) {
    const ImportCounts again = importRows(*store, interactions(), mode, rows);
    CHECK(again.added == (mode == ImportMode::full ? 5 : 0));
    CHECK(rowsOf(*store, DatasetType::interactions) == before);
  }
}

void checkRecords(const StoreFactory& factory) {
  const auto store = openStore(factory.fresh(), StoreAccess::write);
  const ImportCounts first =
      importRows(*store, items(), ImportMode::full, {item("a", 1), item("b", 2), item("a", 3)});
  CHECK((first.added == 2 && first.duplicates == 1));
  CHECK(rowsOf(*store, DatasetType::items) ==
        std::vector<std::string>{"a|a|b|3|0.5|1|null", "b|a|b|2|0.5|1|null"});
  const ImportCounts more = importRows(*store, items(), ImportMode::incremental,
                                       {item("b", 7), item("c", 4), item("a", 3)});
  CHECK((more.added == 1 && more.replaced == 1 && more.duplicates == 1));
  CHECK(rowsOf(*store, DatasetType::items) ==
        std::vector<std::string>{"a|a|b|3|0.5|1|null", "b|a|b|7|0.5|1|null", "c|a|b|4|0.5|1|null"});
  importRows(*store, items(), ImportMode::full, {item("z", 1)});
  CHECK(rowsOf(*store, DatasetType::items).size() == 1);
  CHECK(store->counts(DatasetType::items).items == 1);
}

void checkSchemas(const StoreFactory& factory) {
  const auto store = openStore(factory.fresh(), StoreAccess::write);
  importRows(*store, interactions(), ImportMode::full, kThree);
  const AvroSchema other =
      parseAvroSchema(schemaJson("Interactions", kRequiredFields), DatasetType::interactions, "s");
  CHECK_THROWS_WITH(store->beginImport(other, ImportMode::incremental),
                    Contains("EVENT_TYPE of the store is missing in the new schema"));
  CHECK(rowsOf(*store, DatasetType::interactions).size() == 3);
  importRows(*store, other, ImportMode::full, {{text("u"), text("i"), integer(1)}});
  CHECK(rowsOf(*store, DatasetType::interactions) == std::vector<std::string>{"u|i|1"});
  CHECK(store->schema(DatasetType::interactions)->fields.size() == 3);
}

void checkTwoWriters(const StoreFactory& factory) {
  for (const bool isFirst : {true, false}) {
    const std::string name = factory.fresh();
    if (!isFirst)
      importRows(*openStore(name, StoreAccess::write), interactions(), ImportMode::full, kThree);
    const auto one = openStore(name, StoreAccess::write);
    auto transaction = one->beginImport(interactions(), ImportMode::full);
    const auto two = openStore(name, StoreAccess::write);
    CHECK_THROWS_WITH(two->beginImport(interactions(), ImportMode::full),
                      Contains(name) && Contains("being written by another process"));
    transaction.reset();
    CHECK_NOTHROW(two->beginImport(interactions(), ImportMode::full));
  }
}

void checkSnapshot(const StoreFactory& factory) {
  const std::string name = factory.fresh();
  const auto writer = openStore(name, StoreAccess::write);
  importRows(*writer, interactions(), ImportMode::full, kThree);
  const auto reader = openStore(name, StoreAccess::read);
  importRows(*writer, interactions(), ImportMode::full, {event("new", "new", 1)});
  CHECK(rowsOf(*reader, DatasetType::interactions).size() == 3);
  CHECK(rowsOf(*openStore(name, StoreAccess::read), DatasetType::interactions).size() == 1);
}

}  // namespace

std::vector<std::string> rowsOf(const Store& store, DatasetType type) {
  std::vector<std::string> rows;
  store.scan(type, [&](std::span<const FieldValue> row) {
    std::ostringstream line;
    for (const FieldValue& value : row) {
      if (&value != row.data()) line << '|';
      if (value.isNull()) line << "null";
      if (value.kind == FieldValue::Kind::integer) line << value.integer;
      if (value.kind == FieldValue::Kind::real) line << value.real;
      if (value.kind == FieldValue::Kind::text) line << value.text;
    }
    rows.push_back(line.str());
  });
  return rows;
}

ImportCounts importRows(Store& store, const AvroSchema& schema, ImportMode mode,
                        const std::vector<std::vector<FieldValue>>& rows) {
  const auto transaction = store.beginImport(schema, mode);
  RowBatch batch(schema.fields.size());
  for (const auto& row : rows) batch.append(row);
  transaction->append(batch);
  return transaction->commit();
}

void checkStoreContract(const StoreFactory& factory) {
  SECTION("a missing store cannot be read, a new one is empty") { checkEmpty(factory); }
  SECTION("rows come back as they went in, in order") { checkRoundTrip(factory); }
  SECTION("what is not committed never was") { checkUncommitted(factory); }
  SECTION("full replaces, incremental adds") { checkModes(factory); }
  SECTION("interactions equal in every field are kept once") { checkDuplicates(factory); }
  SECTION("of items of one id the last values are kept") { checkRecords(factory); }
  SECTION("an incremental import keeps to the stored schema") { checkSchemas(factory); }
  SECTION("a second writer is told at once") { checkTwoWriters(factory); }
  SECTION("a reader sees one moment") { checkSnapshot(factory); }
}

}  // namespace attune::trainer
