#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace attune::trainer {

enum class FieldType { string, int_, long_, float_, double_, boolean };
enum class DatasetType { interactions, items, users };

/// One column of a dataset.
struct SchemaField {
  std::string name;
  FieldType type = FieldType::string;
  bool nullable = false;
  bool categorical = false;  ///< several values joined by `|`, trained on
  bool textual = false;      ///< unstructured text, Items only
  bool itemName = false;     ///< the display name of an item

  bool operator==(const SchemaField&) const = default;
};

/// An Amazon Personalize schema of a custom dataset group.
struct AvroSchema {
  DatasetType type = DatasetType::interactions;
  std::vector<SchemaField> fields;
  std::string json;  ///< the text it was parsed from

  /// The position of the field `name`, when there is one.
  std::optional<size_t> find(std::string_view name) const;
};

/// Limits of Personalize that Attune keeps.
inline constexpr size_t kMaxSchemaChars = 20'000;
inline constexpr size_t kMaxFieldNameChars = 150;

/// Parses `json` and checks every rule of Personalize's custom dataset groups. Throws UserError
/// that begins with `where` (a file name) and names the field at fault.
AvroSchema parseAvroSchema(std::string_view json, DatasetType type, const std::string& where);

/// Reads and parses the file `path`.
AvroSchema loadAvroSchema(const std::string& path, DatasetType type);

/// The same for a schema that says by its name (`Interactions`, `Items`, `Users`) what it is of.
AvroSchema loadAvroSchema(const std::string& path);

/// What differs first between two schemas, in words; empty when their fields are the same.
std::string schemaDifference(const AvroSchema& stored, const AvroSchema& given);

/// `interactions`, `items` or `users`, in any case. Throws UserError for anything else.
DatasetType parseDatasetType(std::string_view name);
/// `interactions`, `items`, `users`.
std::string_view datasetTypeName(DatasetType type);
/// Avro's name, for example `long`.
std::string_view fieldTypeName(FieldType type);
/// The type as it stands in a schema, for example `["null","string"] categorical`.
std::string describeField(const SchemaField& field);

}  // namespace attune::trainer
