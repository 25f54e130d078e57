#include "trainer/eval/metrics.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

namespace attune::trainer {
namespace {

size_t hitsInFirst(const Hits& hits, uint32_t k) {
  const auto end = std::upper_bound(hits.ranks.begin(), hits.ranks.end(), k);
  return static_cast<size_t>(end - hits.ranks.begin());
}

double gainAt(uint32_t rank) { return 1.0 / std::log2(1.0 + rank); }

std::span<const uint32_t> firstOf(const std::vector<uint32_t>& list, uint32_t k) {
  return std::span(list).first(std::min<size_t>(k, list.size()));
}

/// One line of the report; coverage, which is not a mean over cases, has no function.
struct Metric {
  const char* name;
  double (*ofCase)(const Hits&, uint32_t k);
  uint32_t k;
};
constexpr Metric kMetrics[] = {
    {"coverage", nullptr, 25},
    {"mean_reciprocal_rank_at_25", reciprocalRankAt, 25},
    {"normalized_discounted_cumulative_gain_at_5", ndcgAt, 5},
    {"normalized_discounted_cumulative_gain_at_10", ndcgAt, 10},
    {"normalized_discounted_cumulative_gain_at_25", ndcgAt, 25},
    {"precision_at_5", precisionAt, 5},
    {"precision_at_10", precisionAt, 10},
    {"precision_at_25", precisionAt, 25},
    {"hit_rate_at_10", hitRateAt, 10},
    {"hit_rate_at_20", hitRateAt, 20},
    {"recall_at_10", recallAt, 10},
    {"recall_at_20", recallAt, 20},
    {"mean_reciprocal_rank_at_20", reciprocalRankAt, 20},
    {"normalized_discounted_cumulative_gain_at_20", ndcgAt, 20},
};

}  // namespace

Estimate meanOf(std::span<const double> values) {
  const double count = static_cast<double>(values.size());
  double sum = 0;
  for (const double value : values) sum += value;
  const double mean = sum / count;
  double spread = 0;
  for (const double value : values) spread += (value - mean) * (value - mean);
  return {mean, values.size() > 1 ? std::sqrt(spread / (count - 1) / count) : 0.0};
}

double hitRateAt(const Hits& hits, uint32_t k) { return hitsInFirst(hits, k) > 0 ? 1.0 : 0.0; }

double recallAt(const Hits& hits, uint32_t k) {
  return static_cast<double>(hitsInFirst(hits, k)) / hits.right;
}

double precisionAt(const Hits& hits, uint32_t k) {
  return static_cast<double>(hitsInFirst(hits, k)) / k;
}

double reciprocalRankAt(const Hits& hits, uint32_t k) {
  return hitsInFirst(hits, k) > 0 ? 1.0 / hits.ranks.front() : 0.0;
}

double ndcgAt(const Hits& hits, uint32_t k) {
  double gain = 0;
  for (size_t i = 0; i < hitsInFirst(hits, k); ++i) gain += gainAt(hits.ranks[i]);
  double ideal = 0;
  for (uint32_t rank = 1; rank <= std::min(hits.right, k); ++rank) ideal += gainAt(rank);
  return gain / ideal;
}

Estimate coverageAt(std::span<const std::vector<uint32_t>> lists, uint32_t k, size_t catalogue) {
  std::unordered_map<uint32_t, size_t> listsWithItem;
  for (const std::vector<uint32_t>& list : lists)
    for (const uint32_t item : firstOf(list, k)) ++listsWithItem[item];
  std::vector<double> only;  // (lists) items that no other list has
  only.reserve(lists.size());
  for (const std::vector<uint32_t>& list : lists) {
    const auto first = firstOf(list, k);
    only.push_back(static_cast<double>(std::count_if(
        first.begin(), first.end(), [&](uint32_t item) { return listsWithItem[item] == 1; })));
  }
  const double error = meanOf(only).standardError * static_cast<double>(lists.size() - 1);
  const double items = static_cast<double>(catalogue);
  return {static_cast<double>(listsWithItem.size()) / items, error / items};
}

std::vector<uint32_t> withHitsLastInTies(std::span<const Scored> ranked,
                                         const std::function<bool(uint32_t)>& isRight) {
  std::vector<uint32_t> items;
  items.reserve(ranked.size());
  for (size_t begin = 0, end = 0; begin < ranked.size(); begin = end) {
    while (end < ranked.size() && ranked[end].score == ranked[begin].score) ++end;
    for (const bool right : {false, true})
      for (size_t i = begin; i < end; ++i)
        if (isRight(ranked[i].item) == right) items.push_back(ranked[i].item);
  }
  return items;
}

std::vector<NamedEstimate> reportedMetrics(std::span<const Hits> hits,
                                           std::span<const std::vector<uint32_t>> lists,
                                           size_t catalogue) {
  std::vector<NamedEstimate> report;
  std::vector<double> values(hits.size());
  for (const Metric& metric : kMetrics) {
    if (metric.ofCase == nullptr) {
      report.push_back({metric.name, coverageAt(lists, metric.k, catalogue)});
      continue;
    }
    for (size_t i = 0; i < hits.size(); ++i) values[i] = metric.ofCase(hits[i], metric.k);
    report.push_back({metric.name, meanOf(values)});
  }
  return report;
}

}  // namespace attune::trainer
