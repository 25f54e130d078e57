#include "trainer/nn/gemm_kernel.h"

namespace attune::trainer {

const GemmKernel& gemmKernel() {
#if defined(__x86_64__)
  if (instructionSet() == InstructionSet::avx512) return kAvx512Gemm;
  if (instructionSet() == InstructionSet::avx2) return kAvx2Gemm;
#endif
  return kPortableGemm;
}

const GemmKernel& bf16GemmKernel() {
#if defined(__x86_64__)
  return kBf16Gemm;
#else
  return kPortableGemm;
#endif
}

}  // namespace attune::trainer
