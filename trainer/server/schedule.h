#pragma once

#include <cstdint>

namespace attune::trainer {

/// What is done for a campaign: learn anew, bring the counts up to date, sign the same bundle again
/// before its manifest expires.
enum class JobKind : uint8_t { train, update, renew };
inline constexpr JobKind kJobKinds[] = {JobKind::train, JobKind::update, JobKind::renew};
const char* nameOf(JobKind kind);

/// What is remembered of one kind of job. Times are seconds since 1970, 0 is never.
struct JobMemory {
  double endedAt = 0;  ///< the last one, whatever came of it
  double takenAt =
      0;  ///< the last one that did not fail: it published, changed nothing or was refused
  double skippedAt = 0;    ///< when last it was due and there was nothing new to learn from
  int failures = 0;        ///< in a row
  bool hasNewData = true;  ///< something came since the data that the last one learned from
};

/// What the decision is made of.
struct CampaignState {
  bool isPublished = false;
  double publishedAt = 0;  ///< of the manifest in use
  double expiresAt = 0;
  JobMemory jobs[3];  ///< by JobKind

  JobMemory& operator[](JobKind kind) { return jobs[static_cast<int>(kind)]; }
  const JobMemory& operator[](JobKind kind) const { return jobs[static_cast<int>(kind)]; }
};

struct Schedule {
  double trainEverySeconds = 0;   ///< 0: only while nothing is published
  double updateEverySeconds = 0;  ///< 0: never
};

enum class Step : uint8_t { wait, skip, run };

struct NextJob {
  Step step = Step::wait;
  JobKind kind = JobKind::train;
  double dueAt = 0;  ///< since when it is due, for run and skip
};

/// How long a kind of job that failed so often in a row is left alone: a minute, doubled each time,
/// six hours at most.
double backOffSeconds(int failures);

/// What is to be done now. Without a publication, a training; then what is due by the schedule,
/// train before update, each only when there is something new to learn from (else `skip`, once a
/// period); a renewal when half of the manifest's life is over. A full training counts as an
/// update. Times that lie ahead of `now` (the clock was set back) count as long ago.
NextJob nextJob(double now, const CampaignState& state, const Schedule& schedule);

}  // namespace attune::trainer
