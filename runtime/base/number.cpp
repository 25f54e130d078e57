#include "runtime/base/number.h"

#include <cmath>
#include <cstdint>

namespace attune {
namespace {

constexpr int kMaxExponent = 400;  // beyond it every double is 0 or infinite
constexpr int kMaxDigits = 18;     // what a 64-bit number always holds

/// Takes characters from the front of a text.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  bool take(char wanted) {
    if (text_.empty() || text_.front() != wanted) return false;
    text_.remove_prefix(1);
    return true;
  }
  /// The next digit, or -1.
  int digit() {
    if (text_.empty() || text_.front() < '0' || text_.front() > '9') return -1;
    const int value = text_.front() - '0';
    text_.remove_prefix(1);
    return value;
  }
  bool atEnd() const { return text_.empty(); }

 private:
  std::string_view text_;
};

/// Digits as value x 10^exponent; those that do not fit only count in the exponent.
struct Digits {
  uint64_t value = 0;
  int kept = 0;
  int exponent = 0;
  bool any = false;

  void read(Cursor& cursor, bool behindPoint) {
    for (int digit = cursor.digit(); digit >= 0; digit = cursor.digit()) {
      any = true;
      const bool fits = kept < kMaxDigits;
      if (fits) value = value * 10 + static_cast<uint64_t>(digit);
      if (fits && value > 0) ++kept;
      exponent += (fits ? 0 : 1) - (behindPoint ? 1 : 0);
    }
  }
};

/// The digits behind an `e`; false when there are none.
bool readExponent(Cursor& cursor, int& exponent) {
  const bool negative = cursor.take('-');
  if (!negative) cursor.take('+');
  int digit = cursor.digit();
  if (digit < 0) return false;
  int value = 0;
  for (; digit >= 0; digit = cursor.digit())
    if (value < 100000) value = value * 10 + digit;
  exponent += negative ? -value : value;
  return true;
}

/// 10^exponent. REQUIRES: 0 <= exponent <= kMaxExponent
double powerOfTen(int exponent) {
  double power = 1;
  double square = 10;
  for (; exponent > 0; exponent /= 2, square *= square)
    if (exponent % 2 == 1) power *= square;
  return power;
}

}  // namespace

std::optional<double> parseNumber(std::string_view text) {
  Cursor cursor(text);
  const bool negative = cursor.take('-');
  if (!negative) cursor.take('+');
  Digits digits;
  digits.read(cursor, false);
  if (cursor.take('.')) digits.read(cursor, true);
  if (!digits.any) return {};
  if ((cursor.take('e') || cursor.take('E')) && !readExponent(cursor, digits.exponent)) return {};
  if (!cursor.atEnd()) return {};
  double number = static_cast<double>(digits.value);
  if (digits.value == 0 || digits.exponent < -kMaxExponent) return negative ? -0.0 : 0.0;
  if (digits.exponent > kMaxExponent) return {};
  const int part = digits.exponent / 2;  // in two steps, so that neither power is infinite
  if (digits.exponent >= -22 && digits.exponent < 0)
    number /= powerOfTen(-digits.exponent);
  else if (digits.exponent < 0)
    number = number / powerOfTen(-part) / powerOfTen(part - digits.exponent);
  else if (digits.exponent <= 22)
    number *= powerOfTen(digits.exponent);
  else
    number = number * powerOfTen(part) * powerOfTen(digits.exponent - part);
  if (!std::isfinite(number)) return {};
  return negative ? -number : number;
}

}  // namespace attune
