#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "trainer/data/dataset.h"

namespace attune::trainer {

/// What single clients and networks may contribute to training. Limits of 0 do not apply. Imported
/// interactions are trusted: only maxEventsPerUser holds for them. Verified users are exempt from
/// the rules on bots, sources and growth.
struct Protection {
  double maxEventsPerUser = 20'000;
  double maxEventsPerUserAndDay = 500;
  double maxEventsPerUserItemAndDay = 10;
  double maxUsersPerSourceAndItem = 2;
  double maxSourceShare = 0.05;
  double maxNewUsersPerItemAndDay = 20;
  double maxGrowthPerDay = 2;
  double maxEventsPerMinute = 60;
  double maxRegularEvents = 30;
  double maxEventsWithoutVariety = 500;

  bool operator==(const Protection&) const = default;
  /// Everything counts.
  static Protection none();
};

/// One number of a Protection.
struct ProtectionInfo {
  const char* name;
  double Protection::*value;
  double max;
  const char* summary;
};

/// All of them, in the order of the struct: what configuration, help and reports read.
std::span<const ProtectionInfo> protectionTable();

/// What each rule left out.
enum class ProtectionRule : uint8_t {
  none,  ///< not left out
  eventsPerMinute,
  regularEvents,
  eventsWithoutVariety,
  eventsPerUserItemAndDay,
  eventsPerUserAndDay,
  usersPerSourceAndItem,
  newUsersPerItemAndDay,
  eventsPerUser,
};
inline constexpr size_t kProtectionRules = 9;

/// The name of a rule in reports: that of the number it goes by; "" for none.
const char* ruleName(ProtectionRule rule);

/// Events of one user, or of one item, that one rule left out on one day.
struct LeftOut {
  ProtectionRule rule = ProtectionRule::none;
  bool isOfItem = false;
  std::string id;   ///< of the user, or of the item where isOfItem
  int32_t day = 0;  ///< days since 1970
  uint64_t events = 0;
};

struct ProtectionReport {
  uint64_t collected = 0;  ///< events of the collector that were judged
  uint64_t verified = 0;   ///< of these, of verified users
  std::array<uint64_t, kProtectionRules> leftOut{};  ///< events, by rule
  std::vector<LeftOut> details;
};

/// Which rule leaves an interaction out, for each. Depends on the data alone.
std::vector<ProtectionRule> judge(const Dataset& data, const Protection& protection);

/// The dataset with only what counts (the same where nothing is left out), without origins, and
/// what was left out.
Dataset protect(Dataset data, const Protection& protection, ProtectionReport& report);

}  // namespace attune::trainer
