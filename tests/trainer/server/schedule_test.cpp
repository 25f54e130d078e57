#include "trainer/server/schedule.h"

#include <catch2/catch.hpp>

using namespace attune::trainer;  // NOLINT: tests

namespace {

constexpr double kNow = 1'700'000'000;
constexpr double kDay = 86400;
constexpr Schedule kWeekly{7 * kDay, 60};

/// Published a moment ago, with a life of thirty days, and nothing new since.
CampaignState quiet() {
  CampaignState state;
  state.isPublished = true;
  state.publishedAt = kNow;
  state.expiresAt = kNow + 30 * kDay;
  for (const JobKind kind : kJobKinds) state[kind].hasNewData = false;
  state[JobKind::train].takenAt = state[JobKind::train].endedAt = kNow;
  return state;
}

bool runs(const NextJob& next, JobKind kind) { return next.step == Step::run && next.kind == kind; }
bool waits(const NextJob& next) { return next.step == Step::wait; }

}  // namespace

TEST_CASE("without a publication the first thing is a training, with new data or not") {
  CampaignState state;
  CHECK(runs(nextJob(kNow, state, {0, 0}), JobKind::train));
  state[JobKind::train].hasNewData = false;
  CHECK(runs(nextJob(kNow, state, kWeekly), JobKind::train));
}

TEST_CASE("an update is due a period after the last update or training, when there are new data") {
  CampaignState state = quiet();
  state[JobKind::update].hasNewData = true;
  CHECK(waits(nextJob(kNow + 59, state, kWeekly)));
  CHECK(runs(nextJob(kNow + 60, state, kWeekly), JobKind::update));
  CHECK(nextJob(kNow + 75, state, kWeekly).dueAt == kNow + 60);
  state[JobKind::update].takenAt = state[JobKind::update].endedAt = kNow + 61;
  CHECK(waits(nextJob(kNow + 120, state, kWeekly)));
  CHECK(runs(nextJob(kNow + 121, state, kWeekly), JobKind::update));
  CHECK(waits(nextJob(kNow + 6 * kDay, state, {7 * kDay, 0})));
}

TEST_CASE("a training is due by its period and comes before an update") {
  CampaignState state = quiet();
  for (const JobKind kind : kJobKinds) state[kind].hasNewData = true;
  state[JobKind::update].takenAt = kNow + 6 * kDay;
  CHECK(runs(nextJob(kNow + 7 * kDay - 1, state, kWeekly), JobKind::update));
  CHECK(runs(nextJob(kNow + 7 * kDay, state, kWeekly), JobKind::train));
}

TEST_CASE("without new data a job is skipped once a period, and runs when some came") {
  CampaignState state = quiet();
  NextJob next = nextJob(kNow + 60, state, kWeekly);
  CHECK((next.step == Step::skip && next.kind == JobKind::update));
  state[JobKind::update].skippedAt = kNow + 60;
  CHECK(waits(nextJob(kNow + 61, state, kWeekly)));
  CHECK(waits(nextJob(kNow + 119, state, kWeekly)));
  CHECK(nextJob(kNow + 120, state, kWeekly).step == Step::skip);
  state[JobKind::update].hasNewData = true;
  CHECK(runs(nextJob(kNow + 61, state, kWeekly), JobKind::update));
}

TEST_CASE("what was published by hand counts from its publication") {
  CampaignState state = quiet();
  state[JobKind::train] = {};
  state[JobKind::update].hasNewData = true;
  CHECK(waits(nextJob(kNow + 59, state, kWeekly)));
  CHECK(runs(nextJob(kNow + 60, state, kWeekly), JobKind::update));
}

TEST_CASE("a job that fails is left alone for longer each time, up to six hours") {
  CHECK(backOffSeconds(0) == 0);
  CHECK(backOffSeconds(1) == 60);
  CHECK(backOffSeconds(2) == 120);
  CHECK(backOffSeconds(5) == 960);
  CHECK(backOffSeconds(30) == 6 * 3600);
  CampaignState state;
  state[JobKind::train].failures = 3;
  state[JobKind::train].endedAt = kNow;
  CHECK(waits(nextJob(kNow + 239, state, kWeekly)));
  CHECK(runs(nextJob(kNow + 240, state, kWeekly), JobKind::train));
}

TEST_CASE("a failed training is tried again before its next turn, and does not hold updates up") {
  CampaignState state = quiet();
  for (const JobKind kind : kJobKinds) state[kind].hasNewData = true;
  state[JobKind::train].takenAt = kNow - 7 * kDay;
  state[JobKind::train].failures = 1;
  state[JobKind::update].takenAt = kNow;
  CHECK(waits(nextJob(kNow + 30, state, {7 * kDay, 3600})));
  state[JobKind::update].takenAt = kNow - 3600;
  CHECK(runs(nextJob(kNow + 30, state, {7 * kDay, 3600}), JobKind::update));
  CHECK(runs(nextJob(kNow + 60, state, {7 * kDay, 3600}), JobKind::train));
}

TEST_CASE("an update that fails waits for its period and for its back-off") {
  CampaignState state = quiet();
  state[JobKind::update].hasNewData = true;
  state[JobKind::update].failures = 4;
  state[JobKind::update].endedAt = kNow + 60;
  CHECK(waits(nextJob(kNow + 60 + 479, state, kWeekly)));
  CHECK(runs(nextJob(kNow + 60 + 480, state, kWeekly), JobKind::update));
}

TEST_CASE("half of a manifest's life before it expires, the same bundle is signed again") {
  CampaignState state = quiet();
  state[JobKind::update].skippedAt = state[JobKind::train].skippedAt = kNow + 15 * kDay - 1;
  CHECK(waits(nextJob(kNow + 15 * kDay - 1, state, kWeekly)));
  CHECK(runs(nextJob(kNow + 15 * kDay, state, {0, 0}), JobKind::renew));
  state[JobKind::renew].failures = 1;
  state[JobKind::renew].endedAt = kNow + 15 * kDay;
  CHECK(waits(nextJob(kNow + 15 * kDay + 1, state, {0, 0})));
}

TEST_CASE("a clock that was set back stops nothing for good") {
  CampaignState state = quiet();
  state[JobKind::update].hasNewData = true;
  state[JobKind::update].takenAt = kNow;
  CHECK(runs(nextJob(kNow - 10 * kDay, state, kWeekly), JobKind::update));
  state[JobKind::update].failures = 20;
  state[JobKind::update].endedAt = kNow;
  CHECK(runs(nextJob(kNow - 10 * kDay, state, kWeekly), JobKind::update));
}
