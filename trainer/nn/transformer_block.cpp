#include "trainer/nn/transformer_block.h"

#include <algorithm>

#include "trainer/nn/attention.h"
#include "trainer/nn/gated_unit.h"
#include "trainer/nn/linear.h"
#include "trainer/nn/norm.h"

namespace attune::trainer {
namespace {

void copy(ConstMatrix from, Matrix to) {
  std::copy_n(from.data, from.rows * from.columns, to.data);
}

void add(ConstMatrix from, Matrix to) {
  for (size_t i = 0; i < from.rows * from.columns; ++i) to.data[i] += from.data[i];
}

}  // namespace

BlockParameters BlockParameters::addTo(ParameterLayout& layout, const BlockShape& shape,
                                       const std::string& prefix) {
  const size_t d = shape.dimension;
  BlockParameters p;
  p.attentionNorm = layout.add(prefix + ".attentionNorm", 1, d);
  p.queryKeyValue = layout.add(prefix + ".queryKeyValue", d, 3 * d);
  p.distanceBias = layout.add(prefix + ".distanceBias", shape.heads, shape.window);
  p.attentionOut = layout.add(prefix + ".attentionOut", d, d);
  p.feedForwardNorm = layout.add(prefix + ".feedForwardNorm", 1, d);
  p.gateAndUp = layout.add(prefix + ".gateAndUp", d, 2 * shape.feedForward);
  p.down = layout.add(prefix + ".down", shape.feedForward, d);
  return p;
}

void BlockPass::forward(const float* values, std::span<const uint32_t> offsets,
                        const DropoutMask& attention, const DropoutMask& feedForward,
                        uint64_t firstToken, Matrix x) {
  const size_t n = x.rows, d = x.columns, f = shape_.feedForward;
  const BlockParameters& p = parameters_;
  tokens_ = n;
  inputScale_.resize(n);
  middleScale_.resize(n);
  const Matrix branch = branch_.matrix(n, d);

  copy(x, input_.matrix(n, d));
  rmsNormForward(x, p.attentionNorm.in(values), shape_.normEpsilon, normed_.matrix(n, d),
                 inputScale_);
  linearForward(normed_.matrix(n, d), p.queryKeyValue.in(values), {}, qkv_.matrix(n, 3 * d));
  CausalAttention{shape_.heads}.forward(qkv_.matrix(n, 3 * d), offsets, p.distanceBias.in(values),
                                        mixed_.matrix(n, d), logSums_.matrix(shape_.heads, n));
  linearForward(mixed_.matrix(n, d), p.attentionOut.in(values), {}, branch);
  attention.apply(branch, firstToken);
  add(branch, x);

  copy(x, middle_.matrix(n, d));
  rmsNormForward(x, p.feedForwardNorm.in(values), shape_.normEpsilon, middleNormed_.matrix(n, d),
                 middleScale_);
  linearForward(middleNormed_.matrix(n, d), p.gateAndUp.in(values), {}, gated_.matrix(n, 2 * f));
  swishGateForward(gated_.matrix(n, 2 * f), active_.matrix(n, f));
  linearForward(active_.matrix(n, f), p.down.in(values), {}, branch);
  feedForward.apply(branch, firstToken);
  add(branch, x);
}

void BlockPass::backward(const float* values, std::span<const uint32_t> offsets,
                         const DropoutMask& attention, const DropoutMask& feedForward,
                         uint64_t firstToken, float* gradients, Matrix dx, BlockScratch& scratch) {
  const Matrix dBranch = scratch.branch.matrix(tokens_, shape_.dimension);
  copy(dx, dBranch);
  feedForward.apply(dBranch, firstToken);
  feedForwardBackward(values, gradients, dBranch, dx, scratch);
  copy(dx, dBranch);
  attention.apply(dBranch, firstToken);
  attentionBackward(values, offsets, gradients, dBranch, dx, scratch);
}

void BlockPass::feedForwardBackward(const float* values, float* gradients, Matrix dBranch,
                                    Matrix dx, BlockScratch& scratch) {
  const size_t n = tokens_, d = shape_.dimension, f = shape_.feedForward;
  const BlockParameters& p = parameters_;
  const Matrix dGated = scratch.wide.matrix(n, 2 * f);
  const Matrix dActive = scratch.narrow.matrix(n, f);
  linearBackward(active_.matrix(n, f), p.down.in(values), dBranch, p.down.in(gradients), {},
                 dActive);
  swishGateBackward(gated_.matrix(n, 2 * f), dActive, dGated);
  linearBackward(middleNormed_.matrix(n, d), p.gateAndUp.in(values), dGated,
                 p.gateAndUp.in(gradients), {}, dBranch);
  rmsNormBackward(middle_.matrix(n, d), p.feedForwardNorm.in(values), middleScale_, dBranch, dx,
                  p.feedForwardNorm.in(gradients));
}

void BlockPass::attentionBackward(const float* values, std::span<const uint32_t> offsets,
                                  float* gradients, Matrix dBranch, Matrix dx,
                                  BlockScratch& scratch) {
  const size_t n = tokens_, d = shape_.dimension;
  const BlockParameters& p = parameters_;
  const Matrix dQkv = scratch.wide.matrix(n, 3 * d);
  const Matrix dMixed = scratch.narrow.matrix(n, d);
  linearBackward(mixed_.matrix(n, d), p.attentionOut.in(values), dBranch,
                 p.attentionOut.in(gradients), {}, dMixed);
  CausalAttention{shape_.heads}.backward(qkv_.matrix(n, 3 * d), offsets, p.distanceBias.in(values),
                                         mixed_.matrix(n, d), logSums_.matrix(shape_.heads, n),
                                         dMixed, dQkv, p.distanceBias.in(gradients));
  linearBackward(normed_.matrix(n, d), p.queryKeyValue.in(values), dQkv,
                 p.queryKeyValue.in(gradients), {}, dBranch);
  rmsNormBackward(input_.matrix(n, d), p.attentionNorm.in(values), inputScale_, dBranch, dx,
                  p.attentionNorm.in(gradients));
}

}  // namespace attune::trainer
