#include "trainer/nn/product.h"

#include <catch2/catch.hpp>
#include <vector>

#include "tests/trainer/nn/gradient_check.h"

using namespace attune::trainer;

namespace {

std::vector<float> turned(const std::vector<float>& from, size_t rows, size_t columns) {
  std::vector<float> to(from.size());
  transpose({from.data(), rows, columns}, {to.data(), columns, rows});
  return to;
}

std::vector<float> plainProduct(const std::vector<float>& a, const std::vector<float>& b, size_t m,
                                size_t k, size_t n) {
  std::vector<float> c(m * n);
  for (size_t i = 0; i < m; ++i)
    for (size_t j = 0; j < n; ++j) {
      double sum = 0;
      for (size_t l = 0; l < k; ++l)
        sum += static_cast<double>(a[i * k + l]) * static_cast<double>(b[l * n + j]);
      c[i * n + j] = static_cast<float>(sum);
    }
  return c;
}

void checkEqual(const std::vector<float>& found, const std::vector<float>& expected) {
  REQUIRE(found.size() == expected.size());
  float worst = 0;
  for (size_t i = 0; i < found.size(); ++i)
    worst = std::max(worst, std::fabs(found[i] - expected[i]));
  CHECK(worst < 1e-4f);
}

}  // namespace

TEST_CASE("the four products agree with the definition for sizes off every block boundary") {
  struct Sizes {
    size_t m, k, n;
  };
  for (const auto [m, k, n] : {Sizes{1, 1, 1}, Sizes{7, 3, 5}, Sizes{8, 64, 32}, Sizes{13, 300, 67},
                               Sizes{33, 513, 17}, Sizes{3, 0, 4}}) {
    const auto a = randomNumbers(m * k, 1), b = randomNumbers(k * n, 2);
    const auto aTurned = turned(a, m, k), bTurned = turned(b, k, n);
    const auto expected = plainProduct(a, b, m, k, n);
    std::vector<float> c(m * n, 7.0f);
    multiply({a.data(), m, k}, {b.data(), k, n}, {c.data(), m, n});
    checkEqual(c, expected);
    multiplyLeftTransposed({aTurned.data(), k, m}, {b.data(), k, n}, {c.data(), m, n});
    checkEqual(c, expected);
    multiplyRightTransposed({a.data(), m, k}, {bTurned.data(), n, k}, {c.data(), m, n});
    checkEqual(c, expected);

    auto doubled = expected;
    for (float& x : doubled) x *= 2;
    addMultiply({a.data(), m, k}, {b.data(), k, n}, {c.data(), m, n});
    checkEqual(c, doubled);
    c = expected;
    addMultiplyLeftTransposed({aTurned.data(), k, m}, {b.data(), k, n}, {c.data(), m, n});
    checkEqual(c, doubled);
    c = expected;
    addMultiplyRightTransposed({a.data(), m, k}, {bTurned.data(), n, k}, {c.data(), m, n});
    checkEqual(c, doubled);
  }
}

TEST_CASE("a row's product has the same bits alone and among others") {
  for (const size_t n : {size_t{48}, size_t{43}}) {  // whole vectors, and a rest of all lengths
    const auto a = randomNumbers(29 * 40, 3), b = randomNumbers(40 * n, 4);
    std::vector<float> together(29 * n), alone(n);
    multiply({a.data(), 29, 40}, {b.data(), 40, n}, {together.data(), 29, n});
    for (size_t i = 0; i < 29; ++i) {
      multiply({&a[i * 40], 1, 40}, {b.data(), 40, n}, {alone.data(), 1, n});
      CHECK(std::equal(alone.begin(), alone.end(), &together[i * n]));
    }
  }
}

TEST_CASE("views of part of the columns leave the rest alone") {
  const auto a = randomNumbers(5 * 4, 5), b = randomNumbers(4 * 20, 6);
  std::vector<float> c(5 * 30, -1.0f);
  const Matrix whole(c.data(), 5, 30);
  multiply({a.data(), 5, 4}, {b.data(), 4, 20}, whole.columnRange(3, 20));
  for (size_t i = 0; i < 5; ++i) {
    for (size_t j = 0; j < 3; ++j) CHECK(whole.row(i)[j] == -1.0f);
    for (size_t j = 23; j < 30; ++j) CHECK(whole.row(i)[j] == -1.0f);
  }
}
