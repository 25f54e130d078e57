#include "trainer/server/retrainer.h"

#include <algorithm>
#include <filesystem>

#include "trainer/base/errors.h"
#include "trainer/base/files.h"
#include "trainer/data/store.h"
#include "trainer/export/deletion_check.h"
#include "trainer/export/publication.h"
#include "trainer/server/log.h"

namespace attune::trainer {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kLookSeconds = 0.5;
constexpr size_t kMaxReportBytes = 1 << 20;
constexpr uint64_t kMegabyte = 1 << 20;

constexpr const char* kPublished = "published";
constexpr const char* kUnchanged = "unchanged";
constexpr const char* kRefused = "refused";
constexpr const char* kFailed = "failed";
constexpr const char* kStopped = "stopped";
constexpr const char* kSkipped = "skipped";

const JobConfig& jobOf(const CampaignConfig& config, JobKind kind) {
  return kind == JobKind::train ? config.train : config.update;
}

/// Why the gate refused; "" when it did not.
std::string refusalIn(const std::string& path) {
  if (!std::filesystem::exists(path)) return "";
  const Json report = Json::parse(readTextFile(path, kMaxReportBytes), nullptr, false);
  if (!report.is_object() || report.value("verdict", "") != "refused") return "";
  return report.value("reason", "");
}

std::string stepName(const std::vector<std::string>& words) { return words.at(1); }

}  // namespace

Retrainer::Campaign::Campaign(CampaignConfig given, double now)
    : config(std::move(given)), files(config), state(files.readState(now)) {}

Schedule Retrainer::Campaign::schedule() const {
  return {config.train.everySeconds, config.update.everySeconds};
}

Retrainer::Retrainer(std::vector<CampaignConfig> campaigns, Surroundings surroundings)
    : surroundings_(std::move(surroundings)) {
  for (CampaignConfig& config : campaigns)
    campaigns_.push_back(std::make_unique<Campaign>(std::move(config), surroundings_.now()));
  for (const auto& campaign : campaigns_) look(*campaign);
}

void Retrainer::start() {
  if (!campaigns_.empty()) thread_ = std::thread([this] { run(); });
}

void Retrainer::finish() {
  stop();
  if (thread_.joinable()) thread_.join();
}

void Retrainer::run() {
  while (!stop_.isStopped())
    if (!runNext()) stop_.wait(kLookSeconds);
}

/// Does what has been due for longest; false when nothing is.
bool Retrainer::runNext() {
  Campaign* chosen = nullptr;
  NextJob next;
  for (const auto& campaign : campaigns_) {
    if (!canLook(*campaign)) continue;
    const NextJob one = nextJob(surroundings_.now(), campaign->state, campaign->schedule());
    if (one.step == Step::skip) skip(*campaign, one.kind);
    if (one.step != Step::run || (chosen != nullptr && next.dueAt <= one.dueAt)) continue;
    chosen = campaign.get();
    next = one;
  }
  if (chosen == nullptr) return false;
  work(*chosen, next.kind);
  return true;
}

/// A publication that cannot be read is an operator's to mend; the others go on.
bool Retrainer::canLook(Campaign& campaign) {
  const bool wasReadable = campaign.isReadable;
  try {
    look(campaign);
    campaign.isReadable = true;
  } catch (const std::exception& error) {
    campaign.isReadable = false;
    if (wasReadable)
      logLine(LogLevel::error, "a publication cannot be read: nothing is done for it",
              {{"campaign", campaign.config.name}, {"reason", error.what()}});
  }
  return campaign.isReadable;
}

/// What the decision is made of, as it is now: others may publish or roll back too.
void Retrainer::look(Campaign& campaign) {
  const auto manifest = campaign.files.manifest();
  campaign.state.isPublished = manifest.has_value();
  campaign.state.publishedAt = manifest ? static_cast<double>(manifest->createdAt) : 0;
  campaign.state.expiresAt = manifest ? static_cast<double>(manifest->expiresAt) : 0;
  const uint64_t mark = surroundings_.storeMark();
  for (const JobKind kind : kJobKinds) {
    const int i = static_cast<int>(kind);
    // After a start nobody knows what came while nobody looked: that counts as new.
    campaign.state[kind].hasNewData = !campaign.isMarkKnown[i] || campaign.learnedMark[i] != mark;
  }
  const std::lock_guard lock(mutex_);
  campaign.figures.version = manifest ? manifest->version : 0;
}

void Retrainer::skip(Campaign& campaign, JobKind kind) {
  campaign.state[kind].skippedAt = surroundings_.now();
  logLine(LogLevel::info, "nothing new to learn from: skipped",
          {{"campaign", campaign.config.name}, {"job", nameOf(kind)}});
  const std::lock_guard lock(mutex_);
  ++campaign.figures.results[{nameOf(kind), kSkipped}];
}

void Retrainer::work(Campaign& campaign, JobKind kind) {
  const double begun = surroundings_.now();
  const uint64_t mark = surroundings_.storeMark();
  {
    const std::lock_guard lock(mutex_);
    campaign.figures.running = nameOf(kind);
    campaign.figures.lastPeakBytes = 0;
  }
  logLine(LogLevel::info, "job begins",
          {{"campaign", campaign.config.name}, {"job", nameOf(kind)}});
  std::string result, why;
  uint64_t version = 0;
  try {
    campaign.files.writeState(campaign.state, kind);
    result = carryOut(campaign, kind, why);
    if (const auto manifest = campaign.files.manifest()) version = manifest->version;
  } catch (const std::exception& error) {
    result = kFailed;
    why = error.what();
  }
  const bool hasLearned = result == kPublished || result == kUnchanged || result == kRefused;
  if (hasLearned)  // a refused bundle would be refused again, learned from the same
    for (const JobKind one : kJobKinds)
      if (one == kind || (kind == JobKind::train && one == JobKind::update)) {
        campaign.learnedMark[static_cast<int>(one)] = mark;
        campaign.isMarkKnown[static_cast<int>(one)] = true;
      }
  remember(campaign, kind, result, begun);
  Json details{{"campaign", campaign.config.name}, {"job", nameOf(kind)}, {"result", result}};
  details["seconds"] = std::max(0.0, surroundings_.now() - begun);
  if (!why.empty()) details["reason"] = why;
  if (result == kFailed) details["log"] = campaign.files.log();
  if (result == kPublished) details["version"] = version;
  logLine(result == kFailed || result == kRefused ? LogLevel::warning : LogLevel::info, "job ended",
          details);
}

/// Whether the bundle in use knows of users who were deleted since. It is read only where there were
/// deletions at all.
bool Retrainer::knowsDeletedUsers(const Campaign& campaign, const Manifest& manifest) const {
  const auto store = openStore(surroundings_.store, StoreAccess::read);
  const std::string& folder = campaign.config.directory;
  return store->deletions().count > 0 &&
         !deletionFault(readPublishedBundle(folder, manifest), *store, folder).empty();
}

/// Runs the job's processes; what came of it, and in `why` the reason when it is no bundle.
std::string Retrainer::carryOut(Campaign& campaign, JobKind kind, std::string& why) {
  const CampaignConfig& config = campaign.config;
  const CampaignFiles& files = campaign.files;
  const auto manifest = files.manifest();
  // An update keeps weights, and a renewal keeps everything.
  if (kind != JobKind::train && manifest && knowsDeletedUsers(campaign, *manifest)) {
    logLine(LogLevel::info, "users were deleted: the campaign is trained anew",
            {{"campaign", config.name}, {"job", nameOf(kind)}});
    kind = JobKind::train;
  }
  const JobConfig& limits = jobOf(config, kind);
  const auto failure = [this] { return stop_.isStopped() ? kStopped : kFailed; };
  files.clear();
  std::string bundle = config.directory;  // the one in use
  if (kind != JobKind::renew) {
    bundle = files.candidate();
    if (!runStep(campaign, limits, makingWords(campaign, kind), why)) return failure();
    if (manifest && manifest->bundle.sha256 == files.candidateSha256()) return kUnchanged;
    if (config.hasGate && !runStep(campaign, limits, gateWords(campaign), why)) {
      const std::string refusal = refusalIn(files.gateReport());
      if (refusal.empty()) return failure();
      why = refusal + "; kept as " + files.setAside(kind, surroundings_.now());
      return manifest ? kRefused : kFailed;
    }
  }
  const bool isPublished = runStep(
      campaign, limits,
      {"attune", "publish", "--bundle", bundle, "--to", config.directory, "--key", config.key,
       "--store", surroundings_.store},
      why);
  return isPublished ? kPublished : failure();
}

std::vector<std::string> Retrainer::makingWords(const Campaign& campaign, JobKind kind) const {
  const CampaignConfig& config = campaign.config;
  const CampaignFiles& files = campaign.files;
  std::vector<std::string> words{"attune",   nameOf(kind),      "--store",  surroundings_.store,
                                 "--output", files.candidate(), "--report", files.report()};
  const auto add = [&words](const char* option, const std::string& value) {
    words.insert(words.end(), {option, value});
  };
  add("--threads", std::to_string(jobOf(config, kind).threads));
  if (config.hasGate) add("--validation-bundle", files.validation());
  if (kind == JobKind::update) {
    add("--bundle", config.directory);
    return words;
  }
  add("--recipe", config.recipe);
  if (!config.hasGate) add("--validation", "none");
  if (!config.solution.is_null()) add("--config", files.solution());
  if (!config.filters.is_null()) add("--filters", files.filters());
  for (const std::string& column : config.includeText) add("--include-text", column);
  return words;
}

std::vector<std::string> Retrainer::gateWords(const Campaign& campaign) const {
  const CampaignConfig& config = campaign.config;
  const CampaignFiles& files = campaign.files;
  std::vector<std::string> words{
      "attune",          "gate",     "--store",         surroundings_.store, "--bundle",
      files.candidate(), "--report", files.gateReport()};
  if (std::filesystem::exists(files.validation()))
    words.insert(words.end(), {"--validation-bundle", files.validation()});
  if (campaign.state.isPublished) words.insert(words.end(), {"--against", config.directory});
  for (const auto& [option, value] : config.gate)
    words.insert(words.end(), {option, Json(value).dump()});
  return words;
}

/// True when the process ended well; otherwise `why` says how it ended.
bool Retrainer::runStep(Campaign& campaign, const JobConfig& limits, std::vector<std::string> words,
                        std::string& why) {
  if (stop_.isStopped()) return false;
  ProcessLimits process;
  process.niceness = static_cast<int>(limits.niceness);
  process.memoryBytes = static_cast<uint64_t>(limits.memoryMegabytes) * kMegabyte;
  process.maxSeconds = limits.maxSeconds;
  const ProcessEnd end =
      runProcess(surroundings_.program, words, campaign.files.log(), process, stop_);
  logLine(LogLevel::debug, "process ended",
          {{"campaign", campaign.config.name},
           {"step", stepName(words)},
           {"end", end.toText()},
           {"seconds", end.seconds},
           {"peakBytes", end.peakBytes}});
  {
    const std::lock_guard lock(mutex_);
    campaign.figures.lastExitCode = end.exitCode;
    campaign.figures.lastPeakBytes = std::max(campaign.figures.lastPeakBytes, end.peakBytes);
  }
  if (end.isGood()) return true;
  why = "attune " + stepName(words) + ": " + end.toText();
  const std::string complaint = campaign.files.lastComplaint();
  if (end.exitCode > 0 && !complaint.empty()) why += ": " + complaint;
  return false;
}

void Retrainer::remember(Campaign& campaign, JobKind kind, const std::string& result,
                         double begun) {
  JobMemory& job = campaign.state[kind];
  const double now = surroundings_.now();
  if (result != kStopped) {  // which is due again when the server comes back
    job.endedAt = now;
    if (result != kFailed) job.takenAt = now;
    job.failures = result == kFailed ? job.failures + 1 : 0;
    job.skippedAt = 0;
  }
  try {
    campaign.files.writeState(campaign.state, std::nullopt);
  } catch (const std::exception& error) {
    logLine(LogLevel::error, "the state of a campaign cannot be written",
            {{"campaign", campaign.config.name}, {"reason", error.what()}});
  }
  const std::lock_guard lock(mutex_);
  CampaignFigures& figures = campaign.figures;
  ++figures.results[{nameOf(kind), result}];
  figures.running.clear();
  figures.lastSeconds = std::max(0.0, now - begun);
  figures.failuresInARow = job.failures;
  if (result == kPublished || result == kUnchanged) figures.lastSuccessAt = now;
}

std::string Retrainer::renderMetrics() const {
  std::vector<std::pair<std::string, CampaignFigures>> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& campaign : campaigns_)
      all.emplace_back(campaign->config.name, campaign->figures);
  }
  return renderCampaigns(all);
}

}  // namespace attune::trainer
