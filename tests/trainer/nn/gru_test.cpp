#include "trainer/nn/gru.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "tests/trainer/nn/gradient_check.h"

using namespace attune::trainer;

namespace {

constexpr size_t kIn = 3, kState = 5;

struct Weights {
  std::vector<float> input, state, bias, candidateBias;

  explicit Weights(bool zero)
      : input(kIn * 3 * kState),
        state(kState * 3 * kState),
        bias(3 * kState),
        candidateBias(kState) {
    if (zero) return;
    input = randomNumbers(input.size(), 1, 0.6f);
    state = randomNumbers(state.size(), 2, 0.6f);
    bias = randomNumbers(bias.size(), 3, 0.6f);
    candidateBias = randomNumbers(candidateBias.size(), 4, 0.6f);
  }
  GruGradients views() {
    return {{input.data(), kIn, 3 * kState},
            {state.data(), kState, 3 * kState},
            {bias.data(), 1, 3 * kState},
            {candidateBias.data(), 1, kState}};
  }
  GruWeights weights() {
    const GruGradients all = views();
    return {all.input, all.state, all.bias, all.candidateBias};
  }
};

/// Room for what the forward pass keeps of so many tokens.
struct Kept {
  explicit Kept(size_t tokens) : gates(tokens * 3 * kState), candidate(tokens * kState) {}
  GruScratch scratch;
  GruState state() {
    const size_t tokens = candidate.size() / kState;
    return {{gates.data(), tokens, 3 * kState}, {candidate.data(), tokens, kState}};
  }
  std::vector<float> gates, candidate;
};

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

/// One step by the definition, in double.
std::vector<double> plainStep(Weights& w, const float* x, const std::vector<double>& h) {
  std::vector<double> fromInput(3 * kState), fromState(3 * kState), next(kState);
  for (size_t c = 0; c < 3 * kState; ++c) {
    fromInput[c] = static_cast<double>(w.bias[c]);
    for (size_t i = 0; i < kIn; ++i)
      fromInput[c] += static_cast<double>(x[i]) * static_cast<double>(w.input[i * 3 * kState + c]);
    for (size_t i = 0; i < kState; ++i)
      fromState[c] += h[i] * static_cast<double>(w.state[i * 3 * kState + c]);
  }
  for (size_t j = 0; j < kState; ++j) {
    const double z = logistic(fromInput[j] + fromState[j]);
    const double r = logistic(fromInput[kState + j] + fromState[kState + j]);
    const double n =
        std::tanh(fromInput[2 * kState + j] +
                  r * (fromState[2 * kState + j] + static_cast<double>(w.candidateBias[j])));
    next[j] = (1 - z) * n + z * h[j];
  }
  return next;
}

}  // namespace

TEST_CASE("a GRU over packed sequences agrees with its definition, step by step") {
  const std::vector<uint32_t> offsets = {0, 2, 7, 7, 8};
  Weights weights(false);
  const auto x = randomNumbers(8 * kIn, 5), initial = randomNumbers(4 * kState, 6);
  std::vector<float> states(8 * kState);
  Kept kept(8);
  Gru::forward({x.data(), 8, kIn}, offsets, weights.weights(), {initial.data(), 4, kState},
               {states.data(), 8, kState}, kept.state(), kept.scratch);
  for (size_t s = 0; s < 4; ++s) {
    std::vector<double> h(&initial[s * kState], &initial[s * kState] + kState);
    for (size_t t = offsets[s]; t < offsets[s + 1]; ++t) {
      h = plainStep(weights, &x[t * kIn], h);
      for (size_t j = 0; j < kState; ++j)
        CHECK(static_cast<double>(states[t * kState + j]) == Approx(h[j]).margin(2e-6));
    }
  }
}

TEST_CASE("a GRU's gradients through time are its finite differences") {
  const std::vector<uint32_t> offsets = {0, 1, 6, 9};
  constexpr size_t kTokens = 9, kSequences = 3;
  for (const bool withInitial : {true, false}) {
    Weights weights(false), gradients(true);
    auto x = randomNumbers(kTokens * kIn, 7), initial = randomNumbers(kSequences * kState, 8);
    const auto up = randomNumbers(kTokens * kState, 9);
    const ConstMatrix in(x.data(), kTokens, kIn);
    const ConstMatrix first =
        withInitial ? ConstMatrix(initial.data(), kSequences, kState) : ConstMatrix();
    std::vector<float> states(kTokens * kState);
    const Matrix out(states.data(), kTokens, kState);
    Kept kept(kTokens);
    const auto loss = [&] {
      Gru::forward(in, offsets, weights.weights(), first, out, kept.state(), kept.scratch);
      return weightedSum(states, up);
    };
    loss();
    std::vector<float> dx(x.size()), dInitial(initial.size());
    Gru::backward(in, offsets, weights.weights(), first, out, kept.state(),
                  {up.data(), kTokens, kState}, gradients.views(), {dx.data(), kTokens, kIn},
                  withInitial ? Matrix(dInitial.data(), kSequences, kState) : Matrix(),
                  kept.scratch);
    checkGradient(x, dx, loss);
    checkGradient(weights.input, gradients.input, loss);
    checkGradient(weights.state, gradients.state, loss);
    checkGradient(weights.bias, gradients.bias, loss);
    checkGradient(weights.candidateBias, gradients.candidateBias, loss);
    if (withInitial) checkGradient(initial, dInitial, loss);
  }
}
