#include "trainer/data/dataset_loader.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "tests/trainer/data/store_contract.h"
#include "tests/trainer/data/test_files.h"

using namespace attune::trainer;

namespace {

FieldValue text(std::string_view value) { return FieldValue::ofText(value); }
FieldValue integer(int64_t value) { return FieldValue::ofInteger(value); }
const FieldValue kNull;

}  // namespace

TEST_CASE("strings are numbered in the order of their first appearance") {
  StringTable table;
  CHECK(table.find("a") == StringTable::kNone);
  for (int i = 0; i < 5000; ++i) CHECK(table.add("s" + std::to_string(i)) == uint32_t(i));
  CHECK(table.add("s7") == 7);
  CHECK(table.add("") == 5000);
  StringTable copy = table;
  CHECK(copy.add("new") == 5001);
  CHECK(table.find("new") == StringTable::kNone);
  CHECK(copy[4999] == "s4999");
  CHECK(copy.size() == 5002);
}

TEST_CASE("interactions are sorted by time, and equal times keep the order of import") {
  const TestFolder folder;
  const AvroSchema schema = parseAvroSchema(
      schemaJson("Interactions",
                 std::string(kRequiredFields) +
                     R"(,{"name":"EVENT_TYPE","type":["null","string"]},)"
                     R"({"name":"EVENT_VALUE","type":["null","float"]},)"
                     R"({"name":"IMPRESSION","type":["null","string"]},)"
                     R"({"name":"DEVICE","type":["null","string"],"categorical":true})"),
      DatasetType::interactions, "s");
  const auto store = openStore(folder.file("s.db"), StoreAccess::write);
  importRows(*store, schema, ImportMode::full,
             {{text("u1"), text("i1"), integer(9), text("buy"), FieldValue::ofReal(2.5), text("x"),
               text("phone|tv")},
              {text("u2"), text("i2"), integer(3), kNull, kNull, kNull, kNull},
              {text("u1"), text("i2"), integer(9), text("see"), kNull, kNull, text("tv|tv|")},
              {text("u2"), text("i1"), integer(3), text("buy"), kNull, kNull, text("phone")}});
  const Dataset data = loadDataset(*store);
  const Interactions& rows = data.interactions;
  CHECK(rows.timestamp == std::vector<int64_t>{3, 3, 9, 9});
  CHECK(rows.user == std::vector<uint32_t>{1, 1, 0, 0});
  CHECK(rows.item == std::vector<uint32_t>{1, 0, 0, 1});
  CHECK(rows.eventType == std::vector<uint32_t>{StringTable::kNone, 0, 0, 1});
  CHECK(data.eventTypes[1] == "see");
  CHECK(std::isnan(rows.eventValue[0]));
  CHECK(rows.eventValue[2] == 2.5f);
  REQUIRE(rows.columns.size() == 1);
  CHECK(rows.columns[0].name == "DEVICE");
  CHECK(rows.columns[0].offsets == std::vector<uint32_t>{0, 0, 1, 3, 4});
  CHECK(rows.columns[0].codes == std::vector<uint32_t>{0, 0, 1, 1});
}

TEST_CASE("items of the catalogue come first, others have null metadata") {
  const TestFolder folder;
  const AvroSchema items = parseAvroSchema(itemsJson(), DatasetType::items, "s");
  const AvroSchema events = parseAvroSchema(interactionsJson(), DatasetType::interactions, "s");
  const auto store = openStore(folder.file("s.db"), StoreAccess::write);
  importRows(*store, events, ImportMode::full,
             {{text("u"), text("stray"), integer(1), kNull, kNull},
              {text("u"), text("b"), integer(2), kNull, kNull}});
  importRows(
      *store, items, ImportMode::full,
      {{text("a"), text("x|y"), integer(1999), FieldValue::ofReal(1.5), integer(1), text("A")},
       {text("b"), text("y"), kNull, kNull, integer(0), kNull}});
  const Dataset data = loadDataset(*store);
  REQUIRE(data.items.size() == 3);
  CHECK(data.items[2] == "stray");
  CHECK(data.interactions.item == std::vector<uint32_t>{2, 1});
  REQUIRE(data.itemColumns.size() == 5);
  const Column& genres = data.itemColumns[0];
  CHECK(genres.kind == ColumnKind::categorical);
  CHECK(genres.offsets == std::vector<uint32_t>{0, 2, 3, 3});
  CHECK(genres.codes == std::vector<uint32_t>{0, 1, 1});
  const Column& year = data.itemColumns[1];
  CHECK(year.kind == ColumnKind::integer);
  CHECK(year.numbers[0] == 1999);
  CHECK((std::isnan(year.numbers[1]) && std::isnan(year.numbers[2])));
  CHECK(data.itemColumns[3].kind == ColumnKind::boolean);
  CHECK(data.itemColumns[3].numbers[1] == 0);
  CHECK(data.itemColumns[4].texts == std::vector<std::string>{"A", "", ""});
  CHECK(data.userColumns.empty());
}

TEST_CASE("an empty store is an empty dataset") {
  const TestFolder folder;
  const Dataset data = loadDataset(*openStore(folder.file("s.db"), StoreAccess::write));
  CHECK(data.interactions.size() == 0);
  CHECK(data.items.size() == 0);
}
