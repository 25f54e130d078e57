#include "trainer/nn/cross_entropy.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "trainer/nn/cpu.h"
#include "trainer/nn/cross_entropy_negatives.h"
#include "trainer/nn/cross_entropy_tile.h"

namespace attune::trainer {
namespace {

// Into how many shares the tokens are cut, each with its own copy of the items' gradient: a
// constant, for the sums must not depend on the number of threads.
constexpr size_t kShares = 8;
constexpr size_t kRowsOfTask = 256;

std::vector<ActiveToken> activeTokens(const CrossEntropyInput& input) {
  const size_t items = input.items.size() / input.dimension;
  std::vector<ActiveToken> active;
  active.reserve(input.targets.size());
  for (size_t i = 0; i < input.targets.size(); ++i) {
    const float weight = input.weights.empty() ? 1 : input.weights[i];
    if (input.targets[i] == kNoTarget || weight == 0) continue;
    if (input.targets[i] >= items) throw std::out_of_range("crossEntropy: no such target");
    active.push_back({static_cast<uint32_t>(i), input.targets[i], weight});
  }
  return active;
}

/// The shares' gradients, one after the other in one block, and the tokens of each.
class Shares {
 public:
  Shares(const LossJob& job, AlignedFloats& memory) : job_(job) {
    const size_t tiles = piecesOf(job.tokens.size(), tokensOfTile(job.items));
    tokens_ = piecesOf(tiles, kShares) * tokensOfTile(job.items);
    rowsSize_ = job.items.count() * job.items.paddedDimension();
    biasSize_ = job.wantsBias ? job.items.itemPanels() * job.items.panelWidth() : 0;
    losses_.resize(piecesOf(job.tokens.size(), tokens_));
    data_ = memory.atLeast(count() * (rowsSize_ + biasSize_));
  }

  size_t count() const { return losses_.size(); }

  void run(size_t share) {
    const ItemsGradient gradient{rows(share), job_.wantsBias ? bias(share) : nullptr};
    std::fill_n(gradient.rows, rowsSize_ + biasSize_, 0.0F);
    const size_t end = std::min(job_.tokens.size(), (share + 1) * tokens_);
    const size_t step = tokensOfTile(job_.items);
    for (size_t begin = share * tokens_; begin < end; begin += step) {
      losses_[share] += runTile(job_, begin, std::min(end, begin + step), gradient);
    }
  }

  double loss() const {
    double sum = 0;
    for (const double loss : losses_) sum += loss;
    return sum;
  }

  /// to[] (dimension) += the shares' gradients of item `item`, in order.
  void addRow(size_t item, float* to) const {
    const size_t first = item * job_.items.paddedDimension();
    for (size_t share = 0; share < count(); ++share) {
      const float* const from = rows(share) + first;
      for (size_t j = 0; j < job_.items.dimension(); ++j) to[j] += from[j];
    }
  }
  void addBias(size_t item, float& to) const {
    for (size_t share = 0; share < count(); ++share) to += bias(share)[item];
  }

 private:
  float* rows(size_t share) const { return data_ + share * (rowsSize_ + biasSize_); }
  float* bias(size_t share) const { return rows(share) + rowsSize_; }

  const LossJob& job_;
  size_t tokens_ = 0, rowsSize_ = 0, biasSize_ = 0;
  std::vector<double> losses_;
  float* data_ = nullptr;
};

/// The shares' gradients, added to the rows of the catalogue that they are of.
void addShares(const LossJob& job, const Shares& shares, const CrossEntropyGradients& gradients,
               GemmThreads* threads) {
  const size_t dimension = job.items.dimension();
  const auto add = [&](size_t slot) {
    const size_t item = job.negatives == nullptr ? slot : job.negatives->items()[slot];
    shares.addRow(slot, gradients.items.data() + item * dimension);
    if (job.wantsBias) shares.addBias(slot, gradients.itemBias[item]);
  };
  // The same negative may come twice, so their rows are not shared out.
  const size_t size =
      job.negatives == nullptr ? kRowsOfTask : std::max<size_t>(1, job.items.count());
  runTasks(threads, piecesOf(job.items.count(), size), [&](size_t task) {
    const size_t end = std::min(job.items.count(), (task + 1) * size);
    for (size_t slot = task * size; slot < end; ++slot) add(slot);
  });
}

/// What the targets' own rows get beside their part as packed items.
void addTargets(const LossJob& job, const CrossEntropyGradients& gradients) {
  const size_t dimension = job.items.dimension();
  for (size_t i = 0; i < job.tokens.size(); ++i) {
    const ActiveToken& token = job.tokens[i];
    const float factor = job.targetFactors[i];
    const float* const from = job.input.hidden.data() + token.token * dimension;
    float* const to = gradients.items.data() + token.target * dimension;
    for (size_t j = 0; j < dimension; ++j) to[j] += factor * from[j];
    if (job.wantsBias) gradients.itemBias[token.target] += factor;
  }
}

CrossEntropyLoss weigh(std::span<const ActiveToken> tokens) {
  CrossEntropyLoss loss{.tokens = tokens.size()};
  for (const ActiveToken& token : tokens) loss.weights += token.weight;
  return loss;
}

CrossEntropyLoss run(const CrossEntropyInput& input, const NegativeSlots* negatives,
                     const CrossEntropyGradients& gradients, const CrossEntropyOptions& options) {
  std::fill(gradients.hidden.begin(), gradients.hidden.end(), 0.0F);
  const std::vector<ActiveToken> tokens = activeTokens(input);
  CrossEntropyLoss loss = weigh(tokens);
  if (tokens.empty()) return loss;
  CrossEntropyScratch own;
  CrossEntropyScratch& scratch = options.scratch == nullptr ? own : *options.scratch;
  const PackedItems items(
      negatives == nullptr ? input.items : negatives->rows(),
      negatives == nullptr ? input.itemBias : negatives->bias(), input.dimension,
      options.precision == Precision::bf16 && hasBf16Products(), scratch.packed, options.threads);
  std::vector<float> targetFactors(tokens.size());
  const LossJob job{.input = input,
                    .items = items,
                    .negatives = negatives,
                    .tokens = tokens,
                    .gradientScale = options.reduction == Reduction::sum
                                         ? 1.0F
                                         : static_cast<float>(1 / loss.weights),
                    .hiddenGradient = gradients.hidden,
                    .targetFactors = targetFactors,
                    .parts = gradients.parts,
                    .wantsBias = !gradients.itemBias.empty()};
  Shares shares(job, scratch.shares);
  runTasks(options.threads, shares.count(), [&](size_t share) { shares.run(share); });
  addShares(job, shares, gradients, options.threads);
  addTargets(job, gradients);
  loss.weightedSum = shares.loss();
  return loss;
}

}  // namespace

CrossEntropyLoss crossEntropy(const CrossEntropyInput& input,
                              const CrossEntropyGradients& gradients,
                              const CrossEntropyOptions& options) {
  return run(input, nullptr, gradients, options);
}

CrossEntropyLoss sampledCrossEntropy(const CrossEntropyInput& input,
                                     const SampledNegatives& negatives,
                                     const CrossEntropyGradients& gradients,
                                     const CrossEntropyOptions& options) {
  const NegativeSlots slots(input, negatives);
  return run(input, &slots, gradients, options);
}

}  // namespace attune::trainer
