// Prints the native hashes as JSON: one list a kernel, one hash a seed from 0 to 19.
#include <cstdio>

#include "tests/wasm/kernels.h"

int main() {
  std::printf("[");
  for (uint32_t kernel = 0; kernel < attune_kernel_count(); ++kernel) {
    std::printf("%s[", kernel == 0 ? "" : ",");
    for (uint32_t seed = 0; seed < 20; ++seed)
      std::printf("%s%u", seed == 0 ? "" : ",", attune_kernel_hash(kernel, seed));
    std::printf("]");
  }
  std::printf("]\n");
  return 0;
}
