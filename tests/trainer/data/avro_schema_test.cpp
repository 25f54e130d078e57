#include "trainer/data/avro_schema.h"

#include <catch2/catch.hpp>

#include "tests/trainer/data/test_files.h"
#include "trainer/base/errors.h"

using namespace attune::trainer;
using Catch::Matchers::Contains;

namespace {

AvroSchema parse(const std::string& json, DatasetType type = DatasetType::interactions) {
  return parseAvroSchema(json, type, "s.avsc");
}

/// The message of the refusal; empty when the schema is accepted.
std::string refusal(const std::string& json, DatasetType type = DatasetType::interactions) {
  try {
    parse(json, type);
  } catch (const UserError& error) {
    CHECK(std::string(error.what()).rfind("s.avsc: ", 0) == 0);
    CHECK(std::string(error.what()).find('\n') == std::string::npos);
    return error.what();
  }
  return "";
}

std::string interactionsWith(const std::string& field) {
  return schemaJson("Interactions", std::string(kRequiredFields) + "," + field);
}
std::string itemsWith(const std::string& fields) {
  return schemaJson("Items", R"({"name":"ITEM_ID","type":"string"},)" + fields);
}

}  // namespace

TEST_CASE("a full schema is parsed field by field") {
  const AvroSchema schema = parse(interactionsWith(
      R"({"name":"EVENT_TYPE","type":"string"},{"name":"EVENT_VALUE","type":["float","null"]},)"
      R"({"name":"DEVICE","type":["null","string"],"categorical":true},)"
      R"({"name":"IMPRESSION","type":"string"},{"name":"DISCOUNT","type":"double"},)"
      R"({"name":"AGE","type":"int"},{"name":"MEMBER","type":"boolean","doc":"yes or no"})"));
  REQUIRE(schema.fields.size() == 10);
  CHECK(schema.fields[2] == SchemaField{"TIMESTAMP", FieldType::long_});
  CHECK(schema.fields[4] == SchemaField{"EVENT_VALUE", FieldType::float_, true});
  CHECK(schema.fields[5] == SchemaField{"DEVICE", FieldType::string, true, true});
  CHECK(schema.fields[9].type == FieldType::boolean);
  CHECK(schema.find("AGE") == 8u);
  CHECK_FALSE(schema.find("age"));
}

TEST_CASE("items take one textual and one itemName field, users need only one more field") {
  const AvroSchema items =
      parse(itemsWith(R"({"name":"TITLE","type":"string","itemName":true},)"
                      R"({"name":"TEXT","type":["null","string"],"textual":true},)"
                      R"({"name":"CREATION_TIMESTAMP","type":["null","long"]})"),
            DatasetType::items);
  CHECK(items.fields[1].itemName);
  CHECK(items.fields[2].textual);
  CHECK_NOTHROW(parse(schemaJson("users", R"({"name":"USER_ID","type":"string"},)"
                                          R"({"name":"AGE","type":"int"})"),
                      DatasetType::users));
}

TEST_CASE("more metadata columns than Personalize takes are accepted") {
  std::string fields = R"({"name":"F0","type":"int"})";
  for (int i = 1; i < 150; ++i)
    fields += R"(,{"name":"F)" + std::to_string(i) + R"(","type":"int"})";
  CHECK(parse(itemsWith(fields), DatasetType::items).fields.size() == 151);
}

TEST_CASE("what is no Avro record is refused") {
  CHECK_THAT(refusal("{"), Contains("not JSON"));
  CHECK_THAT(refusal("[]"), Contains("must be a JSON object"));
  CHECK_THAT(refusal("\xFF"), Contains("not UTF-8"));
  CHECK_THAT(refusal(R"({"type":"enum","name":"Interactions"})"),
             Contains(R"("type" is "enum": it must be "record")"));
  CHECK_THAT(refusal(R"({"name":"Interactions","fields":[]})"), Contains(R"("type" is missing)"));
  CHECK_THAT(refusal(schemaJson("Interactions", "")), Contains("\"fields\" is empty"));
  CHECK_THAT(refusal(R"({"type":"record","name":"Interactions"})"), Contains("list of fields"));
  CHECK_THAT(refusal(schemaJson("Interactions", "3")), Contains("must be a JSON object, not 3"));
  CHECK_THAT(refusal(interactionsWith(R"({"name":"A","type":"int","doc":")" +
                                      std::string(20'000, 'x') + "\"}")),
             Contains("longer than 20,000 characters"));
}

TEST_CASE("a wrong record name, namespace or version is refused and the right one named") {
  const std::string good = interactionsJson();
  const auto replaced = [&](const std::string& from, const std::string& to) {
    std::string json = good;
    return json.replace(json.find(from), from.size(), to);
  };
  CHECK(refusal(good).empty());
  CHECK_THAT(refusal(good, DatasetType::items), Contains(R"("name" is "Interactions")") &&
                                                    Contains(R"(must be "Items")") &&
                                                    Contains("--type"));
  CHECK_THAT(refusal(replaced(R"("name":"Interactions",)", "")), Contains("\"name\" is missing"));
  CHECK_THAT(refusal(replaced("com.amazonaws", "org.example")),
             Contains("\"namespace\"") && Contains("com.amazonaws.personalize.schema"));
  CHECK_THAT(refusal(replaced(R"("1.0")", R"("2.0")")), Contains(R"(it must be "1.0")"));
  CHECK_THAT(refusal(replaced(R"("1.0")", "1.0")), Contains("\"version\" is 1.0"));
  CHECK(refusal(replaced(R"(,"version":"1.0")", "")).empty());
}

TEST_CASE("field names keep to letters, digits and underscores") {
  for (const std::string name : {"1A", "A-B", "", "A B", "\xC3\x84"})
    CHECK_THAT(refusal(interactionsWith(R"({"name":")" + name + R"(","type":"int"})")),
               Contains("is not allowed"));
  CHECK_THAT(
      refusal(interactionsWith(R"({"name":")" + std::string(151, 'A') + R"(","type":"int"})")),
      Contains("longer than 150"));
  CHECK(refusal(interactionsWith(R"({"name":"_)" + std::string(149, 'A') + R"(","type":"int"})"))
            .empty());
  CHECK_THAT(refusal(interactionsWith(R"({"type":"int"})")), Contains("has no \"name\""));
  CHECK_THAT(refusal(interactionsWith(R"({"name":7,"type":"int"})")), Contains("is not text"));
}

TEST_CASE("types other than the six, and unions other than null and one of them, are refused") {
  const auto typed = [](const std::string& type) {
    return refusal(interactionsWith(R"({"name":"A","type":)" + type + "}"));
  };
  CHECK(typed(R"(["null","string"])").empty());
  CHECK(typed(R"(["boolean","null"])").empty());
  CHECK_THAT(typed("\"bytes\""), Contains("field A has unknown type \"bytes\""));
  CHECK_THAT(typed("\"null\""), Contains("field A has type \"null\" alone"));
  CHECK_THAT(typed(R"(["string"])"), Contains("must be \"null\" and one other type"));
  CHECK_THAT(typed(R"(["int","string"])"), Contains("must be \"null\" and one other type"));
  CHECK_THAT(typed(R"(["null","null"])"), Contains("must be \"null\" and one other type"));
  CHECK_THAT(typed(R"(["null","int","long"])"), Contains("must be \"null\" and one other type"));
  CHECK_THAT(typed(R"(["null","bytes"])"), Contains("unknown type \"bytes\""));
  CHECK_THAT(typed("7"), Contains("unknown type 7"));
  CHECK_THAT(refusal(interactionsWith(R"({"name":"A"})")), Contains("field A has no \"type\""));
}

TEST_CASE("required fields must be there, typed, and never null") {
  const std::string user = R"({"name":"USER_ID","type":"string"})";
  const std::string item = R"({"name":"ITEM_ID","type":"string"})";
  const std::string time = R"({"name":"TIMESTAMP","type":"long"})";
  const auto of = [](const std::string& fields) {
    return refusal(schemaJson("Interactions", fields));
  };
  CHECK_THAT(of(item + "," + time), Contains("field USER_ID of type string is required"));
  CHECK_THAT(of(user + "," + time), Contains("field ITEM_ID of type string is required"));
  CHECK_THAT(of(user + "," + item), Contains("field TIMESTAMP of type long is required"));
  CHECK_THAT(of(item + "," + time + R"(,{"name":"user_id","type":"string"})"),
             Contains("user_id is not the same"));
  CHECK_THAT(of(user + "," + item + R"(,{"name":"TIMESTAMP","type":"int"})"),
             Contains("field TIMESTAMP must have type long, not int"));
  CHECK_THAT(of(user + "," + time + R"(,{"name":"ITEM_ID","type":["null","string"]})"),
             Contains("field ITEM_ID is required and cannot be null"));
  CHECK_THAT(of(user + "," + time + R"(,{"name":"ITEM_ID","type":"long"})"),
             Contains("field ITEM_ID must have type string"));
  CHECK_THAT(refusal(schemaJson("Items", item), DatasetType::items),
             Contains("at least one metadata field beside ITEM_ID"));
  CHECK_THAT(refusal(schemaJson("Users", user), DatasetType::users),
             Contains("at least one metadata field beside USER_ID"));
  CHECK_THAT(refusal(schemaJson("Users", R"({"name":"AGE","type":"int"})"), DatasetType::users),
             Contains("field USER_ID of type string is required"));
}

TEST_CASE("reserved names keep their types") {
  const auto reserved = [](const std::string& name, const std::string& rest) {
    return refusal(interactionsWith(R"({"name":")" + name + R"(",)" + rest + "}"));
  };
  CHECK_THAT(reserved("EVENT_TYPE", R"("type":"int")"),
             Contains("EVENT_TYPE must have type string"));
  CHECK_THAT(reserved("EVENT_TYPE", R"("type":"string","categorical":true)"),
             Contains("EVENT_TYPE cannot be categorical"));
  CHECK_THAT(reserved("EVENT_VALUE", R"("type":"string")"),
             Contains("EVENT_VALUE must have type float"));
  CHECK_THAT(reserved("IMPRESSION", R"("type":"long")"),
             Contains("IMPRESSION must have type string"));
  CHECK_THAT(reserved("RECOMMENDATION_ID", R"("type":"int")"), Contains("RECOMMENDATION_ID must"));
  CHECK_THAT(reserved("EVENT_ATTRIBUTION_SOURCE", R"("type":"int")"),
             Contains("EVENT_ATTRIBUTION_SOURCE must have type string"));
  CHECK_THAT(
      refusal(itemsWith(R"({"name":"CREATION_TIMESTAMP","type":"string"})"), DatasetType::items),
      Contains("CREATION_TIMESTAMP must have type long"));
}

TEST_CASE("names that differ in punctuation or case only are refused") {
  const auto twice = [](const std::string& a, const std::string& b) {
    return refusal(interactionsWith(R"({"name":")" + a + R"(","type":"int"},{"name":")" + b +
                                    R"(","type":"int"})"));
  };
  CHECK_THAT(twice("GENRES_FIELD_1", "GENRESFIELD1"),
             Contains("GENRES_FIELD_1 and GENRESFIELD1 have the same name"));
  CHECK_THAT(twice("Genre", "GENRE"), Contains("have the same name"));
  CHECK_THAT(twice("A", "A"), Contains("field A is given twice"));
  CHECK(twice("A1", "A2").empty());
}

TEST_CASE("flags go with strings, and textual and itemName with items, once") {
  const std::string flagged = R"({"name":"A","type":"int","categorical":true})";
  CHECK_THAT(refusal(interactionsWith(flagged)),
             Contains("field A of type int cannot be categorical"));
  CHECK_THAT(refusal(interactionsWith(R"({"name":"A","type":"string","textual":true})")),
             Contains("cannot be textual in a schema of interactions"));
  CHECK_THAT(refusal(interactionsWith(R"({"name":"A","type":"string","itemName":true})")),
             Contains("cannot be itemName in a schema of interactions"));
  const auto items = [](const std::string& fields) {
    return refusal(itemsWith(fields), DatasetType::items);
  };
  for (const std::string flag : {"textual", "itemName"})
    CHECK_THAT(items(R"({"name":"A","type":"string",")" + flag +
                     R"(":true},{"name":"B","type":"string",")" + flag + R"(":true})"),
               Contains("fields A and B are both " + flag));
  CHECK_THAT(items(R"({"name":"A","type":"long","textual":true})"), Contains("cannot be textual"));
  CHECK_THAT(items(R"({"name":"A","type":"string","textual":true,"categorical":true})"),
             Contains("both categorical and textual"));
  CHECK_THAT(items(R"({"name":"A","type":"string","categorical":"true"})"),
             Contains("field A: \"categorical\" is \"true\""));
  CHECK_THAT(items(R"({"name":"A","type":"string","categorial":true})"),
             Contains("did you mean \"categorical\"?"));
}

TEST_CASE("a schema file may begin with a byte order mark and must exist") {
  const TestFolder folder;
  const std::string path = folder.write("s.avsc", "\xEF\xBB\xBF" + interactionsJson());
  CHECK(loadAvroSchema(path, DatasetType::interactions).fields.size() == 5);
  CHECK_THROWS_WITH(loadAvroSchema(folder.file("none"), DatasetType::items),
                    Contains("cannot read") && Contains("No such file"));
}

TEST_CASE("dataset types are named in any case") {
  CHECK(parseDatasetType("Interactions") == DatasetType::interactions);
  CHECK(parseDatasetType("USERS") == DatasetType::users);
  CHECK_THROWS_WITH(parseDatasetType("movies"), Contains("use interactions, items or users"));
}
