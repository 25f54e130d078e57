#include "trainer/recipes/score_blend.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "trainer/nn/gemm.h"

namespace attune::trainer {
namespace {

constexpr size_t kCasesPerTask = 16;
constexpr int kNewtonSteps = 12;
constexpr double kRidge = 1e-3;
constexpr size_t kParts = 4;  // sequence, neighbours, popularity, repeat

using Vector = std::array<double, kParts>;
using Square = std::array<Vector, kParts>;

/// The evidence on every item for one case.
struct Evidence {
  std::array<std::vector<float>, kParts> parts;  // (items) each
  std::vector<uint8_t> masked;                   // (items)
  uint32_t target = 0;
};

/// What one task works with; used again from case to case.
struct Workspace2 {
  Evidence evidence;
  std::vector<float> neighbourSums;  // (items) zero between cases
};

class Blend {
 public:
  Blend(const BlendCases& cases, float decay, float scale)
      : cases_(cases), decay_(decay), scale_(scale) {}

  size_t count() const { return cases_.heldOut.users.size(); }
  size_t tasks() const { return (count() + kCasesPerTask - 1) / kCasesPerTask; }

  /// Calls `visit(evidence, case)` for the cases of one task.
  template <typename Visit>
  void forTask(size_t task, const Visit& visit) const {
    const size_t items = cases_.itemVectors.rows, d = cases_.itemVectors.columns;
    const size_t begin = task * kCasesPerTask, end = std::min(begin + kCasesPerTask, count());
    std::vector<float> logits((end - begin) * items);
    gemm({end - begin, items, d}, {cases_.hidden.row(begin), d},
         {cases_.itemVectors.data, cases_.itemVectors.stride, true}, {logits.data(), items});
    Evidence evidence;
    std::vector<float> sums(items);
    for (size_t i = begin; i < end; ++i) {
      evidence.parts[0].assign(&logits[(i - begin) * items], &logits[(i - begin) * items] + items);
      fill(i, evidence, sums);
      visit(evidence, i);
    }
  }

 private:
  void fill(size_t index, Evidence& evidence, std::vector<float>& sums) const {
    const size_t items = cases_.itemVectors.rows;
    const auto history = cases_.heldOut.training.of(cases_.heldOut.users[index]);
    evidence.target = cases_.heldOut.targets[index];
    auto& [logits, near, popular, repeat] = evidence.parts;
    near.assign(items, 0);
    repeat.assign(items, 0);
    evidence.masked.assign(items, 0);
    for (const uint32_t item : history) repeat[item] += 1;
    float weight = 1;
    std::vector<uint8_t>& used = evidence.masked;  // first: which items were counted
    for (size_t i = history.size(); i-- > 0 && weight >= 1e-6f;) {
      if (used[history[i]] != 0) continue;
      used[history[i]] = 1;
      for (const Neighbour& one : cases_.neighbours[history[i]]) near[one.item] += weight * one.weight;
      weight *= decay_;
    }
    std::fill(used.begin(), used.end(), uint8_t{0});
    if (popular.empty())
      for (const uint32_t users : cases_.userCounts)
        popular.push_back(std::log(static_cast<float>(users) + 0.5f));
    for (float& x : near)
      if (x > 0) x = std::log1p(x / scale_);
    for (const uint32_t item : history) {
      if (cases_.excludeSeen && item != evidence.target) evidence.masked[item] = 1;
    }
    for (float& x : repeat)
      if (x > 0) x = std::log1p(x);
    if (cases_.excludeSeen) std::fill(repeat.begin(), repeat.end(), 0.0f);
    (void)sums;
  }

  const BlendCases& cases_;
  float decay_, scale_;
};

float scoreOf(const Evidence& evidence, const Vector& weights, size_t item) {
  double score = 0;
  for (size_t k = 0; k < kParts; ++k)
    score += weights[k] * static_cast<double>(evidence.parts[k][item]);
  return static_cast<float>(score);
}

struct Sums {
  double logLikelihood = 0;
  Vector gradient{};
  Square curvature{};
  double ndcg = 0;

  void add(const Sums& other) {
    logLikelihood += other.logLikelihood;
    ndcg += other.ndcg;
    for (size_t k = 0; k < kParts; ++k) {
      gradient[k] += other.gradient[k];
      for (size_t l = 0; l < kParts; ++l) curvature[k][l] += other.curvature[k][l];
    }
  }
};

void addCase(const Evidence& evidence, const Vector& weights, std::vector<float>& scores,
             Sums& sums) {
  const size_t items = scores.size();
  float highest = -std::numeric_limits<float>::infinity();
  for (size_t v = 0; v < items; ++v) {
    scores[v] = evidence.masked[v] != 0 ? -std::numeric_limits<float>::infinity()
                                        : scoreOf(evidence, weights, v);
    highest = std::max(highest, scores[v]);
  }
  const float own = scores[evidence.target];
  size_t rank = 0;
  double total = 0;
  Vector mean{};
  Square square{};
  for (size_t v = 0; v < items; ++v) {
    rank += !(scores[v] < own);
    if (evidence.masked[v] != 0) continue;
    const double p = static_cast<double>(std::exp(scores[v] - highest));
    total += p;
    for (size_t k = 0; k < kParts; ++k) {
      const double a = p * static_cast<double>(evidence.parts[k][v]);
      mean[k] += a;
      for (size_t l = 0; l <= k; ++l) square[k][l] += a * static_cast<double>(evidence.parts[l][v]);
    }
  }
  sums.logLikelihood += static_cast<double>(own - highest) - std::log(total);
  if (rank <= 10) sums.ndcg += 1 / std::log2(1.0 + static_cast<double>(rank));
  for (size_t k = 0; k < kParts; ++k) {
    mean[k] /= total;
    sums.gradient[k] += static_cast<double>(evidence.parts[k][evidence.target]) - mean[k];
  }
  for (size_t k = 0; k < kParts; ++k)
    for (size_t l = 0; l <= k; ++l) {
      const double c = square[k][l] / total - mean[k] * mean[l];
      sums.curvature[k][l] += c;
      if (l != k) sums.curvature[l][k] += c;
    }
}

Sums sumOver(const Blend& blend, const BlendCases& cases, const Vector& weights) {
  std::vector<Sums> tasks(blend.tasks());
  runTasks(cases.threads, tasks.size(), [&](size_t task) {
    std::vector<float> scores(cases.itemVectors.rows);
    blend.forTask(task, [&](const Evidence& evidence, size_t) {
      addCase(evidence, weights, scores, tasks[task]);
    });
  });
  Sums all;
  for (const Sums& one : tasks) all.add(one);
  const double n = static_cast<double>(std::max<size_t>(1, blend.count()));
  all.logLikelihood /= n;
  all.ndcg /= n;
  for (size_t k = 0; k < kParts; ++k) {
    all.gradient[k] /= n;
    for (size_t l = 0; l < kParts; ++l) all.curvature[k][l] /= n;
  }
  return all;
}

/// Solves a x = b by elimination; parts whose diagonal is 0 stay 0.
Vector solve(Square a, Vector b, const std::array<bool, kParts>& active) {
  for (size_t k = 0; k < kParts; ++k) {
    if (!active[k]) {
      for (size_t l = 0; l < kParts; ++l) a[k][l] = a[l][k] = 0;
      b[k] = 0;
    }
    a[k][k] += active[k] ? kRidge : 1;
  }
  for (size_t k = 0; k < kParts; ++k)
    for (size_t r = k + 1; r < kParts; ++r) {
      const double f = a[r][k] / a[k][k];
      for (size_t l = k; l < kParts; ++l) a[r][l] -= f * a[k][l];
      b[r] -= f * b[k];
    }
  Vector x{};
  for (size_t k = kParts; k-- > 0;) {
    double s = b[k];
    for (size_t l = k + 1; l < kParts; ++l) s -= a[k][l] * x[l];
    x[k] = s / a[k][k];
  }
  return x;
}

struct Fit {
  Vector weights{};
  Sums sums;
};

Fit fit(const Blend& blend, const BlendCases& cases, std::array<bool, kParts> active) {
  Fit best;
  best.weights[0] = active[0] ? 1 : 0;
  best.weights[1] = active[0] ? 0 : 1;
  best.sums = sumOver(blend, cases, best.weights);
  double damping = 1;
  for (int step = 0; step < kNewtonSteps; ++step) {
    const Vector move = solve(best.sums.curvature, best.sums.gradient, active);
    Fit next;
    for (size_t k = 0; k < kParts; ++k) next.weights[k] = best.weights[k] + damping * move[k];
    next.sums = sumOver(blend, cases, next.weights);
    if (next.sums.logLikelihood < best.sums.logLikelihood) {
      damping /= 2;
      continue;
    }
    const bool done = next.sums.logLikelihood - best.sums.logLikelihood < 1e-5;
    best = next;
    damping = std::min(1.0, 2 * damping);
    if (done) break;
  }
  return best;
}

}  // namespace

double ndcgOf(const BlendCases& cases, const BlendWeights& w) {
  const Blend blend(cases, w.recencyDecay, w.neighbourScale);
  const Vector weights{static_cast<double>(w.sequence), static_cast<double>(w.neighbours),
                       static_cast<double>(w.popularity), static_cast<double>(w.repeat)};
  return sumOver(blend, cases, weights).ndcg;
}

FittedBlend fitBlend(const BlendCases& cases) {
  FittedBlend result;
  result.sequenceNdcgAt10 = ndcgOf(cases, {});
  double best = -1e300;
  const bool verbose = std::getenv("BLEND_LOG") != nullptr;
  if (verbose) std::fprintf(stderr, "seq alone %.4f\n", result.sequenceNdcgAt10);
  for (const float decay : {0.5f, 0.7f, 0.85f, 1.0f})
    for (const float scale : {0.01f, 0.1f, 1.0f}) {
      const Blend blend(cases, decay, scale);
      const Fit both = fit(blend, cases, {true, true, true, !cases.excludeSeen});
      if (verbose) {
        const Fit near = fit(blend, cases, {false, true, true, !cases.excludeSeen});
        std::fprintf(stderr, "decay %.2f scale %.2f: blend ll %.4f ndcg %.4f w %.3f %.3f %.3f %.3f | near ll %.4f ndcg %.4f w %.3f %.3f %.3f\n",
                     decay, scale, both.sums.logLikelihood, both.sums.ndcg, both.weights[0],
                     both.weights[1], both.weights[2], both.weights[3], near.sums.logLikelihood,
                     near.sums.ndcg, near.weights[1], near.weights[2], near.weights[3]);
      }
      if (both.sums.logLikelihood <= best) continue;
      best = both.sums.logLikelihood;
      result.ndcgAt10 = both.sums.ndcg;
      result.weights = {static_cast<float>(both.weights[0]), static_cast<float>(both.weights[1]), scale,
                        decay, static_cast<float>(both.weights[2]), static_cast<float>(both.weights[3])};
    }
  return result;
}

}  // namespace attune::trainer
