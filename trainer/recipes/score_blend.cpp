#include "trainer/recipes/score_blend.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "runtime/models/history_walk.h"
#include "trainer/nn/gemm.h"

namespace attune::trainer {
namespace {

constexpr size_t kCasesPerTask = 16;
constexpr int kNewtonSteps = 12;
constexpr double kRidge = 1e-3;
constexpr double kEnough = 1e-5;       // nats a case; less gain ends the search
constexpr double kLeastSequence = 0.1;
constexpr double kLargestWeight = 1000;  // that the runtime takes
constexpr size_t kParts = 4;             // sequence, neighbours, popularity, repeat

using Vector = std::array<double, kParts>;
using Square = std::array<Vector, kParts>;

/// The evidence on every item for one case.
struct Evidence {
  std::array<std::vector<float>, kParts> parts;  // (items) each
  std::vector<uint8_t> masked;                   // (items)
  uint32_t target = 0;
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
    for (size_t i = begin; i < end; ++i) {
      evidence.parts[0].assign(&logits[(i - begin) * items], &logits[(i - begin) * items] + items);
      if (!cases_.pointed.empty()) addPointed(cases_.pointed[i], evidence.parts[0]);
      fill(i, evidence);
      visit(evidence, i);
    }
  }

 private:
  void fill(size_t index, Evidence& evidence) const {
    const size_t items = cases_.itemVectors.rows;
    const auto history = cases_.heldOut.training.of(cases_.heldOut.users[index]);
    auto& [logits, near, popular, repeat] = evidence.parts;
    evidence.target = cases_.heldOut.targets[index];
    evidence.masked.assign(items, 0);
    fillNear(history, evidence.masked, near);
    if (popular.empty())
      for (const uint32_t users : cases_.userCounts)
        popular.push_back(std::log(static_cast<float>(users) + 0.5f));
    repeat.assign(items, 0);
    if (cases_.excludeSeen) {
      for (const uint32_t item : history) evidence.masked[item] = item != evidence.target;
      return;
    }
    for (const uint32_t item : history) repeat[item] += 1;
    for (float& times : repeat)
      if (times > 0) times = std::log1p(times);
  }

  /// `used` (items) is all zero before and after.
  void fillNear(std::span<const uint32_t> history, std::vector<uint8_t>& used,
                std::vector<float>& near) const {
    near.assign(used.size(), 0);
    const auto itemAt = [&](size_t i) { return history[i]; };
    forDifferentItems(history.size(), decay_, used, itemAt, [&](uint32_t item, float weight) {
      for (const Neighbour& one : cases_.neighbours[item])
        near[one.item] += weight * one.weight;
    });
    for (float& sum : near)
      if (sum > 0) sum = std::log1p(sum / scale_);
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

using Active = std::array<bool, kParts>;

/// The most likely weights; those of parts that are not active are the least they may be.
Fit maximise(const Blend& blend, const BlendCases& cases, const Active& active) {
  Fit best;
  best.weights[0] = active[0] ? 1 : kLeastSequence;
  best.weights[1] = active[0] ? 0 : 1;
  best.sums = sumOver(blend, cases, best.weights);
  double damping = 1;
  for (int step = 0; step < kNewtonSteps; ++step) {
    const Vector move = solve(best.sums.curvature, best.sums.gradient, active);
    Fit next;
    for (size_t k = 0; k < kParts; ++k) next.weights[k] = best.weights[k] + damping * move[k];
    next.sums = sumOver(blend, cases, next.weights);
    const double gain = next.sums.logLikelihood - best.sums.logLikelihood;
    if (!(gain >= 0)) {
      damping /= 2;
      continue;
    }
    best = next;
    damping = std::min(1.0, 2 * damping);
    if (gain < kEnough) break;
  }
  return best;
}

/// The same where no part but popularity may speak against an item it speaks for, and the sequence
/// model has a say: only it knows items without neighbours.
Fit fit(const Blend& blend, const BlendCases& cases) {
  Active active{true, true, true, !cases.excludeSeen};
  Fit found = maximise(blend, cases, active);
  for (const size_t part : {1, 3, 0}) {
    if (found.weights[part] >= (part == 0 ? kLeastSequence : 0)) continue;
    active[part] = false;
    found = maximise(blend, cases, active);
  }
  return found;
}

BlendWeights toWeights(const Vector& w, float decay, float scale) {
  return {static_cast<float>(w[0]), static_cast<float>(w[1]), scale, decay,
          static_cast<float>(w[2]), static_cast<float>(w[3])};
}

bool bounded(const Vector& weights) {
  return std::all_of(weights.begin(), weights.end(),
                     [](double weight) { return std::fabs(weight) <= kLargestWeight; });
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
  const Blend plain(cases, 1, 1);
  const Sums alone = sumOver(plain, cases, {1, 0, 0, 0});
  result.sequenceNdcgAt10 = result.ndcgAt10 = alone.ndcg;
  double best = -std::numeric_limits<double>::infinity();
  for (const float decay : {0.5f, 0.7f, 0.85f, 1.0f})
    for (const float scale : {0.01f, 0.1f}) {
      const Fit found = fit(Blend(cases, decay, scale), cases);
      if (!(found.sums.logLikelihood > best) || !bounded(found.weights)) continue;
      best = found.sums.logLikelihood;
      result.gain = static_cast<double>(plain.count()) * (best - alone.logLikelihood);
      result.ndcgAt10 = found.sums.ndcg;
      result.weights = toWeights(found.weights, decay, scale);
    }
  return result;
}

}  // namespace attune::trainer
