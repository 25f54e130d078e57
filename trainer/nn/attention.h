#pragma once

#include <cstdint>
#include <span>

#include "trainer/nn/matrix.h"

namespace attune::trainer {

/// Causal attention of several heads over packed sequences: token i of a sequence sees tokens
/// 0..i of the same sequence. Its only sense of order is a learned bias for each head and distance
/// i - j (after T5, Raffel et al. 2020, without buckets), so keys and values stay valid when
/// further tokens come.
///
/// qkv is (tokens, 3 d): queries, keys, values side by side, head h in columns [h d/heads, ...) of
/// each. `offsets` (sequences + 1) says where each sequence begins. `bias` is (heads, window); a
/// token sees no further back than window - 1. Stateless and thread-safe.
struct CausalAttention {
  size_t heads = 1;

  /// out (tokens, d) = softmax(q k^T / sqrt(d / heads) + bias) v for each head; logSums (heads,
  /// tokens) receives the log of each softmax's denominator for the way back.
  void forward(ConstMatrix qkv, std::span<const uint32_t> offsets, ConstMatrix bias, Matrix out,
               Matrix logSums) const;

  /// dQkv = the gradient by qkv and dBias += the gradient by bias, given dOut and what forward had
  /// and gave.
  void backward(ConstMatrix qkv, std::span<const uint32_t> offsets, ConstMatrix bias,
                ConstMatrix out, ConstMatrix logSums, ConstMatrix dOut, Matrix dQkv,
                Matrix dBias) const;
};

}  // namespace attune::trainer
