#include "trainer/nn/cpu.h"

#include <algorithm>
#include <atomic>

namespace attune::trainer {
namespace {

#if defined(__x86_64__)
bool hasAvx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
bool hasAvx512() {
  return hasAvx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
bool hasAvx512Bf16() { return hasAvx512() && __builtin_cpu_supports("avx512bf16"); }
bool isAmd() { return __builtin_cpu_is("amd"); }
#else
bool hasAvx2() { return false; }
bool hasAvx512() { return false; }
bool hasAvx512Bf16() { return false; }
bool isAmd() { return false; }
#endif

InstructionSet detect() {
  if (hasAvx512()) return InstructionSet::avx512;
  return hasAvx2() ? InstructionSet::avx2 : InstructionSet::portable;
}

InstructionSet best() {
  static const InstructionSet set = detect();
  return set;
}

std::atomic<InstructionSet>& chosen() {
  static std::atomic<InstructionSet> set = best();
  return set;
}

}  // namespace

std::vector<InstructionSet> supportedInstructionSets() {
  std::vector<InstructionSet> sets;
  for (auto set : {InstructionSet::portable, InstructionSet::avx2, InstructionSet::avx512}) {
    if (set <= best()) sets.push_back(set);
  }
  return sets;
}

InstructionSet instructionSet() { return chosen().load(std::memory_order_relaxed); }

void forceInstructionSet(InstructionSet set) { chosen() = std::min(set, best()); }

bool hasBf16Products() {
  static const bool supported = hasAvx512Bf16();
  return supported && instructionSet() == InstructionSet::avx512;
}

bool bf16ProductsPay() { return hasBf16Products() && isAmd(); }

const char* nameOf(InstructionSet set) {
  if (set == InstructionSet::avx512) return "avx512";
  return set == InstructionSet::avx2 ? "avx2" : "portable";
}

}  // namespace attune::trainer
