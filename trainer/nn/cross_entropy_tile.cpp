#include "trainer/nn/cross_entropy_tile.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "trainer/nn/cross_entropy_kernel.h"
#include "trainer/nn/cross_entropy_memory.h"
#include "trainer/nn/cross_entropy_negatives.h"
#include "trainer/nn/gemm_bf16.h"
#include "trainer/nn/gemm_kernel.h"

namespace attune::trainer {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
// Logits of one tile, in floats (1.3 MB), and the bounds of its tokens: multiples of every kernel's
// tile, many enough for the items' gradient not to be read and written too often.
constexpr size_t kTileFloats = size_t{330000};
constexpr size_t kLeastTokens = 48;
constexpr size_t kMostTokens = 96;

/// log(e^a + e^b); only b may be minus infinity.
double logOfSum(double a, double b) {
  return std::max(a, b) + std::log1p(std::exp(-std::abs(a - b)));
}

AlignedFloats& tileBlock() {
  static thread_local AlignedFloats block;
  return block;
}

/// One tile, step by step; `rows` tokens.
class Tile {
 public:
  Tile(const LossJob& job, std::span<const ActiveToken> tokens)
      : job_(job),
        items_(job.items),
        tokens_(tokens),
        rows_(tokens.size()),
        lanes_(gemmKernel().lanes),
        gemm_(items_.pairs() ? bf16GemmKernel() : gemmKernel()),
        kernel_(items_.pairs() ? bf16CrossEntropyKernel() : crossEntropyKernel()),
        memory_(items_, tokensOfTile(items_), lanes_, tileBlock()) {}

  void gatherHidden() {
    const size_t dimension = items_.dimension(), steps = items_.steps(dimension);
    for (size_t i = 0; i < rows_; ++i) {
      const float* const from = hiddenOf(i);
      float* const to = memory_.hidden + i * steps;
      if (!items_.pairs()) {
        std::copy_n(from, dimension, to);
        continue;
      }
      for (size_t j = 0; j < steps; ++j) {
        storeBf16Pair(to + j, from[2 * j], 2 * j + 1 < dimension ? from[2 * j + 1] : 0);
      }
    }
  }

  void computeLogits() {
    const size_t steps = items_.steps(items_.dimension());
    for (size_t panel = 0; panel < items_.itemPanels(); ++panel) {
      gemm_.multiply({.rows = rows_,
                      .columns = items_.itemsOf(panel),
                      .k = steps,
                      .a = memory_.hidden,
                      .aRowStride = steps,
                      .b = items_.transposed(panel),
                      .bStride = items_.panelWidth(),
                      .c = logits(panel),
                      .cStride = items_.panelWidth()});
      fillUp(panel);
      if (job_.negatives == nullptr) raiseMax(panel);
    }
  }

  /// Reads the targets' logits; with negatives, computes them and takes the targets out of these.
  void findTargets() {
    for (size_t i = 0; i < rows_; ++i) {
      memory_.targetLogit[i] =
          job_.negatives == nullptr ? logitAt(i, tokens_[i].target) : takeTargetOut(i);
    }
    if (job_.negatives == nullptr) return;
    for (size_t panel = 0; panel < items_.itemPanels(); ++panel) raiseMax(panel);
  }

  void joinMax() {
    for (size_t i = 0; i < rows_; ++i) {
      const float* const lanes = memory_.maxLanes + i * lanes_;
      memory_.max[i] = *std::max_element(lanes, lanes + lanes_);
    }
    if (paddedRows() > rows_) memory_.max[rows_] = 0;
  }

  void startMax() {
    std::fill_n(memory_.maxLanes, rows_ * lanes_, -kInfinity);
    std::fill_n(memory_.sumLanes, paddedRows() * lanes_, 0.0F);
  }

  /// Exponentials, and their products with the items' rows while they are in the cache.
  void sumOverItems() {
    if (items_.count() == 0) {
      std::fill_n(memory_.hiddenGradient, tokensOfTile(items_) * items_.paddedDimension(), 0.0F);
    }
    for (size_t panel = 0; panel < items_.itemPanels(); ++panel) {
      kernel_.exponentials({logits(panel), paddedRows()}, memory_.max, memory_.sumLanes);
      addToHidden(panel);
    }
  }

  /// Loss of each token, and the scale of its exponentials. Returns the sum of weight x loss.
  double finishTokens() {
    double loss = 0;
    for (size_t i = 0; i < rows_; ++i) loss += finishToken(i);
    return loss;
  }

  void writeHiddenGradient() {
    for (size_t i = 0; i < rows_; ++i) writeHiddenRow(i);
  }

  void scaleHidden() {
    for (size_t panel = 0; panel < items_.dimensionPanels(); ++panel) {
      float* to = hiddenPanel(memory_.scaledHidden, panel);
      const size_t first = panel * items_.panelWidth(), width = items_.paddedColumnsOf(panel);
      if (items_.pairs()) {
        for (size_t i = 0; i < rows_; i += 2, to += width) scalePairs(i, first, width, to);
      } else {
        for (size_t i = 0; i < rows_; ++i, to += width) {
          scaleRow(i, first, items_.columnsOf(panel), to);
          std::fill(to + items_.columnsOf(panel), to + width, 0.0F);
        }
      }
    }
  }

  void addToItems(const ItemsGradient& gradient) {
    for (size_t panel = 0; panel < items_.itemPanels(); ++panel) {
      if (gradient.bias != nullptr) {
        kernel_.addWeightedRows({logits(panel), rows_}, memory_.scale,
                                gradient.bias + panel * items_.panelWidth());
      }
      for (size_t d = 0; d < items_.dimensionPanels(); ++d) addToItemPanel(gradient, panel, d);
    }
  }

 private:
  const float* hiddenOf(size_t row) const {
    return job_.input.hidden.data() + tokens_[row].token * items_.dimension();
  }
  void scaleRow(size_t row, size_t first, size_t columns, float* to) const {
    const float* const from = hiddenOf(row) + first;
    const float scale = memory_.scale[row];
    for (size_t j = 0; j < columns; ++j) to[j] = scale * from[j];
  }
  void scalePairs(size_t row, size_t first, size_t width, float* to) const {
    const auto scaled = [&](size_t i, size_t column) {
      const bool inside = i < rows_ && column < items_.dimension();
      return inside ? memory_.scale[i] * hiddenOf(i)[column] : 0;
    };
    for (size_t j = 0; j < width; ++j) {
      storeBf16Pair(to + j, scaled(row, first + j), scaled(row + 1, first + j));
    }
  }
  /// Rows of the exponentials: with pairs of rows, the last may be a row of zeros.
  size_t paddedRows() const { return items_.pairs() ? roundUp(rows_, 2) : rows_; }

  float* logits(size_t panel) const {
    return memory_.logits + panel * tokensOfTile(items_) * items_.panelWidth();
  }
  float& logitAt(size_t row, size_t item) const {
    const size_t width = items_.panelWidth();
    return logits(item / width)[row * width + item % width];
  }
  float* hiddenPanel(float* matrix, size_t panel) const {
    return matrix + panel * items_.panelWidth() * tokensOfTile(items_);
  }

  /// What stands for no item or no token gets no probability.
  void fillUp(size_t panel) {
    const size_t width = items_.panelWidth(), count = items_.itemsOf(panel);
    for (size_t i = 0; i < rows_ && count < width; ++i) {
      std::fill(logits(panel) + i * width + count, logits(panel) + (i + 1) * width, -kInfinity);
    }
    if (paddedRows() > rows_) std::fill_n(logits(panel) + rows_ * width, width, -kInfinity);
  }

  void raiseMax(size_t panel) {
    kernel_.addBiasAndMax({logits(panel), rows_}, items_.bias(panel), memory_.maxLanes);
  }

  float takeTargetOut(size_t row) {
    const uint32_t target = tokens_[row].target;
    job_.negatives->forEachSlot(target, [&](uint32_t slot) { logitAt(row, slot) = -kInfinity; });
    const float logit = job_.negatives->targetLogit(hiddenOf(row), tokens_[row].token, target);
    memory_.maxLanes[row * lanes_] = logit;
    return logit;
  }

  void addToHidden(size_t panel) {
    for (size_t d = 0; d < items_.dimensionPanels(); ++d) {
      const size_t width = items_.paddedColumnsOf(d);
      gemm_.multiply({.rows = rows_,
                      .columns = width,
                      .k = items_.steps(items_.itemsOf(panel)),
                      .a = logits(panel),
                      .aRowStride = items_.panelWidth(),
                      .b = items_.columns(d) + items_.steps(panel * items_.panelWidth()) * width,
                      .bStride = width,
                      .c = hiddenPanel(memory_.hiddenGradient, d),
                      .cStride = width,
                      .beta = panel == 0 ? 0.0F : 1.0F});
    }
  }

  double finishToken(size_t row) {
    const ActiveToken& token = tokens_[row];
    const float* const lanes = memory_.sumLanes + row * lanes_;
    double sum = 0;
    for (size_t lane = 0; lane < lanes_; ++lane) sum += lanes[lane];
    const double max = memory_.max[row], own = memory_.targetLogit[row];
    double apart = 0;
    if (job_.negatives != nullptr) apart = std::exp(own - max);
    sum += apart;
    double target = own, share = 1;  // of the target's sum, what its logit is
    if (!job_.input.copied.empty()) {
      const CopiedMass& copied = job_.input.copied[token.token];
      sum += std::exp(static_cast<double>(copied.all) - max);
      target = logOfSum(own, static_cast<double>(copied.target));
      share = std::exp(own - target);
    }
    const float weight = token.weight * job_.gradientScale;
    memory_.scale[row] = static_cast<float>(weight / sum);
    memory_.targetFactor[row] = static_cast<float>(weight * (apart / sum - share));
    const double all = max + std::log(sum);
    if (!job_.parts.empty())
      job_.parts[token.token] = {static_cast<float>(all), static_cast<float>(target)};
    return token.weight * (all - target);
  }

  void writeHiddenRow(size_t row) {
    const size_t dimension = items_.dimension();
    const ActiveToken& token = tokens_[row];
    float* const out = job_.hiddenGradient.data() + token.token * dimension;
    const float* const target = job_.input.items.data() + token.target * dimension;
    const float scale = memory_.scale[row], factor = memory_.targetFactor[row];
    for (size_t panel = 0; panel < items_.dimensionPanels(); ++panel) {
      const size_t first = panel * items_.panelWidth(), columns = items_.columnsOf(panel);
      const float* const sum =
          hiddenPanel(memory_.hiddenGradient, panel) + row * items_.paddedColumnsOf(panel);
      for (size_t j = 0; j < columns; ++j) {
        out[first + j] = scale * sum[j] + factor * target[first + j];
      }
    }
    job_.targetFactors[static_cast<size_t>(&token - job_.tokens.data())] = factor;
  }

  /// One panel of items, or with pairs each half of it, as exponentials left them.
  void addToItemPanel(const ItemsGradient& gradient, size_t panel, size_t d) {
    const size_t width = items_.paddedColumnsOf(d);
    const size_t parts = items_.pairs() ? 2 : 1;
    const size_t size = items_.panelWidth() / parts, count = items_.itemsOf(panel);
    for (size_t part = 0; part < parts && part * size < count; ++part) {
      const size_t item = panel * items_.panelWidth() + part * size;
      gemm_.multiply(
          {.rows = std::min(size, count - part * size),
           .columns = width,
           .k = items_.steps(rows_),
           .a = logits(panel) + (items_.pairs() ? size + part * items_.panelWidth() : 0),
           .aRowStride = 1,
           .aColumnStride = parts * items_.panelWidth(),
           .b = hiddenPanel(memory_.scaledHidden, d),
           .bStride = width,
           .c = gradient.rows + item * items_.paddedDimension() + d * items_.panelWidth(),
           .cStride = items_.paddedDimension(),
           .beta = 1});
    }
  }

  const LossJob& job_;
  const PackedItems& items_;
  const std::span<const ActiveToken> tokens_;
  const size_t rows_;
  const size_t lanes_;
  const GemmKernel& gemm_;
  const CrossEntropyKernel& kernel_;
  const TileMemory memory_;
};

}  // namespace

size_t tokensOfTile(const PackedItems& items) {
  const size_t tokens = kTileFloats / std::max<size_t>(1, items.count()) / 12 * 12;
  return std::clamp(tokens, kLeastTokens, kMostTokens);
}

double runTile(const LossJob& job, size_t begin, size_t end, const ItemsGradient& gradient) {
  Tile tile(job, job.tokens.subspan(begin, end - begin));
  tile.gatherHidden();
  tile.startMax();
  tile.computeLogits();
  tile.findTargets();
  tile.joinMax();
  tile.sumOverItems();
  const double loss = tile.finishTokens();
  tile.writeHiddenGradient();
  tile.scaleHidden();
  tile.addToItems(gradient);
  return loss;
}

}  // namespace attune::trainer
