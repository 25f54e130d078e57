#include "trainer/data/row_parser.h"

#include <catch2/catch.hpp>

#include "tests/trainer/data/test_files.h"
#include "trainer/data/utf8.h"

using namespace attune::trainer;
using Catch::Matchers::Contains;

namespace {

constexpr int64_t kNow = 1'700'000'000;

/// Parses rows of a schema of all types.
class Fixture {
 public:
  Fixture()
      : schema_(parseAvroSchema(
            schemaJson(
                "Interactions",
                std::string(kRequiredFields) +
                    R"(,{"name":"I","type":["null","int"]},{"name":"L","type":["null","long"]},)"
                    R"({"name":"F","type":["null","float"]},{"name":"D","type":["null","double"]},)"
                    R"({"name":"B","type":["null","boolean"]},{"name":"S","type":["null","string"]})"),
            DatasetType::interactions, "s")),
        parser_(schema_, kNow) {}

  /// The reason why `text` is refused in the column `name`; empty when it is taken.
  std::string refusal(const std::string& name, std::string_view text) {
    std::vector<std::string_view> fields{"u", "i", "5", "", "", "", "", "", ""};
    fields[*schema_.find(name)] = text;
    const auto defect = parser_.parse(fields);
    if (!defect) return "";
    CHECK(schema_.fields[defect->field].name == name);
    return defect->reason;
  }
  FieldValue value(const std::string& name, std::string_view text) {
    CHECK(refusal(name, text).empty());
    return parser_.values()[*schema_.find(name)];
  }

 private:
  AvroSchema schema_;
  RowParser parser_;
};

std::string repeated(std::string_view text, size_t times) {
  std::string result;
  while (times-- > 0) result += text;
  return result;
}

}  // namespace

TEST_CASE("values of every type are parsed whole") {
  Fixture f;
  CHECK(f.value("I", "-2147483648").integer == -2147483648LL);
  CHECK(f.value("L", "9223372036854775807").integer == 9223372036854775807LL);
  CHECK(f.value("F", "2.5").real == 2.5);
  CHECK(f.value("D", "-1e300").real == -1e300);
  CHECK(f.value("B", "true").integer == 1);
  CHECK(f.value("B", "false").integer == 0);
  CHECK(f.value("S", " spaces stay ").text == " spaces stay ");
  CHECK(f.value("S", "").isNull());
  CHECK(f.value("D", "-0") == f.value("D", "0"));
}

TEST_CASE("numbers that are none, or out of range, are refused") {
  Fixture f;
  CHECK_THAT(f.refusal("I", "2147483648"), Contains("out of range"));
  CHECK_THAT(f.refusal("L", "9223372036854775808"), Contains("out of range"));
  CHECK_THAT(f.refusal("I", "1.5"), Contains("not a whole number"));
  CHECK_THAT(f.refusal("I", "0x10"), Contains("not a whole number"));
  CHECK_THAT(f.refusal("I", " 5"), Contains("spaces around it"));
  CHECK_THAT(f.refusal("I", "+5"), Contains("leading +"));
  CHECK_THAT(f.refusal("D", "1e400"), Contains("out of range"));
  CHECK_THAT(f.refusal("F", "1e39"), Contains("out of range for a float"));
  CHECK_THAT(f.refusal("F", "nan"), Contains("not a finite number"));
  CHECK_THAT(f.refusal("D", "-Infinity"), Contains("not a finite number"));
  CHECK_THAT(f.refusal("D", "1,5"), Contains("not a number"));
  CHECK_THAT(f.refusal("D", "abc"), Contains("\"abc\" is not a number"));
  CHECK_THAT(f.refusal("B", "True"), Contains("lower case"));
  CHECK_THAT(f.refusal("B", "1"), Contains("not a boolean"));
}

TEST_CASE("times must be seconds since 1970, with a hint at what they seem to be") {
  Fixture f;
  CHECK(f.value("TIMESTAMP", "0").integer == 0);
  CHECK(f.refusal("TIMESTAMP", std::to_string(kNow + 86'400)).empty());
  CHECK_THAT(f.refusal("TIMESTAMP", std::to_string(kNow + 86'401)), Contains("in the future"));
  CHECK_THAT(f.refusal("TIMESTAMP", "-1"), Contains("before 1970"));
  CHECK_THAT(f.refusal("TIMESTAMP", "1600000000000"), Contains("looks like milliseconds"));
  CHECK_THAT(f.refusal("TIMESTAMP", "1600000000000000"), Contains("looks like microseconds"));
  CHECK_THAT(f.refusal("TIMESTAMP", "1600000000000000000"), Contains("looks like nanoseconds"));
  CHECK_THAT(f.refusal("TIMESTAMP", "2020-01-01"), Contains("a date: convert it"));
  CHECK_THAT(f.refusal("TIMESTAMP", "2020-01-01T00:00:00Z"), Contains("a date: convert it"));
  CHECK_THAT(f.refusal("TIMESTAMP", "978300760.0"), Contains("whole number of seconds"));
  CHECK_THAT(f.refusal("TIMESTAMP", ""), Contains("missing"));
}

TEST_CASE("ids have 1 to 256 characters, strings 1000, counted as characters and not as bytes") {
  Fixture f;
  const std::string emoji = "\xF0\x9F\x98\x80";
  CHECK(f.refusal("USER_ID", repeated(emoji, 256)).empty());
  CHECK_THAT(f.refusal("USER_ID", repeated(emoji, 257)),
             Contains("Length cannot be more than 256 characters for USER_ID"));
  CHECK_THAT(f.refusal("ITEM_ID", std::string(300, 'x')), Contains("256"));
  CHECK_THAT(f.refusal("ITEM_ID", ""), Contains("cannot be null"));
  CHECK(f.refusal("S", std::string(1000, 'x')).empty());
  CHECK_THAT(f.refusal("S", std::string(1001, 'x')),
             Contains("Length cannot be more than 1000 characters for S"));
}

TEST_CASE("text must be strict UTF-8") {
  Fixture f;
  for (const std::string bad : {"\xFF", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82",
                                "12345678\x80", "\xF0\x8F\xBF\xBF"})
    CHECK_THAT(f.refusal("S", bad), Contains("not valid UTF-8"));
  CHECK(utf8Length("\xEF\xBF\xBF\xF4\x8F\xBF\xBF\xED\x9F\xBF") == 3u);
}

TEST_CASE("a textual value is cut after 20,000 characters, and counted") {
  const AvroSchema schema = parseAvroSchema(
      schemaJson("Items", R"({"name":"ITEM_ID","type":"string"},)"
                          R"({"name":"T","type":"string","textual":true},)"
                          R"({"name":"CREATION_TIMESTAMP","type":["null","long"]})"),
      DatasetType::items, "s");
  RowParser parser(schema, kNow);
  const std::string text = repeated("\xC3\xA4", 20'001);
  CHECK_FALSE(parser.parse(std::vector<std::string_view>{"i", text, ""}));
  CHECK(parser.values()[1].text.size() == 40'000);
  CHECK(parser.textsCut() == 1);
  CHECK_FALSE(parser.parse(std::vector<std::string_view>{"i", "t", "1900000000"}));
  const auto defect = parser.parse(std::vector<std::string_view>{"i", "t", "1600000000000"});
  REQUIRE(defect);
  CHECK_THAT(defect->reason, Contains("looks like milliseconds"));
}
