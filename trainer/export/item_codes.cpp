#include "trainer/export/item_codes.h"

#include <algorithm>
#include <array>

#include "runtime/base/code_scan.h"

namespace attune::trainer {
namespace {

constexpr size_t kWidth = CodedRows::kWidth, kPoints = CodedRows::kPoints;
/// k-means sees at most so many rows, evenly spread: 16 points need no more.
constexpr size_t kSample = 32768;
constexpr int kRounds = 16;

using Four = std::array<float, kWidth>;

/// 16 points of four numbers, coordinate by coordinate, so that distances to all are made at once.
struct Points {
  std::array<std::array<float, kPoints>, kWidth> coordinates = {};

  void set(size_t point, const Four& four) {
    for (size_t i = 0; i < kWidth; ++i) coordinates[i][point] = four[i];
  }
  std::array<float, kPoints> squaredDistances(const Four& four) const {
    std::array<float, kPoints> sums = {};
    for (size_t i = 0; i < kWidth; ++i)
      for (size_t p = 0; p < kPoints; ++p) {
        const float difference = four[i] - coordinates[i][p];
        sums[p] += difference * difference;
      }
    return sums;
  }
  /// The lowest number of those that are nearest.
  size_t nearest(const Four& four) const {
    const auto sums = squaredDistances(four);
    return static_cast<size_t>(std::min_element(sums.begin(), sums.end()) - sums.begin());
  }
};

/// The vector of the sample that is furthest from all points.
const Four& furthest(const std::vector<Four>& sample, const Points& points) {
  const auto distance = [&](const Four& four) {
    const auto sums = points.squaredDistances(four);
    return *std::min_element(sums.begin(), sums.end());
  };
  return *std::max_element(sample.begin(), sample.end(), [&](const Four& a, const Four& b) {
    return distance(a) < distance(b);
  });
}

/// k-means, from vectors spread over the sample. A point that no vector is nearest to goes where the
/// sample is furthest from all.
Points pointsOf(const std::vector<Four>& sample) {
  Points points;
  for (size_t p = 0; p < kPoints; ++p) points.set(p, sample[p * sample.size() / kPoints]);
  for (int round = 0; round < kRounds; ++round) {
    std::array<std::array<double, kWidth>, kPoints> sums = {};
    std::array<double, kPoints> counts = {};
    for (const Four& four : sample) {
      const size_t p = points.nearest(four);
      ++counts[p];
      for (size_t i = 0; i < kWidth; ++i) sums[p][i] += static_cast<double>(four[i]);
    }
    for (size_t p = 0; p < kPoints; ++p) {
      Four mean = {};
      for (size_t i = 0; i < kWidth; ++i) mean[i] = static_cast<float>(sums[p][i] / counts[p]);
      points.set(p, counts[p] > 0 ? mean : furthest(sample, points));
    }
  }
  return points;
}

}  // namespace

ItemCodes codeItems(std::span<const int8_t> rows, size_t dimension, size_t stride) {
  const size_t count = rows.size() / stride;
  const size_t columns = CodedRows::columnsOf(dimension);
  ItemCodes result;
  result.codes.resize(CodedRows::bytesOf(count, columns));
  const size_t step = std::max<size_t>(1, count / kSample);
  for (size_t part = 0; part < 2 * columns; ++part) {
    const auto fourOf = [&](size_t row) {
      Four four;
      for (size_t i = 0; i < kWidth; ++i)
        four[i] = static_cast<float>(rows[row * stride + part * kWidth + i]);
      return four;
    };
    std::vector<Four> sample;
    for (size_t r = 0; r < count; r += step) sample.push_back(fourOf(r));
    const Points points = pointsOf(sample);
    for (size_t p = 0; p < kPoints; ++p)
      for (size_t i = 0; i < kWidth; ++i) result.points.push_back(points.coordinates[i][p]);
    for (size_t r = 0; r < count; ++r) {
      const size_t p = points.nearest(fourOf(r));
      const size_t block = r / CodedRows::kBlock, place = r % CodedRows::kBlock;
      uint8_t& code = result.codes[(block * columns + part / 2) * CodedRows::kBlock + place];
      code = static_cast<uint8_t>(code | p << (part % 2 * 4));
    }
  }
  return result;
}

}  // namespace attune::trainer
