#include "trainer/data/synthetic_files.h"

#include <system_error>

#include "trainer/base/errors.h"
#include "trainer/base/files.h"

namespace attune::trainer {
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

std::string itemsCsv(const SyntheticWorld& world) {
  std::string csv = "ITEM_ID,TITLE,CATEGORY_L1,PRICE,CREATION_TIMESTAMP\n";
  for (uint32_t i = 0; i < world.items.size(); ++i) {
    const SyntheticItem& item = world.items[i];
    csv += syntheticItemId(i) + ',' + item.title + ',' + item.category + ',';
    csv += decimal(item.priceCents) + ',' + std::to_string(item.creationTimestamp) + '\n';
  }
  return csv;
}

std::string usersCsv(const SyntheticWorld& world) {
  std::string csv = "USER_ID,MEMBERSHIP\n";
  for (uint32_t u = 0; u < world.memberships.size(); ++u) {
    csv += syntheticUserId(u) + ',' + world.memberships[u] + '\n';
  }
  return csv;
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

std::string itemsSchema(const SyntheticWorld&) {
  return schema("Items", R"(    {"name": "ITEM_ID", "type": "string"},
    {"name": "TITLE", "type": "string"},
    {"name": "CATEGORY_L1", "type": "string", "categorical": true},
    {"name": "PRICE", "type": "float"},
    {"name": "CREATION_TIMESTAMP", "type": "long"})");
}

std::string usersSchema(const SyntheticWorld&) {
  return schema("Users", R"(    {"name": "USER_ID", "type": "string"},
    {"name": "MEMBERSHIP", "type": "string", "categorical": true})");
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
