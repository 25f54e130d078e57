#include "trainer/nn/gemm.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "runtime/base/random.h"
#include "trainer/nn/cpu.h"

using namespace attune;
using namespace attune::trainer;

namespace {

/// Runs the test's body once for each instruction set, and leaves the best one in force.
class EachInstructionSet {
 public:
  template <class Body>
  explicit EachInstructionSet(Body body) {
    for (const InstructionSet set : supportedInstructionSets()) {
      forceInstructionSet(set);
      CAPTURE(nameOf(set));
      body();
    }
    forceInstructionSet(InstructionSet::avx512);
  }
};

/// A matrix stored with a gap after each row, filled with NaN: whoever reads it is found out.
struct Matrix {
  Matrix(size_t rows_, size_t columns_, size_t gap, uint64_t stream)
      : rows(rows_),
        columns(columns_),
        stride(columns_ + gap),
        values(rows_ * stride, std::numeric_limits<float>::quiet_NaN()) {
    Random random(11, stream);
    for (size_t i = 0; i < rows; ++i) {
      for (size_t j = 0; j < columns; ++j) at(i, j) = random.normal();
    }
  }
  float& at(size_t i, size_t j) { return values[i * stride + j]; }
  float at(size_t i, size_t j) const { return values[i * stride + j]; }
  size_t rows, columns, stride;
  std::vector<float> values;
};

/// One product: how it is asked for, and what it should give.
struct Case {
  size_t m, n, k;
  bool transposeA = false, transposeB = false;
  float alpha = 1, beta = 0;
  size_t gap = 0;
};

struct Product {
  explicit Product(const Case& c)
      : a(c.transposeA ? c.k : c.m, c.transposeA ? c.m : c.k, c.gap, 1),
        b(c.transposeB ? c.n : c.k, c.transposeB ? c.k : c.n, c.gap, 2),
        result(c.m, c.n, c.gap, 3) {}
  Matrix a, b, result;

  void run(const Case& c, GemmThreads* threads = nullptr) {
    gemm({c.m, c.n, c.k}, {a.values.data(), a.stride, c.transposeA},
         {b.values.data(), b.stride, c.transposeB},
         {result.values.data(), result.stride, c.alpha, c.beta}, threads);
  }
};

/// The largest error, in units of what rounding may do to a sum of k terms.
double worstError(const Case& c, const Product& before, const Product& after) {
  double worst = 0;
  for (size_t i = 0; i < c.m; ++i) {
    for (size_t j = 0; j < c.n; ++j) {
      double sum = 0, size = 1e-30;
      for (size_t p = 0; p < c.k; ++p) {
        const double term =
            static_cast<double>(c.transposeA ? before.a.at(p, i) : before.a.at(i, p)) *
            (c.transposeB ? before.b.at(j, p) : before.b.at(p, j));
        sum += term;
        size += std::abs(term);
      }
      const double old = c.beta == 0 ? 0 : static_cast<double>(c.beta) * before.result.at(i, j);
      const double expected = c.alpha * sum + old;
      const double error = std::abs(after.result.at(i, j) - expected);
      const double bound = 6e-8 * (std::sqrt(static_cast<double>(c.k)) + 4) *
                           (std::abs(c.alpha) * size + std::abs(old));
      worst = std::isnan(error) ? std::numeric_limits<double>::infinity()
                                : std::max(worst, error / bound);
    }
  }
  return worst;
}

void checkProduct(const Case& c) {
  CAPTURE(c.m, c.n, c.k, c.transposeA, c.transposeB, c.alpha, c.beta, c.gap);
  Product product(c);
  const Product before = product;
  product.run(c);
  CHECK(worstError(c, before, product) <= 1);
  for (size_t i = 0; c.gap > 0 && i < c.m; ++i) {
    REQUIRE(std::isnan(product.result.values[i * product.result.stride + c.n]));
  }
}

void checkAllTransposes(Case c) {
  for (const bool a : {false, true}) {
    for (const bool b : {false, true}) {
      c.transposeA = a;
      c.transposeB = b;
      checkProduct(c);
    }
  }
}

bool sameBits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

}  // namespace

TEST_CASE("gemm agrees with a sum in double for every small shape, on every instruction set") {
  EachInstructionSet([] {
    for (const size_t m : {1, 2, 3, 4, 5, 6, 7, 11, 13}) {
      for (const size_t n : {1, 3, 4, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65}) {
        for (const size_t k : {1, 2, 5, 31}) checkAllTransposes({m, n, k});
      }
    }
  });
}

TEST_CASE("gemm agrees with a sum in double across its blocks' borders") {
  EachInstructionSet([] {
    for (const size_t m : {95, 96, 97, 200}) {
      for (const size_t n : {50, 130}) {
        for (const size_t k : {127, 128, 129, 300}) checkAllTransposes({m, n, k});
      }
    }
    checkAllTransposes({5, 1100, 40});
  });
}

TEST_CASE("gemm cuts a long sum into pieces and still agrees") {
  EachInstructionSet([] {
    checkAllTransposes({17, 33, 4096});
    checkAllTransposes({16, 20, 5003, false, false, 0.5F, 2.0F, 3});
  });
}

TEST_CASE("gemm copies a transposed A whose rows lie far apart") {
  EachInstructionSet([] { checkAllTransposes({1100, 10, 140}); });
}

TEST_CASE("gemm honours alpha, beta and the strides, and leaves the gaps alone") {
  EachInstructionSet([] {
    for (const float alpha : {0.0F, 1.0F, -0.5F, 3.0F}) {
      for (const float beta : {0.0F, 1.0F, -2.0F}) {
        checkAllTransposes({13, 37, 19, false, false, alpha, beta, 5});
        checkAllTransposes({7, 20, 150, false, false, alpha, beta, 1});
      }
    }
  });
}

TEST_CASE("with beta 0 gemm does not read C") {
  EachInstructionSet([] {
    const Case c{9, 21, 3};
    Product product(c);
    const Product before = product;
    for (float& value : product.result.values) value = std::numeric_limits<float>::quiet_NaN();
    product.run(c);
    CHECK(worstError(c, before, product) <= 1);
  });
}

TEST_CASE("an empty sum leaves beta C, and an empty result nothing") {
  std::vector<float> c{1, 2, 3, 4};
  gemm({2, 2, 0}, {nullptr, 0}, {nullptr, 0}, {c.data(), 2, 1, 0.5F});
  CHECK(c == std::vector<float>{0.5F, 1, 1.5F, 2});
  c.assign(4, std::numeric_limits<float>::quiet_NaN());
  gemm({2, 2, 0}, {nullptr, 0}, {nullptr, 0}, {c.data(), 2});
  CHECK(c == std::vector<float>(4, 0));
  gemm({0, 2, 2}, {nullptr, 2}, {c.data(), 2}, {nullptr, 2});
  gemm({2, 0, 2}, {c.data(), 2}, {nullptr, 0}, {nullptr, 0});
  CHECK(c == std::vector<float>(4, 0));
}

TEST_CASE("NaN and infinity reach exactly the results they are part of") {
  EachInstructionSet([] {
    const Case c{20, 40, 10};
    Product product(c);
    product.a.at(3, 4) = std::numeric_limits<float>::quiet_NaN();
    product.b.at(2, 39) = std::numeric_limits<float>::infinity();
    product.run(c);
    for (size_t i = 0; i < c.m; ++i) {
      for (size_t j = 0; j < c.n; ++j) {
        REQUIRE(std::isfinite(product.result.at(i, j)) == (i != 3 && j != 39));
      }
    }
  });
}

TEST_CASE("gemm gives the same bits with any number of threads") {
  const Case cases[] = {
      {600, 130, 70},
      {600, 130, 70, false, true},
      {64, 64, 9000, true},
      {1500, 60, 700, true},
      {64, 256, 4097, true, false, 0.5F, 1.0F},
      {3, 5000, 300},
  };
  EachInstructionSet([&] {
    for (const Case& c : cases) {
      CAPTURE(c.m, c.n, c.k);
      Product alone(c);
      Product start = alone;
      alone.run(c);
      for (const unsigned count : {1U, 2U, 3U, 8U}) {
        GemmThreads threads(count);
        Product shared = start;
        shared.run(c, &threads);
        CHECK(sameBits(shared.result.values, alone.result.values));
      }
    }
  });
}

TEST_CASE("gemm can be called from inside parallel work") {
  const Case c{200, 200, 64};
  Product alone(c);
  Product start = alone;
  alone.run(c);
  GemmThreads threads(3);
  std::vector<Product> products(12, start);
  threads.run(products.size(), [&](size_t i) { products[i].run(c, &threads); });
  for (const Product& product : products) {
    CHECK(sameBits(product.result.values, alone.result.values));
  }
}

TEST_CASE("an instruction set that the processor lacks is lowered to one that it has") {
  const auto sets = supportedInstructionSets();
  REQUIRE(sets.front() == InstructionSet::portable);
  for (const InstructionSet set : sets) {
    forceInstructionSet(set);
    CHECK(instructionSet() == set);
    CHECK((set == InstructionSet::avx512 || !hasBf16Products()));
  }
  forceInstructionSet(InstructionSet::avx512);
  CHECK(instructionSet() == sets.back());
}
