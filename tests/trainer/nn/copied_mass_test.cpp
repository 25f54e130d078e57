// crossEntropy with mass beside the logits: the same written down in double, one term after the other.
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <vector>

#include "tests/trainer/nn/cross_entropy_problem.h"

using namespace attune;
using namespace attune::trainer;

namespace {

constexpr float kNone = -std::numeric_limits<float>::infinity();

/// A problem of which every second token copies, every fourth also its target.
struct CopyingProblem : Problem {
  CopyingProblem(size_t tokens, size_t items, size_t dimension_)
      : Problem(tokens, items, dimension_, true), copied(tokens), parts(tokens) {
    Random random(8, 1);
    for (size_t t = 0; t < tokens; t += 2) {
      const float target = t % 4 == 0 ? 2 * random.normal() : kNone;
      copied[t] = {std::max(target, 2 * random.normal()) + 0.5f, target};
    }
  }

  CrossEntropyLoss run(const SampledNegatives* negatives = nullptr) {
    CrossEntropyInput in = input();
    in.copied = copied;
    CrossEntropyGradients out = gradients();
    out.parts = parts;
    return negatives == nullptr ? crossEntropy(in, out, {.reduction = Reduction::sum})
                                : sampledCrossEntropy(in, *negatives, out, {.reduction = Reduction::sum});
  }

  double logit(size_t token, size_t item) const {
    double sum = bias[item];
    for (size_t i = 0; i < dimension; ++i)
      sum += static_cast<double>(hidden[token * dimension + i]) * rows[item * dimension + i];
    return sum;
  }

  std::vector<CopiedMass> copied;
  std::vector<LossParts> parts;
};

/// Loss and hidden gradient of the sum over `candidates` (item, what is added to its logit), of
/// which the first is the target.
template <class Candidates>
void checkAgainstSums(CopyingProblem& p, const CrossEntropyLoss& loss, Candidates candidates) {
  double expected = 0;
  std::vector<double> hidden(p.hidden.size());
  for (size_t t = 0; t < p.tokens(); ++t) {
    const auto list = candidates(t);
    double all = std::exp(static_cast<double>(p.copied[t].all));
    for (const auto& [item, extra] : list) all += std::exp(p.logit(t, item) + extra);
    const double own = std::exp(p.logit(t, list[0].first) + list[0].second);
    const double target = own + std::exp(static_cast<double>(p.copied[t].target));
    expected += std::log(all) - std::log(target);
    CHECK(static_cast<double>(p.parts[t].all) == Approx(std::log(all)).margin(1e-5));
    CHECK(static_cast<double>(p.parts[t].target) == Approx(std::log(target)).margin(1e-5));
    for (size_t c = 0; c < list.size(); ++c) {
      const double share = std::exp(p.logit(t, list[c].first) + list[c].second) / all;
      const double slope = share - (c == 0 ? own / target : 0);
      for (size_t i = 0; i < p.dimension; ++i)
        hidden[t * p.dimension + i] += slope * p.rows[list[c].first * p.dimension + i];
    }
  }
  CHECK(loss.weightedSum == Approx(expected).epsilon(3e-6));
  CHECK(relativeError(p.hiddenGradient, hidden) < 3e-6);
}

using List = std::vector<std::pair<uint32_t, double>>;

}  // namespace

TEST_CASE("copied mass joins the whole softmax's sum and the target's part of it") {
  onEachInstructionSet([] {
    CopyingProblem p(41, 70, 12);
    checkAgainstSums(p, p.run(), [&](size_t t) {
      List list{{p.targets[t], 0}};
      for (uint32_t v = 0; v < p.items(); ++v)
        if (v != p.targets[t]) list.emplace_back(v, 0);
      return list;
    });
  });
}

TEST_CASE("a target with copied mass is no drawn candidate, so nothing corrects its logit") {
  CopyingProblem p(41, 70, 12);
  std::vector<float> counts(70);
  for (size_t v = 0; v < 70; ++v) counts[v] = std::log(0.1f + 0.01f * static_cast<float>(v));
  std::vector<uint32_t> drawn;
  for (uint32_t v = 0; v < 70; v += 3) drawn.push_back(v);
  const SampledNegatives negatives{drawn, counts};
  checkAgainstSums(p, p.run(&negatives), [&](size_t t) {
    const uint32_t target = p.targets[t];
    const bool certain = p.copied[t].target != kNone;
    List list{{target, certain ? 0.0 : -static_cast<double>(counts[target])}};
    for (const uint32_t v : drawn)
      if (v != target) list.emplace_back(v, -static_cast<double>(counts[v]));
    return list;
  });
}

TEST_CASE("copied mass far above all logits leaves these without a gradient, and nothing overflows") {
  CopyingProblem p(8, 20, 6);
  for (CopiedMass& mass : p.copied) mass = {500, 500};
  CHECK(p.run().weightedSum == Approx(0).margin(1e-9));
  for (const float x : p.hiddenGradient) CHECK(std::abs(x) < 1e-12);
}
