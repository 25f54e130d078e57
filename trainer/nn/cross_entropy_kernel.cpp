#include "trainer/nn/cross_entropy_kernel.h"

namespace attune::trainer {

const CrossEntropyKernel& crossEntropyKernel() {
#if defined(__x86_64__)
  if (instructionSet() == InstructionSet::avx512) return kAvx512CrossEntropy;
  if (instructionSet() == InstructionSet::avx2) return kAvx2CrossEntropy;
#endif
  return kPortableCrossEntropy;
}

const CrossEntropyKernel& bf16CrossEntropyKernel() {
#if defined(__x86_64__)
  return kBf16CrossEntropy;
#else
  return kPortableCrossEntropy;
#endif
}

}  // namespace attune::trainer
