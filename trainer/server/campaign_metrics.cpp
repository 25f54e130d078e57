#include "trainer/server/campaign_metrics.h"

#include <functional>
#include <sstream>

namespace attune::trainer {
namespace {

using Campaigns = std::vector<std::pair<std::string, CampaignFigures>>;

/// One gauge with a line a campaign.
void gauge(std::ostream& out, const Campaigns& campaigns, const char* name, const char* help,
           const std::function<double(const CampaignFigures&)>& value) {
  out << "# HELP " << name << ' ' << help << "\n# TYPE " << name << " gauge\n";
  for (const auto& [campaign, figures] : campaigns)
    out << name << "{campaign=\"" << campaign << "\"} " << value(figures) << '\n';
}

}  // namespace

std::string renderCampaigns(const Campaigns& campaigns) {
  if (campaigns.empty()) return "";
  std::ostringstream out;
  out.precision(15);
  out << "# HELP attune_jobs_total Trainings, updates and renewals by what came of them.\n"
         "# TYPE attune_jobs_total counter\n";
  for (const auto& [campaign, figures] : campaigns)
    for (const auto& [key, count] : figures.results)
      out << "attune_jobs_total{campaign=\"" << campaign << "\",job=\"" << key.first
          << "\",result=\"" << key.second << "\"} " << count << '\n';
  gauge(out, campaigns, "attune_job_running", "1 while a job of the campaign runs.",
        [](const auto& one) { return one.running.empty() ? 0 : 1; });
  gauge(out, campaigns, "attune_job_last_success_timestamp_seconds",
        "When the last job ended well; 0: not since the start.",
        [](const auto& one) { return one.lastSuccessAt; });
  gauge(out, campaigns, "attune_job_last_seconds", "Duration of the last job.",
        [](const auto& one) { return one.lastSeconds; });
  gauge(out, campaigns, "attune_job_last_exit_code",
        "Of the last process of a job; -1: a signal ended it.",
        [](const auto& one) { return one.lastExitCode; });
  gauge(out, campaigns, "attune_job_last_peak_bytes", "Memory of the last job's largest process.",
        [](const auto& one) { return static_cast<double>(one.lastPeakBytes); });
  gauge(out, campaigns, "attune_job_failures_in_a_row", "Failures of the last kind of job.",
        [](const auto& one) { return one.failuresInARow; });
  gauge(out, campaigns, "attune_published_version", "Of the manifest in use; 0: none.",
        [](const auto& one) { return static_cast<double>(one.version); });
  return out.str();
}

}  // namespace attune::trainer
