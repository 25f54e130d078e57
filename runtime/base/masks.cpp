#include "runtime/base/masks.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace attune {
namespace {

// Plain loops over local pointers that the compilers turn into SIMD: a byte may alias anything, and
// __restrict says that it does not.

#if defined(__clang__)
#define ATTUNE_PLAIN_LOOP _Pragma("clang loop vectorize(disable)")
#else
#define ATTUNE_PLAIN_LOOP
#endif

template <typename T, typename Bound>
void mark(const T* __restrict values, size_t count, Bound low, Bound high, Bound null,
          uint8_t* __restrict out) {
  for (size_t i = 0; i < count; ++i) {
    const Bound x = static_cast<Bound>(values[i]);
    out[i] = static_cast<uint8_t>(out[i] | ((x >= low) & (x <= high) & (x != null)));
  }
}

/// The same without SIMD, for what is rare or gains little: its code is a tenth.
template <typename T, typename Bound>
void markPlainly(const T* values, size_t count, Bound low, Bound high, Bound null, uint8_t* out) {
  ATTUNE_PLAIN_LOOP
  for (size_t i = 0; i < count; ++i) {
    const Bound x = static_cast<Bound>(values[i]);
    out[i] = static_cast<uint8_t>(out[i] | ((x >= low) & (x <= high) & (x != null)));
  }
}

/// Whole numbers compare as 32-bit ones: the interval's ends are moved to whole numbers inside.
template <typename T>
void markWhole(std::span<const T> values, double low, double high, double null,
               std::span<uint8_t> out) {
  constexpr double kLeast = std::numeric_limits<int32_t>::min();
  constexpr double kMost = std::numeric_limits<int32_t>::max();
  low = std::max(std::ceil(low), kLeast);
  high = std::min(std::floor(high), kMost);
  if (!(low <= high)) return;
  const auto run = sizeof(T) == 1 ? markPlainly<T, int32_t> : mark<T, int32_t>;
  run(values.data(), values.size(), static_cast<int32_t>(low), static_cast<int32_t>(high),
      static_cast<int32_t>(null), out.data());
}

/// The nearest float that is not below, or not above.
float notBelow(double x) {
  const auto near = static_cast<float>(x);
  return static_cast<double>(near) < x ? std::nextafter(near, INFINITY) : near;
}
float notAbove(double x) {
  const auto near = static_cast<float>(x);
  return static_cast<double>(near) > x ? std::nextafter(near, -INFINITY) : near;
}

}  // namespace

void orInto(std::span<const uint8_t> in, std::span<uint8_t> out) {
  const uint8_t* __restrict from = in.data();
  uint8_t* __restrict to = out.data();
  for (size_t i = 0, count = out.size(); i < count; ++i) to[i] |= from[i];
}

void andInto(std::span<const uint8_t> in, std::span<uint8_t> out) {
  const uint8_t* __restrict from = in.data();
  uint8_t* __restrict to = out.data();
  for (size_t i = 0, count = out.size(); i < count; ++i) to[i] &= from[i];
}

void negate(std::span<uint8_t> out) {
  uint8_t* __restrict to = out.data();
  for (size_t i = 0, count = out.size(); i < count; ++i) to[i] ^= 1;
}

void keepUnless(std::span<const uint8_t> excluded, bool all, std::span<uint8_t> out) {
  const uint8_t* __restrict drop = excluded.data();
  uint8_t* __restrict to = out.data();
  const auto least = static_cast<uint8_t>(all);
  for (size_t i = 0, count = out.size(); i < count; ++i)
    to[i] = static_cast<uint8_t>((to[i] | least) & (drop[i] ^ 1));
}

void overrideMarked(std::span<const uint8_t> marks, std::span<uint8_t> out) {
  const uint8_t* __restrict mark = marks.data();
  uint8_t* __restrict to = out.data();
  for (size_t i = 0, count = out.size(); i < count; ++i)
    to[i] = static_cast<uint8_t>((to[i] & ~(mark[i] >> 1)) | (mark[i] & 1));
}

void markWithin(std::span<const uint8_t> values, double low, double high, double null,
                std::span<uint8_t> out) {
  markWhole(values, low, high, null, out);
}

void markWithin(std::span<const uint16_t> values, double low, double high, double null,
                std::span<uint8_t> out) {
  markWhole(values, low, high, null, out);
}

void markWithin(std::span<const int32_t> values, double low, double high, double null,
                std::span<uint8_t> out) {
  markWhole(values, low, high, null, out);
}

void markWithin(std::span<const float> values, double low, double high, double null,
                std::span<uint8_t> out) {
  mark(values.data(), values.size(), notBelow(low), notAbove(high), static_cast<float>(null),
       out.data());
}

void markWithin(std::span<const double> values, double low, double high, double null,
                std::span<uint8_t> out) {
  markPlainly(values.data(), values.size(), low, high, null, out.data());
}

}  // namespace attune
