#if defined(__x86_64__)

// The order of these counts: see simd_avx512.h.
// clang-format off
#include "trainer/nn/cross_entropy_kernel.h"
#include "trainer/nn/simd_avx2.h"
#include "trainer/nn/cross_entropy_kernel_body.h"
// clang-format on

namespace attune::trainer {

const CrossEntropyKernel kAvx2CrossEntropy = kSimdCrossEntropy;

}  // namespace attune::trainer

#endif
