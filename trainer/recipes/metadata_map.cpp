#include "trainer/recipes/metadata_map.h"

#include <array>

#include "trainer/base/parallel.h"

namespace attune::trainer {
namespace {

/// What the squares of the map weigh beside the items' errors: as much as one item that has the
/// feature alone.
constexpr float kRidge = 1;
constexpr size_t kMostSteps = 50;
constexpr double kTolerance = 1e-3;  // of the right-hand side's length
/// Columns solved together: each is a system of its own, but they share the walk over the features.
constexpr size_t kWidth = 16;

using Lane = std::array<float, kWidth>;
using Lanes = std::vector<Lane>;
using Sums = std::array<double, kWidth>;

/// The normal equations (F' E F + ridge) x = F' E y of kWidth columns, by conjugate gradients.
class RidgeLanes {
 public:
  RidgeLanes(const ItemFeatures& features, std::span<const float> evidence)
      : features_(features), evidence_(evidence) {}

  /// x (features) for the targets y (items), which are 0 where there is no evidence.
  Lanes solve(const Lanes& y) const {
    Lanes x(features_.featureCount), residual = back(y), applied;
    Lanes direction = residual;
    Sums length = dots(residual, residual);
    Sums enough = length;
    for (double& one : enough) one *= kTolerance * kTolerance;
    for (size_t step = 0; step < kMostSteps && anyAbove(length, enough); ++step) {
      applied = apply(direction);
      const Lane along = ratio(length, dots(direction, applied));
      addScaled(along, direction, x);
      subtractScaled(along, applied, residual);
      const Sums next = dots(residual, residual);
      const Lane back = ratio(next, length);
      for (size_t i = 0; i < x.size(); ++i)
        for (size_t j = 0; j < kWidth; ++j)
          direction[i][j] = residual[i][j] + back[j] * direction[i][j];
      length = next;
    }
    return x;
  }

 private:
  static bool anyAbove(const Sums& a, const Sums& b) {
    for (size_t j = 0; j < kWidth; ++j)
      if (a[j] > b[j]) return true;
    return false;
  }
  /// 0 where there is nothing to divide by: that column has its answer.
  static Lane ratio(const Sums& a, const Sums& b) {
    Lane out;
    for (size_t j = 0; j < kWidth; ++j) out[j] = b[j] > 0 ? static_cast<float>(a[j] / b[j]) : 0.0f;
    return out;
  }
  static Sums dots(const Lanes& a, const Lanes& b) {
    Sums sums{};
    for (size_t i = 0; i < a.size(); ++i)
      for (size_t j = 0; j < kWidth; ++j)
        sums[j] += static_cast<double>(a[i][j]) * static_cast<double>(b[i][j]);
    return sums;
  }
  static void addScaled(const Lane& scale, const Lanes& from, Lanes& to) {
    for (size_t i = 0; i < to.size(); ++i)
      for (size_t j = 0; j < kWidth; ++j) to[i][j] += scale[j] * from[i][j];
  }
  static void subtractScaled(const Lane& scale, const Lanes& from, Lanes& to) {
    for (size_t i = 0; i < to.size(); ++i)
      for (size_t j = 0; j < kWidth; ++j) to[i][j] -= scale[j] * from[i][j];
  }

  /// F' E y
  Lanes back(const Lanes& y) const {
    Lanes out(features_.featureCount);
    for (size_t item = 0; item < y.size(); ++item) {
      if (!(evidence_[item] > 0)) continue;
      for (uint64_t i = features_.offsets[item]; i < features_.offsets[item + 1]; ++i) {
        Lane& to = out[features_.features[i]];
        const float weight = evidence_[item] * features_.weights[i];
        for (size_t j = 0; j < kWidth; ++j) to[j] += weight * y[item][j];
      }
    }
    return out;
  }

  Lanes apply(const Lanes& x) const {
    Lanes y(evidence_.size());
    for (size_t item = 0; item < y.size(); ++item) {
      if (!(evidence_[item] > 0)) continue;
      for (uint64_t i = features_.offsets[item]; i < features_.offsets[item + 1]; ++i) {
        const Lane& from = x[features_.features[i]];
        for (size_t j = 0; j < kWidth; ++j) y[item][j] += features_.weights[i] * from[j];
      }
    }
    Lanes out = back(y);
    for (size_t i = 0; i < x.size(); ++i)
      for (size_t j = 0; j < kWidth; ++j) out[i][j] += kRidge * x[i][j];
    return out;
  }

  const ItemFeatures& features_;
  std::span<const float> evidence_;
};

float meanOf(ConstMatrix vectors, std::span<const float> evidence, size_t column) {
  double sum = 0, all = 0;
  for (size_t item = 0; item < evidence.size(); ++item) {
    if (!(evidence[item] > 0)) continue;
    sum += static_cast<double>(evidence[item] * vectors.row(item)[column]);
    all += static_cast<double>(evidence[item]);
  }
  return static_cast<float>(sum / all);
}

}  // namespace

MetadataMap::MetadataMap(const ItemFeatures& features, ConstMatrix vectors,
                         std::span<const float> evidence, unsigned threads)
    : features_(features),
      dimension_(vectors.columns),
      mean_(vectors.columns),
      map_(features.featureCount * vectors.columns) {
  parallelFor(dimension_, kWidth, threads, [&](size_t begin, size_t end, unsigned) {
    fitColumns(vectors, evidence, begin, end);
  });
}

void MetadataMap::fitColumns(ConstMatrix vectors, std::span<const float> evidence, size_t begin,
                             size_t end) {
  for (size_t column = begin; column < end; ++column)
    mean_[column] = meanOf(vectors, evidence, column);
  if (features_.empty()) return;
  Lanes targets(evidence.size(), Lane{});
  for (size_t item = 0; item < evidence.size(); ++item)
    for (size_t column = begin; evidence[item] > 0 && column < end; ++column)
      targets[item][column - begin] = vectors.row(item)[column] - mean_[column];
  const Lanes x = RidgeLanes(features_, evidence).solve(targets);
  for (size_t i = 0; i < x.size(); ++i)
    for (size_t column = begin; column < end; ++column)
      map_[i * dimension_ + column] = x[i][column - begin];
}

void MetadataMap::vectorOf(size_t item, std::span<float> out) const {
  for (size_t j = 0; j < dimension_; ++j) out[j] = mean_[j];
  if (features_.empty()) return;
  for (uint64_t i = features_.offsets[item]; i < features_.offsets[item + 1]; ++i) {
    const float* row = map_.data() + features_.features[i] * dimension_;
    for (size_t j = 0; j < dimension_; ++j) out[j] += features_.weights[i] * row[j];
  }
}

}  // namespace attune::trainer
