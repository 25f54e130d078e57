#include "trainer/nn/gru.h"

#include <algorithm>
#include <numeric>

#include "trainer/nn/linear.h"
#include "trainer/nn/product.h"
#include "trainer/nn/vectorised.h"

namespace attune::trainer {
namespace {

/// The sequences, longest first, so that those still running at a step are the first ones.
class Schedule {
 public:
  /// `order` is room for what it works with.
  Schedule(std::span<const uint32_t> offsets, std::vector<uint32_t>& order)
      : offsets_(offsets), order_(order) {
    order_.resize(offsets.empty() ? 0 : offsets.size() - 1);
    std::iota(order_.begin(), order_.end(), 0u);
    std::sort(order_.begin(), order_.end(), [&](uint32_t a, uint32_t b) {
      return length(a) != length(b) ? length(a) > length(b) : a < b;
    });
  }
  size_t sequences() const { return order_.size(); }
  uint32_t sequence(size_t place) const { return order_[place]; }
  size_t steps() const { return order_.empty() ? 0 : length(order_[0]); }
  size_t runningAt(size_t step) const {
    const auto ends = std::partition_point(order_.begin(), order_.end(),
                                           [&](uint32_t s) { return length(s) > step; });
    return static_cast<size_t>(ends - order_.begin());
  }
  size_t token(size_t place, size_t step) const { return offsets_[order_[place]] + step; }

 private:
  size_t length(uint32_t s) const { return offsets_[s + 1] - offsets_[s]; }

  std::span<const uint32_t> offsets_;
  std::vector<uint32_t>& order_;
};

/// x += the two-part bias's share, activations, and the new state of one token.
ATTUNE_VECTORISED
void stepForward(float* gates, const float* product, const float* candidateBias,
                 const float* before, size_t d, float* candidate, float* state) {
  for (size_t j = 0; j < 2 * d; ++j) gates[j] = fastSigmoid(gates[j] + product[j]);
  for (size_t j = 0; j < d; ++j) {
    candidate[j] = product[2 * d + j] + candidateBias[j];
    const float n = fastTanh(gates[2 * d + j] + gates[d + j] * candidate[j]);
    gates[2 * d + j] = n;
    state[j] = n + gates[j] * (before[j] - n);
  }
}

/// Given dh by one token's state: gradients before the activations, by the input's side (dGates)
/// and by the state's (dProduct), and what flows to the state before directly (dh, in place).
ATTUNE_VECTORISED
void stepBackward(const float* gates, const float* candidate, const float* before, size_t d,
                  float* dh, float* dGates, float* dProduct) {
  for (size_t j = 0; j < d; ++j) {
    const float z = gates[j], r = gates[d + j], n = gates[2 * d + j];
    const float dn = dh[j] * (1.0f - z) * (1.0f - n * n);
    dGates[j] = dProduct[j] = dh[j] * (before[j] - n) * z * (1.0f - z);
    dGates[d + j] = dProduct[d + j] = dn * candidate[j] * r * (1.0f - r);
    dGates[2 * d + j] = dn;
    dProduct[2 * d + j] = dn * r;
    dh[j] *= z;
  }
}

/// row = the state of a sequence before its first token.
void setFirstState(ConstMatrix initial, size_t sequence, size_t d, float* row) {
  if (initial.rows > 0)
    std::copy_n(initial.row(sequence), d, row);
  else
    std::fill_n(row, d, 0.0f);
}

/// before (tokens, d) = the state before each token.
void statesBefore(std::span<const uint32_t> offsets, ConstMatrix initial, ConstMatrix states,
                  Matrix before) {
  const size_t d = states.columns;
  for (size_t s = 0; s + 1 < offsets.size(); ++s) {
    const size_t begin = offsets[s], end = offsets[s + 1];
    if (begin == end) continue;
    setFirstState(initial, s, d, before.row(begin));
    for (size_t t = begin + 1; t < end; ++t) std::copy_n(states.row(t - 1), d, before.row(t));
  }
}

}  // namespace

void Gru::forward(ConstMatrix x, std::span<const uint32_t> offsets, const GruWeights& weights,
                  ConstMatrix initial, Matrix states, const GruState& kept, GruScratch& scratch) {
  const size_t d = states.columns;
  const Schedule schedule(offsets, scratch.order);
  linearForward(x, weights.input, weights.bias, kept.gates);

  const Matrix before = scratch.before.matrix(schedule.sequences(), d);
  const Matrix product = scratch.product.matrix(schedule.sequences(), 3 * d);
  for (size_t place = 0; place < schedule.sequences(); ++place)
    setFirstState(initial, schedule.sequence(place), d, before.row(place));
  for (size_t step = 0; step < schedule.steps(); ++step) {
    const size_t running = schedule.runningAt(step);
    multiply(before.rowRange(0, running), weights.state, product.rowRange(0, running));
    for (size_t place = 0; place < running; ++place) {
      const size_t token = schedule.token(place, step);
      stepForward(kept.gates.row(token), product.row(place), weights.candidateBias.data,
                  before.row(place), d, kept.candidate.row(token), states.row(token));
      std::copy_n(states.row(token), d, before.row(place));
    }
  }
}

void Gru::backward(ConstMatrix x, std::span<const uint32_t> offsets, const GruWeights& weights,
                   ConstMatrix initial, ConstMatrix states, const GruState& kept,
                   ConstMatrix dStates, const GruGradients& gradients, Matrix dx, Matrix dInitial,
                   GruScratch& scratch) {
  const size_t d = states.columns, tokens = x.rows;
  const Schedule schedule(offsets, scratch.order);
  const Matrix before = scratch.before.matrix(tokens, d);
  statesBefore(offsets, initial, states, before);
  const Matrix dGates = scratch.dGates.matrix(tokens, 3 * d);
  const Matrix dProducts = scratch.dProducts.matrix(tokens, 3 * d);
  const Matrix dState = scratch.dState.matrix(schedule.sequences(), d);
  const Matrix dProduct = scratch.dProduct.matrix(schedule.sequences(), 3 * d);
  std::fill_n(dState.data, dState.rows * d, 0.0f);
  const Matrix stateTransposed = scratch.stateTransposed.matrix(3 * d, d);
  transpose(weights.state, stateTransposed);  // once, not at each step

  for (size_t step = schedule.steps(); step-- > 0;) {
    const size_t running = schedule.runningAt(step);
    for (size_t place = 0; place < running; ++place) {
      const size_t token = schedule.token(place, step);
      float* own = dState.row(place);
      for (size_t j = 0; j < d; ++j) own[j] += dStates.row(token)[j];
      stepBackward(kept.gates.row(token), kept.candidate.row(token), before.row(token), d, own,
                   dGates.row(token), dProducts.row(token));
      std::copy_n(dProducts.row(token), 3 * d, dProduct.row(place));
    }
    addMultiply(dProduct.rowRange(0, running), stateTransposed, dState.rowRange(0, running));
  }
  for (size_t place = 0; dInitial.rows > 0 && place < schedule.sequences(); ++place)
    std::copy_n(dState.row(place), d, dInitial.row(schedule.sequence(place)));

  addMultiplyLeftTransposed(before, dProducts, gradients.state);
  for (size_t t = 0; t < tokens; ++t)
    for (size_t j = 0; j < d; ++j) gradients.candidateBias.data[j] += dProducts.row(t)[2 * d + j];
  linearBackward(x, weights.input, dGates, gradients.input, gradients.bias, dx);
}

}  // namespace attune::trainer
