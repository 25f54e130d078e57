#include "trainer/server/serve_config.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "trainer/base/errors.h"
#include "trainer/server/config_reader.h"
#include "trainer/server/origin.h"

namespace attune::trainer {
namespace {

using Json = nlohmann::json;

std::array<uint8_t, 32> parseSha256(const std::string& text, const std::string& at) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<uint8_t, 32> hash{};
  if (text.size() != 2 * hash.size() || text.find_first_not_of(kDigits) != std::string::npos)
    throw UserError(at + " must be 64 hexadecimal digits in small letters: the SHA-256 of the key");
  for (size_t i = 0; i < hash.size(); ++i)
    hash[i] = static_cast<uint8_t>(16 * kDigits.find(text[2 * i]) + kDigits.find(text[2 * i + 1]));
  return hash;
}

EventTracker readTracker(const Json& value, const std::string& where) {
  constexpr std::array kKeys{"name", "trackingIdSha256", "origins", "verifySecret", "trusted"};
  const ConfigReader reader(value, where, kKeys);
  EventTracker tracker;
  tracker.name = reader.text("name");
  tracker.keySha256 = parseSha256(reader.text("trackingIdSha256"), reader.at("trackingIdSha256"));
  tracker.origins = reader.texts("origins");
  if (reader.find("verifySecret") != nullptr) tracker.verifySecret = reader.text("verifySecret");
  if (const Json* trusted = reader.find("trusted")) {
    if (!trusted->is_boolean()) throw UserError(reader.at("trusted") + " must be true or false");
    tracker.trusted = trusted->get<bool>();
  }
  for (const std::string& origin : tracker.origins) checkOrigin(origin);
  return tracker;
}

/// `{"<count>": 5, "burst": 20}`, so many in `seconds`.
Rate readRate(const ConfigReader& from, const char* key, const Rate& usual,
              const char* count = "requestsPerSecond", double seconds = 1) {
  const Json* found = from.find(key);
  if (found == nullptr) return usual;
  const std::array keys{count, "burst"};
  const ConfigReader reader(*found, from.at(key), keys);
  const double given = reader.number(count, 0, 1e9);
  const double burst = reader.number("burst", 1, 1e9, 4 * given);
  return {given / seconds, std::max(burst, 1.0)};
}

}  // namespace

ServeConfig parseServeConfig(const std::string& text, const std::string& where) {
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) throw UserError(where + " is not valid JSON");
  constexpr std::array kKeys{"eventTrackers", "rateLimits", "proxies", "connections",
                             "minFreeMegabytes", "campaigns"};
  const ConfigReader reader(json, where, kKeys);
  ServeConfig config;
  for (const Json& one : reader.list("eventTrackers"))
    config.eventTrackers.push_back(readTracker(one, reader.at("eventTrackers")));
  if (const Json* rates = reader.find("rateLimits")) {
    constexpr std::array kRateKeys{"perAddress", "perTracker", "perUser"};
    const ConfigReader rateReader(*rates, reader.at("rateLimits"), kRateKeys);
    config.ratePerAddress = readRate(rateReader, "perAddress", config.ratePerAddress);
    config.ratePerTracker = readRate(rateReader, "perTracker", config.ratePerTracker);
    config.ratePerUser =
        readRate(rateReader, "perUser", config.ratePerUser, "eventsPerMinute", 60);
  }
  config.proxies = reader.texts("proxies");
  if (reader.find("connections") != nullptr)
    config.connections = static_cast<size_t>(reader.number("connections", 1, 1e6));
  if (reader.find("minFreeMegabytes") != nullptr)
    config.minFreeMegabytes = static_cast<uint64_t>(reader.number("minFreeMegabytes", 0, 1e9));
  config.campaigns = readCampaigns(reader.list("campaigns"), reader.at("campaigns"));
  return config;
}

}  // namespace attune::trainer
