#include "trainer/data/synthetic_files.h"

#include <system_error>

#include "trainer/base/errors.h"
#include "trainer/base/files.h"
#include "trainer/data/synthetic_parts.h"

namespace attune::trainer {

using namespace synthetic;  // this file is one of its parts

namespace {

std::string decimal(int64_t cents) {
  const std::string rest = std::to_string(cents % 100);
  return std::to_string(cents / 100) + (rest.size() == 1 ? ".0" : ".") + rest;
}

std::string interactionsCsv(const SyntheticWorld& world) {
  std::string csv = "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE\n";
  for (const SyntheticInteraction& row : world.interactions) {
    csv += syntheticUserId(row.user) + ',' + syntheticItemId(row.item) + ',';
    csv += std::to_string(row.timestamp) + ',' + world.eventTypes[row.eventType] + ',';
    if (row.valueCents != 0) csv += decimal(row.valueCents);
    csv += '\n';
  }
  return csv;
}

std::string metadataCsv(const SyntheticWorld& world, const char* idName, size_t rows,
                        std::string (*id)(uint32_t), std::span<const SyntheticColumn> columns) {
  std::string csv = idName;
  for (const SyntheticColumn& column : columns) csv += std::string(",") + column.name;
  csv += '\n';
  for (uint32_t row = 0; row < rows; ++row) {
    csv += id(row);
    for (const SyntheticColumn& column : columns) csv += ',' + column.cell(world, row);
    csv += '\n';
  }
  return csv;
}

std::string itemsCsv(const SyntheticWorld& world) {
  return metadataCsv(world, "ITEM_ID", world.items.size(), syntheticItemId, itemColumnsOf(world));
}

std::string usersCsv(const SyntheticWorld& world) {
  return metadataCsv(world, "USER_ID", world.memberships.size(), syntheticUserId,
                     userColumnsOf(world));
}

std::string schema(const std::string& name, const std::string& fields) {
  return "{\n  \"type\": \"record\",\n  \"name\": \"" + name +
         "\",\n  \"namespace\": \"com.amazonaws.personalize.schema\",\n  \"fields\": [\n" + fields +
         "\n  ],\n  \"version\": \"1.0\"\n}\n";
}

std::string interactionsSchema(const SyntheticWorld&) {
  return schema("Interactions", R"(    {"name": "USER_ID", "type": "string"},
    {"name": "ITEM_ID", "type": "string"},
    {"name": "TIMESTAMP", "type": "long"},
    {"name": "EVENT_TYPE", "type": "string"},
    {"name": "EVENT_VALUE", "type": ["null", "float"]})");
}

std::string metadataSchema(const char* name, const char* idName,
                           std::span<const SyntheticColumn> columns) {
  std::string fields = std::string("    {\"name\": \"") + idName + "\", \"type\": \"string\"}";
  for (const SyntheticColumn& column : columns)
    fields +=
        std::string(",\n    {\"name\": \"") + column.name + "\", \"type\": " + column.type + "}";
  return schema(name, fields);
}

std::string itemsSchema(const SyntheticWorld& world) {
  return metadataSchema("Items", "ITEM_ID", itemColumnsOf(world));
}

std::string usersSchema(const SyntheticWorld& world) {
  return metadataSchema("Users", "USER_ID", userColumnsOf(world));
}

}  // namespace

const std::array<SyntheticFile, 6> kSyntheticFiles = {{{"interactions.csv", interactionsCsv},
                                                       {"items.csv", itemsCsv},
                                                       {"users.csv", usersCsv},
                                                       {"interactions.avsc", interactionsSchema},
                                                       {"items.avsc", itemsSchema},
                                                       {"users.avsc", usersSchema}}};

void writeSyntheticWorld(const SyntheticWorld& world, const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw UserError(folder.string() + ": cannot be made: " + error.message());
  for (const SyntheticFile& file : kSyntheticFiles) {
    writeFileAtomically((folder / file.name).string(), file.render(world));
  }
}

}  // namespace attune::trainer
