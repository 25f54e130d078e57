#include "trainer/eval/metrics.h"

#include <catch2/catch.hpp>
#include <cmath>

using namespace attune::trainer;
using attune::Scored;

namespace {

using List = std::vector<uint32_t>;

Estimate named(const std::vector<NamedEstimate>& report, const std::string& name) {
  for (const NamedEstimate& one : report)
    if (one.name == name) return one.estimate;
  FAIL("no metric " << name);
  return {};
}

}  // namespace

TEST_CASE("Hits at 2 and 5 of two right items, K = 5: Personalize's worked example") {
  const Hits hits{{2, 5}, 2};
  CHECK(ndcgAt(hits, 5) == Approx(0.6241).margin(5e-5));
  CHECK(reciprocalRankAt(hits, 5) == 0.5);
  CHECK(precisionAt(hits, 5) == Approx(0.4));
  CHECK(recallAt(hits, 5) == 1.0);
  CHECK(hitRateAt(hits, 5) == 1.0);
}

TEST_CASE("What comes after the first K does not count") {
  const Hits hits{{2, 4}, 3};  // the third right item is not in the list
  CHECK(ndcgAt(hits, 3) == Approx(0.2961).margin(5e-5));
  CHECK(precisionAt(hits, 3) == Approx(1.0 / 3));
  CHECK(recallAt(hits, 3) == Approx(1.0 / 3));
  CHECK(reciprocalRankAt(hits, 1) == 0.0);
  CHECK(hitRateAt(hits, 1) == 0.0);
}

TEST_CASE("One place holds one hit: NDCG is 1 when the first K are all hits") {
  CHECK(ndcgAt({{1}, 2}, 1) == 1.0);
  CHECK(ndcgAt({{1, 2, 3}, 7}, 3) == Approx(1.0));
  CHECK(ndcgAt({{}, 1}, 5) == 0.0);
}

TEST_CASE("A mean's standard error has n - 1 in its spread") {
  const std::vector<double> values = {0, 0, 1, 1};
  CHECK(meanOf(values).value == 0.5);
  CHECK(meanOf(values).standardError == Approx(std::sqrt(1.0 / 3 / 4)));
  const std::vector<double> single = {3};
  CHECK(meanOf(single).standardError == 0.0);
}

TEST_CASE("Coverage counts different items in the first K of all lists") {
  const std::vector<List> lists = {{0, 1, 9}, {0, 2}, {0}};
  CHECK(coverageAt(lists, 2, 6).value == Approx(0.5));
  CHECK(coverageAt(lists, 3, 6).value == Approx(4.0 / 6));
}

TEST_CASE("The standard error of coverage is the jackknife's") {
  const std::vector<List> lists = {{0}, {1}, {1}};  // without one list 1, 2 or 2 items remain
  CHECK(coverageAt(lists, 1, 4).standardError == Approx(std::sqrt(2.0 / 3 * 2.0 / 3) / 4));
  CHECK(coverageAt(std::vector<List>{{0, 1}}, 2, 4).standardError == 0.0);
}

TEST_CASE("Among equal scores right items come last") {
  const std::vector<Scored> ranked = {{7, 2.0f}, {8, 2.0f}, {9, 1.0f}, {7, 0.5f}};
  const auto isSeven = [](uint32_t item) { return item == 7; };
  CHECK(withHitsLastInTies(ranked, isSeven) == List{8, 7, 9, 7});
  CHECK(withHitsLastInTies(ranked, [](uint32_t) { return false; }) == List{7, 8, 9, 7});
  CHECK(withHitsLastInTies({}, isSeven).empty());
}

TEST_CASE("The report has Personalize's keys and averages over the cases") {
  const std::vector<Hits> hits = {{{1}, 1}, {{}, 1}, {{2, 11}, 2}};
  const std::vector<List> lists = {{0, 1}, {0, 2}, {3, 1}};
  const auto report = reportedMetrics(hits, lists, 8);
  CHECK(named(report, "coverage").value == Approx(4.0 / 8));
  CHECK(named(report, "mean_reciprocal_rank_at_25").value == Approx(1.5 / 3));
  CHECK(named(report, "precision_at_10").value == Approx(0.2 / 3));
  CHECK(named(report, "hit_rate_at_10").value == Approx(2.0 / 3));
  CHECK(named(report, "recall_at_20").value == Approx(2.0 / 3));
  CHECK(named(report, "recall_at_10").value == Approx(1.5 / 3));
  CHECK(report.front().name == "coverage");
  CHECK(report.size() == 14);
}
