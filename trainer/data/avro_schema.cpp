#include "trainer/data/avro_schema.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <nlohmann/json.hpp>
#include <utility>

#include "trainer/base/errors.h"
#include "trainer/base/files.h"
#include "trainer/data/schema_rules.h"
#include "trainer/data/utf8.h"

namespace attune::trainer {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kNamespace = "com.amazonaws.personalize.schema";
constexpr std::string_view kVersion = "1.0";

struct TypeName {
  std::string_view name;
  FieldType type;
};
constexpr std::array<TypeName, 6> kTypeNames{{{"string", FieldType::string},
                                              {"int", FieldType::int_},
                                              {"long", FieldType::long_},
                                              {"float", FieldType::float_},
                                              {"double", FieldType::double_},
                                              {"boolean", FieldType::boolean}}};

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

/// One line, whatever the user put into it.
std::string quoted(const Json& value) {
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > 80) text = text.substr(0, 77) + "...";
  return text;
}

class Parser {
 public:
  explicit Parser(const std::string& where) : where_(where) {}

  AvroSchema parse(std::string_view text, DatasetType type) const {
    const Json root = parseJson(text);
    checkHeader(root, type);
    AvroSchema schema{type, {}, std::string(text)};
    for (const Json& field : fieldList(root)) schema.fields.push_back(parseField(field));
    checkSchemaRules(schema, where_);
    return schema;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { throw UserError(where_ + ": " + what); }

  Json parseJson(std::string_view text) const {
    if (!isValidUtf8(text)) fail("the schema is not UTF-8 text");
    if (countCharacters(text) > kMaxSchemaChars)
      fail("the schema is longer than 20,000 characters");
    try {
      return Json::parse(text);
    } catch (const Json::parse_error& error) {
      fail("the schema is not JSON (error at byte " + std::to_string(error.byte) + ")");
    }
  }

  void checkHeader(const Json& root, DatasetType type) const {
    if (!root.is_object()) fail("the schema must be a JSON object");
    expectText(root, "type", "record", true);
    checkRecordName(root, type);
    expectText(root, "namespace", kNamespace, false);
    expectText(root, "version", kVersion, false);
  }

  void expectText(const Json& root, const char* key, std::string_view expected,
                  bool required) const {
    const auto found = root.find(key);
    if (found == root.end()) {
      if (required)
        fail(std::string("\"") + key + "\" is missing: it must be \"" + std::string(expected) +
             "\"");
      return;
    }
    if (!found->is_string() || found->get_ref<const std::string&>() != expected)
      fail(std::string("\"") + key + "\" is " + quoted(*found) + ": it must be \"" +
           std::string(expected) + "\"");
  }

  void checkRecordName(const Json& root, DatasetType type) const {
    const auto found = root.find("name");
    std::string expected(datasetTypeName(type));
    expected[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(expected[0])));
    if (found == root.end()) fail("\"name\" is missing: it must be \"" + expected + "\"");
    if (!found->is_string() || lower(found->get_ref<const std::string&>()) != lower(expected))
      fail("\"name\" is " + quoted(*found) + ", but this is the schema of " + lower(expected) +
           ": it must be \"" + expected + "\" (or give another --type)");
  }

  const Json& fieldList(const Json& root) const {
    const auto found = root.find("fields");
    if (found == root.end() || !found->is_array()) fail("\"fields\" must be a list of fields");
    if (found->empty()) fail("\"fields\" is empty: a schema needs fields");
    return *found;
  }

  SchemaField parseField(const Json& json) const {
    if (!json.is_object()) fail("a field must be a JSON object, not " + quoted(json));
    SchemaField field;
    field.name = parseName(json);
    parseType(json, field);
    field.categorical = flag(json, field.name, "categorical");
    field.textual = flag(json, field.name, "textual");
    field.itemName = flag(json, field.name, "itemName");
    rejectMisspeltFlags(json, field.name);
    return field;
  }

  std::string parseName(const Json& json) const {
    const auto found = json.find("name");
    if (found == json.end()) fail("a field has no \"name\": " + quoted(json));
    if (!found->is_string()) fail("a field's \"name\" is not text: " + quoted(json));
    const std::string& name = found->get_ref<const std::string&>();
    const auto allowed = [](unsigned char c) { return c < 128 && (std::isalnum(c) || c == '_'); };
    const bool good = !name.empty() && std::all_of(name.begin(), name.end(), allowed) &&
                      !std::isdigit(static_cast<unsigned char>(name[0]));
    if (!good)
      fail("field name " + quoted(*found) +
           " is not allowed: letters, digits and _ only, not beginning with a digit");
    if (name.size() > kMaxFieldNameChars)
      fail("field name " + quoted(*found) + " is longer than 150 characters");
    return name;
  }

  void parseType(const Json& json, SchemaField& field) const {
    const auto found = json.find("type");
    if (found == json.end()) fail("field " + field.name + " has no \"type\"");
    const Json* single = &*found;
    if (found->is_array()) {
      single = unionMember(*found, field.name);
      field.nullable = true;
    }
    if (single->is_string())
      for (const TypeName& known : kTypeNames)
        if (*single == known.name) return void(field.type = known.type);
    if (*single == "null")
      fail("field " + field.name + " has type \"null\" alone: write [\"null\",\"string\"]");
    fail("field " + field.name + " has unknown type " + quoted(*single) +
         ": use string, int, long, float, double or boolean");
  }

  const Json* unionMember(const Json& list, const std::string& name) const {
    const auto nulls = std::count(list.begin(), list.end(), Json("null"));
    if (list.size() != 2 || nulls != 1)
      fail("field " + name + " has type " + quoted(list) +
           ": a list of types must be \"null\" and one other type");
    return list[0] == "null" ? &list[1] : &list[0];
  }

  bool flag(const Json& json, const std::string& name, const char* key) const {
    const auto found = json.find(key);
    if (found == json.end()) return false;
    if (!found->is_boolean())
      fail("field " + name + ": \"" + key + "\" is " + quoted(*found) +
           ": it must be true or false");
    return found->get<bool>();
  }

  /// Avro allows further attributes; one that is nearly a flag would be lost in silence.
  void rejectMisspeltFlags(const Json& json, const std::string& name) const {
    for (const auto& [key, value] : json.items())
      for (const std::string known : {"categorical", "textual", "itemName"})
        if (key != known && isNearly(lower(key), lower(known)))
          fail("field " + name + " has the unknown attribute \"" + key + "\": did you mean \"" +
               known + "\"?");
  }

  /// At most two letters changed, added or dropped.
  static bool isNearly(const std::string& a, const std::string& b) {
    std::vector<size_t> row(b.size() + 1);
    for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (size_t i = 1; i <= a.size(); ++i) {
      size_t diagonal = std::exchange(row[0], i);
      for (size_t j = 1; j <= b.size(); ++j) {
        const size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
        diagonal = row[j];
        row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
      }
    }
    return row.back() <= 2;
  }

  const std::string& where_;
};

}  // namespace

std::optional<size_t> AvroSchema::find(std::string_view name) const {
  for (size_t i = 0; i < fields.size(); ++i)
    if (fields[i].name == name) return i;
  return std::nullopt;
}

AvroSchema parseAvroSchema(std::string_view json, DatasetType type, const std::string& where) {
  return Parser(where).parse(json, type);
}

namespace {

std::string readSchema(const std::string& path) {
  std::string text = readTextFile(path, 4 * kMaxSchemaChars);  // 4: the longest UTF-8 character
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  return text;
}

}  // namespace

AvroSchema loadAvroSchema(const std::string& path, DatasetType type) {
  return parseAvroSchema(readSchema(path), type, path);
}

AvroSchema loadAvroSchema(const std::string& path) {
  const std::string text = readSchema(path);
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("name") || !json["name"].is_string())
    throw UserError(path + ": not an Avro schema with a name (Interactions, Items or Users)");
  return parseAvroSchema(text, parseDatasetType(json["name"].get<std::string>()), path);
}

std::string schemaDifference(const AvroSchema& stored, const AvroSchema& given) {
  const size_t common = std::min(stored.fields.size(), given.fields.size());
  for (size_t i = 0; i < common; ++i)
    if (stored.fields[i] != given.fields[i])
      return "field " + std::to_string(i + 1) + " is " + describeField(stored.fields[i]) +
             " in the store and " + describeField(given.fields[i]) + " in the new schema";
  if (stored.fields.size() > common)
    return "field " + stored.fields[common].name + " of the store is missing in the new schema";
  if (given.fields.size() > common)
    return "field " + given.fields[common].name + " of the new schema is not in the store";
  return "";
}

DatasetType parseDatasetType(std::string_view name) {
  for (DatasetType type : {DatasetType::interactions, DatasetType::items, DatasetType::users})
    if (lower(name) == datasetTypeName(type)) return type;
  throw UserError("unknown dataset type \"" + std::string(name) +
                  "\": use interactions, items or users");
}

std::string_view datasetTypeName(DatasetType type) {
  switch (type) {
    case DatasetType::interactions:
      return "interactions";
    case DatasetType::items:
      return "items";
    case DatasetType::users:
      return "users";
  }
  return "";
}

std::string_view fieldTypeName(FieldType type) {
  return kTypeNames[static_cast<size_t>(type)].name;
}

std::string describeField(const SchemaField& field) {
  const std::string type(fieldTypeName(field.type));
  std::string text = field.name + " " + (field.nullable ? "[\"null\",\"" + type + "\"]" : type);
  if (field.categorical) text += " categorical";
  if (field.textual) text += " textual";
  if (field.itemName) text += " itemName";
  return text;
}

}  // namespace attune::trainer
