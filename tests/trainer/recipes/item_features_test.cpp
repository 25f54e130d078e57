#include "trainer/recipes/item_features.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "tests/trainer/recipes/item_table.h"

using namespace attune::trainer;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The weight item v gives each feature.
std::vector<float> row(const ItemFeatures& features, size_t item) {
  std::vector<float> weights(features.featureCount);
  for (uint64_t i = features.offsets[item]; i < features.offsets[item + 1]; ++i)
    weights[features.features[i]] += features.weights[i];
  return weights;
}

Dataset datasetOf(size_t items, std::vector<Column> columns) {
  Dataset data;
  for (size_t i = 0; i < items; ++i) data.items.add("i" + std::to_string(i));
  data.itemColumns = std::move(columns);
  return data;
}

}  // namespace

TEST_CASE("categories are features, those of one item alone or of all items are not") {
  const ItemFeatures features = categoricalFeatures(
      categoricalColumn({{"all", "a", "b"}, {"all", "a"}, {"all", "b", "a"}, {"all", "once"}}));
  REQUIRE(features.featureCount == 2);
  CHECK(row(features, 0) == std::vector<float>{std::sqrt(0.5f), std::sqrt(0.5f)});
  CHECK(row(features, 1) == std::vector<float>{1, 0});
  CHECK(row(features, 3) == std::vector<float>{0, 0});
}

TEST_CASE("having no category is a category, if several items have none") {
  const ItemFeatures two = categoricalFeatures(categoricalColumn({{"a"}, {}, {"a"}, {}}));
  REQUIRE(two.featureCount == 2);
  CHECK(row(two, 1) == row(two, 3));
  CHECK(row(two, 1) != row(two, 0));
  CHECK(categoricalFeatures(categoricalColumn({{"a"}, {}, {"a"}})).featureCount == 1);
}

TEST_CASE("a number belongs to the buckets around it, in proportion") {
  const ItemFeatures features = numericFeatures(numericColumn({1, 1, 3, 3, 2, 9, 9}), 16);
  // 2 has a bucket of its own, which one item alone has.
  REQUIRE(features.featureCount == 3);
  CHECK(row(features, 0) == std::vector<float>{1, 0, 0});
  CHECK(row(features, 4) == std::vector<float>{0, 0, 0});

  std::vector<double> many;
  for (int i = 0; i < 1000; ++i) many.push_back(i * i);
  const ItemFeatures buckets = numericFeatures(numericColumn(many), 16);
  REQUIRE(buckets.featureCount == 16);
  for (size_t item = 0; item < many.size(); ++item) {
    float sum = 0;
    for (const float weight : row(buckets, item)) sum += weight;
    CHECK(sum == Approx(1));
  }
  CHECK(row(buckets, 0)[0] == 1);
  CHECK(row(buckets, 999)[15] == 1);
  CHECK(row(buckets, 62)[0] > row(buckets, 62)[1]);
  CHECK(row(buckets, 62)[1] > 0);
}

TEST_CASE("NaN and infinities in a column are null, which has its own bucket") {
  const ItemFeatures features =
      numericFeatures(numericColumn({1, kNan, 2, kInfinity, 1, -kInfinity, 2}), 16);
  REQUIRE(features.featureCount == 3);
  CHECK(row(features, 1) == std::vector<float>{0, 0, 1});
  CHECK(row(features, 3) == row(features, 1));
  CHECK(row(features, 5) == row(features, 1));
  for (const float weight : features.weights) CHECK(std::isfinite(weight));
}

TEST_CASE("numbers as large as can be give finite weights") {
  const double most = std::numeric_limits<double>::max();
  std::vector<double> numbers;
  for (int i = 0; i < 50; ++i) numbers.push_back(most / 25 * (i - 25));
  const ItemFeatures features = numericFeatures(numericColumn(numbers), 4);
  CHECK(features.featureCount == 4);
  for (const float weight : features.weights) CHECK((weight > 0 && weight <= 1));
}

TEST_CASE("a column that says the same of every item, or nothing of any, tells nothing") {
  CHECK(itemFeaturesOf(datasetOf(3, {})).empty());
  CHECK(itemFeaturesOf(datasetOf(3, {categoricalColumn({{"a"}, {"a"}, {"a"}})})).empty());
  CHECK(itemFeaturesOf(datasetOf(3, {categoricalColumn({{}, {}, {}})})).empty());
  CHECK(itemFeaturesOf(datasetOf(3, {numericColumn({7, 7, 7})})).empty());
  CHECK(itemFeaturesOf(datasetOf(3, {numericColumn({kNan, kNan, kNan})})).empty());
  CHECK(itemFeaturesOf(datasetOf(3, {textColumn({"", "", ""})})).empty());
  CHECK(itemFeaturesOf(datasetOf(3, {textColumn({"same", "same", "same"})})).empty());
}

TEST_CASE("one item, or none, gives no features") {
  CHECK(itemFeaturesOf(datasetOf(1, {categoricalColumn({{"a", "b"}}), numericColumn({7}),
                                     textColumn({"a text of one item"})}))
            .empty());
  CHECK(itemFeaturesOf(datasetOf(0, {categoricalColumn({}), numericColumn({}), textColumn({})}))
            .empty());
}

TEST_CASE("columns stand side by side and weigh the same, and plain text takes no part") {
  const Dataset data = datasetOf(4, {categoricalColumn({{"a"}, {"a", "b"}, {"b"}, {"b"}}),
                                     numericColumn({kNan, kNan, kNan, kNan}),
                                     textColumn({"x", "x", "y", "y"}, ColumnKind::text),
                                     numericColumn({0, 1, 1, 0}, ColumnKind::boolean)});
  const ItemFeatures features = itemFeaturesOf(data);
  REQUIRE(features.featureCount == 4);
  REQUIRE(features.offsets.size() == 5);
  const float half = std::sqrt(0.5f);
  CHECK(row(features, 0) == std::vector<float>{half, 0, half, 0});
  CHECK(row(features, 1)[0] == Approx(0.5f));
  CHECK(row(features, 1)[3] == half);
}
