#include "runtime/base/random.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

using namespace attune;

TEST_CASE("philox gives the known answers of the paper's test vectors") {
  const auto zero = Random::philox({{0, 0, 0, 0}}, 0);
  CHECK(zero.word[0] == 0x6627e8d5u);
  CHECK(zero.word[1] == 0xe169c58du);
  CHECK(zero.word[2] == 0xbc57ac4cu);
  CHECK(zero.word[3] == 0x9b00dbd8u);
  const auto ones = Random::philox({{~0u, ~0u, ~0u, ~0u}}, ~uint64_t{0});
  CHECK(ones.word[0] == 0x408f276du);
  CHECK(ones.word[1] == 0x41c83b0eu);
  CHECK(ones.word[2] == 0xa20bc7c6u);
  CHECK(ones.word[3] == 0x6d5451fdu);
  const auto pi = Random::philox({{0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u}},
                                 0x299f31d0a4093822ull);
  CHECK(pi.word[0] == 0xd16cfe09u);
  CHECK(pi.word[1] == 0x94fdccebu);
  CHECK(pi.word[2] == 0x5001e420u);
  CHECK(pi.word[3] == 0x24126ea1u);
}

TEST_CASE("the same seed and stream repeat, another stream does not") {
  Random a(1, 2), b(1, 2), c(1, 3);
  bool differs = false;
  for (int i = 0; i < 100; ++i) {
    const uint32_t number = a.next();
    CHECK(number == b.next());
    differs = differs || number != c.next();
  }
  CHECK(differs);
}

TEST_CASE("below is uniform within its bound") {
  Random random(3);
  std::vector<int> counts(7);
  for (int i = 0; i < 70000; ++i) ++counts.at(random.below(7));
  double chiSquare = 0;
  for (const int count : counts) chiSquare += (count - 10000.0) * (count - 10000.0) / 10000.0;
  CHECK(chiSquare < 22.46);  // 0.999 quantile, 6 degrees of freedom
}

TEST_CASE("uniform lies between 0 and 1, and normal has mean 0 and variance 1") {
  Random random(4);
  double total = 0, squares = 0;
  for (int i = 0; i < 100000; ++i) {
    const float u = random.uniform();
    CHECK_FALSE((u < 0 || u >= 1));
    const double x = static_cast<double>(random.normal());
    total += x;
    squares += x * x;
  }
  CHECK(std::fabs(total / 100000) < 0.015);
  CHECK(squares / 100000 == Approx(1).epsilon(0.02));
}
