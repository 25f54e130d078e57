#include "trainer/server/campaign_config.h"

#include <algorithm>
#include <array>
#include <set>

#include "trainer/base/errors.h"
#include "trainer/export/gate_limits.h"
#include "trainer/server/config_reader.h"

namespace attune::trainer {
namespace {

using Json = nlohmann::json;

constexpr double kMinute = 60;
constexpr double kDay = 86400;
constexpr double kMostTimes = 1e6;
constexpr double kUsualUpdateMinutes = 60;
constexpr double kUsualTrainMinutes = 1440;
constexpr size_t kNameChars = 63;

/// As Amazon Personalize has them: they stand in URLs.
void checkName(const std::string& name, const std::string& at) {
  const auto isGood = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  };
  if (name.size() <= kNameChars && std::all_of(name.begin(), name.end(), isGood)) return;
  throw UserError(at + " must have 1 to " + std::to_string(kNameChars) +
                  " letters, digits, - or _");
}

/// `every` is the key that says how often, in units of `unit` seconds.
JobConfig readJob(const ConfigReader& from, const char* key, const char* every, double unit,
                  double usualMinutes) {
  JobConfig job;
  job.maxSeconds = usualMinutes * kMinute;
  const Json* found = from.find(key);
  if (found == nullptr) return job;
  const std::array keys{every, "memoryMegabytes", "niceness", "threads", "maxMinutes"};
  const ConfigReader reader(*found, from.at(key), keys);
  job.everySeconds = unit * reader.number(every, 0, kMostTimes);
  job.memoryMegabytes = reader.integer("memoryMegabytes", 64, 1 << 24, job.memoryMegabytes);
  job.niceness = reader.integer("niceness", 0, 19, job.niceness);
  job.threads = reader.integer("threads", 0, 1024, job.threads);
  job.maxSeconds = kMinute * reader.number("maxMinutes", 0.001, kMostTimes, usualMinutes);
  return job;
}

void readGate(const ConfigReader& from, CampaignConfig& campaign) {
  const Json* found = from.find("gate");
  if (found == nullptr) return;
  if (found->is_boolean()) {
    campaign.hasGate = found->get<bool>();
    return;
  }
  std::vector<const char*> keys;
  for (const GateLimit& limit : kGateLimits) keys.push_back(limit.key);
  const ConfigReader reader(*found, from.at("gate"), keys);
  for (const GateLimit& limit : kGateLimits)
    if (reader.find(limit.key) != nullptr)
      campaign.gate.emplace_back(limit.option, reader.number(limit.key, 0, limit.most));
}

Json readObject(const ConfigReader& from, const char* key) {
  const Json* found = from.find(key);
  if (found == nullptr) return nullptr;
  if (!found->is_object()) throw UserError(from.at(key) + " must be an object");
  return *found;
}

CampaignConfig readCampaign(const Json& value, const std::string& where) {
  constexpr std::array kKeys{"name",        "recipe",  "config", "directory", "key",
                             "includeText", "filters", "train",  "update",    "gate"};
  const ConfigReader reader(value, where, kKeys);
  CampaignConfig campaign;
  campaign.name = reader.text("name");
  checkName(campaign.name, reader.at("name"));
  campaign.recipe = reader.text("recipe");
  campaign.solution = readObject(reader, "config");
  campaign.directory = reader.text("directory");
  while (campaign.directory.size() > 1 && campaign.directory.back() == '/')
    campaign.directory.pop_back();
  campaign.key = reader.text("key");
  campaign.includeText = reader.texts("includeText");
  campaign.filters = readObject(reader, "filters");
  campaign.train = readJob(reader, "train", "everyDays", kDay, kUsualTrainMinutes);
  campaign.update = readJob(reader, "update", "everyMinutes", kMinute, kUsualUpdateMinutes);
  readGate(reader, campaign);
  return campaign;
}

}  // namespace

std::vector<CampaignConfig> readCampaigns(const Json& list, const std::string& where) {
  std::vector<CampaignConfig> campaigns;
  std::set<std::string> names, directories;
  for (const Json& one : list) {
    campaigns.push_back(readCampaign(one, where));
    const CampaignConfig& campaign = campaigns.back();
    if (!names.insert(campaign.name).second)
      throw UserError(where + ": two are named \"" + campaign.name + '"');
    if (!directories.insert(campaign.directory).second)
      throw UserError(where + ": two publish to " + campaign.directory);
  }
  return campaigns;
}

}  // namespace attune::trainer
