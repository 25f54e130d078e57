#include "trainer/server/record_request.h"

#include <algorithm>
#include <cctype>

#include "trainer/base/suggest.h"
#include "trainer/data/event_rows.h"
#include "trainer/data/row_parser.h"
#include "trainer/server/http.h"
#include "trainer/server/json_body.h"
#include "trainer/server/limits.h"

namespace attune::trainer {
namespace {

using Json = nlohmann::json;

/// What is different between items and users.
struct RecordKind {
  const char* list;
  const char* id;
  const char* idField;
  const char* arnEnd;
  size_t propertiesChars;
};

const RecordKind& kindOf(DatasetType type) {
  static constexpr RecordKind kItems{"items", "itemId", "ITEM_ID", "/items",
                                     limits::kItemPropertiesChars};
  static constexpr RecordKind kUsers{"users", "userId", "USER_ID", "/users",
                                     limits::kUserPropertiesChars};
  return type == DatasetType::items ? kItems : kUsers;
}

ApiError notFound(const std::string& message) {
  return {404, "ResourceNotFoundException", message};
}

/// arn:<partition>:personalize:<region>:<account>:dataset/<group>/ITEMS; of the dataset group
/// there is one here, so its name does not matter.
void checkArn(const std::string& arn, const RecordKind& kind) {
  const bool isArn = arn.starts_with("arn:") && arn.find(":personalize:", 4) != std::string::npos &&
                     std::count(arn.begin(), arn.end(), ':') >= 5;
  if (!isArn)
    throw invalidInput("datasetArn must be arn:aws:personalize:<region>:<account>:dataset/...");
  std::string lower(arn);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (!lower.ends_with(kind.arnEnd))
    throw notFound("datasetArn " + arn + " is no " + kind.list + " dataset");
}

class RecordReader {
 public:
  RecordReader(const AvroSchema& schema, const RecordKind& kind, int64_t nowSeconds)
      : schema_(schema),
        kind_(kind),
        parser_(schema, nowSeconds),
        texts_(schema.fields.size()),
        fields_(schema.fields.size()) {
    for (const SchemaField& field : schema.fields) names_.push_back(propertyName(field.name));
  }

  void read(const ObjectReader& record, RowBatch& rows) {
    for (std::string& text : texts_) text.clear();
    const size_t id = *schema_.find(kind_.idField);
    texts_[id] = record.text(kind_.id, limits::kIdChars);
    const std::string properties = propertiesOf(record, kind_.propertiesChars, false);
    if (!properties.empty()) readProperties(Json::parse(properties), id, record);
    std::copy(texts_.begin(), texts_.end(), fields_.begin());
    if (const auto defect = parser_.parse(fields_))
      throw invalidInput(record.pathOf("properties") + '.' + names_[defect->field] + " (" +
                         schema_.fields[defect->field].name + "): " + defect->reason);
    rows.append(parser_.values());
  }

 private:
  void readProperties(const Json& properties, size_t id, const ObjectReader& record) {
    for (const auto& [name, value] : properties.items()) {
      const auto found = std::find(names_.begin(), names_.end(), name);
      const auto field = static_cast<size_t>(found - names_.begin());
      if (found == names_.end() || field == id)
        throw invalidInput(record.pathOf("properties") + '.' + name + " is no field of the " +
                           kind_.list + " schema" + didYouMean(name, names_));
      if (value.is_object())
        throw invalidInput(record.pathOf("properties") + '.' + name + " must not be an object");
      texts_[field] = fieldText(value);
    }
  }

  const AvroSchema& schema_;
  const RecordKind& kind_;
  RowParser parser_;
  std::vector<std::string> names_;
  std::vector<std::string> texts_;
  std::vector<std::string_view> fields_;
};

}  // namespace

RowBatch readPutRecords(std::string_view text, DatasetType type, const AvroSchema* schema,
                        int64_t nowSeconds) {
  const RecordKind& kind = kindOf(type);
  const Json body = parseBody(text);
  const ObjectReader request(body, "");
  checkArn(request.text("datasetArn", limits::kArnChars), kind);
  const Json& list = request.list(kind.list, limits::kPutRecords);
  if (schema == nullptr)
    throw notFound(std::string("the store has no ") + kind.list +
                   " dataset: import one with its schema first (attune import --type " + kind.list +
                   ")");
  RecordReader reader(*schema, kind, nowSeconds);
  RowBatch rows(schema->fields.size());
  for (size_t i = 0; i < list.size(); ++i)
    reader.read(ObjectReader(list[i], std::string(kind.list) + '[' + std::to_string(i) + ']'),
                rows);
  return rows;
}

}  // namespace attune::trainer
