#include "trainer/data/importer.h"

#include <catch2/catch.hpp>

#include "tests/trainer/data/import_fixture.h"
#include "tests/trainer/data/store_contract.h"
#include "trainer/base/errors.h"
#include "trainer/data/dataset_loader.h"

using namespace attune::trainer;
using Catch::Matchers::Contains;

namespace {

std::vector<std::string> stored(const ImportFixture& fixture) {
  return rowsOf(*openStore(fixture.options.store, StoreAccess::read), fixture.options.type);
}

const std::string kHeader = kInteractionsHeader;

}  // namespace

TEST_CASE("an import counts rows, duplicates, users and items, and leaves no quarantine file") {
  ImportFixture fixture;
  const ImportSummary summary =
      fixture.importText(kHeader + "u1,i1,5,click,\nu2,i1,6,,1.5\nu1,i1,5,click,\n");
  CHECK(summary.rowsRead == 3);
  CHECK(summary.rowsKept == 2);
  CHECK(summary.rowsDuplicate == 1);
  CHECK(summary.rowsBad == 0);
  CHECK((summary.dataset.users == 2 && summary.dataset.items == 1));
  CHECK(summary.quarantine.empty());
  CHECK(stored(fixture) == std::vector<std::string>{"u1|i1|5|click|null", "u2|i1|6|null|1.5"});
  CHECK(fixture.folder.fileCount() == 3);  // the schema, the CSV, the store
}

TEST_CASE("several files are one import, and each needs the header") {
  ImportFixture fixture;
  const std::string a = fixture.folder.write("a.csv", kHeader + "u1,i1,5,,\n");
  const std::string b = fixture.folder.write("b.csv", kHeader + "u2,i2,4,,\n");
  CHECK(fixture.import({a, b}).rowsKept == 2);
  CHECK(stored(fixture).back() == "u2|i2|4|null|null");
  const std::string bare = fixture.folder.write("c.csv", "u2,i2,4,,\n");
  CHECK_THROWS_WITH(fixture.import({a, bare}), Contains("c.csv:1: Input CSV is missing"));
}

TEST_CASE("the same file imported twice changes nothing") {
  ImportFixture fixture;
  const std::string csv = kHeader + "u1,i1,5,click,\nu2,i1,6,,1.5\n";
  fixture.importText(csv);
  const auto before = stored(fixture);
  fixture.options.mode = ImportMode::incremental;
  const ImportSummary again = fixture.importText(csv);
  CHECK((again.rowsKept == 0 && again.rowsDuplicate == 2));
  CHECK(stored(fixture) == before);
}

TEST_CASE("the header must be the schema's names in the schema's order") {
  ImportFixture fixture;
  const auto with = [&](const std::string& header) { fixture.importText(header + "\nu,i,1,,\n"); };
  CHECK_THROWS_WITH(with("USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE"),
                    Contains("d.csv:1: Input CSV is missing the following columns:[EVENT_VALUE]"));
  CHECK_THROWS_WITH(with("user_id,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE"),
                    Contains("missing the following columns:[USER_ID]; it has instead [user_id]"));
  CHECK_THROWS_WITH(with("USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE,X"),
                    Contains("columns that the schema has not:[X]"));
  CHECK_THROWS_WITH(with("ITEM_ID,USER_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE"),
                    Contains("must stand in the schema's order"));
  CHECK_THROWS_WITH(with("USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE,USER_ID"),
                    Contains("given twice"));
  CHECK_THROWS_WITH(with("\"USER_ID,ITEM_ID"), Contains("the header is broken"));
  CHECK_THROWS_WITH(fixture.importText(""), Contains("d.csv is empty"));
  CHECK_THROWS_WITH(fixture.importText(kHeader), Contains("holds no rows"));
  CHECK(fixture.folder.fileCount() == 2);  // no store was made
}

TEST_CASE("too many bad rows undo the import but keep the quarantine file") {
  ImportFixture fixture;
  fixture.importText(kHeader + "before,i,1,,\n");
  const std::string csv = kHeader + "u1,i1,5,,\nu2,i2,soon,,\nu3,i3,6,,\n";
  CHECK_THROWS_WITH(fixture.importText(csv),
                    Contains("1 of 3 rows are bad, more than --max-bad 1%") &&
                        Contains("d.csv:3: column TIMESTAMP: \"soon\""));
  CHECK(stored(fixture) == std::vector<std::string>{"before|i|1|null|null"});
  CHECK_THAT(readFile(fixture.folder.file("d.csv.quarantine.jsonl")), Contains("\"row\":3"));
  fixture.options.maxBad = BadRowLimit::parse("1");
  const ImportSummary summary = fixture.importText(csv);
  CHECK((summary.rowsKept == 2 && summary.rowsBad == 1));
  CHECK(summary.quarantine == fixture.folder.file("d.csv.quarantine.jsonl"));
  fixture.importText(kHeader + "fine,i,1,,\n");
  CHECK(readFile(fixture.folder.file("d.csv.quarantine.jsonl")).empty());
}

TEST_CASE("an import of bad rows only keeps what was there, whatever the limit") {
  ImportFixture fixture;
  fixture.importText(kHeader + "before,i,1,,\n");
  fixture.options.maxBad = BadRowLimit::parse("100%");
  CHECK_THROWS_WITH(fixture.importText(kHeader + "u,i,x,,\n"), Contains("all rows are bad"));
  CHECK(stored(fixture).size() == 1);
}

TEST_CASE("a file that is nearly all bad is given up early") {
  ImportFixture fixture;
  fixture.options.maxBad = BadRowLimit::parse("100%");
  std::string csv = kHeader;
  for (int i = 0; i < 150'000; ++i) csv += "u,i,x,,\n";
  CHECK_THROWS_WITH(fixture.importText(csv), Contains("given up"));
}

TEST_CASE("the quarantine file never replaces an input, and its folder must be writable") {
  ImportFixture fixture;
  fixture.options.quarantine = fixture.folder.file("d.csv");
  CHECK_THROWS_WITH(fixture.importText(kHeader + "u,i,1,,\n"), Contains("would replace a file"));
  fixture.options.quarantine = "/proc/q.jsonl";
  CHECK_THROWS_WITH(fixture.importText(kHeader + "u,i,x,,\n"), Contains("cannot write /proc/q"));
}

TEST_CASE("limits of bad rows are percentages or numbers") {
  CHECK(BadRowLimit::parse("1%").isExceeded(2, 100));
  CHECK_FALSE(BadRowLimit::parse("1%").isExceeded(1, 100));
  CHECK_FALSE(BadRowLimit::parse("0.5%").isExceeded(5, 1000));
  CHECK(BadRowLimit::parse("0").isExceeded(1, 1'000'000));
  CHECK_FALSE(BadRowLimit::parse("100").isExceeded(100, 100));
  for (const std::string bad : {"", "%", "x", "-1", "101%", "1.5", "1 %", "nan%"})
    CHECK_THROWS_WITH(BadRowLimit::parse(bad), Contains("--max-bad"));
}

TEST_CASE("a thousand nasty ids come back byte for byte") {
  const std::vector<std::string> seeds{"__proto__",
                                       "constructor",
                                       "../../etc/passwd",
                                       "=1+1",
                                       "<script>alert(1)</script>",
                                       "a\"b",
                                       "back\\slash",
                                       "trail\\",
                                       "\"",
                                       "\\\"",
                                       "comma,",
                                       "line\nfeed",
                                       "cr\rlf\r\n",
                                       " ",
                                       "\t",
                                       "NULL",
                                       "null",
                                       "0",
                                       "-0",
                                       "\xF0\x9F\x98\x80",
                                       "\xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D",
                                       "e\xCC\x81",
                                       "\xC3\xA9",
                                       "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB",
                                       "\xE2\x80\xAE"
                                       "rtl",
                                       "\xEF\xBB\xBF"
                                       "bom",
                                       "\x01\x7F",
                                       "|",
                                       "a|b",
                                       "$row",
                                       "'; DROP TABLE items; --"};
  std::vector<std::string> ids;
  for (int i = 0; ids.size() < 999; ++i)
    for (const std::string& seed : seeds)
      if (ids.size() < 999) ids.push_back(i == 0 ? seed : seed + std::to_string(i));
  ids.push_back(std::string(256, '"'));
  std::string csv = kHeader;
  for (const std::string& id : ids) {
    std::string quoted;
    for (const char c : id)
      quoted += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
    csv += "\"" + quoted + "\",\"" + quoted + "\",1,,\n";
  }
  ImportFixture fixture;
  CHECK(fixture.importText(csv).rowsKept == 1000);
  const Dataset data = loadDataset(*openStore(fixture.options.store, StoreAccess::read));
  REQUIRE(data.users.size() == 1000);
  REQUIRE(data.items.size() == 1000);
  for (uint32_t i = 0; i < 1000; ++i) {
    CHECK(data.users[i] == ids[i]);
    CHECK(data.items[i] == ids[i]);
  }
}
