#include "runtime/base/masks.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <vector>

#include "runtime/base/random.h"

using namespace attune;

namespace {

using Bytes = std::vector<uint8_t>;

Bytes randomMask(size_t count, uint64_t stream) {
  Random random(3, stream);
  Bytes mask(count);
  for (uint8_t& one : mask) one = static_cast<uint8_t>(random.below(2));
  return mask;
}

template <typename T>
void compareMarks(const std::vector<T>& values, double null) {
  const double kInfinity = std::numeric_limits<double>::infinity();
  for (const double low : {-kInfinity, -3.5, 0.0, 2.0, 2.5, 255.0, 1e12})
    for (const double high : {-1e12, -0.5, 2.0, 3.25, 65535.0, kInfinity}) {
      Bytes out(values.size()), expected(values.size());
      out[0] = expected[0] = 1;
      for (size_t i = 0; i < values.size(); ++i) {
        const auto x = static_cast<double>(values[i]);
        if (x >= low && x <= high && x != null) expected[i] = 1;
      }
      markWithin(std::span<const T>(values), low, high, null, out);
      CAPTURE(low, high, null);
      CHECK(out == expected);
    }
}

}  // namespace

TEST_CASE("masks combine byte by byte, for all lengths") {
  for (const size_t count : {0u, 1u, 7u, 16u, 33u, 1000u}) {
    const Bytes a = randomMask(count, 1), b = randomMask(count, 2);
    Bytes either = a, both = a, not_ = a, kept = a, all = a;
    orInto(b, either);
    andInto(b, both);
    negate(not_);
    keepUnless(b, false, kept);
    keepUnless(b, true, all);
    for (size_t i = 0; i < count; ++i) {
      CHECK(either[i] == (a[i] | b[i]));
      CHECK(both[i] == (a[i] & b[i]));
      CHECK(not_[i] == 1 - a[i]);
      CHECK(kept[i] == (a[i] && !b[i]));
      CHECK(all[i] == !b[i]);
    }
  }
}

TEST_CASE("marked truths replace the others") {
  for (const size_t count : {1u, 8u, 9u, 64u, 1000u}) {
    Bytes marks = randomMask(count, 5), out = randomMask(count, 6);
    const Bytes before = out, chosen = randomMask(count, 7);
    for (size_t i = 0; i < count; ++i) marks[i] = marks[i] != 0 ? 2 + chosen[i] : 0;
    overrideMarked(marks, out);
    for (size_t i = 0; i < count; ++i) CHECK(out[i] == (marks[i] != 0 ? chosen[i] : before[i]));
  }
}

TEST_CASE("numbers of every type are found within every interval, nulls and NaN in none") {
  Random random(4, 4);
  std::vector<uint8_t> bytes;
  std::vector<uint16_t> words;
  std::vector<int32_t> whole;
  std::vector<float> floats;
  std::vector<double> doubles;
  for (int i = 0; i < 203; ++i) {
    bytes.push_back(static_cast<uint8_t>(random.below(256)));
    words.push_back(static_cast<uint16_t>(random.below(8) == 0 ? 65535 : random.below(5)));
    whole.push_back(static_cast<int32_t>(random.below(12)) - 6);
    floats.push_back(random.below(9) == 0 ? NAN : 0.25f * static_cast<float>(random.below(30)) - 3);
    doubles.push_back(static_cast<double>(floats.back()) + 1e-9);
  }
  whole.push_back(std::numeric_limits<int32_t>::min());
  whole.push_back(std::numeric_limits<int32_t>::max());
  for (const double null : {2.0, 255.0, -1.0}) {
    compareMarks(bytes, null);
    compareMarks(words, null);
    compareMarks(whole, null);
  }
  for (const double null : {2.0, -1e300, static_cast<double>(NAN)}) {
    compareMarks(floats, null);
    compareMarks(doubles, null);
  }
  compareMarks(whole, std::numeric_limits<int32_t>::min());
}
