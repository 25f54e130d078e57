#include "runtime/base/math.h"

#include <cmath>
#include <cstring>
#include <limits>

namespace attune {
namespace {

/// Four floats; both compilers turn it into one SIMD register, wasm's v128 included.
using Float4 = float __attribute__((vector_size(16)));

/// Sixteen partial sums: lane i holds the terms whose index is i modulo 16.
struct Lanes {
  Float4 part[4] = {};
  float total() const {
    const Float4 four = (part[0] + part[1]) + (part[2] + part[3]);
    return (four[0] + four[1]) + (four[2] + four[3]);
  }
};

Float4 load(const float* from) {
  Float4 four;
  std::memcpy(&four, from, sizeof four);
  return four;
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

}  // namespace

float dot(std::span<const float> a, std::span<const float> b) {
  Lanes lanes;
  const size_t whole = a.size() / 16 * 16;
  for (size_t i = 0; i < whole; i += 16)
    for (size_t j = 0; j < 4; ++j)
      lanes.part[j] += load(&a[i + 4 * j]) * load(&b[i + 4 * j]);
  for (size_t i = whole; i < a.size(); ++i) lanes.part[(i - whole) / 4][(i - whole) % 4] += a[i] * b[i];
  return lanes.total();
}

float sum(std::span<const float> values) {
  Lanes lanes;
  const size_t whole = values.size() / 16 * 16;
  for (size_t i = 0; i < whole; i += 16)
    for (size_t j = 0; j < 4; ++j) lanes.part[j] += load(&values[i + 4 * j]);
  for (size_t i = whole; i < values.size(); ++i)
    lanes.part[(i - whole) / 4][(i - whole) % 4] += values[i];
  return lanes.total();
}

void axpy(float scale, std::span<const float> x, std::span<float> y) {
  for (size_t i = 0; i < x.size(); ++i) y[i] += scale * x[i];
}

void matvec(std::span<const float> matrix, std::span<const float> x, std::span<float> out) {
  for (size_t row = 0; row < out.size(); ++row)
    out[row] = dot(matrix.subspan(row * x.size(), x.size()), x);
}

// Reduction x = n ln 2 + r with |r| <= ln 2 / 2 (Cody and Waite 1980, ln 2 split in two), then the
// Taylor polynomial of degree 7 in Horner form, whose error there is below 6e-9.
float expOf(float x) {
  if (!(x >= -87.3f)) return x < 0 ? 0.0f : x;
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
  float highest = -kInfinity;
  for (const float value : values) highest = value > highest ? value : highest;
  if (highest == -kInfinity) return;
  for (float& value : values) value = value == -kInfinity ? 0.0f : expOf(value - highest);
  const float scale = 1.0f / sum(values);
  for (float& value : values) value *= scale;
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
