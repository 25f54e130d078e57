#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "trainer/nn/gemm_threads.h"
#include "trainer/nn/hierarchical_gru.h"
#include "trainer/nn/item_vectors.h"
#include "trainer/nn/parameters.h"
#include "trainer/nn/pointer.h"
#include "trainer/nn/sequence_batches.h"
#include "trainer/nn/transformer_block.h"

namespace attune::trainer {

/// What turns the items seen into a state.
enum class SequenceEncoder : uint8_t { transformer, hierarchicalGru };

/// Which model. Positions do not occur in it: a token knows only how far others are away, so what
/// was computed for past events stays valid when another comes.
struct SequenceModelConfig {
  SequenceEncoder encoder = SequenceEncoder::transformer;
  size_t hiddenDimension = 64;
  size_t layers = 2;         ///< this and the next two of the transformer
  size_t heads = 2;
  size_t feedForward = 128;
  size_t gradientEvents = 32;  ///< of the hierarchical GRU, see HierarchicalGruPass
  size_t maxHistory = 200;
  bool itemBias = false;  ///< a learned number added to each item's score
  bool pointer = false;   ///< of the transformer: whether the score also points back, see PointerPass
  float normEpsilon = 1e-6f;
};

/// The shapes of a sequence model's weights (after SASRec, Kang and McAuley 2018, with the blocks
/// of LLaMA, Touvron et al. 2023): the vectors of the items seen, scaled by sqrt(d), pass `layers`
/// blocks and a last norm; the result's products with the item vectors are the items' scores.
/// An item's vector is its own plus the sum of its features'. The hierarchical GRU may take the
/// blocks' place; its states are dropped out as its input is.
class SequenceModel {
 public:
  /// Throws UserError when the configuration makes no model (heads that do not divide the
  /// dimension, a size of 0).
  SequenceModel(const SequenceModelConfig& config, size_t items, size_t features = 0,
                size_t queryFeatures = 0);

  const SequenceModelConfig& config() const { return config_; }
  const ParameterLayout& layout() const { return layout_; }
  size_t items() const { return itemVectors.rows; }
  /// Numbers of the blocks' weights and the last norm's, which lie before all others.
  size_t backboneSize() const { return itemVectors.offset; }
  BlockShape blockShape() const;
  /// What item vectors are multiplied by where they enter the first block.
  float inputScale() const;

  /// Fresh weights, a function of the seed: normal with deviation 0.02, features' with 0.002, norms
  /// 1, biases 0.
  std::vector<float> initialValues(uint64_t seed) const;

  std::vector<BlockParameters> blocks;  // of the transformer
  HierarchicalGruParameters recurrent;  // of the hierarchical GRU
  Parameter finalNorm;       // (1, d)
  Parameter itemVectors;     // (items, d)
  Parameter featureVectors;  // (features, d)
  Parameter itemBias;        // (1, items), or (1, 0)
  Parameter startVector;     // (1, d)
  Parameter queryVectors;    // (query features, d)
  PointerParameters pointer;

 private:
  SequenceModelConfig config_;
  ParameterLayout layout_;
};

/// The dropout of one training step; none where rate is 0.
struct StepDropout {
  uint64_t seed = 0;
  uint64_t step = 0;
  float rate = 0;
};

/// Runs the backbone of a model over batches, forth and back. The sequences of a batch are cut into
/// chunks that depend on the batch alone, each chunk's gradient is kept apart and these are added
/// in order, so the thread count changes nothing. One batch at a time.
class SequencePass {
 public:
  SequencePass(const SequenceModel& model, GemmThreads* threads)
      : model_(model), threads_(threads) {}

  /// hidden (tokens, d) for every token of the batch. `itemVectors` (items, d) are the items' full
  /// vectors.
  void forward(const PackedBatch& batch, const float* values, ConstMatrix itemVectors,
               const StepDropout& dropout, Matrix hidden);

  /// Given dHidden of the batch just passed: backboneGradients (backboneSize) is set, dItemVectors
  /// (items, d) added to.
  void backward(const PackedBatch& batch, const float* values, const StepDropout& dropout,
                ConstMatrix dHidden, std::span<float> backboneGradients, Matrix dItemVectors);

 private:
  /// What one chunk of sequences keeps between forward and backward.
  struct Chunk {
    size_t firstSequence = 0;
    size_t firstToken = 0;
    std::vector<uint32_t> offsets;  // (sequences of the chunk + 1), from 0
    std::vector<BlockPass> blocks;
    HierarchicalGruPass recurrent;
    Workspace last;  // (tokens, d) before the final norm
    std::vector<float> lastScale;

    size_t tokens() const { return offsets.back(); }
  };

  void cutIntoChunks(const PackedBatch& batch);
  void forwardChunk(Chunk& chunk, const PackedBatch& batch, const float* values,
                    ConstMatrix itemVectors, const StepDropout& dropout, Matrix hidden);
  void encode(Chunk& chunk, const PackedBatch& batch, const float* values,
              const StepDropout& dropout, Matrix x);
  void encodeBackward(Chunk& chunk, const float* values, const StepDropout& dropout,
                      float* gradients, Matrix dx);
  void backwardChunk(Chunk& chunk, const float* values, const StepDropout& dropout,
                     ConstMatrix dHidden, float* gradients, Matrix dInput);

  const SequenceModel& model_;
  GemmThreads* threads_;
  std::vector<Chunk> chunks_;
  size_t used_ = 0;                            // chunks of this batch
  std::vector<std::vector<float>> gradients_;  // (chunks) x (backbone)
  Workspace dInput_;                           // (tokens, d)
};

}  // namespace attune::trainer
