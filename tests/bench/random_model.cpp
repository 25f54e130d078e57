#include "tests/bench/random_model.h"

#include <cmath>
#include <cstdio>
#include <string>

#include "runtime/base/random.h"
#include "trainer/export/catalogue_writer.h"
#include "trainer/export/first_pass.h"

namespace attune::bench {
namespace {

using namespace trainer;

/// Weights of one deviation, each section with random numbers of its own.
class RandomWeights {
 public:
  RandomWeights(uint64_t seed, bool plain) : seed_(seed), plain_(plain) {}

  std::vector<float> normal(size_t count, float deviation) {
    Random random(seed_, ++stream_);
    std::vector<float> numbers(count);
    for (size_t i = 0; i < count; ++i)
      numbers[i] = deviation * (plain_ ? static_cast<float>(i % 3) - 1 : random.normal());
    return numbers;
  }

 private:
  uint64_t seed_;
  bool plain_;
  uint64_t stream_ = 0;
};

std::vector<float> itemVectors(const RandomModel& model, RandomWeights& weights) {
  std::vector<float> vectors = weights.normal(model.items * model.dimension, 0.4f);
  const std::vector<float> lengths = weights.normal(model.items, 0.3f);
  for (size_t i = 0; i < vectors.size(); ++i) vectors[i] *= std::exp(lengths[i / model.dimension]);
  return vectors;
}

/// The numbers that bytes and scales stand for.
std::vector<float> rounded(std::span<const float> vectors, size_t dimension) {
  const QuantisedRows rows = quantiseRows(vectors, dimension, dimension);
  std::vector<float> numbers(vectors.size());
  for (size_t i = 0; i < numbers.size(); ++i)
    numbers[i] = rows.scales[i / dimension] * static_cast<float>(rows.bytes[i]);
  return numbers;
}

void addItemVectors(const RandomModel& model, RandomWeights& weights, BundleBuilder& bundle) {
  const size_t d = model.dimension;
  const std::vector<float> exact = itemVectors(model, weights);
  const bool asFloats = model.precision == BundlePrecision::float32;
  addMatrix(SectionKind::ItemVectors, asFloats && !model.unrounded ? rounded(exact, d) : exact, d,
            (d + 15) / 16 * 16, model.precision, 0, bundle);
}

void addLayer(const RandomModel& model, uint32_t layer, RandomWeights& weights,
              BundleBuilder& bundle) {
  const size_t d = model.dimension;
  const size_t f = 2 * d;
  const float deviation = 1.5f / std::sqrt(static_cast<float>(d));
  const std::vector<float> ones(d, 1.0f);
  bundle.add(SectionKind::AttentionNorm, ones, layer);
  bundle.add(SectionKind::QueryKeyValue, weights.normal(3 * d * d, deviation), layer);
  bundle.add(SectionKind::DistanceBias, weights.normal(model.heads * model.history, 1), layer);
  bundle.add(SectionKind::AttentionOut, weights.normal(d * d, deviation), layer);
  bundle.add(SectionKind::FeedForwardNorm, ones, layer);
  bundle.add(SectionKind::GateAndUp, weights.normal(2 * f * d, deviation), layer);
  bundle.add(SectionKind::Down, weights.normal(d * f, deviation), layer);
}

Column categories(const char* name, uint32_t items, uint32_t most, uint64_t stream) {
  Random random(9, stream);
  Column column{.name = name, .kind = ColumnKind::categorical};
  for (int i = 0; i < 20; ++i) column.values.add("value " + std::to_string(i));
  column.offsets = {0};
  for (uint32_t item = 0; item < items; ++item) {
    const uint32_t first = random.below(20);
    for (uint32_t n = 1 + random.below(most), i = 0; i < n; ++i)
      column.codes.push_back((first + i) % 20);
    column.offsets.push_back(static_cast<uint32_t>(column.codes.size()));
  }
  return column;
}

/// Something to filter by: one category each, up to four, a price from 0 to 100.
std::vector<Column> metadata(uint32_t items) {
  Random random(9, 3);
  Column price{.name = "PRICE", .kind = ColumnKind::real};
  for (uint32_t item = 0; item < items; ++item)
    price.numbers.push_back(static_cast<double>(100 * random.uniform()));
  return {categories("CATEGORY", items, 1, 1), categories("GENRES", items, 4, 2), price};
}

void addCatalogue(uint32_t items, BundleBuilder& bundle) {
  Dataset data;
  for (uint32_t item = 0; item < items; ++item) data.items.add(std::to_string(item));
  data.itemColumns = metadata(items);
  writeCatalogue(data, ItemOrder(data.items), {}, bundle);
  std::vector<uint32_t> counts(items);
  for (uint32_t item = 0; item < items; ++item) counts[item] = 1 + items / (item + 1);
  bundle.add(SectionKind::ItemUserCounts, counts);
  bundle.setPopularity(2 * items);
}

}  // namespace

std::vector<uint8_t> RandomModel::bundle() const {
  BundleBuilder bundle(items, "user-personalization", ModelKind::Transformer);
  addCatalogue(items, bundle);
  bundle.setTransformer({.dimension = dimension,
                         .layers = layers,
                         .heads = heads,
                         .feedForward = 2 * dimension,
                         .window = history,
                         .normEpsilon = 1e-6f,
                         .inputScale = std::sqrt(static_cast<float>(dimension))});
  RandomWeights weights(seed, plain);
  addItemVectors(*this, weights, bundle);
  for (uint32_t layer = 0; layer < layers; ++layer) addLayer(*this, layer, weights, bundle);
  bundle.add(SectionKind::FinalNorm, std::vector<float>(dimension, 1.0f));
  bundle.setProvenance(R"({"made":"of random numbers, for a benchmark"})");
  if (codes) {
    std::vector<std::vector<uint32_t>> histories(100);
    for (size_t i = 0; i < histories.size(); ++i) histories[i] = randomHistory(i);
    const auto pass = addFirstPass(histories, bundle);
    if (pass)
      std::fprintf(stderr, "shortlist %u, recall@25 %.4f\n", pass->shortlist, pass->recallAt25);
  }
  return bundle.finish();
}

std::vector<uint32_t> RandomModel::randomHistory(uint64_t number) const {
  Random random(17, number);
  std::vector<uint32_t> events(1 + random.below(20));
  for (uint32_t& item : events) item = random.below(items);
  return events;
}

}  // namespace attune::bench
