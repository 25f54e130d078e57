#pragma once

#include <vector>

namespace attune::trainer {

/// The vector instructions a kernel is written for, each containing the ones before it.
enum class InstructionSet {
  portable,  ///< what every x86-64 has (SSE2), or any other processor
  avx2,      ///< AVX2 and FMA, 256 bits
  avx512,    ///< AVX-512 F, BW, DQ and VL, 512 bits
};

/// What this processor and operating system can run, ascending; never empty.
std::vector<InstructionSet> supportedInstructionSets();

/// What the kernels use: the best supported, unless forced.
InstructionSet instructionSet();

/// Makes the kernels use another set: for tests and benchmarks; not while kernels run.
/// A set that is not supported is lowered to the best that is.
void forceInstructionSet(InstructionSet set);

/// Whether bfloat16 products (AVX512_BF16) can be used: supported, and AVX-512 not forced away.
bool hasBf16Products();

/// Whether they are also faster than float products. Zen 4 does them at twice the speed, Intel's
/// Sapphire Rapids at half. Decided by the maker's name, for a measurement would not repeat.
bool bf16ProductsPay();

/// "portable", "avx2" or "avx512".
const char* nameOf(InstructionSet set);

}  // namespace attune::trainer
