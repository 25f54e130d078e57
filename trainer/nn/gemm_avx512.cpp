#if defined(__x86_64__)

#include "trainer/nn/gemm_kernel.h"
#include "trainer/nn/simd_avx512.h"

namespace attune::trainer {
namespace {

struct Products {
  static Simd::Vector add(Simd::Vector a, Simd::Vector b, Simd::Vector sum) {
    return Simd::multiplyAdd(a, b, sum);
  }
};

}  // namespace
}  // namespace attune::trainer

#include "trainer/nn/gemm_kernel_body.h"

namespace attune::trainer {

const GemmKernel kAvx512Gemm = kSimdGemm;

}  // namespace attune::trainer

#endif
