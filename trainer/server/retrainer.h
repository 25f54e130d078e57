#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "trainer/server/campaign_files.h"
#include "trainer/server/campaign_metrics.h"
#include "trainer/server/child_process.h"
#include "trainer/server/schedule.h"

namespace attune::trainer {

/// Trains, updates and publishes the campaigns of `attune serve`, one job at a time, each in
/// processes of this same program with a niceness and memory of their own: what becomes of them
/// never reaches the serving. A job is `train` or `update`, then `gate`, then `publish`.
class Retrainer {
 public:
  struct Surroundings {
    std::string store;
    std::string program;  ///< the path of attune
    /// Grows whenever something new is in the store.
    std::function<uint64_t()> storeMark;
    std::function<double()> now;  ///< seconds since 1970
  };

  /// Reads what is remembered of the campaigns. Throws UserError.
  Retrainer(std::vector<CampaignConfig> campaigns, Surroundings surroundings);
  ~Retrainer() { finish(); }
  Retrainer(const Retrainer&) = delete;
  Retrainer& operator=(const Retrainer&) = delete;

  void start();
  /// Kills what runs, from any thread; returns at once.
  void stop() { stop_.stop(); }
  /// Returns when all has ended.
  void finish();
  /// In Prometheus' text format 0.0.4; "" without campaigns.
  std::string renderMetrics() const;

 private:
  struct Campaign {
    CampaignConfig config;
    CampaignFiles files;
    CampaignState state;
    uint64_t learnedMark[3] = {};  ///< by JobKind: the store's mark that the last one learned from
    bool isMarkKnown[3] = {};
    bool isReadable = true;   ///< the publication; else it is let be until it is mended
    CampaignFigures figures;  ///< guarded by mutex_

    Campaign(CampaignConfig given, double now);
    Schedule schedule() const;
  };

  void run();
  bool runNext();
  bool canLook(Campaign& campaign);
  void look(Campaign& campaign);
  void skip(Campaign& campaign, JobKind kind);
  void work(Campaign& campaign, JobKind kind);
  bool knowsDeletedUsers(const Campaign& campaign, const Manifest& manifest) const;
  std::string carryOut(Campaign& campaign, JobKind kind, std::string& why);
  bool runStep(Campaign& campaign, const JobConfig& limits, std::vector<std::string> words,
               std::string& why);
  std::vector<std::string> makingWords(const Campaign& campaign, JobKind kind) const;
  std::vector<std::string> gateWords(const Campaign& campaign) const;
  void remember(Campaign& campaign, JobKind kind, const std::string& result, double begun);

  Surroundings surroundings_;
  StopSignal stop_;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Campaign>> campaigns_;
  std::thread thread_;
};

}  // namespace attune::trainer
