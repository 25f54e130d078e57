#include <array>
#include <catch2/catch.hpp>

#include "runtime/base/random.h"
#include "trainer/recipes/metadata_map.h"

using namespace attune;
using namespace attune::trainer;

namespace {

constexpr size_t kItems = 300, kFeatures = 6, kDimension = 9;

float uniform(uint64_t seed, uint64_t index) {
  return Random(seed, index).uniform() - 0.5f;
}

/// Every item has two features, except the last one, which has none; vectors are 3 more than what
/// the features add up to.
struct World {
  ItemFeatures features;
  std::vector<float> map, vectors;

  World() {
    features.featureCount = kFeatures;
    features.offsets.push_back(0);
    for (size_t i = 0; i < kFeatures * kDimension; ++i) map.push_back(uniform(1, i));
    for (uint32_t item = 0; item < kItems; ++item) {
      const std::array<uint32_t, 2> both = {item % 3, 3 + item / 3 % 3};
      const size_t count = item + 1 == kItems ? 0 : both.size();
      for (size_t i = 0; i < count; ++i) {
        features.features.push_back(both[i]);
        features.weights.push_back(0.7f);
      }
      features.offsets.push_back(features.features.size());
      for (size_t j = 0; j < kDimension; ++j) {
        float sum = 3;
        for (size_t i = 0; i < count; ++i) sum += 0.7f * map[both[i] * kDimension + j];
        vectors.push_back(sum);
      }
    }
  }
  ConstMatrix matrix() const { return {vectors.data(), kItems, kDimension}; }
  std::vector<float> asked(const MetadataMap& found, size_t item) const {
    std::vector<float> out(kDimension);
    found.vectorOf(item, out);
    return out;
  }
};

}  // namespace

TEST_CASE("vectors that metadata decide are found for items whose own vector is not looked at") {
  World world;
  std::vector<float> evidence(kItems, 1.0f);
  for (size_t item = 0; item < kItems; item += 7) {
    evidence[item] = 0;
    for (size_t j = 0; j < kDimension; ++j) world.vectors[item * kDimension + j] = 1e6f;
  }
  const World sound;
  const MetadataMap map(world.features, world.matrix(), evidence, 1);
  for (const size_t item : {0, 7, 14, 280}) {
    const std::vector<float> vector = world.asked(map, item);
    for (size_t j = 0; j < kDimension; ++j)
      CHECK(vector[j] == Approx(sound.vectors[item * kDimension + j]).margin(0.03));
  }
}

TEST_CASE("an item without metadata, and every item of a catalogue without, gets the mean vector") {
  const World world;
  const std::vector<float> evidence(kItems, 0.5f);
  std::vector<double> mean(kDimension);
  for (size_t i = 0; i < world.vectors.size(); ++i)
    mean[i % kDimension] += static_cast<double>(world.vectors[i]) / kItems;
  const MetadataMap map(world.features, world.matrix(), evidence, 1);
  const ItemFeatures none;
  const MetadataMap blind(none, world.matrix(), evidence, 1);
  for (size_t j = 0; j < kDimension; ++j) {
    CHECK(world.asked(map, kItems - 1)[j] == Approx(mean[j]));
    CHECK(world.asked(blind, 5)[j] == Approx(mean[j]));
  }
}

TEST_CASE("items count by their evidence") {
  World world;
  // Items 0, 9, 18 ... have the same features; the first alone has another vector.
  for (size_t j = 0; j < kDimension; ++j) world.vectors[j] = 50;
  const auto askedWith = [&](float evidence) {
    std::vector<float> all(kItems, 1.0f);
    all[0] = evidence;
    return world.asked(MetadataMap(world.features, world.matrix(), all, 1), 9)[0];
  };
  CHECK(askedWith(0.01f) < askedWith(1));
  CHECK(askedWith(1) < askedWith(100));
  CHECK(askedWith(0.001f) == Approx(world.vectors[9 * kDimension]).margin(0.1));
}

TEST_CASE("the map does not depend on the threads") {
  const World world;
  const std::vector<float> evidence(kItems, 1.0f);
  const MetadataMap one(world.features, world.matrix(), evidence, 1);
  const MetadataMap three(world.features, world.matrix(), evidence, 3);
  for (size_t item = 0; item < 20; ++item)
    CHECK(world.asked(one, item) == world.asked(three, item));
}
