#include "trainer/nn/hierarchical_gru.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "tests/trainer/nn/gradient_check.h"

using namespace attune::trainer;

namespace {

constexpr size_t kWidth = 4;

/// Three users: one with sessions of 2, 1 and 3 events, one without events, one with 4 and 1.
const std::vector<uint32_t> kOffsets = {0, 6, 6, 11};
const std::vector<uint8_t> kNewSession = {1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 1};
constexpr size_t kTokens = 11;
constexpr size_t kWholeHistory = 1000;

struct Network {
  Network() {
    parameters = HierarchicalGruParameters::addTo(layout, kWidth);
    values = randomNumbers(layout.size(), 1, 0.6f);
    x = randomNumbers(kTokens * kWidth, 2);
  }
  std::vector<float> statesOf(size_t gradientEvents = kWholeHistory,
                              std::span<const uint8_t> newSession = kNewSession) {
    std::vector<float> states(kTokens * kWidth);
    pass.forward({x.data(), kTokens, kWidth}, kOffsets, newSession, gradientEvents, weights(),
                 {states.data(), kTokens, kWidth});
    return states;
  }
  /// Fills dx and gradients, given the gradient by the states of statesOf().
  void backward(const std::vector<float>& up) {
    dx.assign(up.size(), 0.0f);
    gradients.assign(values.size(), 0.0f);
    pass.backward(weights(), {up.data(), kTokens, kWidth}, parameters.in(gradients.data()),
                  {dx.data(), kTokens, kWidth});
  }
  HierarchicalGruWeights weights() const {
    return parameters.in(static_cast<const float*>(values.data()));
  }

  ParameterLayout layout;
  HierarchicalGruParameters parameters;
  HierarchicalGruPass pass;
  std::vector<float> values, x, dx, gradients;
};

using Row = std::vector<float>;

/// One step of a unit, through the layer that gru_test.cpp checks.
Row step(const GruWeights& unit, const float* x, const Row& before) {
  const std::vector<uint32_t> one = {0, 1};
  Row after(kWidth);
  Row gates(3 * kWidth), candidate(kWidth);
  GruScratch scratch;
  Gru::forward({x, 1, kWidth}, one, unit, {before.data(), 1, kWidth}, {after.data(), 1, kWidth},
               {{gates.data(), 1, 3 * kWidth}, {candidate.data(), 1, kWidth}}, scratch);
  return after;
}

Row startOf(const HierarchicalGruWeights& w, const Row& user) {
  Row h(kWidth);
  for (size_t j = 0; j < kWidth; ++j) {
    float sum = w.startBias.row(0)[j];
    for (size_t i = 0; i < kWidth; ++i) sum += user[i] * w.start.row(i)[j];
    h[j] = std::tanh(sum);
  }
  return h;
}

}  // namespace

TEST_CASE("sessions start from their user's state, which steps with the last session's end") {
  Network network;
  const HierarchicalGruWeights w = network.weights();
  const auto states = network.statesOf();
  for (size_t u = 0; u + 1 < kOffsets.size(); ++u) {
    Row user(kWidth, 0.0f), h;
    for (uint32_t t = kOffsets[u]; t < kOffsets[u + 1]; ++t) {
      if (t > kOffsets[u] && kNewSession[t] != 0) user = step(w.user, h.data(), user);
      if (t == kOffsets[u] || kNewSession[t] != 0) h = startOf(w, user);
      h = step(w.session, &network.x[t * kWidth], h);
      for (size_t j = 0; j < kWidth; ++j)
        CHECK(states[t * kWidth + j] == Approx(h[j]).margin(2e-6));
    }
  }
}

TEST_CASE("the hierarchical network's gradients are its finite differences") {
  Network network;
  const auto up = randomNumbers(kTokens * kWidth, 3);
  network.statesOf();
  network.backward(up);
  const auto loss = [&] { return weightedSum(network.statesOf(), up); };
  const auto dx = network.dx, gradients = network.gradients;
  checkGradient(network.x, dx, loss);
  for (const Parameter& parameter : network.layout.all()) {
    INFO(parameter.name);
    checkGradient(std::span(network.values).subspan(parameter.offset, parameter.size()),
                  std::span(gradients).subspan(parameter.offset, parameter.size()), loss);
  }
}

TEST_CASE("gradients stop at the pieces' borders, states do not") {
  Network network;
  const auto whole = network.statesOf();
  std::vector<float> up(kTokens * kWidth, 0.0f);
  for (const size_t token : {5, 10})
    for (size_t j = 0; j < kWidth; ++j) up[token * kWidth + j] = 1 + static_cast<float>(j);
  const auto flows = [&](size_t token) {
    return std::any_of(&network.dx[token * kWidth], &network.dx[(token + 1) * kWidth],
                       [](float g) { return g != 0; });
  };
  // The first user's pieces are {0, 1, 2, 3}, {4, 5}; the second one's {6 .. 9}, {10}.
  const auto pieces = network.statesOf(4);
  for (size_t i = 0; i < whole.size(); ++i) CHECK(pieces[i] == Approx(whole[i]).margin(1e-6));
  network.backward(up);
  for (size_t token = 0; token < kTokens; ++token) {
    CAPTURE(token);
    CHECK(flows(token) == (token == 4 || token == 5 || token == 10));
  }
  const auto cut = network.dx;
  network.statesOf();
  network.backward(up);
  CHECK(flows(0));
  CHECK(flows(6));
  for (size_t i = 4 * kWidth; i < 6 * kWidth; ++i) CHECK(cut[i] == Approx(network.dx[i]));
}

TEST_CASE("without borders between sessions a user has one") {
  Network network;
  const std::vector<uint8_t> one(kTokens, 0);
  CHECK(network.statesOf(kWholeHistory, {}) == network.statesOf(kWholeHistory, one));
  CHECK(network.statesOf(kWholeHistory, {}) != network.statesOf());
}

TEST_CASE("a pass used again for another batch remembers nothing") {
  Network network, fresh;
  network.statesOf(1);
  network.backward(randomNumbers(kTokens * kWidth, 5));
  CHECK(network.statesOf(3) == fresh.statesOf(3));
  const auto up = randomNumbers(kTokens * kWidth, 6);
  network.backward(up);
  fresh.backward(up);
  CHECK(network.dx == fresh.dx);
  CHECK(network.gradients == fresh.gradients);
}

TEST_CASE("a network needs the memory of its largest batch, however differently others were cut") {
  constexpr size_t kEvents = 64;
  const auto heldAfter = [](const std::vector<size_t>& sessionLengths) {
    Network network;
    const auto x = randomNumbers(kEvents * kWidth, 2);
    std::vector<float> states(x.size());
    const std::vector<uint32_t> oneUser = {0, kEvents};
    for (const size_t length : sessionLengths) {
      std::vector<uint8_t> newSession(kEvents);
      for (size_t t = 0; t < kEvents; t += length) newSession[t] = 1;
      network.pass.forward({x.data(), kEvents, kWidth}, oneUser, newSession, kWholeHistory,
                           network.weights(), {states.data(), kEvents, kWidth});
    }
    return network.pass.heldNumbers();
  };
  CHECK(heldAfter({64}) > 0);
  CHECK(heldAfter({64, 32, 16, 8, 4, 2, 1}) == heldAfter({1}));
}
