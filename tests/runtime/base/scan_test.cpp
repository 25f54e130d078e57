#include "runtime/base/scan.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "runtime/base/random.h"

using namespace attune;

namespace {

struct RandomRows {
  RandomRows(size_t rows, size_t stride, int largest) : stride_(stride) {
    Random random(rows + stride);
    for (size_t i = 0; i < rows * stride; ++i)
      bytes_.push_back(static_cast<int8_t>(static_cast<int>(random.below(
                           static_cast<uint32_t>(2 * largest + 1))) - largest));
    for (size_t i = 0; i < rows; ++i) scales_.push_back(random.uniform());
    for (size_t i = 0; i < stride; ++i) vector_.push_back(random.normal());
  }
  ByteRows view() const { return {bytes_, scales_, stride_}; }

  size_t stride_;
  std::vector<int8_t> bytes_;
  std::vector<float> scales_;
  std::vector<float> vector_;
};

}  // namespace

TEST_CASE("every kernel of this machine gives the bits of the scalar one, for all shapes") {
  for (const size_t stride : {16u, 32u, 48u, 64u, 80u, 160u, 1024u})
    for (const size_t count : {0u, 1u, 3u, 4u, 5u, 33u}) {
      const RandomRows rows(count, stride, 127);
      WideQuery query;
      REQUIRE(query.set(rows.vector_, stride).ok());
      std::vector<float> expected(count);
      scanRowsWith(ScanKernel::scalar, rows.view(), query, expected);
      for (const ScanKernel kernel : {ScanKernel::avx2, ScanKernel::avx512, ScanKernel::wasmSimd}) {
        if (!hasKernel(kernel)) continue;
        std::vector<float> found(count);
        scanRowsWith(kernel, rows.view(), query, found);
        CAPTURE(stride, count, static_cast<int>(kernel));
        CHECK(found == expected);
      }
    }
}

TEST_CASE("no sum can overflow, even of the largest numbers in the longest rows") {
  for (const size_t stride : {16u, 64u, 512u, 1024u}) {
    const std::vector<int8_t> bytes(stride, -128);
    const std::vector<float> scales = {1};
    WideQuery query;
    REQUIRE(query.set(std::vector<float>(stride, -3.0f), stride).ok());
    std::vector<float> out(1);
    scanRows({bytes, scales, stride}, query, out);
    CHECK(out[0] == Approx(3.0 * 128 * static_cast<double>(stride)).epsilon(1e-4));
  }
}

TEST_CASE("a scan is the product with the rows, to the precision of 16 bits") {
  const RandomRows rows(100, 64, 127);
  WideQuery query;
  REQUIRE(query.set(rows.vector_, 64).ok());
  std::vector<float> found(100);
  scanRows(rows.view(), query, found);
  for (size_t r = 0; r < 100; ++r) {
    double expected = 0;
    for (size_t i = 0; i < 64; ++i)
      expected += static_cast<double>(rows.bytes_[r * 64 + i]) * rows.vector_[i];
    CHECK(found[r] == Approx(expected * rows.scales_[r]).margin(0.05));
  }
}

TEST_CASE("a query of zeros scores nothing, and a short one is padded") {
  const RandomRows rows(5, 32, 127);
  WideQuery query;
  REQUIRE(query.set(std::vector<float>(20, 0.0f), 32).ok());
  std::vector<float> found(5, 7.0f);
  scanRows(rows.view(), query, found);
  CHECK(found == std::vector<float>(5, 0.0f));
}
