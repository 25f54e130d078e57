#if defined(__x86_64__)

#include "trainer/nn/gemm_kernel.h"
#include "trainer/nn/simd_avx512.h"

#pragma GCC target("avx512bf16")

namespace attune::trainer {
namespace {

/// Each float of a and b holds two bfloat16; both products are added to the lane's sum.
struct Products {
  static Simd::Vector add(Simd::Vector a, Simd::Vector b, Simd::Vector sum) {
    return _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)b);
  }
};

}  // namespace
}  // namespace attune::trainer

#include "trainer/nn/gemm_kernel_body.h"

namespace attune::trainer {

const GemmKernel kBf16Gemm = kSimdGemm;

}  // namespace attune::trainer

#endif
