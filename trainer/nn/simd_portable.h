#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace attune::trainer {
namespace {

/// Four floats in the compiler's own vector type: SSE2 on x86-64. Nothing is fused.
struct Simd {
  using Vector = float __attribute__((vector_size(16)));
  using Integers = int32_t __attribute__((vector_size(16)));
  static constexpr size_t kLanes = 4;
  static constexpr size_t kTileRows = 4;  // 4 x 2 sums, 2 loads, a broadcast and a product
  static constexpr size_t kTileVectors = 2;

  static Vector zero() { return Vector{}; }
  static Vector broadcast(float x) { return Vector{x, x, x, x}; }
  static Vector load(const float* from) { return loadPart(from, kLanes); }
  static void store(float* to, Vector x) { storePart(to, x, kLanes); }
  static Vector loadPart(const float* from, size_t count) {
    Vector x{};
    std::memcpy(&x, from, count * sizeof(float));
    return x;
  }
  static void storePart(float* to, Vector x, size_t count) {
    std::memcpy(to, &x, count * sizeof(float));
  }
  static Vector add(Vector a, Vector b) { return a + b; }
  static Vector subtract(Vector a, Vector b) { return a - b; }
  static Vector multiply(Vector a, Vector b) { return a * b; }
  static Vector multiplyAdd(Vector a, Vector b, Vector c) { return a * b + c; }
  static Vector max(Vector a, Vector b) { return a > b ? a : b; }
  static Vector round(Vector x) {
    const Vector magic = broadcast(12582912.0F);  // 1.5 x 2^23: adding it leaves no fraction bits
    return (x + magic) - magic;
  }
  static Vector scale(Vector x, Vector n) {
    const Integers exponent = (__builtin_convertvector(n, Integers) + 127) << 23;
    return x * (Vector)exponent;
  }
  static Vector zeroBelow(Vector x, Vector from, Vector limit) { return from < limit ? zero() : x; }
};

}  // namespace
}  // namespace attune::trainer
