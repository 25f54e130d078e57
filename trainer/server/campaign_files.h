#pragma once

#include <optional>
#include <string>

#include "trainer/export/manifest.h"
#include "trainer/server/campaign_config.h"
#include "trainer/server/schedule.h"

/// What lies in `<directory>.work` of a campaign:
///   state.json         when each kind of job last ended, failures in a row, what is running
///   candidate.attune   the bundle under way; validation.attune its twin that has not seen the
///                      held-out events
///   report.json, gate.json   what training and gate said of it
///   <time>-<job>.refused     the newest bundles that the gate refused, each with <time>-<job>.json
///   job.log            what the processes of the last job printed
/// Published is what lies in `directory` alone.
namespace attune::trainer {

class CampaignFiles {
 public:
  /// Makes the folder. Throws UserError.
  explicit CampaignFiles(const CampaignConfig& campaign);

  std::string path(const char* name) const { return folder_ + '/' + name; }
  std::string candidate() const { return path("candidate.attune"); }
  std::string validation() const { return path("validation.attune"); }
  std::string report() const { return path("report.json"); }
  std::string gateReport() const { return path("gate.json"); }
  std::string solution() const { return path("solution.json"); }
  std::string filters() const { return path("filters.json"); }
  std::string log() const { return path("job.log"); }

  /// The state when the last process of this server ended; a job that was running then has failed.
  /// Throws UserError for a file that is none.
  CampaignState readState(double now) const;
  void writeState(const CampaignState& state, std::optional<JobKind> running) const;

  /// The manifest in use. Throws UserError when it is there and cannot be read.
  std::optional<Manifest> manifest() const;
  /// SHA-256 of the candidate, as the report of its making says.
  Sha256 candidateSha256() const;
  /// Removes what an earlier job left.
  void clear() const;
  /// Keeps the candidate and the gate's report as refused, and of those the newest few. The
  /// bundle's new path.
  std::string setAside(JobKind kind, double now) const;
  /// The last line of the log that begins with `attune: `, without that; "" when there is none.
  std::string lastComplaint() const;

 private:
  std::string folder_;
  std::string directory_;
};

}  // namespace attune::trainer
