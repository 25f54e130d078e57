#pragma once

// A loss to compute, and the same computed in double, one term after the other.

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include "runtime/base/random.h"
#include "trainer/nn/cpu.h"
#include "trainer/nn/cross_entropy.h"

namespace attune::trainer {
namespace {

template <class Body>
void onEachInstructionSet(Body body) {
  for (const InstructionSet set : supportedInstructionSets()) {
    forceInstructionSet(set);
    CAPTURE(nameOf(set));
    body();
  }
  forceInstructionSet(InstructionSet::avx512);
}

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// A loss to compute: its input, and the gradients it gave.
struct Problem {
  Problem(size_t tokens, size_t items, size_t dimension_, bool biased = false)
      : dimension(dimension_),
        hidden(tokens * dimension_),
        rows(items * dimension_),
        bias(biased ? items : 0),
        targets(tokens),
        hiddenGradient(hidden.size(), kNan),
        rowsGradient(rows.size()),
        biasGradient(bias.size()) {
    Random random(5, tokens + 1000 * items);
    for (float& x : hidden) x = random.normal();
    for (float& x : rows) x = random.normal();
    for (float& x : bias) x = random.normal();
    for (uint32_t& target : targets) target = random.below(static_cast<uint32_t>(items));
  }

  size_t tokens() const { return targets.size(); }
  size_t items() const { return rows.size() / dimension; }
  CrossEntropyInput input() const { return {dimension, hidden, rows, bias, targets, weights}; }
  CrossEntropyGradients gradients() { return {hiddenGradient, rowsGradient, biasGradient}; }
  CrossEntropyLoss run(const CrossEntropyOptions& options = {}) {
    return crossEntropy(input(), gradients(), options);
  }
  CrossEntropyLoss runSampled(const SampledNegatives& negatives,
                              const CrossEntropyOptions& options = {}) {
    return sampledCrossEntropy(input(), negatives, gradients(), options);
  }

  size_t dimension;
  std::vector<float> hidden, rows, bias;
  std::vector<uint32_t> targets;
  std::vector<float> weights;
  std::vector<float> hiddenGradient, rowsGradient, biasGradient;
};

/// The same in double, one term after the other. Each token's sum runs over `candidates(token)`, a
/// list of (item, what is added to its logit) of which the first is the target.
struct Reference {
  double loss = 0, weights = 0;
  std::vector<double> hidden, rows, bias;

  template <class Candidates>
  Reference(const Problem& p, Candidates candidates, Reduction reduction = Reduction::mean)
      : hidden(p.hidden.size()), rows(p.rows.size()), bias(p.items()) {
    for (size_t t = 0; t < p.tokens(); ++t) addToken(p, t, candidates(t));
    if (reduction == Reduction::sum) return;
    for (auto* gradient : {&hidden, &rows, &bias}) {
      for (double& x : *gradient) x /= weights;
    }
  }

 private:
  using List = std::vector<std::pair<uint32_t, double>>;

  void addToken(const Problem& p, size_t t, const List& list) {
    const double weight = p.weights.empty() ? 1 : p.weights[t];
    if (p.targets[t] == kNoTarget || weight == 0) return;
    const float* const h = &p.hidden[t * p.dimension];
    std::vector<double> logits;
    for (const auto& [item, extra] : list) {
      double logit = extra + (p.bias.empty() ? 0 : p.bias[item]);
      for (size_t i = 0; i < p.dimension; ++i) {
        logit += static_cast<double>(h[i]) * p.rows[item * p.dimension + i];
      }
      logits.push_back(logit);
    }
    const double max = *std::max_element(logits.begin(), logits.end());
    double sum = 0;
    for (const double logit : logits) sum += std::exp(logit - max);
    loss += weight * (max + std::log(sum) - logits[0]);
    weights += weight;
    for (size_t c = 0; c < list.size(); ++c) {
      const double g = weight * (std::exp(logits[c] - max) / sum - (c == 0 ? 1 : 0));
      addGradient(p, t, list[c].first, g);
    }
  }

  void addGradient(const Problem& p, size_t t, uint32_t item, double g) {
    bias[item] += g;
    for (size_t i = 0; i < p.dimension; ++i) {
      hidden[t * p.dimension + i] += g * p.rows[item * p.dimension + i];
      rows[item * p.dimension + i] += g * p.hidden[t * p.dimension + i];
    }
  }
};

inline Reference wholeSoftmax(const Problem& p, Reduction reduction = Reduction::mean) {
  return {p,
          [&](size_t t) {
            std::vector<std::pair<uint32_t, double>> list{{p.targets[t], 0}};
            for (uint32_t v = 0; v < p.items(); ++v) {
              if (v != p.targets[t]) list.emplace_back(v, 0);
            }
            return list;
          },
          reduction};
}

inline Reference sampledSoftmax(const Problem& p, const SampledNegatives& negatives) {
  const auto correction = [&](uint32_t item) {
    return negatives.logExpectedCount.empty() ? 0.0 : -negatives.logExpectedCount[item];
  };
  return {p, [&](size_t t) {
            std::vector<std::pair<uint32_t, double>> list{
                {p.targets[t], p.targets[t] == kNoTarget ? 0 : correction(p.targets[t])}};
            for (const uint32_t item : negatives.items) {
              if (item != p.targets[t]) list.emplace_back(item, correction(item));
            }
            return list;
          }};
}

/// |a - b| / |b| of the whole vectors; where nearly nothing is left of a difference of
/// probabilities (|b| below 0.1), |a - b| / 0.1.
double relativeError(const std::vector<float>& a, const std::vector<double>& b) {
  double error = 0, size = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    error += (a[i] - b[i]) * (a[i] - b[i]);
    size += b[i] * b[i];
  }
  return std::sqrt(error / std::max(size, 0.01));
}

inline void checkAgainst(const Reference& reference, const Problem& p, const CrossEntropyLoss& loss,
                  double tolerance = 3e-6) {
  CHECK(loss.weightedSum == Approx(reference.loss).epsilon(tolerance));
  CHECK(loss.weights == Approx(reference.weights));
  CHECK(relativeError(p.hiddenGradient, reference.hidden) < tolerance);
  CHECK(relativeError(p.rowsGradient, reference.rows) < tolerance);
  if (!p.bias.empty()) CHECK(relativeError(p.biasGradient, reference.bias) < 3 * tolerance);
}

inline bool sameBits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

inline bool hasNan(const std::vector<float>& values) {
  return std::any_of(values.begin(), values.end(), [](float x) { return std::isnan(x); });
}

}  // namespace
}  // namespace attune::trainer
