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

void scanScalar(const ByteRows& rows, const WideQuery& query, std::span<float> out) {
  for (size_t r = 0; r < rows.rows(); ++r)
    out[r] = static_cast<float>(dotScalar(rows.row(r).data(), query.numbers.data(), rows.stride)) *
             (rows.scales[r] * query.scale);
}

#if defined(__wasm_simd128__)

/// Sixteen products of one row, added in pairs.
v128_t products(const int8_t* row, v128_t low, v128_t high) {
  return wasm_i32x4_add(wasm_i32x4_dot_i16x8(wasm_i16x8_load8x8(row), low),
                        wasm_i32x4_dot_i16x8(wasm_i16x8_load8x8(row + 8), high));
}

/// The four sums of four registers of four, in one register.
v128_t transposedSums(v128_t a, v128_t b, v128_t c, v128_t d) {
  const v128_t ab =
      wasm_i32x4_add(wasm_i32x4_shuffle(a, b, 0, 4, 1, 5), wasm_i32x4_shuffle(a, b, 2, 6, 3, 7));
  const v128_t cd =
      wasm_i32x4_add(wasm_i32x4_shuffle(c, d, 0, 4, 1, 5), wasm_i32x4_shuffle(c, d, 2, 6, 3, 7));
  return wasm_i32x4_add(wasm_i32x4_shuffle(ab, cd, 0, 1, 4, 5),
                        wasm_i32x4_shuffle(ab, cd, 2, 3, 6, 7));
}

/// Four scores, of rows r to r + 3, from the four sums of their products.
void storeScores(v128_t sums, const ByteRows& rows, const WideQuery& query, size_t r,
                 std::span<float> out) {
  const v128_t scales =
      wasm_f32x4_mul(wasm_v128_load(rows.scales.data() + r), wasm_f32x4_splat(query.scale));
  wasm_v128_store(out.data() + r, wasm_f32x4_mul(wasm_f32x4_convert_i32x4(sums), scales));
}

/// The first multiple of four rows. kStride is the rows' stride where it is known when compiling,
/// which lets the query stay in registers and the addresses be constants; 0 where it is not.
template <size_t kStride>
size_t scanFours(const ByteRows& rows, const WideQuery& query, std::span<float> out) {
  const size_t stride = kStride == 0 ? rows.stride : kStride;
  const int16_t* numbers = query.numbers.data();
  const size_t whole = rows.rows() / 4 * 4;
  const int8_t* row = rows.bytes.data();
  for (size_t r = 0; r < whole; r += 4, row += 4 * stride) {
    v128_t a{}, b{}, c{}, d{};
    for (size_t i = 0; i < stride; i += 16) {
      const v128_t low = wasm_v128_load(numbers + i);
      const v128_t high = wasm_v128_load(numbers + i + 8);
      a = wasm_i32x4_add(a, products(row + i, low, high));
      b = wasm_i32x4_add(b, products(row + stride + i, low, high));
      c = wasm_i32x4_add(c, products(row + 2 * stride + i, low, high));
      d = wasm_i32x4_add(d, products(row + 3 * stride + i, low, high));
    }
    storeScores(transposedSums(a, b, c, d), rows, query, r, out);
  }
  return whole;
}

/// Reads a byte of every cache line, so that the lines are on their way.
__attribute__((noinline)) void fetch(std::span<const int8_t> bytes) {
  uint32_t sum = 0;
  for (size_t i = 0; i < bytes.size(); i += 64) sum += static_cast<uint8_t>(bytes[i]);
  asm volatile("" ::"r"(sum));
}

void scanPart(const ByteRows& rows, const WideQuery& query, std::span<float> out) {
  size_t whole = 0;
  switch (rows.stride) {
    case 64: whole = scanFours<64>(rows, query, out); break;
    case 128: whole = scanFours<128>(rows, query, out); break;
    default: whole = scanFours<0>(rows, query, out);
  }
  for (size_t r = whole; r < rows.rows(); ++r)
    out[r] = static_cast<float>(dotScalar(rows.row(r).data(), query.numbers.data(), rows.stride)) *
             (rows.scales[r] * query.scale);
}

/// Rows that no cache holds are fetched ahead of the arithmetic, which fills the processor's window
/// before it comes to the next misses: one loop after the other is a sixth faster than both in one.
void scanWasm(const ByteRows& rows, const WideQuery& query, std::span<float> out) {
  constexpr size_t kAhead = size_t{1} << 15, kCached = size_t{1} << 24;
  const size_t step = rows.bytes.size() > kCached ? kAhead / rows.stride / 4 * 4 : rows.rows();
  for (size_t r = 0; r < rows.rows(); r += step) {
    const size_t count = std::min(step, rows.rows() - r);
    const size_t begin = (r + count) * rows.stride;
    if (step < rows.rows())
      fetch(rows.bytes.subspan(begin, std::min(kAhead, rows.bytes.size() - begin)));
    scanPart({rows.bytes.subspan(r * rows.stride, count * rows.stride),
              rows.scales.subspan(r, count), rows.stride},
             query, out.subspan(r, count));
  }
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
