// The metadata columns of the worlds: their files, schemas and Datasets all read them here.

#include "trainer/data/synthetic_parts.h"

namespace attune::trainer::synthetic {
namespace {

constexpr const char* kText = R"("string")";
constexpr const char* kFloat = R"("float")";
constexpr const char* kLong = R"("long")";
constexpr const char* kCategory = R"("string", "categorical": true)";
constexpr const char* kNullableCategory = R"(["null", "string"], "categorical": true)";

std::string decimal(int64_t cents) {
  const std::string rest = std::to_string(cents % 100);
  return std::to_string(cents / 100) + (rest.size() == 1 ? ".0" : ".") + rest;
}

using World = SyntheticWorld;

const SyntheticColumn kTitle = {"TITLE", ColumnKind::text, kText,
                                [](const World& w, uint32_t i) { return w.items[i].title; }};
const SyntheticColumn kCategoryL1 = {
    "CATEGORY_L1", ColumnKind::categorical, kCategory,
    [](const World& w, uint32_t i) { return w.items[i].category; }};
const SyntheticColumn kPrice = {"PRICE", ColumnKind::real, kFloat, [](const World& w, uint32_t i) {
                                  return decimal(w.items[i].priceCents);
                                }};
const SyntheticColumn kCreated = {
    "CREATION_TIMESTAMP", ColumnKind::integer, kLong,
    [](const World& w, uint32_t i) { return std::to_string(w.items[i].creationTimestamp); }};

const std::array<SyntheticColumn, 4> kItemColumns = {kTitle, kCategoryL1, kPrice, kCreated};

const std::array<SyntheticColumn, 9> kProductColumns = {
    kTitle,
    kCategoryL1,
    kPrice,
    kCreated,
    {"CATEGORY_L2", ColumnKind::categorical, kCategory,
     [](const World& w, uint32_t i) { return w.items[i].style; }},
    {"GENDER", ColumnKind::categorical, kNullableCategory,
     [](const World& w, uint32_t i) { return w.items[i].gender; }},
    {"PROMOTED", ColumnKind::categorical, kNullableCategory,
     [](const World& w, uint32_t i) { return std::string(w.items[i].promoted ? "Y" : ""); }},
    {"STOCK", ColumnKind::integer, R"("int")",
     [](const World& w, uint32_t i) { return std::to_string(w.items[i].stock); }},
    // Not "textual": there is nothing in these sentences that the categories do not say.
    {"PRODUCT_DESCRIPTION", ColumnKind::text, kText,
     [](const World& w, uint32_t i) { return w.items[i].description; }},
};

const std::array<SyntheticColumn, 2> kUserColumns = {{
    {"MEMBERSHIP", ColumnKind::categorical, kCategory,
     [](const World& w, uint32_t u) { return w.memberships[u]; }},
    {"GENDER", ColumnKind::categorical, kCategory,
     [](const World& w, uint32_t u) { return w.genders[u]; }},
}};

bool isShop(const World& world) { return !world.genders.empty(); }

}  // namespace

std::span<const SyntheticColumn> itemColumnsOf(const SyntheticWorld& world) {
  if (isShop(world)) return kProductColumns;
  return kItemColumns;
}

std::span<const SyntheticColumn> userColumnsOf(const SyntheticWorld& world) {
  return std::span(kUserColumns).first(isShop(world) ? 2 : 1);
}

}  // namespace attune::trainer::synthetic
