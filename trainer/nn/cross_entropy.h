#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "trainer/nn/gemm_scratch.h"
#include "trainer/nn/gemm_threads.h"

namespace attune::trainer {

/// How the three products of the loss are computed; sums are float in both.
enum class Precision {
  f32,
  /// Factors rounded to bfloat16 (error of the gradients about 0.1 %), where the processor has such
  /// products (hasBf16Products); f32 elsewhere. Not faster everywhere: see bf16ProductsPay.
  bf16,
};

/// What the gradients are of: the weighted sum of the tokens' losses, or that sum divided by the
/// sum of the weights.
enum class Reduction { sum, mean };

/// A target that takes no part in the loss.
inline constexpr uint32_t kNoTarget = UINT32_MAX;

/// Memory that the loss keeps between calls; without it every batch asks the system for new pages.
struct CrossEntropyScratch {
  AlignedFloats packed;  ///< the items, as the kernels read them
  AlignedFloats shares;  ///< each share's gradient of the items
};

struct CrossEntropyOptions {
  Reduction reduction = Reduction::mean;
  Precision precision = Precision::f32;
  GemmThreads* threads = nullptr;          ///< null: the calling thread alone
  CrossEntropyScratch* scratch = nullptr;  ///< null: allocated and freed in the call
};

/// What a token's items get beside their logits (see PointerPass): logs of sums of exponentials,
/// minus infinity for none.
struct CopiedMass {
  float all = -std::numeric_limits<float>::infinity();     ///< of all items together
  float target = -std::numeric_limits<float>::infinity();  ///< of the target
};

/// What a token's loss was the difference of: the log of the whole sum, and of the target's part.
struct LossParts {
  float all = 0;
  float target = 0;
};

/// What the loss is computed from. Matrices are row-major without gaps.
struct CrossEntropyInput {
  size_t dimension = 0;
  std::span<const float> hidden;    ///< (tokens, dimension)
  std::span<const float> items;     ///< (items, dimension): one row for each item of the catalogue
  std::span<const float> itemBias;  ///< (items), or empty: added to the item's logit
  std::span<const uint32_t> targets;  ///< (tokens): the right item of each token, or kNoTarget
  std::span<const float> weights;     ///< (tokens), or empty for 1 each; 0 leaves the token out
  std::span<const CopiedMass> copied;  ///< (tokens), or empty for none
};

/// Where the gradients go.
struct CrossEntropyGradients {
  std::span<float> hidden;    ///< (tokens, dimension), overwritten; 0 for tokens left out
  std::span<float> items;     ///< (items, dimension), added to
  std::span<float> itemBias;  ///< (items), added to; may be empty
  std::span<LossParts> parts;  ///< (tokens), of those that take part; may be empty
};

/// The loss over the tokens that take part.
struct CrossEntropyLoss {
  double weightedSum = 0;  ///< sum of weight x loss, nats
  double weights = 0;      ///< sum of the weights
  size_t tokens = 0;       ///< how many took part

  /// Nats a token; 0 when none took part.
  double mean() const { return tokens == 0 ? 0 : weightedSum / weights; }
};

/// Softmax cross-entropy of every token over the whole catalogue, with its gradients.
///
/// logit(t, v) = hidden[t] . items[v] + itemBias[v]; loss(t) = log sum_v exp logit(t, v) - logit(t,
/// target). With copied mass c: log(sum_v exp logit(t, v) + exp c.all) - log(exp logit(t, target) +
/// exp c.target). Never holds tokens x items: a tile of some dozen tokens by all items at a time, in
/// cache. The tokens are cut into 8 contiguous shares whatever the number of threads; each sums
/// into its own copy of the items' gradient, and the copies are added in order. So the bits depend
/// on the arguments and the instruction set alone. Needs about 40 x items x dimension bytes,
/// and for each thread 200 x items bytes, at least 1.5 MB.
///
/// Finite logits of any size are safe. One of minus infinity (a bias may be that) has probability
/// 0; as a target's it makes the loss infinite. NaN or plus infinity in a token's logits makes the
/// loss and the gradients NaN.
///
/// Throws std::out_of_range when a target or a negative is outside the catalogue.
/// REQUIRES: sizes as given above; no span overlaps another.
CrossEntropyLoss crossEntropy(const CrossEntropyInput& input,
                              const CrossEntropyGradients& gradients,
                              const CrossEntropyOptions& options = {});

/// Negatives drawn once and shared by all tokens, for catalogues too large for the whole softmax.
struct SampledNegatives {
  std::span<const uint32_t> items;  ///< the drawn items; the same one may come twice
  /// log of how often an item is expected among the draws, for every item of the catalogue
  /// (Bengio and Senecal 2008); it is subtracted from the item's logit. Empty: no correction.
  std::span<const float> logExpectedCount;
};

/// Sampled softmax: as crossEntropy, but each token's sum runs over its target and the negatives
/// that are not its target. With the correction its gradient tends to the whole softmax's as draws
/// grow. The items' gradient is added to in the rows of the targets and the negatives only.
CrossEntropyLoss sampledCrossEntropy(const CrossEntropyInput& input,
                                     const SampledNegatives& negatives,
                                     const CrossEntropyGradients& gradients,
                                     const CrossEntropyOptions& options = {});

}  // namespace attune::trainer
