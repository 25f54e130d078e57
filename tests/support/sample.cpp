#include "tests/support/sample.h"

#include <cmath>
#include <cstdlib>

#include "runtime/base/random.h"

namespace attune::testing {

using namespace trainer;

Buffer<uint8_t> aligned(std::span<const uint8_t> bytes) {
  Buffer<uint8_t> copy;
  if (!copy.append(bytes).ok()) std::abort();
  return copy;
}

Dataset sampleDataset() {
  Dataset data;
  for (const char* id : {"f", "e", "d", "c", "b", "a"}) data.items.add(id);  // not in bundle order
  Column genres{.name = "GENRES", .kind = ColumnKind::categorical};
  genres.offsets = {0};
  const std::vector<std::vector<const char*>> names = {{},   {"Action"}, {"Comedy"},
                                                       {},   {"Drama"},  {"Comedy", "Drama"}};
  for (const auto& row : names) {
    for (const char* name : row) genres.codes.push_back(genres.values.add(name));
    genres.offsets.push_back(static_cast<uint32_t>(genres.codes.size()));
  }
  Column year{.name = "YEAR", .kind = ColumnKind::integer};
  year.numbers = {1995, 1994, 1993, NAN, 1991, 1990};
  Column price{.name = "PRICE", .kind = ColumnKind::real};
  price.numbers = {5.5, 4.5, 3.5, 2.5, 1.5, 0.5};
  Column sale{.name = "ON_SALE", .kind = ColumnKind::boolean};
  sale.numbers = {NAN, 1, 0, 1, 0, 1};
  Column title{.name = "TITLE", .kind = ColumnKind::text};
  title.texts = {"Title f", "Title e", "Title d", "Title c", "", "Title a"};
  data.itemColumns = {genres, year, price, sale, title};
  return data;
}

BundleBuilder sampleBuilder(ModelKind model) {
  if (model == ModelKind::Transformer) return SampleTransformer().builder(BundlePrecision::int8);
  if (model == ModelKind::Recurrent) return SampleRecurrent().builder(BundlePrecision::int8);
  const Dataset data = sampleDataset();
  BundleBuilder bundle(6, model == ModelKind::Popularity ? "popularity-count" : "sims", model);
  writeCatalogue(data, ItemOrder(data.items), {"TITLE"}, bundle);
  bundle.add(SectionKind::ItemUserCounts, std::vector<uint32_t>{5, 4, 3, 2, 1, 0});
  bundle.setPopularity(10);
  if (model == ModelKind::Neighbours) {
    bundle.add(SectionKind::NeighbourOffsets, std::vector<uint32_t>{0, 2, 3, 4, 4, 4, 4});
    bundle.addIndexes(SectionKind::NeighbourItems, std::vector<uint32_t>{1, 2, 0, 3}, 6);
    bundle.add(SectionKind::NeighbourWeights, std::vector<uint8_t>{200, 100, 255, 10});
    bundle.add(SectionKind::NeighbourScales, std::vector<float>(6, 1.0f / 255));
    bundle.setNeighbours(0.5f, 0.001f);
  }
  bundle.setProvenance(R"({"made":"by hand"})");
  return bundle;
}

SampleTransformer::SampleTransformer(bool pointer) {
  const size_t d = config.dimension;
  const auto add = [&](SectionKind kind, uint32_t layer, size_t count) {
    Random random(3, weights.size());
    auto& numbers = weights[{kind, layer}];
    for (size_t i = 0; i < count; ++i) numbers.push_back(0.5f * random.normal());
  };
  add(SectionKind::ItemVectors, 0, 6 * d);
  for (uint32_t layer = 0; layer < config.layers; ++layer) {
    add(SectionKind::AttentionNorm, layer, d);
    add(SectionKind::QueryKeyValue, layer, 3 * d * d);
    add(SectionKind::DistanceBias, layer, config.heads * config.window);
    add(SectionKind::AttentionOut, layer, d * d);
    add(SectionKind::FeedForwardNorm, layer, d);
    add(SectionKind::GateAndUp, layer, 2 * config.feedForward * d);
    add(SectionKind::Down, layer, d * config.feedForward);
  }
  add(SectionKind::FinalNorm, 0, d);
  if (!pointer) return;
  config.pointer = 3;
  add(SectionKind::PointerQueryKey, 0, 2 * config.pointer * d);
  add(SectionKind::PointerBias, 0, config.window);
}

BundleBuilder SampleTransformer::builder(BundlePrecision precision) const {
  const Dataset data = sampleDataset();
  BundleBuilder bundle(6, "user-personalization", ModelKind::Transformer);
  writeCatalogue(data, ItemOrder(data.items), {"TITLE"}, bundle);
  bundle.add(SectionKind::ItemUserCounts, std::vector<uint32_t>{5, 4, 3, 2, 1, 0});
  bundle.setPopularity(10);
  bundle.setTransformer(config);
  const size_t d = config.dimension;
  for (const auto& [place, numbers] : weights) {
    const auto [kind, layer] = place;
    const bool isItems = kind == SectionKind::ItemVectors;
    const bool isMatrix = isItems || kind == SectionKind::QueryKeyValue ||
                          kind == SectionKind::AttentionOut || kind == SectionKind::GateAndUp ||
                          kind == SectionKind::Down || kind == SectionKind::PointerQueryKey;
    const size_t columns = kind == SectionKind::Down ? config.feedForward : d;
    if (isMatrix)
      addMatrix(kind, numbers, columns, isItems ? 16 : columns, precision, layer, bundle);
    else
      bundle.add(kind, numbers, layer);
  }
  bundle.setProvenance(R"({"made":"by hand"})");
  return bundle;
}

SampleRecurrent::SampleRecurrent() {
  const size_t d = config.dimension;
  const auto add = [&](SectionKind kind, uint32_t unit, size_t count) {
    Random random(4, weights.size());
    auto& numbers = weights[{kind, unit}];
    for (size_t i = 0; i < count; ++i) numbers.push_back(0.7f * random.normal());
  };
  add(SectionKind::ItemVectors, 0, 6 * d);
  for (const uint32_t unit : {0u, 1u}) {
    add(SectionKind::RecurrentInput, unit, 3 * d * d);
    add(SectionKind::RecurrentState, unit, 3 * d * d);
    add(SectionKind::RecurrentBias, unit, 4 * d);
  }
  add(SectionKind::SessionStart, 0, d * d);
  add(SectionKind::SessionStartBias, 0, d);
  add(SectionKind::FinalNorm, 0, d);
}

BundleBuilder SampleRecurrent::builder(BundlePrecision precision) const {
  const Dataset data = sampleDataset();
  BundleBuilder bundle(6, "hrnn", ModelKind::Recurrent);
  writeCatalogue(data, ItemOrder(data.items), {"TITLE"}, bundle);
  bundle.add(SectionKind::ItemUserCounts, std::vector<uint32_t>{5, 4, 3, 2, 1, 0});
  bundle.setPopularity(10);
  bundle.setRecurrent(config);
  if (!allowed.empty()) bundle.add(SectionKind::ItemAllowed, allowed);
  const size_t d = config.dimension;
  for (const auto& [place, numbers] : weights) {
    const auto [kind, unit] = place;
    const bool isItems = kind == SectionKind::ItemVectors;
    if (isItems || kind == SectionKind::RecurrentInput || kind == SectionKind::RecurrentState ||
        kind == SectionKind::SessionStart)
      addMatrix(kind, numbers, d, isItems ? 16 : d, precision, unit, bundle);
    else
      bundle.add(kind, numbers, unit);
  }
  bundle.setProvenance(R"({"made":"by hand"})");
  return bundle;
}

Buffer<uint8_t> sampleBundle(ModelKind model) { return aligned(sampleBuilder(model).finish()); }

std::vector<std::string> idsOf(const Engine& engine, std::span<const Scored> ranked) {
  std::vector<std::string> ids;
  for (const Scored& one : ranked) ids.emplace_back(engine.items()[one.item]);
  return ids;
}

}  // namespace attune::testing
