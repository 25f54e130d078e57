#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/trainer/data/import_fixture.h"
#include "tests/trainer/data/store_contract.h"

using namespace attune::trainer;
using Catch::Matchers::Contains;

namespace {

/// The bytes of one line and, when it is bad, where and why.
struct Line {
  std::string bytes;
  std::string column;  // empty: good
  std::string reason;
};

std::string withNul() { return std::string("u\0x,i,5,,,,,", 12); }

/// Every kind of defect, on a schema of USER_ID, ITEM_ID, TIMESTAMP, EVENT_TYPE, EVENT_VALUE, N
/// (int), FLAG (boolean), DEVICE.
std::vector<Line> defects() {
  return {
      {"\"open,i,5,,,,,", "USER_ID", "quote"},
      {"\"u\"x,i,5,,,,,", "USER_ID", "text after the closing quote"},
      {"u,\"i\" ,5,,,,,", "ITEM_ID", "text after the closing quote"},
      {"u,i,5", "EVENT_TYPE", "3 fields instead of 8"},
      {"u,i,5,,,,,,", "DEVICE", "9 fields instead of 8"},
      {withNul(), "USER_ID", "NUL byte"},
      {"u\xFF,i,5,,,,,", "USER_ID", "not valid UTF-8"},
      {"u,i\xC0\x80,5,,,,,", "ITEM_ID", "not valid UTF-8"},
      {"u,i,5,,,,,\xED\xA0\x80", "DEVICE", "not valid UTF-8"},
      {std::string(300, 'x') + ",i,5,,,,,", "USER_ID", "256 characters"},
      {",i,5,,,,,", "USER_ID", "missing"},
      {"u,\"\",5,,,,,", "ITEM_ID", "missing"},
      {"u,i,,,,,,", "TIMESTAMP", "missing"},
      {"u,i,99999999999999999999,,,,,", "TIMESTAMP", "out of range"},
      {"u,i,2020-01-01,,,,,", "TIMESTAMP", "a date"},
      {"u,i,1600000000000,,,,,", "TIMESTAMP", "milliseconds"},
      {"u,i,1600000000000000,,,,,", "TIMESTAMP", "microseconds"},
      {"u,i,1700200000,,,,,", "TIMESTAMP", "future"},
      {"u,i,-5,,,,,", "TIMESTAMP", "before 1970"},
      {"u,i,5.0,,,,,", "TIMESTAMP", "whole number"},
      {"u,i,5,,1e400,,,", "EVENT_VALUE", "out of range"},
      {"u,i,5,,1e39,,,", "EVENT_VALUE", "out of range for a float"},
      {"u,i,5,,NaN,,,", "EVENT_VALUE", "finite"},
      {"u,i,5,,-inf,,,", "EVENT_VALUE", "finite"},
      {"u,i,5,,cheap,,,", "EVENT_VALUE", "not a number"},
      {"u,i,5,,,3000000000,,", "N", "out of range"},
      {"u,i,5,, 1,,,", "EVENT_VALUE", "spaces"},
      {"u,i,5,,,,TRUE,", "FLAG", "lower case"},
      {"u,i,5,,,,," + std::string(1001, 'y'), "DEVICE", "1000 characters"},
      {"u,i,5," + std::string(257, 'z') + ",,,,", "EVENT_TYPE", "256 characters"},
      {"u,i,5,,,,," + std::string(3 << 20, 'w'), "DEVICE", "longer than 1 MiB"},
  };
}

/// A good row, written in one of several ways.
Line goodLine(size_t number) {
  const std::string n = std::to_string(number);
  switch (number % 5) {
    case 0:
      return {"u" + n + ",i,5,click,1.5,7,true,phone", "", ""};
    case 1:
      return {"\"u" + n + "\",\"a \\\"quoted\\\" i\",5,,,,,", "", ""};
    case 2:
      return {"u" + n + ",\"two\nlines\",5,,,,,\"a,b\"", "", ""};
    case 3:
      return {"u" + n + ",\xE2\x82\xAC,0,,-1e-3,-7,false,\"say \"\"hi\"\"\"", "", ""};
    default:
      return {"u" + n + ",i 5\" wide,1700000000,,,,,", "", ""};
  }
}

std::string schema() {
  return schemaJson("Interactions", std::string(kRequiredFields) +
                                        R"(,{"name":"EVENT_TYPE","type":["null","string"]},)"
                                        R"({"name":"EVENT_VALUE","type":["null","float"]},)"
                                        R"({"name":"N","type":["null","int"]},)"
                                        R"({"name":"FLAG","type":["null","boolean"]},)"
                                        R"({"name":"DEVICE","type":["null","string"]})");
}

/// The file: good rows around each defect, all three line ends, empty lines, a byte order mark.
struct DirtyFile {
  std::string csv =
      "\xEF\xBB\xBFUSER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE,N,FLAG,DEVICE\r\n\n";
  uint64_t row = 2;
  uint64_t good = 0;
  std::vector<nlohmann::json> expected;

  void add(const Line& line, const std::string& end) {
    ++row;
    if (line.column.empty())
      ++good;
    else
      expected.push_back({{"row", row},
                          {"byteOffset", csv.size()},
                          {"column", line.column},
                          {"reason", line.reason}});
    csv += line.bytes + end;
  }
};

DirtyFile makeDirtyFile() {
  DirtyFile file;
  const char* const ends[] = {"\n", "\r\n", "\r"};
  size_t number = 0;
  for (const Line& defect : defects()) {
    for (int i = 0; i < 3; ++i, ++number) file.add(goodLine(number), ends[number % 3]);
    file.add(defect, ends[number % 3]);
  }
  file.add(goodLine(number), "");
  return file;
}

}  // namespace

TEST_CASE("every bad row is reported with row, byte offset, column and reason, good rows stay") {
  ImportFixture fixture(DatasetType::interactions, schema());
  fixture.options.maxBad = BadRowLimit::parse("100%");
  fixture.options.quarantine = fixture.folder.file("bad.jsonl");
  const DirtyFile file = makeDirtyFile();
  REQUIRE(file.expected.size() >= 25);

  const ImportSummary summary = fixture.importText(file.csv);
  CHECK(summary.rowsBad == file.expected.size());
  CHECK(summary.rowsKept == file.good);
  CHECK(summary.rowsRead == file.good + file.expected.size());
  CHECK(summary.dataset.users == file.good);

  std::istringstream lines(readFile(fixture.options.quarantine));
  std::string line;
  for (const nlohmann::json& expected : file.expected) {
    REQUIRE(std::getline(lines, line));
    const auto found = nlohmann::json::parse(line);
    INFO(line.substr(0, 300));
    CHECK(found["row"] == expected["row"]);
    CHECK(found["byteOffset"] == expected["byteOffset"]);
    CHECK(found["column"] == expected["column"]);
    CHECK_THAT(found["reason"].get<std::string>(), Contains(expected["reason"].get<std::string>()));
    CHECK(found["file"] == fixture.folder.file("d.csv"));
    CHECK(found["excerpt"].get<std::string>().size() <= 600);  // 200 bytes, some as U+FFFD
  }
  CHECK_FALSE(std::getline(lines, line));
}
