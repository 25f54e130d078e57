#include "trainer/data/protection.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "trainer/data/bot_rules.h"
#include "trainer/data/select_rows.h"

namespace attune::trainer {
namespace {

constexpr int64_t kDaySeconds = 86'400;
constexpr double kMany = 1e9;

constexpr std::array<ProtectionInfo, 10> kTable{{
    {"maxEventsPerUser", &Protection::maxEventsPerUser, kMany,
     "events of one user, the newest; imported ones too"},
    {"maxEventsPerUserAndDay", &Protection::maxEventsPerUserAndDay, kMany,
     "collected events of one user on one day, the first"},
    {"maxEventsPerUserItemAndDay", &Protection::maxEventsPerUserItemAndDay, kMany,
     "collected events of one user with one item on one day, the first"},
    {"maxUsersPerSourceAndItem", &Protection::maxUsersPerSourceAndItem, kMany,
     "unverified users of one network and week that count for one item, or"},
    {"maxSourceShare", &Protection::maxSourceShare, 1,
     "this share of the item's users, whichever is more"},
    {"maxNewUsersPerItemAndDay", &Protection::maxNewUsersPerItemAndDay, kMany,
     "unverified users that may newly meet one item on one day, or"},
    {"maxGrowthPerDay", &Protection::maxGrowthPerDay, kMany,
     "so many times its users before that day, whichever is more"},
    {"maxEventsPerMinute", &Protection::maxEventsPerMinute, kMany,
     "an unverified user with more in 60 seconds is a bot, and that day is left out"},
    {"maxRegularEvents", &Protection::maxRegularEvents, kMany,
     "the same for more steps from item to item at equal intervals"},
    {"maxEventsWithoutVariety", &Protection::maxEventsWithoutVariety, kMany,
     "the same for more events on one day with one or two items"},
}};

constexpr std::array<const char*, kProtectionRules> kRuleNames{
    "",
    "maxEventsPerMinute",
    "maxRegularEvents",
    "maxEventsWithoutVariety",
    "maxEventsPerUserItemAndDay",
    "maxEventsPerUserAndDay",
    "maxUsersPerSourceAndItem",
    "maxNewUsersPerItemAndDay",
    "maxEventsPerUser",
};

using Rows = std::span<const uint32_t>;  // of interactions

/// Calls `visit` for each run of rows of one key; `rows` are sorted by it.
template <typename Key, typename Visit>
void forGroups(Rows rows, const Key& key, const Visit& visit) {
  for (size_t begin = 0, end = 0; begin < rows.size(); begin = end) {
    while (end < rows.size() && key(rows[end]) == key(rows[begin])) ++end;
    visit(rows.subspan(begin, end - begin));
  }
}

template <typename Key>
void sortBy(std::vector<uint32_t>& rows, const Key& key) {
  std::stable_sort(rows.begin(), rows.end(),
                   [&](uint32_t a, uint32_t b) { return key(a) < key(b); });
}

/// How many users a shop has on a day, by how many it had before: 1 at least, and any number on the
/// first day.
class ShopGrowth {
 public:
  /// Days of users, in any order: of all their interactions, and of collected ones.
  ShopGrowth(std::vector<int32_t> firstDayOfUsers, std::vector<uint64_t> usersOfDays)
      : firstDays_(std::move(firstDayOfUsers)), usersOfDays_(std::move(usersOfDays)) {
    std::sort(firstDays_.begin(), firstDays_.end());
    std::sort(usersOfDays_.begin(), usersOfDays_.end());
    usersOfDays_.erase(std::unique(usersOfDays_.begin(), usersOfDays_.end()), usersOfDays_.end());
  }
  static uint64_t userOfDay(int32_t day, uint32_t user) {
    return uint64_t{static_cast<uint32_t>(day)} << 32 | user;
  }
  double on(int32_t day) const {
    const auto before = std::lower_bound(firstDays_.begin(), firstDays_.end(), day);
    if (before == firstDays_.begin()) return std::numeric_limits<double>::infinity();
    const auto from = std::lower_bound(usersOfDays_.begin(), usersOfDays_.end(), userOfDay(day, 0));
    const auto to = std::upper_bound(from, usersOfDays_.end(), userOfDay(day, UINT32_MAX));
    return std::max(1.0, static_cast<double>(to - from) /
                             static_cast<double>(before - firstDays_.begin()));
  }

 private:
  std::vector<int32_t> firstDays_;
  std::vector<uint64_t> usersOfDays_;
};

/// Judges one dataset's interactions, rule after rule; what one rule left out is not there for the
/// next.
class Judge {
 public:
  Judge(const Dataset& data, const Protection& protection)
      : data_(data),
        all_(data.interactions),
        protection_(protection),
        rules_(all_.size(), ProtectionRule::none) {}

  std::vector<ProtectionRule> judged() {
    if (!all_.origin.empty()) {
      applyBotRules(data_, protection_, rules_);
      capUserDays();
      capItems();
    }
    if (protection_.maxEventsPerUser > 0) capUsers();
    return std::move(rules_);
  }

 private:
  bool counts(uint32_t row) const { return rules_[row] == ProtectionRule::none; }
  bool isCollected(uint32_t row) const { return all_.origin[row].source != 0; }
  bool isUnsure(uint32_t row) const { return isCollected(row) && !all_.origin[row].verified; }
  int32_t dayOf(uint32_t row) const {
    return isCollected(row) ? all_.origin[row].day
                            : static_cast<int32_t>(all_.timestamp[row] / kDaySeconds);
  }

  void capUserDays() {
    std::vector<uint32_t> rows;
    for (uint32_t row = 0; row < all_.size(); ++row)
      if (counts(row) && isCollected(row)) rows.push_back(row);
    const auto key = [&](uint32_t row) { return std::pair(all_.user[row], dayOf(row)); };
    sortBy(rows, key);
    forGroups(rows, key, [&](Rows day) { capUserDay(day); });
  }

  void capUserDay(Rows day) {
    std::unordered_map<uint32_t, double> ofItem;
    double kept = 0;
    for (const uint32_t row : day) {
      if (const double most = protection_.maxEventsPerUserItemAndDay;
          most > 0 && ++ofItem[all_.item[row]] > most)
        rules_[row] = ProtectionRule::eventsPerUserItemAndDay;
      else if (protection_.maxEventsPerUserAndDay > 0 &&
               ++kept > protection_.maxEventsPerUserAndDay)
        rules_[row] = ProtectionRule::eventsPerUserAndDay;
    }
  }

  /// Item by item, so that memory follows the largest item.
  void capItems() {
    std::vector<uint8_t> isJudged(data_.items.size(), 0);
    std::vector<int32_t> firstDays(data_.users.size(), std::numeric_limits<int32_t>::max());
    std::vector<uint64_t> usersOfDays;
    for (uint32_t row = 0; row < all_.size(); ++row) {
      if (!counts(row)) continue;
      int32_t& first = firstDays[all_.user[row]];
      first = std::min(first, dayOf(row));
      if (isCollected(row))
        usersOfDays.push_back(ShopGrowth::userOfDay(dayOf(row), all_.user[row]));
      if (isUnsure(row)) isJudged[all_.item[row]] = 1;
    }
    const ShopGrowth growth(std::move(firstDays), std::move(usersOfDays));
    std::vector<uint32_t> rows;
    for (uint32_t row = 0; row < all_.size(); ++row)
      if (counts(row) && isJudged[all_.item[row]] != 0) rows.push_back(row);
    sortBy(rows, [&](uint32_t row) { return std::pair(all_.item[row], dayOf(row)); });
    forGroups(rows, [&](uint32_t row) { return all_.item[row]; }, [&](Rows item) {
      if (protection_.maxUsersPerSourceAndItem > 0) capSources(item);
      if (protection_.maxNewUsersPerItemAndDay > 0) capGrowth(item, growth);
    });
  }

  /// The users of one source count as if there were few of them. How many follows from the item's
  /// users elsewhere, each source again counted as few, so that a source alone cannot raise its own
  /// limit.
  void capSources(Rows item) {
    std::vector<uint32_t> unsure;
    std::unordered_set<uint32_t> sure;
    for (const uint32_t row : item) {
      if (isUnsure(row))
        unsure.push_back(row);
      else
        sure.insert(all_.user[row]);
    }
    const auto key = [&](uint32_t row) { return all_.origin[row].source; };
    sortBy(unsure, key);
    auto users = static_cast<double>(sure.size());
    forGroups(unsure, key, [&](Rows source) {
      std::unordered_set<uint32_t> different;
      for (const uint32_t row : source) different.insert(all_.user[row]);
      users += std::min(static_cast<double>(different.size()), protection_.maxUsersPerSourceAndItem);
    });
    const double most = std::max(protection_.maxUsersPerSourceAndItem,
                                 std::floor(protection_.maxSourceShare * users));
    forGroups(unsure, key, [&](Rows source) {
      std::unordered_set<uint32_t> in;
      for (const uint32_t row : source) {
        if (in.contains(all_.user[row])) continue;
        if (static_cast<double>(in.size()) < most)
          in.insert(all_.user[row]);
        else
          rules_[row] = ProtectionRule::usersPerSourceAndItem;
      }
    });
  }

  /// An item may gain, on a day, a few unsure users or a multiple of those it had; where the shop
  /// itself has more users that day than ever before, the multiple of that.
  void capGrowth(Rows item, const ShopGrowth& growth) {
    std::unordered_set<uint32_t> met;  // users
    forGroups(item, [&](uint32_t row) { return dayOf(row); }, [&](Rows day) {
      const double most =
          std::max(protection_.maxNewUsersPerItemAndDay,
                   protection_.maxGrowthPerDay * std::max(1.0, static_cast<double>(met.size())) *
                       growth.on(dayOf(day[0])));
      std::unordered_set<uint32_t> in;  // new ones
      for (const uint32_t row : day) {
        if (!counts(row) || met.contains(all_.user[row]) || in.contains(all_.user[row])) continue;
        if (!isUnsure(row)) {
          met.insert(all_.user[row]);
        } else if (static_cast<double>(in.size()) < most) {
          in.insert(all_.user[row]);
        } else {
          rules_[row] = ProtectionRule::newUsersPerItemAndDay;
        }
      }
      met.merge(in);
    });
  }

  void capUsers() {
    std::vector<uint32_t> kept(data_.users.size(), 0);
    for (auto row = static_cast<uint32_t>(all_.size()); row-- > 0;)
      if (counts(row) && ++kept[all_.user[row]] > protection_.maxEventsPerUser)
        rules_[row] = ProtectionRule::eventsPerUser;
  }

  const Dataset& data_;
  const Interactions& all_;
  const Protection& protection_;
  std::vector<ProtectionRule> rules_;
};

bool isRuleOfItems(ProtectionRule rule) {
  return rule == ProtectionRule::usersPerSourceAndItem ||
         rule == ProtectionRule::newUsersPerItemAndDay;
}

void addDetails(const Dataset& data, const std::vector<ProtectionRule>& rules,
                ProtectionReport& report) {
  const Interactions& all = data.interactions;
  std::map<std::tuple<ProtectionRule, uint32_t, int32_t>, uint64_t> groups;
  for (uint32_t row = 0; row < all.size(); ++row) {
    if (rules[row] == ProtectionRule::none) continue;
    const bool isImported = all.origin.empty() || all.origin[row].source == 0;
    const auto day = isImported ? static_cast<int32_t>(all.timestamp[row] / kDaySeconds)
                                : all.origin[row].day;
    ++groups[{rules[row], isRuleOfItems(rules[row]) ? all.item[row] : all.user[row], day}];
  }
  for (const auto& [group, events] : groups) {
    const auto& [rule, number, day] = group;
    const bool isOfItem = isRuleOfItems(rule);
    report.details.push_back(
        {rule, isOfItem, isOfItem ? data.items[number] : data.users[number], day, events});
  }
}

}  // namespace

Protection Protection::none() {
  Protection protection;
  for (const ProtectionInfo& info : kTable) protection.*info.value = 0;
  return protection;
}

std::span<const ProtectionInfo> protectionTable() { return kTable; }

const char* ruleName(ProtectionRule rule) { return kRuleNames[static_cast<size_t>(rule)]; }

std::vector<ProtectionRule> judge(const Dataset& data, const Protection& protection) {
  return Judge(data, protection).judged();
}

Dataset protect(Dataset data, const Protection& protection, ProtectionReport& report) {
  for (const EventOrigin& origin : data.interactions.origin) {
    report.collected += origin.source != 0;
    report.verified += origin.source != 0 && origin.verified;
  }
  const std::vector<ProtectionRule> rules = judge(data, protection);
  std::vector<uint8_t> kept(rules.size());
  for (size_t row = 0; row < rules.size(); ++row) {
    kept[row] = rules[row] == ProtectionRule::none;
    if (kept[row] == 0) ++report.leftOut[static_cast<size_t>(rules[row])];
  }
  const bool isWhole = std::all_of(kept.begin(), kept.end(), [](uint8_t one) { return one != 0; });
  if (!isWhole) {
    addDetails(data, rules, report);
    data = selectInteractions(data, kept);
  }
  data.interactions.origin.clear();
  return data;
}

}  // namespace attune::trainer
