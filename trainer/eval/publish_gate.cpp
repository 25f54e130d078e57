#include "trainer/eval/publish_gate.h"

#include <algorithm>
#include <cstdio>
#include <limits>
#include <set>
#include <string_view>

#include "trainer/base/errors.h"
#include "trainer/data/split.h"
#include "trainer/eval/evaluator.h"

namespace attune::trainer {
namespace {

using nlohmann::ordered_json;

constexpr uint32_t kListed = 10;
constexpr size_t kMostQualityCases = 5000;
constexpr size_t kMostListCases = 2000;
constexpr double kBeyondChance = 2;  // standard errors

/// At most `most` of them, evenly spread.
std::vector<TestCase> spread(const std::vector<TestCase>& cases, size_t most) {
  if (cases.size() <= most) return cases;
  std::vector<TestCase> some;
  for (size_t i = 0; i < most; ++i) some.push_back(cases[i * cases.size() / most]);
  return some;
}

/// The time of the newest event that a bundle has learned from.
int64_t newestLearned(const ServedBundle& bundle) {
  const auto provenance =
      nlohmann::json::parse(bundle.engine().bundle().provenance(), nullptr, false);
  const auto newest = nlohmann::json::json_pointer("/data/lastTimestamp");
  if (provenance.is_object() && provenance.contains(newest) &&
      provenance[newest].is_number_integer())
    return provenance[newest].get<int64_t>();
  return std::numeric_limits<int64_t>::max();  // it does not say: nothing is surely unseen
}

std::vector<std::string_view> firstIds(const Answer& answer, const ServedBundle& bundle) {
  std::vector<std::string_view> ids;
  for (size_t i = 0; i < answer.list.size() && i < kListed; ++i)
    ids.push_back(bundle.engine().items()[answer.list[i]]);
  return ids;
}

/// The share of the longer list's first 10 that both have; two empty lists are the same.
double overlap(const std::vector<std::string_view>& one, const std::vector<std::string_view>& two) {
  const size_t longer = std::max(one.size(), two.size());
  if (longer == 0) return 1;
  const auto both = std::count_if(one.begin(), one.end(), [&](std::string_view id) {
    return std::find(two.begin(), two.end(), id) != two.end();
  });
  return static_cast<double>(both) / static_cast<double>(longer);
}

std::string text(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.4g", value);
  return buffer;
}

double ratioOf(double one, double two) { return two > 0 ? one / two : 1; }

/// Compares the bundles, check by check.
class Gate {
 public:
  Gate(const GateBundles& bundles, const Dataset& data, const GateLimits& limits, unsigned threads)
      : bundles_(bundles),
        data_(data),
        limits_(limits),
        options_{.threads = threads, .numResults = kListed} {
    cases_ = splitDataset(data, {.protocol = "leave-one-out"}).cases;
  }

  GateVerdict judge() {
    if (bundles_.published != nullptr) {
      verdict_.checks.push_back(items());
      verdict_.checks.push_back(quality());
    }
    compareLists();
    for (const GateCheck& check : verdict_.checks)
      if (verdict_.refusal.empty()) verdict_.refusal = check.refusal;
    return std::move(verdict_);
  }

 private:
  std::vector<Answer> ask(const ServedBundle& bundle, std::span<const TestCase> cases) const {
    return answerCases(bundle, data_, cases, /*excludeSeen=*/true, options_);
  }

  GateCheck items() const {
    GateCheck check{"items"};
    check.candidate.value = bundles_.candidate.engine().items().size();
    check.published.value = bundles_.published->engine().items().size();
    check.figure = ratioOf(check.candidate.value, check.published.value);
    check.limit = limits_.minItemsRatio;
    if (check.figure < check.limit)
      check.refusal = "the catalogue has " + text(check.candidate.value) +
                      " items, the published one " + text(check.published.value) +
                      " (minItemsRatio " + text(check.limit) + ")";
    return check;
  }

  /// The newest events, of which neither bundle knows.
  std::vector<TestCase> unseenCases() const {
    const int64_t newest = newestLearned(*bundles_.published);
    std::vector<TestCase> unseen;
    for (const TestCase& one : cases_)
      if (data_.interactions.timestamp[one.truthRow] > newest) unseen.push_back(one);
    return spread(unseen, kMostQualityCases);
  }

  GateCheck quality() const {
    GateCheck check{"quality"};
    check.limit = limits_.minQualityRatio;
    if (bundles_.validation == nullptr) {
      check.notJudged = "no validation bundle was given";
      return check;
    }
    const std::vector<TestCase> cases = unseenCases();
    check.cases = cases.size();
    if (cases.empty() || static_cast<double>(cases.size()) < limits_.minCases) {
      check.notJudged = std::to_string(cases.size()) + " users have something new, of " +
                        text(limits_.minCases) + " (minCases) that are needed";
      return check;
    }
    const auto news = ask(*bundles_.validation, cases), olds = ask(*bundles_.published, cases);
    std::vector<double> of, with, difference;
    for (size_t i = 0; i < cases.size(); ++i) {
      of.push_back(ndcgAt(news[i].hits, kListed));
      with.push_back(ndcgAt(olds[i].hits, kListed));
      difference.push_back(of.back() - check.limit * with.back());
    }
    check.candidate = meanOf(of);
    check.published = meanOf(with);
    check.figure = ratioOf(check.candidate.value, check.published.value);
    const Estimate paired = meanOf(difference);
    if (paired.value + kBeyondChance * paired.standardError < 0)
      check.refusal = "NDCG@10 on " + std::to_string(cases.size()) + " held-out events is " +
                      text(check.candidate.value) + ", the published bundle's " +
                      text(check.published.value) + " (minQualityRatio " + text(check.limit) + ")";
    return check;
  }

  /// Histories to ask for, and the empty one.
  std::vector<TestCase> listCases() const {
    std::vector<TestCase> cases = spread(cases_, kMostListCases);
    TestCase cold;
    const Interactions& events = data_.interactions;
    cold.truthRow = static_cast<uint32_t>(events.size() - 1);
    cold.user = events.user[cold.truthRow];
    cold.truth = {events.item[cold.truthRow]};
    cold.cold = true;
    cases.push_back(std::move(cold));
    return cases;
  }

  void compareLists() {
    const std::vector<TestCase> cases = listCases();
    const auto news = ask(bundles_.candidate, cases);
    GateCheck coverage{"coverage"}, churn{"churn"};
    coverage.cases = churn.cases = cases.size();
    std::set<std::string_view> newItems, oldItems;
    for (const Answer& answer : news)
      for (const std::string_view id : firstIds(answer, bundles_.candidate)) newItems.insert(id);
    coverage.candidate.value = static_cast<double>(newItems.size());
    if (newItems.empty()) coverage.refusal = "none of its lists has an item";
    if (bundles_.published == nullptr) {
      coverage.notJudged = newItems.empty() ? "" : "nothing to compare with";
      verdict_.checks.push_back(std::move(coverage));
      return;
    }
    const auto olds = ask(*bundles_.published, cases);
    std::vector<double> changed;
    for (size_t i = 0; i < cases.size(); ++i) {
      const auto before = firstIds(olds[i], *bundles_.published);
      oldItems.insert(before.begin(), before.end());
      changed.push_back(1 - overlap(firstIds(news[i], bundles_.candidate), before));
    }
    coverage.published.value = static_cast<double>(oldItems.size());
    coverage.figure = ratioOf(coverage.candidate.value, coverage.published.value);
    coverage.limit = limits_.minCoverageRatio;
    if (coverage.refusal.empty() && coverage.figure < coverage.limit)
      coverage.refusal = "its lists have " + text(coverage.candidate.value) +
                         " different items, the published bundle's " +
                         text(coverage.published.value) + " (minCoverageRatio " +
                         text(coverage.limit) + ")";
    churn.candidate = meanOf(changed);
    churn.figure = churn.candidate.value;
    churn.limit = limits_.maxChurn;
    if (churn.figure > churn.limit)
      churn.refusal = text(100 * churn.figure) +
                      " % of what the lists recommend is new (maxChurn " + text(churn.limit) + ")";
    verdict_.checks.push_back(std::move(coverage));
    verdict_.checks.push_back(std::move(churn));
  }

  const GateBundles& bundles_;
  const Dataset& data_;
  const GateLimits& limits_;
  const EvaluateOptions options_;
  std::vector<TestCase> cases_;
  GateVerdict verdict_;
};

ordered_json toJson(const Estimate& estimate) {
  return {{"value", estimate.value}, {"se", estimate.standardError}};
}

}  // namespace

ordered_json GateVerdict::toJson() const {
  ordered_json json{{"verdict", refusal.empty() ? "accepted" : "refused"}, {"reason", refusal}};
  for (const GateCheck& check : checks) {
    ordered_json one{{"candidate", trainer::toJson(check.candidate)},
                     {"published", trainer::toJson(check.published)},
                     {"figure", check.figure},
                     {"limit", check.limit},
                     {"cases", check.cases}};
    if (!check.notJudged.empty()) one["notJudged"] = check.notJudged;
    if (!check.refusal.empty()) one["refusal"] = check.refusal;
    json["checks"][check.name] = std::move(one);
  }
  return json;
}

std::string GateVerdict::toText() const {
  std::string lines;
  for (const GateCheck& check : checks) {
    lines += check.name + std::string(10 - check.name.size(), ' ');
    if (!check.notJudged.empty()) {
      lines += "not judged: " + check.notJudged + '\n';
      continue;
    }
    lines += text(check.figure) + " (limit " + text(check.limit) + ")";
    if (check.name != "churn")
      lines += ": " + text(check.candidate.value) + ", published " + text(check.published.value);
    else
      lines += " +- " + text(check.candidate.standardError);
    if (check.cases > 0) lines += ", " + std::to_string(check.cases) + " histories";
    lines += check.refusal.empty() ? "\n" : "  REFUSED\n";
  }
  return lines;
}

GateVerdict judge(const GateBundles& bundles, const Dataset& data, const GateLimits& limits,
                  unsigned threads) {
  return Gate(bundles, data, limits, threads).judge();
}

}  // namespace attune::trainer
