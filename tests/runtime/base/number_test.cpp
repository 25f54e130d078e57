#include "runtime/base/number.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <string>

#include "runtime/base/random.h"

using namespace attune;

TEST_CASE("decimal numbers are read, with or without point, sign and exponent") {
  CHECK(parseNumber("0") == 0.0);
  CHECK(parseNumber("-12.5e3") == -12500.0);
  CHECK(parseNumber("+.25") == 0.25);
  CHECK(parseNumber("7.") == 7.0);
  CHECK(parseNumber("1E+21") == 1e21);
  CHECK(parseNumber("1e-400") == 0.0);
  CHECK(parseNumber("0e999999999999") == 0.0);
  CHECK(parseNumber(std::string(30, '0') + "42") == 42.0);
}

TEST_CASE("what is no decimal number, or too large for one, is none") {
  for (const char* text : {"", "-", ".", "e5", "1e", "1e+", "1 ", " 1", "0x10", "nan", "inf", "1,5",
                           "1.2.3", "--1", "1e400", "1e999999999999"}) {
    CAPTURE(text);
    CHECK_FALSE(parseNumber(text).has_value());
  }
}

TEST_CASE("short numbers are read exactly, long ones within some units of the last place") {
  Random random(4, 4);
  for (int i = 0; i < 2000; ++i) {
    const auto digits = static_cast<double>(random.below(1u << 30));
    const int exponent = static_cast<int>(random.below(45)) - 22;
    const std::string text = std::to_string(static_cast<int64_t>(digits)) + "e" + std::to_string(exponent);
    CAPTURE(text);
    CHECK(*parseNumber(text) == std::strtod(text.c_str(), nullptr));
  }
  for (const char* text : {"0.1234567890123456789012345678901234567890", "123456789012345678901234567",
                           "1.5432109876543215e308", "2.2250738585072014e-308", "9.87654321e-250"}) {
    const double exact = std::strtod(text, nullptr);
    CHECK(std::fabs(*parseNumber(text) / exact - 1) < 1e-14);
  }
}
