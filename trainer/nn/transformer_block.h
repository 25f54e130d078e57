#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "trainer/nn/dropout.h"
#include "trainer/nn/matrix.h"
#include "trainer/nn/parameters.h"
#include "trainer/nn/workspace.h"

namespace attune::trainer {

struct BlockShape {
  size_t dimension = 64;
  size_t heads = 2;          ///< divides the dimension
  size_t feedForward = 128;  ///< width between the two feed-forward products
  size_t window = 200;       ///< how far back a token sees, itself included
  float normEpsilon = 1e-6f;
};

/// The weights of one block, or where they are in a model's numbers. d = dimension.
struct BlockParameters {
  Parameter attentionNorm;    // (1, d)
  Parameter queryKeyValue;    // (d, 3 d)
  Parameter distanceBias;     // (heads, window)
  Parameter attentionOut;     // (d, d)
  Parameter feedForwardNorm;  // (1, d)
  Parameter gateAndUp;        // (d, 2 feedForward)
  Parameter down;             // (feedForward, d)

  /// Appends a block's weights, named `prefix`.attentionNorm and so on.
  static BlockParameters addTo(ParameterLayout& layout, const BlockShape& shape,
                               const std::string& prefix);
};

/// Working memory of the way back, shared by the blocks of one pass.
struct BlockScratch {
  Workspace branch, wide, narrow;
};

/// One causal transformer block over some packed sequences, on one thread:
///   x += dropout(attention(rmsNorm(x)) O);  x += dropout(swiGlu(rmsNorm(x) G) D).
/// Holds what forward computed until backward has used it.
class BlockPass {
 public:
  BlockPass(const BlockShape& shape, const BlockParameters& parameters)
      : shape_(shape), parameters_(parameters) {}

  /// x (tokens, d), in place. The masks are those of tokens firstToken and on.
  void forward(const float* values, std::span<const uint32_t> offsets, const DropoutMask& attention,
               const DropoutMask& feedForward, uint64_t firstToken, Matrix x);

  /// dx: the gradient by the result becomes that by the argument; `gradients` is added to.
  /// REQUIRES: the arguments of the forward call before.
  void backward(const float* values, std::span<const uint32_t> offsets,
                const DropoutMask& attention, const DropoutMask& feedForward, uint64_t firstToken,
                float* gradients, Matrix dx, BlockScratch& scratch);

 private:
  void feedForwardBackward(const float* values, float* gradients, Matrix dBranch, Matrix dx,
                           BlockScratch& scratch);
  void attentionBackward(const float* values, std::span<const uint32_t> offsets, float* gradients,
                         Matrix dBranch, Matrix dx, BlockScratch& scratch);

  BlockShape shape_;
  BlockParameters parameters_;
  Workspace input_, normed_, qkv_, mixed_, logSums_;           // attention
  Workspace middle_, middleNormed_, gated_, active_, branch_;  // feed-forward
  std::vector<float> inputScale_, middleScale_;
  size_t tokens_ = 0;
};

}  // namespace attune::trainer
