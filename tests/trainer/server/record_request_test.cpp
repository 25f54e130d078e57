#include "trainer/server/record_request.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/trainer/data/test_files.h"
#include "trainer/server/http.h"

using namespace attune::trainer;  // NOLINT: tests
using Catch::Matchers::Contains;
using Json = nlohmann::json;

namespace {

constexpr int64_t kNow = 1'700'000'000;
constexpr const char* kArn = "arn:aws:personalize:us-east-1:123456789012:dataset/g/ITEMS";

RowBatch read(const Json& body) {
  static const AvroSchema schema = parseAvroSchema(itemsJson(), DatasetType::items, "the test");
  return readPutRecords(body.dump(), DatasetType::items, &schema, kNow);
}

Json oneItem(const std::string& properties) {
  return {{"datasetArn", kArn}, {"items", {{{"itemId", "i1"}, {"properties", properties}}}}};
}

}  // namespace

TEST_CASE("PutItems becomes rows of the schema, what is not given being null") {
  Json body = oneItem(R"({"genres":"a|b","year":1999,"price":9.5,"free":true})");
  body["items"].push_back({{"itemId", "i2"}});
  const RowBatch rows = read(body);
  REQUIRE(rows.rowCount() == 2);
  CHECK(rows.row(0)[0].text == "i1");
  CHECK(rows.row(0)[1].text == "a|b");
  CHECK(rows.row(0)[2].integer == 1999);
  CHECK(rows.row(0)[3].real == 9.5);
  CHECK(rows.row(0)[4].integer == 1);
  CHECK(rows.row(1)[0].text == "i2");
  CHECK(rows.row(1)[2].isNull());
}

TEST_CASE("a fault of PutItems is named with its place and puts nothing") {
  for (const auto& [properties, message] : std::vector<std::pair<std::string, std::string>>{
           {R"({"prize":1})",
            "items[0].properties.prize is no field of the items schema; did you mean price?"},
           {R"({"itemId":"x"})", "itemId is no field"},
           {R"({"year":"x"})", "items[0].properties.year (YEAR): \"x\" is not a whole number"},
           {R"({"year":{"a":1}})", "items[0].properties.year must not be an object"},
           {"[]", "items[0].properties must be a JSON object in a string"}})
    CHECK_THROWS_WITH(read(oneItem(properties)), Contains(message));
  Json body = oneItem("{}");
  body["items"] = Json::array();
  CHECK_THROWS_WITH(read(body), Contains("1 to 10 entries"));
  body.erase("datasetArn");
  CHECK_THROWS_WITH(read(body), Contains("datasetArn is missing"));
}

TEST_CASE("a dataset that is not there is not found") {
  const auto statusOf = [](const Json& body, const AvroSchema* schema) {
    try {
      readPutRecords(body.dump(), DatasetType::items, schema, kNow);
    } catch (const ApiError& error) {
      return std::to_string(error.status()) + error.type();
    }
    return std::string();
  };
  CHECK(statusOf(oneItem("{}"), nullptr) == "404ResourceNotFoundException");
  Json body = oneItem("{}");
  body["datasetArn"] = "arn:aws:personalize:us-east-1:123456789012:dataset/g/USERS";
  CHECK(statusOf(body, nullptr) == "404ResourceNotFoundException");
  body["datasetArn"] = "ITEMS";
  CHECK(statusOf(body, nullptr) == "400InvalidInputException");
}
