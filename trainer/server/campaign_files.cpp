#include "trainer/server/campaign_files.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>

#include "trainer/base/errors.h"
#include "trainer/base/files.h"

namespace attune::trainer {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

constexpr size_t kMaxStateBytes = 64 << 10;
constexpr size_t kMaxReportBytes = 4 << 20;
constexpr size_t kRefusedKept = 3;
constexpr std::string_view kComplaint = "attune: ";
constexpr size_t kLogTail = 64 << 10;

void remove(const std::string& path) {
  std::error_code ignored;
  fs::remove(path, ignored);
}

double numberOf(const Json& json, const char* key) {
  return json.contains(key) && json[key].is_number() ? json[key].get<double>() : 0;
}

}  // namespace

CampaignFiles::CampaignFiles(const CampaignConfig& campaign)
    : folder_(campaign.workFolder()), directory_(campaign.directory) {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error || !fs::is_directory(folder_))
    throw UserError("cannot make the folder " + folder_ + ": " +
                    (error ? error.message() : "a file is in its place"));
  if (!campaign.solution.is_null()) writeFileAtomically(solution(), campaign.solution.dump(2));
  if (!campaign.filters.is_null()) writeFileAtomically(filters(), campaign.filters.dump(2));
}

CampaignState CampaignFiles::readState(double now) const {
  CampaignState state;
  const std::string path = this->path("state.json");
  if (!fs::exists(path)) return state;
  const Json json = Json::parse(readTextFile(path, kMaxStateBytes), nullptr, false);
  if (!json.is_object())
    throw UserError(path + " is not what attune serve has written: remove it to begin anew");
  for (const JobKind kind : kJobKinds) {
    JobMemory& job = state[kind];
    const Json& kept = json.contains(nameOf(kind)) ? json[nameOf(kind)] : Json::object();
    job.endedAt = numberOf(kept, "endedAt");
    job.takenAt = numberOf(kept, "takenAt");
    job.failures = static_cast<int>(numberOf(kept, "failuresInARow"));
    if (!json.contains("running") || json["running"] != nameOf(kind)) continue;
    ++job.failures;  // the machine or this process went down with it
    job.endedAt = now;
  }
  return state;
}

void CampaignFiles::writeState(const CampaignState& state, std::optional<JobKind> running) const {
  Json json = Json::object();
  for (const JobKind kind : kJobKinds)
    json[nameOf(kind)] = {{"endedAt", state[kind].endedAt},
                          {"takenAt", state[kind].takenAt},
                          {"failuresInARow", state[kind].failures}};
  if (running) json["running"] = nameOf(*running);
  writeFileAtomically(path("state.json"), json.dump(2) + '\n');
}

std::optional<Manifest> CampaignFiles::manifest() const {
  const std::string path = directory_ + "/manifest.json";
  if (!fs::exists(path)) return std::nullopt;
  return parseManifest(readSignedManifest(path).text, path);
}

Sha256 CampaignFiles::candidateSha256() const {
  const Json json = Json::parse(readTextFile(report(), kMaxReportBytes), nullptr, false);
  const Json* bundle = json.is_object() && json.contains("bundle") ? &json["bundle"] : nullptr;
  Sha256 hash{};
  if (bundle == nullptr || !bundle->is_object() || !fromHex(bundle->value("sha256", ""), hash))
    throw UserError(report() + " does not say what was made");
  return hash;
}

void CampaignFiles::clear() const {
  for (const std::string& path : {candidate(), validation(), report(), gateReport(), log()})
    remove(path);
}

std::string CampaignFiles::setAside(JobKind kind, double now) const {
  const auto time = static_cast<std::time_t>(now);
  char stamp[32] = {};
  std::strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", std::gmtime(&time));
  const std::string name = folder_ + '/' + stamp + '-' + nameOf(kind);
  fs::rename(candidate(), name + ".refused");
  fs::rename(gateReport(), name + ".json");
  std::vector<std::string> refused;
  for (const auto& entry : fs::directory_iterator(folder_))
    if (entry.path().extension() == ".refused") refused.push_back(entry.path().string());
  std::sort(refused.begin(), refused.end());
  for (size_t i = 0; i + kRefusedKept < refused.size(); ++i) {
    remove(refused[i]);
    remove(fs::path(refused[i]).replace_extension(".json").string());
  }
  return name + ".refused";
}

std::string CampaignFiles::lastComplaint() const {
  std::ifstream in(log(), std::ios::binary | std::ios::ate);
  if (!in) return "";
  const auto size = static_cast<size_t>(in.tellg());
  in.seekg(static_cast<std::streamoff>(size - std::min(size, kLogTail)));
  std::string line, last;
  while (std::getline(in, line))
    if (line.starts_with(kComplaint)) last = line.substr(kComplaint.size());
  return last;
}

}  // namespace attune::trainer
