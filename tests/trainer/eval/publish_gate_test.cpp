#include "trainer/eval/publish_gate.h"

#include <catch2/catch.hpp>
#include <limits>

#include "tests/trainer/eval/small_bundle.h"
#include "trainer/eval/evaluator.h"

using namespace attune;
using namespace attune::trainer;
using Catch::Matchers::Contains;

namespace {

/// A bundle where nothing is near anything: items by the number of their users, which is upside
/// down here. `newest` is the time of the newest event that it says to have learned from.
std::vector<uint8_t> otherBundle(int64_t newest,
                                 const std::vector<std::string>& ids = {"a", "b", "c", "d", "e"},
                                 const std::vector<uint32_t>& counts = {1, 2, 3, 4, 5}) {
  const auto size = static_cast<uint32_t>(ids.size());
  BundleBuilder bundle(size, "sims", ModelKind::Neighbours);
  bundle.addStrings(SectionKind::ItemIdText, SectionKind::ItemIdOffsets, ids);
  bundle.add(SectionKind::ItemUserCounts, counts);
  bundle.setPopularity(size);
  bundle.add(SectionKind::NeighbourOffsets, std::vector<uint32_t>(size + 1, 0));
  bundle.addIndexes(SectionKind::NeighbourItems, std::vector<uint32_t>{}, size);
  bundle.add(SectionKind::NeighbourWeights, std::vector<float>{});
  bundle.setNeighbours(0.5f, 0.001f);
  bundle.setProvenance(R"({"data":{"lastTimestamp":)" + std::to_string(newest) + "}}");
  return bundle.finish();
}

/// `users` who had a at 100, and d at 200: what the small bundle foretells at the first place.
Dataset visits(uint32_t users) {
  Dataset data;
  for (const char* id : {"a", "b", "c", "d", "e"}) data.items.add(id);
  for (const int64_t time : {100, 200})
    for (uint32_t user = 0; user < users; ++user) {
      data.interactions.user.push_back(data.users.add("user " + std::to_string(user)));
      data.interactions.item.push_back(data.items.find(time == 100 ? "a" : "d"));
      data.interactions.timestamp.push_back(time);
      data.interactions.eventType.push_back(StringTable::kNone);
      data.interactions.eventValue.push_back(std::numeric_limits<float>::quiet_NaN());
    }
  return data;
}

const ServedBundle kSmall(smallBundle(), "small");

const GateCheck& check(const GateVerdict& verdict, const std::string& name) {
  for (const GateCheck& one : verdict.checks)
    if (one.name == name) return one;
  FAIL("no check " << name);
  return verdict.checks.front();
}

}  // namespace

TEST_CASE("the gate judges quality by what neither bundle has seen: ranks worked out on paper") {
  const ServedBundle published(otherBundle(150), "published");
  const Dataset data = visits(60);
  // Published, d is second of e d c b: 1 / log2(3). The small bundle has it first.
  const GateVerdict better = judge({kSmall, &kSmall, &published}, data, {.maxChurn = 1}, 1);
  const GateCheck& quality = check(better, "quality");
  CHECK(quality.cases == 60);
  CHECK(quality.candidate.value == Approx(1));
  CHECK(quality.published.value == Approx(0.6309).epsilon(1e-3));
  CHECK((better.refusal.empty() && quality.refusal.empty() && quality.notJudged.empty()));
}

TEST_CASE("a worse bundle is refused, by its twin alone") {
  const ServedBundle published(otherBundle(150), "published");
  const ServedBundle twin(otherBundle(150, {"a", "b", "c", "d", "e"}, {1, 4, 3, 2, 5}), "twin");
  const Dataset data = visits(60);
  // d is the fourth of e b c d with the twin: 1 / log2(5), where the published bundle has it
  // second.
  const GateVerdict verdict = judge({kSmall, &twin, &published}, data, {.maxChurn = 1}, 2);
  CHECK_THAT(verdict.refusal, Contains("NDCG@10 on 60 held-out events is"));
  CHECK(verdict.toJson()["verdict"] == "refused");
  CHECK(verdict.toJson()["checks"]["quality"]["limit"] == 0.95);
  CHECK_THAT(verdict.toText(), Contains("REFUSED"));
}

TEST_CASE("events that the published bundle may have seen say nothing of quality") {
  const Dataset data = visits(60);
  for (const int64_t newest : {int64_t{200}, int64_t{5000}}) {
    const ServedBundle published(otherBundle(newest), "published");
    const GateVerdict verdict = judge({kSmall, &kSmall, &published}, data, {.maxChurn = 1}, 1);
    CHECK_THAT(check(verdict, "quality").notJudged, Contains("0 users have something new"));
  }
  // One that does not say what it has learned from may have learned from all.
  CHECK_FALSE(check(judge({kSmall, &kSmall, &kSmall}, data, {}, 1), "quality").notJudged.empty());
}

TEST_CASE("with few new events, or no twin, quality is not judged") {
  const ServedBundle published(otherBundle(150), "published");
  const GateLimits limits{.maxChurn = 1};
  CHECK_FALSE(check(judge({kSmall, &kSmall, &published}, visits(49), limits, 1), "quality")
                  .notJudged.empty());
  CHECK(check(judge({kSmall, &kSmall, &published}, visits(50), limits, 1), "quality")
            .notJudged.empty());
  CHECK_FALSE(check(judge({kSmall, nullptr, &published}, visits(60), limits, 1), "quality")
                  .notJudged.empty());
}

TEST_CASE("the same bundle has no churn and all of the coverage") {
  const GateVerdict verdict = judge({kSmall, nullptr, &kSmall}, visits(3), {}, 1);
  CHECK(check(verdict, "churn").figure == 0);
  CHECK(check(verdict, "churn").cases == 4);  // three histories and the empty one
  CHECK(check(verdict, "coverage").figure == 1);
  CHECK(verdict.refusal.empty());
}

TEST_CASE("a catalogue that shrank and lists that changed are refused by their limits") {
  const ServedBundle published(otherBundle(150), "published");
  const ServedBundle few(otherBundle(150, {"a", "x", "y"}, {3, 1, 2}), "few");
  const Dataset data = visits(3);
  CHECK_THAT(judge({few, nullptr, &published}, data, {}, 1).refusal,
             Contains("the catalogue has 3 items, the published one 5"));
  // Lists after a: y x and e d c b; without history: a y x and e d c b a. Nothing, and a of five.
  const GateVerdict verdict =
      judge({few, nullptr, &published}, data, {.minCoverageRatio = 0, .minItemsRatio = 0}, 1);
  CHECK(check(verdict, "churn").figure == Approx((3 * 1.0 + 0.8) / 4));
  CHECK_THAT(verdict.refusal, Contains("(maxChurn 0.5)"));
  CHECK(check(verdict, "coverage").candidate.value == 3);
  CHECK(check(verdict, "coverage").published.value == 5);
}

TEST_CASE("the first bundle is compared with nothing") {
  const GateVerdict verdict = judge({kSmall}, visits(3), {}, 1);
  CHECK((verdict.checks.size() == 1 && verdict.refusal.empty()));
}
