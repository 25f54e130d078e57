#include "runtime/base/scan.h"

#include <algorithm>
#include <cmath>

#if defined(__wasm_simd128__)
#include <wasm_simd128.h>
#elif defined(__x86_64__)
#include <immintrin.h>
#if defined(__GNUC__) && !defined(__clang__)
// g++ 12 takes the undefined registers of its own AVX-512 header for a mistake.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#endif

namespace attune {
namespace {

int32_t dotScalar(const int8_t* row, const int16_t* query, size_t stride) {
  int32_t sum = 0;
  for (size_t i = 0; i < stride; ++i) sum += int32_t{row[i]} * query[i];
  return sum;
}

[[gnu::noinline]] void scanScalar(const ByteRows& rows, const WideQuery& query, std::span<float> out) {
  for (size_t r = 0; r < rows.rows(); ++r)
    out[r] = static_cast<float>(dotScalar(rows.row(r).data(), query.numbers.data(), rows.stride)) *
             (rows.scales[r] * query.scale);
}

#if defined(__wasm_simd128__)

/// Eight products, added in pairs.
v128_t products(const int8_t* row, v128_t numbers) {
  return wasm_i32x4_dot_i16x8(wasm_i16x8_load8x8(row), numbers);
}

/// A query of 64 numbers in registers, which memory would be read for again after every store.
struct Query64 {
  v128_t numbers[8];

  explicit Query64(const int16_t* from, size_t) {
    for (size_t i = 0; i < 8; ++i) numbers[i] = wasm_v128_load(from + 8 * i);
  }
  v128_t sums(const int8_t* row) const {
    v128_t sums = products(row, numbers[0]);
#pragma clang loop unroll(full)
    for (size_t i = 1; i < 8; ++i)
      sums = wasm_i32x4_add(sums, products(row + 8 * i, numbers[i]));
    return sums;
  }
};

/// A query of any length.
struct LongQuery {
  size_t stride;
  const int16_t* numbers;

  LongQuery(const int16_t* from, size_t length) : stride(length), numbers(from) {}
  v128_t sums(const int8_t* row) const {
    v128_t sums{};
    for (size_t i = 0; i < stride; i += 8)
      sums = wasm_i32x4_add(sums, products(row + i, wasm_v128_load(numbers + i)));
    return sums;
  }
};

/// The sums of two registers of four, in the first two places.
v128_t pairOfSums(v128_t a, v128_t b) {
  const v128_t halves =
      wasm_i32x4_add(wasm_i32x4_shuffle(a, b, 0, 4, 1, 5), wasm_i32x4_shuffle(a, b, 2, 6, 3, 7));
  return wasm_i32x4_add(halves, wasm_i32x4_shuffle(halves, halves, 2, 3, 2, 3));
}

/// Two scores, from the two sums of their products, their rows' scales and the query's.
void storeScores(v128_t sums, const float* scales, v128_t scale, float* out) {
  const v128_t both = wasm_f32x4_mul(wasm_v128_load64_zero(scales), scale);
  wasm_v128_store64_lane(out, wasm_f32x4_mul(wasm_f32x4_convert_i32x4(sums), both), 0);
}

/// The order in which rows are scanned: some of one part, as many of the next, and so on in turns.
struct Turns {
  size_t parts, rowsOfPart, rowsOfTurn;
};

/// The first rows, in parts that take turns. Two rows at a time, a stride apart that is no constant: V8
/// keeps an address for each constant distance, and has no registers for those of four rows. Not
/// inline, because most catalogues need one of them only. REQUIRES: all rows of parts and turns are
/// multiples of 2
template <class Numbers>
[[gnu::noinline]] void scanPairs(const ByteRows& rows, const WideQuery& query, const Turns& turns,
                                 std::span<float> out) {
  const size_t stride = rows.stride;
  const Numbers numbers(query.numbers.data(), stride);
  const float* scales = rows.scales.data();
  const v128_t scale = wasm_f32x4_splat(query.scale);
  for (size_t turn = 0; turn < turns.rowsOfPart; turn += turns.rowsOfTurn) {
    for (size_t part = 0; part < turns.parts; ++part) {
      size_t r = part * turns.rowsOfPart + turn;
      const int8_t* row = rows.bytes.data() + r * stride;
      const size_t end = r + std::min(turns.rowsOfTurn, turns.rowsOfPart - turn);
#pragma clang loop unroll(disable)
      for (; r < end; r += 2, row += 2 * stride)
        storeScores(pairOfSums(numbers.sums(row), numbers.sums(row + stride)), scales + r, scale,
                    out.data() + r);
    }
  }
}

/// What no cache holds is read in eight parts that take turns: a processor fetches only so many lines
/// of a stream ahead, which at the pace of one stream is less than memory needs, and at an eighth of
/// it enough.
void scanWasm(const ByteRows& rows, const WideQuery& query, std::span<float> out) {
  constexpr size_t kCached = size_t{1} << 24;
  const size_t whole = rows.rows() / 16 * 16;
  Turns turns{1, whole, whole};
  if (rows.bytes.size() > kCached) turns = {8, whole / 8, 4};
  (rows.stride == 64 ? scanPairs<Query64> : scanPairs<LongQuery>)(rows, query, turns, out);
  for (size_t r = whole; r < rows.rows(); ++r)
    out[r] = static_cast<float>(dotScalar(rows.row(r).data(), query.numbers.data(), rows.stride)) *
             (rows.scales[r] * query.scale);
}

#elif defined(__x86_64__)

__attribute__((target("avx2"))) int32_t sumOf(__m256i eight) {
  __m128i four = _mm_add_epi32(_mm256_castsi256_si128(eight), _mm256_extracti128_si256(eight, 1));
  four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4E));
  four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0xB1));
  return _mm_cvtsi128_si32(four);
}

__attribute__((target("avx2"))) void scanAvx2(const ByteRows& rows, const WideQuery& query,
                                              std::span<float> out) {
  const int16_t* numbers = query.numbers.data();
  for (size_t r = 0; r < rows.rows(); ++r) {
    const int8_t* row = rows.bytes.data() + r * rows.stride;
    __m256i sums = _mm256_setzero_si256();
    for (size_t i = 0; i < rows.stride; i += 16) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(row + i));
      const __m256i wide = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(numbers + i));
      sums = _mm256_add_epi32(sums, _mm256_madd_epi16(_mm256_cvtepi8_epi16(bytes), wide));
    }
    out[r] = static_cast<float>(sumOf(sums)) * (rows.scales[r] * query.scale);
  }
}

__attribute__((target("avx512f,avx512bw,avx512vnni"))) void scanAvx512(const ByteRows& rows,
                                                                       const WideQuery& query,
                                                                       std::span<float> out) {
  const int16_t* numbers = query.numbers.data();
  const size_t whole = rows.stride / 32 * 32;
  for (size_t r = 0; r < rows.rows(); ++r) {
    const int8_t* row = rows.bytes.data() + r * rows.stride;
    __m512i sums = _mm512_setzero_si512();
    for (size_t i = 0; i < whole; i += 32) {
      const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(row + i));
      sums =
          _mm512_dpwssd_epi32(sums, _mm512_cvtepi8_epi16(bytes), _mm512_loadu_si512(numbers + i));
    }
    if (whole < rows.stride) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(row + whole));
      const __m256i last = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(numbers + whole));
      sums = _mm512_dpwssd_epi32(sums, _mm512_zextsi256_si512(_mm256_cvtepi8_epi16(bytes)),
                                 _mm512_zextsi256_si512(last));
    }
    out[r] = static_cast<float>(_mm512_reduce_add_epi32(sums)) * (rows.scales[r] * query.scale);
  }
}

#endif

/// The largest number of a query whose sum of products with bytes cannot leave 32 bits.
float largestNumber(size_t stride) {
  const auto bound = static_cast<float>(2147483647u / (128 * static_cast<uint32_t>(stride)));
  return std::min(bound, 32767.0f);
}

/// To the nearest whole number, ties to even, by the addition that leaves no room for a fraction.
float roundToEven(float x) {
  const float magic = 12582912.0f;  // 1.5 * 2^23
  return (x + magic) - magic;
}

}  // namespace

Status WideQuery::set(std::span<const float> vector, size_t stride) {
  numbers.clear();
  ATTUNE_TRY(numbers.resize(stride));
  float largest = 0;
  for (const float x : vector) largest = std::max(largest, std::fabs(x));
  const float limit = largestNumber(stride);
  scale = largest / limit;
  if (!(scale > 0)) return {};
  const float factor = limit / largest;
  for (size_t i = 0; i < vector.size(); ++i)
    numbers[i] = static_cast<int16_t>(roundToEven(vector[i] * factor));
  return {};
}

bool hasKernel(ScanKernel kernel) {
  switch (kernel) {
    case ScanKernel::scalar:
      return true;
#if defined(__wasm_simd128__)
    case ScanKernel::wasmSimd:
      return true;
#elif defined(__x86_64__)
    case ScanKernel::avx2:
      return __builtin_cpu_supports("avx2") != 0;
    case ScanKernel::avx512:
      return __builtin_cpu_supports("avx512bw") != 0 && __builtin_cpu_supports("avx512vnni") != 0;
#endif
    default:
      return false;
  }
}

void scanRowsWith(ScanKernel kernel, const ByteRows& rows, const WideQuery& query,
                  std::span<float> out) {
  switch (kernel) {
#if defined(__wasm_simd128__)
    case ScanKernel::wasmSimd:
      return scanWasm(rows, query, out);
#elif defined(__x86_64__)
    case ScanKernel::avx2:
      return scanAvx2(rows, query, out);
    case ScanKernel::avx512:
      return scanAvx512(rows, query, out);
#endif
    default:
      return scanScalar(rows, query, out);
  }
}

void scanRows(const ByteRows& rows, const WideQuery& query, std::span<float> out) {
  for (const ScanKernel kernel : {ScanKernel::wasmSimd, ScanKernel::avx512, ScanKernel::avx2})
    if (hasKernel(kernel)) return scanRowsWith(kernel, rows, query, out);
  scanScalar(rows, query, out);
}

}  // namespace attune
