#include "trainer/server/schedule.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace attune::trainer {
namespace {

constexpr double kFirstBackOff = 60;
constexpr double kLongestBackOff = 6 * 3600;
constexpr double kNever = std::numeric_limits<double>::infinity();

double period(JobKind kind, const CampaignState& state, const Schedule& schedule) {
  switch (kind) {
    case JobKind::train:
      return schedule.trainEverySeconds;
    case JobKind::update:
      return schedule.updateEverySeconds;
    case JobKind::renew:
      return (state.expiresAt - state.publishedAt) / 2;
  }
  return 0;
}

/// What the period is counted from: the last job that did this work, or else the publication.
double countedFrom(JobKind kind, const CampaignState& state) {
  if (kind == JobKind::renew) return state.publishedAt;
  double last = state[kind].takenAt;
  if (kind == JobKind::update) last = std::max(last, state[JobKind::train].takenAt);
  return last > 0 ? last : state.publishedAt;
}

double dueAt(double now, JobKind kind, const CampaignState& state, const Schedule& schedule) {
  const JobMemory& job = state[kind];
  double due = 0;
  if (state.isPublished) {
    const double every = period(kind, state, schedule);
    if (!(every > 0)) return kNever;
    const double from = countedFrom(kind, state);
    due = from > now ? now : from + every;
  } else if (kind != JobKind::train) {
    return kNever;
  }
  if (job.failures == 0) return due;
  // A training that failed is tried again long before its next turn.
  const double again = job.endedAt > now ? now : job.endedAt + backOffSeconds(job.failures);
  return kind == JobKind::update ? std::max(due, again) : again;
}

}  // namespace

const char* nameOf(JobKind kind) {
  switch (kind) {
    case JobKind::train:
      return "train";
    case JobKind::update:
      return "update";
    case JobKind::renew:
      return "renew";
  }
  return "";
}

double backOffSeconds(int failures) {
  if (failures <= 0) return 0;
  return std::min(kLongestBackOff, std::ldexp(kFirstBackOff, std::min(failures - 1, 16)));
}

NextJob nextJob(double now, const CampaignState& state, const Schedule& schedule) {
  NextJob next;
  for (const JobKind kind : kJobKinds) {
    const double due = dueAt(now, kind, state, schedule);
    if (due > now) continue;
    const JobMemory& job = state[kind];
    const bool learns = kind != JobKind::renew && state.isPublished;
    if (!learns || job.hasNewData) return {Step::run, kind, due};
    const double every = period(kind, state, schedule);
    const bool isNoted =
        job.skippedAt >= due && job.skippedAt <= now && now < job.skippedAt + every;
    if (next.step == Step::wait && !isNoted) next = {Step::skip, kind, due};
  }
  return next;
}

}  // namespace attune::trainer
