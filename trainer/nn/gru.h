#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "trainer/nn/matrix.h"
#include "trainer/nn/workspace.h"

namespace attune::trainer {

/// Weights of a gated recurrent unit (Cho et al. 2014, in the form that resets the product), or
/// their gradients. Columns in the order update z, reset r, candidate n:
///   z, r = sigmoid(x W + h U + b),  n = tanh(x W + b + r (h U + c)),  h' = (1 - z) n + z h.
template <typename View>
struct GruMatrices {
  View input;          // (in, 3 d)  W
  View state;          // (d, 3 d)   U
  View bias;           // (1, 3 d)   b
  View candidateBias;  // (1, d)     c
};
using GruWeights = GruMatrices<ConstMatrix>;
using GruGradients = GruMatrices<Matrix>;

/// Where the forward pass keeps what the way back needs.
struct GruState {
  Matrix gates;      // (tokens, 3 d) after their activations
  Matrix candidate;  // (tokens, d)   h U + c of the candidate
};

/// Working memory of one thread, for an epoch has hundreds of thousands of short runs.
struct GruScratch {
  std::vector<uint32_t> order;                  // (sequences)
  Workspace before, product;                    // (sequences or tokens, d), (sequences, 3 d)
  Workspace dGates, dProducts;                  // (tokens, 3 d)
  Workspace dState, dProduct, stateTransposed;  // (sequences, d), (sequences, 3 d), (3 d, d)
};

/// A recurrent layer over packed sequences. Stateless but for the working memory it is given.
///
/// x is (tokens, in); `offsets` (sequences + 1) says where each sequence begins; `initial`
/// (sequences, d) is each one's state before its first token, or empty for zeros.
struct Gru {
  /// states (tokens, d) = the state after each token.
  static void forward(ConstMatrix x, std::span<const uint32_t> offsets, const GruWeights& weights,
                      ConstMatrix initial, Matrix states, const GruState& kept,
                      GruScratch& scratch);

  /// Back through time: given dStates, adds to `gradients`, and sets dx (if not empty) and dInitial
  /// (if not empty).
  static void backward(ConstMatrix x, std::span<const uint32_t> offsets, const GruWeights& weights,
                       ConstMatrix initial, ConstMatrix states, const GruState& kept,
                       ConstMatrix dStates, const GruGradients& gradients, Matrix dx,
                       Matrix dInitial, GruScratch& scratch);
};

}  // namespace attune::trainer
