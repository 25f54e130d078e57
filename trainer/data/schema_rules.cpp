#include "trainer/data/schema_rules.h"

#include <array>
#include <cctype>
#include <span>
#include <unordered_map>

#include "trainer/base/errors.h"

namespace attune::trainer {
namespace {

/// A field whose name means something to every recipe, and the only type it may have.
struct KnownField {
  std::string_view name;
  FieldType type;
  bool required;
  bool mayBeCategorical;
};

constexpr std::array<KnownField, 8> kInteractionFields{{
    {"USER_ID", FieldType::string, true, false},
    {"ITEM_ID", FieldType::string, true, false},
    {"TIMESTAMP", FieldType::long_, true, false},
    {"EVENT_TYPE", FieldType::string, false, false},
    {"EVENT_VALUE", FieldType::float_, false, false},
    {"IMPRESSION", FieldType::string, false, true},
    {"RECOMMENDATION_ID", FieldType::string, false, true},
    {"EVENT_ATTRIBUTION_SOURCE", FieldType::string, false, true},
}};
constexpr std::array<KnownField, 2> kItemFields{{
    {"ITEM_ID", FieldType::string, true, false},
    {"CREATION_TIMESTAMP", FieldType::long_, false, false},
}};
constexpr std::array<KnownField, 1> kUserFields{{{"USER_ID", FieldType::string, true, false}}};

std::span<const KnownField> knownFields(DatasetType type) {
  switch (type) {
    case DatasetType::interactions:
      return kInteractionFields;
    case DatasetType::items:
      return kItemFields;
    case DatasetType::users:
      return kUserFields;
  }
  return {};
}

/// Letters and digits only, in one case: what Personalize compares, and what filters, which
/// accept names in any case, can tell apart.
std::string comparableName(const std::string& name) {
  std::string result;
  for (unsigned char c : name)
    if (std::isalnum(c)) result += static_cast<char>(std::toupper(c));
  return result;
}

class Rules {
 public:
  Rules(const AvroSchema& schema, const std::string& where) : schema_(schema), where_(where) {}

  void check() const {
    for (const KnownField& known : knownFields(schema_.type)) checkKnown(known);
    checkUniqueNames();
    checkMetadataPresent();
    for (const SchemaField& field : schema_.fields) checkFlags(field);
    checkAtMostOne("textual", &SchemaField::textual);
    checkAtMostOne("itemName", &SchemaField::itemName);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { throw UserError(where_ + ": " + what); }

  void checkKnown(const KnownField& known) const {
    const std::string name(known.name);
    const auto at = schema_.find(known.name);
    if (!at && known.required) failMissing(known);
    if (!at) return;
    const SchemaField& field = schema_.fields[*at];
    if (field.type != known.type)
      fail("field " + name + " must have type " + std::string(fieldTypeName(known.type)) +
           ", not " + std::string(fieldTypeName(field.type)) +
           (known.required ? "" : ": it is a reserved name"));
    if (known.required && field.nullable)
      fail("field " + name + " is required and cannot be null: give it type " +
           std::string(fieldTypeName(known.type)));
    if (field.categorical && !known.mayBeCategorical)
      fail("field " + name + " cannot be categorical");
  }

  [[noreturn]] void failMissing(const KnownField& known) const {
    std::string hint;
    for (const SchemaField& field : schema_.fields)
      if (comparableName(field.name) == comparableName(std::string(known.name)))
        hint = " (" + field.name + " is not the same: the name must be written exactly so)";
    fail("field " + std::string(known.name) + " of type " + std::string(fieldTypeName(known.type)) +
         " is required in a schema of " + std::string(datasetTypeName(schema_.type)) + hint);
  }

  void checkUniqueNames() const {
    std::unordered_map<std::string, std::string> seen;
    for (const SchemaField& field : schema_.fields) {
      const auto [found, isNew] = seen.emplace(comparableName(field.name), field.name);
      if (isNew) continue;
      if (found->second == field.name) fail("field " + field.name + " is given twice");
      fail("fields " + found->second + " and " + field.name +
           " have the same name once case and everything but letters and digits are ignored");
    }
  }

  void checkMetadataPresent() const {
    if (schema_.type == DatasetType::interactions || schema_.fields.size() > 1) return;
    fail("a schema of " + std::string(datasetTypeName(schema_.type)) +
         " needs at least one metadata field beside " + schema_.fields[0].name);
  }

  void checkFlags(const SchemaField& field) const {
    const auto stringOnly = [&](bool set, const char* flag) {
      if (set && field.type != FieldType::string)
        fail("field " + field.name + " of type " + std::string(fieldTypeName(field.type)) +
             " cannot be " + flag + ": only strings can");
    };
    stringOnly(field.categorical, "categorical");
    stringOnly(field.textual, "textual");
    stringOnly(field.itemName, "itemName");
    if (field.textual) checkItemsFlag(field, "textual");
    if (field.itemName) checkItemsFlag(field, "itemName");
    if (field.textual && field.categorical)
      fail("field " + field.name + " cannot be both categorical and textual");
  }

  void checkItemsFlag(const SchemaField& field, const std::string& flag) const {
    if (schema_.type != DatasetType::items)
      fail("field " + field.name + " cannot be " + flag + " in a schema of " +
           std::string(datasetTypeName(schema_.type)) + ": only items can have it");
    if (field.name == "ITEM_ID") fail("field ITEM_ID cannot be " + flag);
  }

  void checkAtMostOne(const std::string& flag, bool SchemaField::*member) const {
    const SchemaField* first = nullptr;
    for (const SchemaField& field : schema_.fields) {
      if (!(field.*member)) continue;
      if (first != nullptr)
        fail("fields " + first->name + " and " + field.name + " are both " + flag +
             ": only one may be");
      first = &field;
    }
  }

  const AvroSchema& schema_;
  const std::string& where_;
};

}  // namespace

void checkSchemaRules(const AvroSchema& schema, const std::string& where) {
  Rules(schema, where).check();
}

}  // namespace attune::trainer
