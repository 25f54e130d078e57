#include "runtime/base/code_scan.h"

#include <algorithm>
#include <cstring>

#if defined(__wasm_simd128__)
#include <wasm_simd128.h>
#elif defined(__x86_64__)
#include <immintrin.h>
#endif

namespace attune {
namespace {

// What runs once a request is built for size.
#if defined(__clang__)
#define ATTUNE_SMALL __attribute__((minsize, noinline))
#else
#define ATTUNE_SMALL
#endif

constexpr float kMostEntry = 63;  // four of them fit in a byte

/// The sum of entries of one row.
uint32_t sumOf(const uint8_t* block, size_t place, const CodedRows& rows, const uint8_t* entries) {
  uint32_t sum = 0;
  for (size_t column = 0; column < rows.columns; ++column, entries += 2 * CodedRows::kPoints) {
    const uint8_t code = block[column * CodedRows::kBlock + place];
    sum += entries[code & 15] + uint32_t{entries[CodedRows::kPoints + (code >> 4)]};
  }
  return sum;
}

ATTUNE_SMALL void scanPlainly(const CodedRows& rows, const CodeTables& tables, size_t begin,
                 std::span<float> out) {
  for (size_t r = begin; r < rows.rows(); ++r) {
    const uint8_t* block = &rows.codes[r / CodedRows::kBlock * CodedRows::kBlock * rows.columns];
    const uint32_t sum = sumOf(block, r % CodedRows::kBlock, rows, tables.entries.data());
    out[r] = (tables.base + tables.step * static_cast<float>(sum)) * rows.scales[r];
  }
}

#if defined(__wasm_simd128__) || defined(__x86_64__)

using Bytes16 = uint8_t __attribute__((vector_size(16)));
using Words8 = uint16_t __attribute__((vector_size(16)));
using Int4 = int32_t __attribute__((vector_size(16)));
using Float4 = float __attribute__((vector_size(16)));

#if defined(__wasm_simd128__)
#define ATTUNE_CODE_TARGET
Bytes16 lookUp(Bytes16 table, Bytes16 indexes) {
  return (Bytes16)wasm_i8x16_swizzle((v128_t)table, (v128_t)indexes);
}
#else
#define ATTUNE_CODE_TARGET __attribute__((target("avx2")))
ATTUNE_CODE_TARGET Bytes16 lookUp(Bytes16 table, Bytes16 indexes) {
  return (Bytes16)_mm_shuffle_epi8((__m128i)table, (__m128i)indexes);
}
#endif

ATTUNE_CODE_TARGET Bytes16 load16(const uint8_t* from) {
  Bytes16 bytes;
  std::memcpy(&bytes, from, sizeof bytes);
  return bytes;
}

/// The entries that two codes of each of 16 rows name, added.
ATTUNE_CODE_TARGET Bytes16 entriesOf(Bytes16 codes, Bytes16 lower, Bytes16 upper) {
  const Bytes16 mask = {15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15};
  return lookUp(lower, codes & mask) + lookUp(upper, (Bytes16)((Words8)codes >> 4) & mask);
}

/// Sums of 16 rows: every second one, and all with 256 times the others in them, modulo 2^16.
struct Sums {
  Words8 both = {};
  Words8 odd = {};

  ATTUNE_CODE_TARGET void add(Bytes16 entries) {
    both += (Words8)entries;
    odd += (Words8)entries >> 8;
  }
};

ATTUNE_CODE_TARGET Float4 splat(float x) { return Float4{x, x, x, x}; }

/// Scores of four rows from their sums.
ATTUNE_CODE_TARGET void storeFour(Int4 sums, const CodeTables& tables, const float* scales,
                                  float* out) {
  Float4 scale;
  std::memcpy(&scale, scales, sizeof scale);
  const Float4 scores =
      (splat(tables.base) + splat(tables.step) * __builtin_convertvector(sums, Float4)) * scale;
  std::memcpy(out, &scores, sizeof scores);
}

ATTUNE_CODE_TARGET void store16(const Sums& sums, const CodeTables& tables, const float* scales,
                                float* out) {
  const Words8 zero = {};
  const Words8 even = sums.both - (sums.odd << 8);
  const Words8 low = __builtin_shufflevector(even, sums.odd, 0, 8, 1, 9, 2, 10, 3, 11);
  const Words8 high = __builtin_shufflevector(even, sums.odd, 4, 12, 5, 13, 6, 14, 7, 15);
  const auto first = [&](Words8 words) ATTUNE_CODE_TARGET {
    return (Int4)__builtin_shufflevector(words, zero, 0, 8, 1, 8, 2, 8, 3, 8);
  };
  const auto last = [&](Words8 words) ATTUNE_CODE_TARGET {
    return (Int4)__builtin_shufflevector(words, zero, 4, 8, 5, 8, 6, 8, 7, 8);
  };
  storeFour(first(low), tables, scales, out);
  storeFour(last(low), tables, scales + 4, out + 4);
  storeFour(first(high), tables, scales + 8, out + 8);
  storeFour(last(high), tables, scales + 12, out + 12);
}

/// The first multiple of 256 rows, in eight parts that take turns, as the rows themselves are scanned
/// (scan.cpp). Two blocks at once share the loads of the tables.
ATTUNE_CODE_TARGET size_t scanPairs(const CodedRows& rows, const CodeTables& tables,
                                    std::span<float> out) {
  constexpr size_t kParts = 8, kPair = 2 * CodedRows::kBlock;
  const size_t each = rows.rows() / (kParts * kPair) * kPair;
  const float* scales = rows.scales.data();
  const size_t blockBytes = CodedRows::kBlock * rows.columns;
  for (size_t turn = 0; turn < each; turn += kPair) {
    for (size_t r = turn; r < kParts * each; r += each) {
      const uint8_t* first = rows.codes.data() + r * rows.columns;
      const uint8_t* second = first + blockBytes;
      const uint8_t* entries = tables.entries.data();
      Sums a, b;
      for (size_t at = 0; at < blockBytes; at += 32, entries += 64) {
        const Bytes16 t0 = load16(entries), t1 = load16(entries + 16);
        const Bytes16 t2 = load16(entries + 32), t3 = load16(entries + 48);
        a.add(entriesOf(load16(first + at), t0, t1) + entriesOf(load16(first + at + 16), t2, t3));
        b.add(entriesOf(load16(second + at), t0, t1) + entriesOf(load16(second + at + 16), t2, t3));
      }
      store16(a, tables, scales + r, out.data() + r);
      store16(b, tables, scales + r + 16, out.data() + r + 16);
    }
  }
  return kParts * each;
}

#endif

}  // namespace

ATTUNE_SMALL Status CodeTables::set(std::span<const float> vector, std::span<const float> points) {
  constexpr size_t kWidth = CodedRows::kWidth, kPoints = CodedRows::kPoints;
  const size_t parts = points.size() / (kPoints * kWidth);
  entries.clear();
  ATTUNE_TRY(entries.resize(parts * kPoints));
  const auto product = [&](size_t entry) {
    const size_t begin = entry / kPoints * kWidth;
    float sum = 0;
    for (size_t i = 0; i < kWidth && begin + i < vector.size(); ++i)
      sum += vector[begin + i] * points[entry * kWidth + i];
    return sum;
  };
  float widest = 0;
  base = 0;
  // Twice, the first time for the range of each part.
  for (int pass = 0; pass < 2; ++pass) {
    for (size_t part = 0; part < parts; ++part) {
      float low = product(part * kPoints), high = low;
      for (size_t p = 1; p < kPoints; ++p) {
        low = std::min(low, product(part * kPoints + p));
        high = std::max(high, product(part * kPoints + p));
      }
      if (pass == 0) {
        widest = std::max(widest, high - low);
        base += low;
        continue;
      }
      for (size_t p = 0; p < kPoints && step > 0; ++p) {
        const float entry = (product(part * kPoints + p) - low) / step;
        entries[part * kPoints + p] = static_cast<uint8_t>(std::min(entry + 0.5f, kMostEntry));
      }
    }
    step = widest / kMostEntry;
  }
  return {};
}

bool hasCodeKernel() {
#if defined(__wasm_simd128__)
  return true;
#elif defined(__x86_64__)
  return __builtin_cpu_supports("avx2") != 0;
#else
  return false;
#endif
}

void scanCodesPlainly(const CodedRows& rows, const CodeTables& tables, std::span<float> out) {
  scanPlainly(rows, tables, 0, out);
}

[[gnu::noinline]] void scanCodes(const CodedRows& rows, const CodeTables& tables, std::span<float> out) {
  size_t done = 0;
#if defined(__wasm_simd128__) || defined(__x86_64__)
  if (hasCodeKernel()) done = scanPairs(rows, tables, out);
#endif
  scanPlainly(rows, tables, done, out);
}

}  // namespace attune
