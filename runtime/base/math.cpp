#include "runtime/base/math.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#if defined(__wasm_simd128__)
#include <wasm_simd128.h>
#endif

namespace attune {
namespace {

/// Four floats; both compilers turn it into one SIMD register, wasm's v128 included.
using Float4 = float __attribute__((vector_size(16)));

using Bits4 = uint32_t __attribute__((vector_size(16)));

Float4 load(const float* from) {
  Float4 four;
  std::memcpy(&four, from, sizeof four);
  return four;
}

// Loops over the parts are unrolled so that these are registers.
/// Sixteen partial sums: lane i holds the terms whose index is i modulo 16.
struct Lanes {
  Float4 part[4] = {};

  /// 16 terms.
  void add(const float* terms) {
#pragma GCC unroll 4
    for (size_t j = 0; j < 4; ++j) part[j] += load(terms + 4 * j);
  }
  void addProducts(const float* a, const float* b) {
#pragma GCC unroll 4
    for (size_t j = 0; j < 4; ++j) part[j] += load(a + 4 * j) * load(b + 4 * j);
  }
  Float4 fourTotals() const { return (part[0] + part[1]) + (part[2] + part[3]); }
  float total() const {
    const Float4 four = fourTotals();
    return (four[0] + four[1]) + (four[2] + four[3]);
  }
};

/// Fewer than 16 numbers, and zeros behind them: a lane that began at 0 does not change by adding 0.
struct Padded {
  explicit Padded(std::span<const float> from) {
    for (size_t i = 0; i < from.size(); ++i) numbers[i] = from[i];
  }
  float numbers[16] = {};
};

void store(Float4 four, float* to) { std::memcpy(to, &four, sizeof four); }

Float4 splat(float x) { return Float4{x, x, x, x}; }

/// The larger of each pair; of equal ones and of NaN the second. One instruction, which LLVM does not
/// find for WebAssembly.
Float4 larger(Float4 a, Float4 b) {
#if defined(__wasm_simd128__)
  return (Float4)wasm_f32x4_pmax((v128_t)b, (v128_t)a);
#else
  return b < a ? a : b;
#endif
}

/// The bits of a float and back: libc++ 13 has no std::bit_cast.
uint32_t bitsOf(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}
float floatOf(uint32_t bits) {
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// The products of x with two rows, one behind the other. REQUIRES: x.size() is a multiple of 16
struct TwoRows {
  Lanes one, other;

  TwoRows(const float* row, std::span<const float> x) {
    const float* next = row + x.size();
    for (size_t i = 0; i < x.size(); i += 16) {
#pragma GCC unroll 4
      for (size_t j = 0; j < 4; ++j) {
        const Float4 factors = load(x.data() + i + 4 * j);
        one.part[j] += load(row + i + 4 * j) * factors;
        other.part[j] += load(next + i + 4 * j) * factors;
      }
    }
  }
  /// Of both, each first lane added to its second one, and its third one to its fourth one.
  Float4 halves() const {
    const Float4 a = one.fourTotals(), b = other.fourTotals();
    return __builtin_shufflevector(a, b, 0, 4, 2, 6) + __builtin_shufflevector(a, b, 1, 5, 3, 7);
  }
};

/// dot of each of four rows with x, with the same bits. REQUIRES: as above
Float4 fourDots(const float* rows, std::span<const float> x) {
  const Float4 ab = TwoRows(rows, x).halves();
  const Float4 cd = TwoRows(rows + 2 * x.size(), x).halves();
  return __builtin_shufflevector(ab, cd, 0, 1, 4, 5) + __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
}

constexpr float kLeastExponent = -87.3f;  // of expOf; below it e^x is 0

/// expOf of four numbers with the same bits. REQUIRES: kLeastExponent <= x <= 0
Float4 powersOf(Float4 x) {
  const Float4 magic = splat(12582912.0f);
  const Float4 shifted = x * splat(1.44269504f) + magic;
  const Float4 n = shifted - magic;
  const Float4 r = (x - n * splat(0.693359375f)) - n * splat(-2.12194440e-4f);
  Float4 p = splat(1.0f / 5040);
  p = p * r + splat(1.0f / 720);
  p = p * r + splat(1.0f / 120);
  p = p * r + splat(1.0f / 24);
  p = p * r + splat(1.0f / 6);
  p = p * r + splat(0.5f);
  p = p * r * r + r + splat(1.0f);
  // The last bits of `shifted` are n, so 2^n needs no conversion; it is at least 2^-126.
  const Bits4 power = ((Bits4)shifted << 23) + 0x3f800000u;
  return p * (Float4)power;
}

/// expOf of four numbers that are not above 0, with the same bits.
Float4 expOfNegatives(Float4 x) {
  const auto vanishes = (Bits4)(x < splat(kLeastExponent));
  return (Float4)(~vanishes & (Bits4)powersOf(x));
}

/// The highest of the values; NaN ones do not count.
[[gnu::noinline]] float highestOf(std::span<const float> values) {
  Float4 best[4] = {splat(-kInfinity), splat(-kInfinity), splat(-kInfinity), splat(-kInfinity)};
  const size_t whole = values.size() / 16 * 16;
  for (size_t i = 0; i < whole; i += 16)
#pragma GCC unroll 4
    for (size_t j = 0; j < 4; ++j) best[j] = larger(load(&values[i + 4 * j]), best[j]);
  const Float4 four = larger(larger(best[0], best[1]), larger(best[2], best[3]));
  float highest = -kInfinity;
  for (size_t j = 0; j < 4; ++j) highest = four[j] > highest ? four[j] : highest;
  for (const float value : values.subspan(whole)) highest = value > highest ? value : highest;
  return highest;
}

/// 2 to the power of four numbers, near enough for a sum: a polynomial of degree 5 through the
/// Chebyshev nodes, off by at most 2e-7 of the power, and not at all at 0.
/// REQUIRES: -126 <= x <= 0
Float4 powersOfTwo(Float4 x) {
  const Float4 magic = splat(12582912.0f);  // as in powersOf
  const Float4 shifted = x + magic;
  const Float4 r = x - (shifted - magic);
  Float4 p = splat(0.00133813025f);
  p = p * r + splat(0.00966636852f);
  p = p * r + splat(0.0555038101f);
  p = p * r + splat(0.24022349f);
  p = p * r + splat(0.693147181f);
  p = p * r + splat(1.0f);
  return p * (Float4)(((Bits4)shifted << 23) + 0x3f800000u);
}

/// Sixteen numbers in `room`: fewer, and -infinity behind them.
[[gnu::noinline]] const float* filledUp(std::span<const float> values, float* room) {
  for (size_t i = 0; i < 16; ++i) room[i] = i < values.size() ? values[i] : -kInfinity;
  return room;
}

/// The sum of e^(value - highest), in dot's order; where that is 0, 2^-126 is as good: there is a
/// term of 1. REQUIRES: no value is above `highest`
float sumOfPowers(std::span<const float> values, float highest) {
  Lanes lanes;
  const Float4 shift = splat(highest), factor = splat(1.44269504f), least = splat(-126.0f);
  float rest[16];
  for (size_t i = 0; i < values.size(); i += 16) {
    const float* sixteen = values.data() + i;
    if (values.size() - i < 16) sixteen = filledUp(values.subspan(i), rest);
#pragma GCC unroll 4
    for (size_t j = 0; j < 4; ++j)
      lanes.part[j] += powersOfTwo(larger((load(sixteen + 4 * j) - shift) * factor, least));
  }
  return lanes.total();
}

}  // namespace

float dot(std::span<const float> a, std::span<const float> b) {
  Lanes lanes;
  const size_t whole = a.size() / 16 * 16;
  for (size_t i = 0; i < whole; i += 16) lanes.addProducts(a.data() + i, b.data() + i);
  if (whole < a.size())
    lanes.addProducts(Padded(a.subspan(whole)).numbers, Padded(b.subspan(whole)).numbers);
  return lanes.total();
}

float dotBytes(std::span<const float> a, const int8_t* bytes, float scale) {
  using Bytes16 = int8_t __attribute__((vector_size(16)));
  using Int4 = int32_t __attribute__((vector_size(16)));
  Lanes lanes;
  const auto add = [&](const float* sixteen, const int8_t* from) {
    Bytes16 all;
    std::memcpy(&all, from, sizeof all);
    // A byte in all four of a number, and shifted to its place, has its sign.
    const Int4 wide[4] = {
        (Int4)__builtin_shufflevector(all, all, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3),
        (Int4)__builtin_shufflevector(all, all, 4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7),
        (Int4)__builtin_shufflevector(all, all, 8, 8, 8, 8, 9, 9, 9, 9, 10, 10, 10, 10, 11, 11, 11, 11),
        (Int4)__builtin_shufflevector(all, all, 12, 12, 12, 12, 13, 13, 13, 13, 14, 14, 14, 14, 15,
                                      15, 15, 15)};
#pragma GCC unroll 4
    for (size_t j = 0; j < 4; ++j)
      lanes.part[j] +=
          load(sixteen + 4 * j) * (splat(scale) * __builtin_convertvector(wide[j] >> 24, Float4));
  };
  const size_t whole = a.size() / 16 * 16;
  for (size_t i = 0; i < whole; i += 16) add(a.data() + i, bytes + i);
  if (whole < a.size()) add(Padded(a.subspan(whole)).numbers, bytes + whole);
  return lanes.total();
}

float sum(std::span<const float> values) {
  Lanes lanes;
  const size_t whole = values.size() / 16 * 16;
  for (size_t i = 0; i < whole; i += 16) lanes.add(values.data() + i);
  if (whole < values.size()) lanes.add(Padded(values.subspan(whole)).numbers);
  return lanes.total();
}

void axpy(float scale, std::span<const float> x, std::span<float> y) {
  const size_t whole = x.size() / 4 * 4;
  const Float4 scales = splat(scale);
  for (size_t i = 0; i < whole; i += 4)
    store(load(y.data() + i) + scales * load(x.data() + i), y.data() + i);
  for (size_t i = whole; i < x.size(); ++i) y[i] += scale * x[i];
}

void matvec(std::span<const float> matrix, std::span<const float> x, std::span<float> out) {
  const size_t columns = x.size();
  const size_t fours = columns % 16 == 0 ? out.size() / 4 * 4 : 0;
  for (size_t row = 0; row < fours; row += 4)
    store(fourDots(matrix.data() + row * columns, x), out.data() + row);
  for (size_t row = fours; row < out.size(); ++row)
    out[row] = dot(matrix.subspan(row * columns, columns), x);
}

// Reduction x = n ln 2 + r with |r| <= ln 2 / 2 (Cody and Waite 1980, ln 2 split in two), then the
// Taylor polynomial of degree 7 in Horner form, whose error there is below 6e-9.
float expOf(float x) {
  if (!(x >= kLeastExponent)) return x < 0 ? 0.0f : x;
  if (x > 88.7f) return std::numeric_limits<float>::max();
  const float magic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to a whole number
  const float n = (x * 1.44269504f + magic) - magic;
  const float r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
  float p = 1.0f / 5040;
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r * r + r + 1.0f;
  const int32_t exponent = static_cast<int32_t>(n);
  // 2^128 is no float: the largest exponents take two steps.
  const int32_t half = exponent / 2;
  return p * floatOf(static_cast<uint32_t>(half + 127) << 23) *
         floatOf(static_cast<uint32_t>(exponent - half + 127) << 23);
}

// x = m 2^e with m in [sqrt 1/2, sqrt 2); log m = 2 artanh(s) with s = (m - 1) / (m + 1), by its
// power series up to s^11, whose rest is below 2e-9 there.
float logOf(float x) {
  if (!(x > 0)) return x == 0 ? -kInfinity : std::numeric_limits<float>::quiet_NaN();
  if (x == kInfinity) return x;
  int32_t exponent = 0;
  if (x < std::numeric_limits<float>::min()) {
    x *= 8388608.0f;  // 2^23 lifts subnormal numbers
    exponent = -23;
  }
  uint32_t bits = bitsOf(x);
  exponent += static_cast<int32_t>(bits >> 23) - 127;
  float m = floatOf((bits & 0x7fffffu) | 0x3f800000u);
  if (m > 1.41421356f) {
    m *= 0.5f;
    ++exponent;
  }
  const float s = (m - 1.0f) / (m + 1.0f);
  const float t = s * s;
  float p = 2.0f / 11;
  p = p * t + 2.0f / 9;
  p = p * t + 2.0f / 7;
  p = p * t + 2.0f / 5;
  p = p * t + 2.0f / 3;
  const float series = p * t * s + 2.0f * s;
  const float e = static_cast<float>(exponent);
  return e * 0.693359375f + (series + e * -2.12194440e-4f);
}

float sigmoid(float x) {
  if (x >= 0) return 1.0f / (1.0f + expOf(-x));
  const float e = expOf(x);
  return e / (1.0f + e);
}

float tanhOf(float x) {
  const float e = expOf(-2.0f * std::fabs(x));
  const float t = (1.0f - e) / (1.0f + e);
  return x < 0 ? -t : t;
}

void softmax(std::span<float> values) {
  const float highest = highestOf(values);
  if (highest == -kInfinity) return;
  const size_t whole = values.size() / 4 * 4;
  for (size_t i = 0; i < whole; i += 4)
    store(expOfNegatives(load(&values[i]) - splat(highest)), &values[i]);
  for (float& value : values.subspan(whole)) value = expOf(value - highest);
  const float scale = 1.0f / sum(values);
  for (float& value : values) value *= scale;
}

[[gnu::noinline]] SoftmaxScale softmaxScale(std::span<const float> scores) {
  constexpr size_t kBlock = 1024;
  float highest = -kInfinity;
  double total = 0;
  for (size_t begin = 0; begin < scores.size(); begin += kBlock) {
    const auto block = scores.subspan(begin, std::min(kBlock, scores.size() - begin));
    const float blockHighest = highestOf(block);
    if (blockHighest > highest) {
      total *= static_cast<double>(expOf(highest - blockHighest));
      highest = blockHighest;
    }
    if (highest == -kInfinity) continue;
    total += static_cast<double>(sumOfPowers(block, highest));
  }
  if (highest == -kInfinity) return {};
  return {highest, static_cast<float>(total)};
}

double sampledPowersBelow(std::span<const float> scores, float ceiling, float highest) {
  constexpr size_t kEvery = 16 * 16;
  const Float4 shift = splat(highest), factor = splat(1.44269504f), least = splat(-126.0f);
  Lanes lanes;
  double total = 0;
  size_t seen = 0;
  for (size_t i = 0; i + 16 <= scores.size(); i += kEvery, seen += 16) {
#pragma GCC unroll 4
    for (size_t j = 0; j < 4; ++j) {
      const Float4 four = load(&scores[i + 4 * j]);
      const Float4 powers = powersOfTwo(larger((four - shift) * factor, least));
      lanes.part[j] += (Float4)((Bits4)powers & (Bits4)(four < splat(ceiling)));
    }
    if (i % (64 * kEvery) != 0) continue;
    total += static_cast<double>(lanes.total());
    lanes = Lanes();
  }
  total += static_cast<double>(lanes.total());
  return seen == 0 ? 0 : total * static_cast<double>(scores.size()) / static_cast<double>(seen);
}

void rmsNorm(std::span<float> x, std::span<const float> gain, float epsilon) {
  const float scale = 1.0f / std::sqrt(dot(x, x) / static_cast<float>(x.size()) + epsilon);
  for (size_t i = 0; i < x.size(); ++i) x[i] = x[i] * scale * gain[i];
}

void layerNorm(std::span<float> x, std::span<const float> gain, std::span<const float> bias,
               float epsilon) {
  const float count = static_cast<float>(x.size());
  const float mean = sum(x) / count;
  for (float& value : x) value -= mean;
  const float scale = 1.0f / std::sqrt(dot(x, x) / count + epsilon);
  for (size_t i = 0; i < x.size(); ++i) x[i] = x[i] * scale * gain[i] + bias[i];
}

}  // namespace attune
