#include "runtime/base/code_scan.h"

#include <catch2/catch.hpp>
#include <vector>

#include "runtime/base/random.h"

using namespace attune;

namespace {

/// Random codes, points and scales, and a vector to ask with.
struct RandomCodes {
  RandomCodes(size_t rows, size_t dimension) : columns_(CodedRows::columnsOf(dimension)) {
    Random random(rows + 1, dimension);
    for (size_t i = 0; i < CodedRows::bytesOf(rows, columns_); ++i)
      codes_.push_back(static_cast<uint8_t>(random.below(256)));
    for (size_t i = 0; i < rows; ++i) scales_.push_back(random.uniform());
    for (size_t i = 0; i < 2 * columns_ * CodedRows::kPoints * CodedRows::kWidth; ++i)
      points_.push_back(random.normal());
    for (size_t i = 0; i < dimension; ++i) vector_.push_back(random.normal());
  }
  CodedRows view() const { return {codes_, scales_, columns_}; }

  /// The product of the query with the points that a row's codes name, as the format says it.
  double product(size_t row) const {
    double sum = 0;
    for (size_t i = 0; i < vector_.size(); ++i) {
      const size_t part = i / CodedRows::kWidth;
      const uint8_t byte = codes_[(row / 16 * columns_ + part / 2) * 16 + row % 16];
      const size_t code = part % 2 == 0 ? byte & 15u : byte >> 4;
      const size_t at = (part * CodedRows::kPoints + code) * CodedRows::kWidth + i % 4;
      sum += static_cast<double>(vector_[i]) * static_cast<double>(points_[at]);
    }
    return sum * static_cast<double>(scales_[row]);
  }

  size_t columns_;
  std::vector<uint8_t> codes_;
  std::vector<float> scales_, points_, vector_;
};

}  // namespace

TEST_CASE("a scan of codes gives the bits of the one without SIMD, for all shapes") {
  for (const size_t dimension : {1u, 16u, 43u, 64u, 160u, 1024u})
    for (const size_t rows : {0u, 1u, 15u, 16u, 31u, 32u, 33u, 100u}) {
      const RandomCodes world(rows, dimension);
      CodeTables tables;
      REQUIRE(tables.set(world.vector_, world.points_).ok());
      std::vector<float> expected(rows), found(rows);
      scanCodesPlainly(world.view(), tables, expected);
      scanCodes(world.view(), tables, found);
      CAPTURE(dimension, rows);
      CHECK(found == expected);
    }
}

TEST_CASE("a score is the product with what the codes name, to half a step of the tables a code") {
  const RandomCodes world(50, 64);
  CodeTables tables;
  REQUIRE(tables.set(world.vector_, world.points_).ok());
  std::vector<float> scores(50);
  scanCodes(world.view(), tables, scores);
  const double most = 16 * 0.5 * static_cast<double>(tables.step) + 1e-5;
  for (size_t row = 0; row < scores.size(); ++row)
    CHECK(static_cast<double>(scores[row]) == Approx(world.product(row)).margin(most));
}

TEST_CASE("no sum of entries overflows, even of the longest rows") {
  const size_t rows = 40, columns = CodedRows::columnsOf(1024);
  const std::vector<uint8_t> codes(CodedRows::bytesOf(rows, columns), 0xff);
  const std::vector<float> scales(rows, 1);
  // Point 15 of each four is as far from the others as can be.
  std::vector<float> points(2 * columns * CodedRows::kPoints * CodedRows::kWidth);
  for (size_t i = 0; i < points.size(); ++i) points[i] = i / 4 % 16 == 15 ? 127.0f : 0.0f;
  CodeTables tables;
  REQUIRE(tables.set(std::vector<float>(1024, 1.0f), points).ok());
  std::vector<float> scores(rows);
  scanCodes({codes, scales, columns}, tables, scores);
  for (const float score : scores) CHECK(score == Approx(1024.0 * 127));
}

TEST_CASE("an all-zero query scores every row 0") {
  const RandomCodes world(40, 16);
  CodeTables tables;
  REQUIRE(tables.set(std::vector<float>(16), world.points_).ok());
  std::vector<float> scores(40, 1.0f);
  scanCodes(world.view(), tables, scores);
  for (const float score : scores) CHECK(score == 0);
}
