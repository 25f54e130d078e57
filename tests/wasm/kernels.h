#pragma once

#include <stdint.h>

/*
Hashes over the results of the runtime's arithmetic on many random inputs. The same functions are
built natively and to a small wasm module of their own; tests/js/parity.test.mjs compares them, which
is how "bit-identical" is more than a claim. Kernels: 0 exp, 1 log, 2 sigmoid and tanh, 3 dot and
sum, 4 softmax, 5 layerNorm and rmsNorm, 6 random numbers, 7 topK, 8 scan, 9 scale of a softmax, 10 filters (0 if one of
them passes other rows than a plain evaluator), 11 scan of codes and the sample of powers.
*/
#ifdef __cplusplus
extern "C" {
#endif

/* Returns the number of kernels. */
uint32_t attune_kernel_count(void);

/* The hash of kernel `kernel` on the inputs made from `seed`. */
uint32_t attune_kernel_hash(uint32_t kernel, uint32_t seed);

#ifdef __cplusplus
}
#endif
