#include "trainer/recipes/item_features.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "trainer/recipes/text_features.h"

namespace attune::trainer {
namespace {

constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();

/// Features are numbered among those that tell items apart; kNone for the others.
std::vector<uint32_t> numbered(const std::vector<uint32_t>& itemsOf, size_t items, size_t& count) {
  std::vector<uint32_t> numbers(itemsOf.size(), kNone);
  for (size_t i = 0; i < itemsOf.size(); ++i)
    if (itemsOf[i] >= 2 && itemsOf[i] < items) numbers[i] = static_cast<uint32_t>(count++);
  return numbers;
}

/// Leaves out the features that fewer than two items or all have.
ItemFeatures withoutUseless(const ItemFeatures& from) {
  const size_t items = from.offsets.size() - 1;
  std::vector<uint32_t> itemsOf(from.featureCount);
  for (const uint32_t feature : from.features) ++itemsOf[feature];
  ItemFeatures to;
  const std::vector<uint32_t> numbers = numbered(itemsOf, items, to.featureCount);
  to.offsets.push_back(0);
  for (size_t item = 0; item < items; ++item) {
    for (uint64_t i = from.offsets[item]; i < from.offsets[item + 1]; ++i) {
      if (numbers[from.features[i]] == kNone) continue;
      to.features.push_back(numbers[from.features[i]]);
      to.weights.push_back(from.weights[i]);
    }
    to.offsets.push_back(to.features.size());
  }
  return to;
}

/// The middles of the buckets, ascending: all different values, or as many quantiles of the
/// numbers.
std::vector<double> bucketMiddles(std::vector<double> numbers, size_t buckets) {
  std::sort(numbers.begin(), numbers.end());
  std::vector<double> middles = numbers;
  middles.erase(std::unique(middles.begin(), middles.end()), middles.end());
  if (middles.size() <= buckets) return middles;
  middles.clear();
  for (size_t b = 0; b < buckets; ++b)
    middles.push_back(numbers[(2 * b + 1) * numbers.size() / (2 * buckets)]);
  middles.erase(std::unique(middles.begin(), middles.end()), middles.end());
  return middles;
}

ItemFeatures featuresOf(const Column& column, const ItemFeatureOptions& options) {
  switch (column.kind) {
    case ColumnKind::categorical:
      return categoricalFeatures(column);
    case ColumnKind::integer:
    case ColumnKind::real:
    case ColumnKind::boolean:
      return numericFeatures(column, options.buckets);
    case ColumnKind::textual:
      return textFeatures(column, options);
    case ColumnKind::text:
      break;  // is for people alone
  }
  return {};
}

/// The features of all columns side by side, at `scale` times their weight.
ItemFeatures joined(const std::vector<ItemFeatures>& columns, size_t items, float scale) {
  ItemFeatures all;
  all.offsets.push_back(0);
  for (size_t item = 0; item < items; ++item) {
    size_t first = 0;
    for (const ItemFeatures& column : columns) {
      for (uint64_t i = column.offsets[item]; i < column.offsets[item + 1]; ++i) {
        all.features.push_back(static_cast<uint32_t>(first + column.features[i]));
        all.weights.push_back(scale * column.weights[i]);
      }
      first += column.featureCount;
    }
    all.offsets.push_back(all.features.size());
    all.featureCount = first;
  }
  return all;
}

}  // namespace

ItemFeatures categoricalFeatures(const Column& column) {
  const auto null = static_cast<uint32_t>(column.values.size());
  ItemFeatures features;
  features.featureCount = column.values.size() + 1;
  features.offsets.push_back(0);
  for (size_t item = 0; item + 1 < column.offsets.size(); ++item) {
    const auto begin = column.codes.begin() + column.offsets[item];
    const auto end = column.codes.begin() + column.offsets[item + 1];
    features.features.insert(features.features.end(), begin, end);
    if (begin == end) features.features.push_back(null);
    features.offsets.push_back(features.features.size());
  }
  features.weights.resize(features.features.size());
  features = withoutUseless(features);
  for (size_t item = 0; item + 1 < features.offsets.size(); ++item)
    for (uint64_t i = features.offsets[item]; i < features.offsets[item + 1]; ++i)
      features.weights[i] =
          1 / std::sqrt(static_cast<float>(features.offsets[item + 1] - features.offsets[item]));
  return features;
}

ItemFeatures numericFeatures(const Column& column, size_t buckets) {
  std::vector<double> numbers;
  for (const double number : column.numbers)
    if (std::isfinite(number)) numbers.push_back(number);
  const std::vector<double> middles = bucketMiddles(std::move(numbers), buckets);
  const auto null = static_cast<uint32_t>(middles.size());
  ItemFeatures features;
  features.featureCount = middles.size() + 1;
  features.offsets.push_back(0);
  const auto add = [&](size_t bucket, double weight) {
    if (weight <= 0) return;
    features.features.push_back(static_cast<uint32_t>(bucket));
    features.weights.push_back(static_cast<float>(weight));
  };
  for (const double number : column.numbers) {
    if (!std::isfinite(number)) {
      add(null, 1);
    } else {
      const size_t above = static_cast<size_t>(
          std::lower_bound(middles.begin(), middles.end(), number) - middles.begin());
      if (above == 0 || above == middles.size()) {
        add(above == 0 ? 0 : above - 1, 1);
      } else {
        // Halves, as the distance of two finite numbers need not be finite.
        const double share =
            (number / 2 - middles[above - 1] / 2) / (middles[above] / 2 - middles[above - 1] / 2);
        add(above - 1, 1 - share);
        add(above, share);
      }
    }
    features.offsets.push_back(features.features.size());
  }
  return withoutUseless(features);
}

ItemFeatures itemFeaturesOf(const Dataset& data, const ItemFeatureOptions& options) {
  std::vector<ItemFeatures> columns;
  for (const Column& column : data.itemColumns)
    if (ItemFeatures features = featuresOf(column, options); !features.empty())
      columns.push_back(std::move(features));
  if (columns.empty()) return {};
  return joined(columns, data.items.size(), 1 / std::sqrt(static_cast<float>(columns.size())));
}

}  // namespace attune::trainer
