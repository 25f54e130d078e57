#include "trainer/recipes/new_item_vectors.h"

#include "trainer/recipes/metadata_map.h"
#include "trainer/recipes/neighbour_lists.h"

namespace attune::trainer {
namespace {

/// The users at which an item's company says as much as that it is an item.
constexpr float kUsersForHalf = 5;
/// How many users make a known vector count half of what it can in the map from metadata.
constexpr float kUsersForEvidence = 5;
constexpr size_t kCompany = 50;

std::vector<uint32_t> unknownItems(const ItemVectorTable& table) {
  std::vector<uint32_t> items;
  for (uint32_t item = 0; item < table.known.size(); ++item)
    if (table.known[item] == 0) items.push_back(item);
  return items;
}

bool hasFeatures(const ItemFeatures& features, uint32_t item) {
  return !features.empty() && features.offsets[item] < features.offsets[item + 1];
}

/// sum = the weighted mean of the vectors of known neighbours; false when there are none.
bool meanOfCompany(const std::vector<Neighbour>& company, const ItemVectorTable& table,
                   std::vector<float>& sum) {
  std::fill(sum.begin(), sum.end(), 0.0f);
  float weight = 0;
  for (const Neighbour& one : company) {
    if (table.known[one.item] == 0) continue;
    const float* vector = table.vectors.data() + one.item * table.dimension;
    for (size_t j = 0; j < sum.size(); ++j) sum[j] += one.weight * vector[j];
    weight += one.weight;
  }
  if (!(weight > 0)) return false;
  for (float& number : sum) number /= weight;
  return true;
}

}  // namespace

void fillNewItemVectors(const ItemFeatures& features, const ItemCounts& counts,
                        const Baskets& baskets, unsigned threads, ItemVectorTable& table) {
  const std::vector<uint32_t> items = unknownItems(table);
  if (items.empty()) return;
  std::vector<float> evidence(table.known.size());
  for (size_t item = 0; item < evidence.size(); ++item) {
    const auto users = static_cast<float>(counts.usersOfItem[item]);
    // Not 0 for an item that has lost its users: its vector is still a learned one.
    if (table.known[item] != 0) evidence[item] = (users + 1) / (users + 1 + kUsersForEvidence);
  }
  const size_t d = table.dimension;
  const MetadataMap map(features, {table.vectors.data(), table.known.size(), d}, evidence, threads);
  std::vector<uint32_t> unsaid;
  for (const uint32_t item : items) {
    map.vectorOf(item, std::span(table.vectors).subspan(item * d, d));
    if (!hasFeatures(features, item)) unsaid.push_back(item);
  }
  const NeighbourLists companies =
      findNeighbours(baskets, unsaid, {.maxNeighbours = kCompany, .threads = threads});
  std::vector<float> company(d);
  for (size_t i = 0; i < unsaid.size(); ++i) {
    if (!meanOfCompany(companies[i], table, company)) continue;
    const auto users = static_cast<float>(counts.usersOfItem[unsaid[i]]);
    const float share = users / (users + kUsersForHalf);
    float* vector = table.vectors.data() + unsaid[i] * d;
    for (size_t j = 0; j < d; ++j) vector[j] += share * (company[j] - vector[j]);
  }
}

}  // namespace attune::trainer
