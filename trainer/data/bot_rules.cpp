#include "trainer/data/bot_rules.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <span>

namespace attune::trainer {
namespace {

constexpr int64_t kWindowSeconds = 60;
/// Deviation of intervals by their mean; people's are about 1.
constexpr double kRegular = 0.05;
constexpr size_t kFewItems = 2;

using Rows = std::span<const uint32_t>;  // of one user and day, in time order

bool isTooFast(const Interactions& all, Rows rows, double limit) {
  size_t first = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    while (all.timestamp[rows[i]] - all.timestamp[rows[first]] >= kWindowSeconds) ++first;
    if (static_cast<double>(i - first + 1) > limit) return true;
  }
  return false;
}

/// A player that reports its progress is regular too, so only steps to another item count.
bool isClockwork(const Interactions& all, Rows rows, double limit) {
  double count = 0, sum = 0, squares = 0;
  int64_t last = all.timestamp[rows[0]];
  for (size_t i = 1; i < rows.size(); ++i) {
    if (all.item[rows[i]] == all.item[rows[i - 1]]) continue;
    const auto interval = static_cast<double>(all.timestamp[rows[i]] - last);
    last = all.timestamp[rows[i]];
    ++count;
    sum += interval;
    squares += interval * interval;
  }
  if (count <= limit || sum <= 0) return false;
  const double mean = sum / count;
  return std::sqrt(std::max(0.0, squares / count - mean * mean)) < kRegular * mean;
}

bool lacksVariety(const Interactions& all, Rows rows, double limit) {
  if (static_cast<double>(rows.size()) <= limit) return false;
  std::set<uint32_t> items;
  for (const uint32_t row : rows) {
    items.insert(all.item[row]);
    if (items.size() > kFewItems) return false;
  }
  return true;
}

ProtectionRule ruleFor(const Interactions& all, Rows rows, const Protection& protection) {
  if (protection.maxEventsPerMinute > 0 && isTooFast(all, rows, protection.maxEventsPerMinute))
    return ProtectionRule::eventsPerMinute;
  if (protection.maxRegularEvents > 0 && isClockwork(all, rows, protection.maxRegularEvents))
    return ProtectionRule::regularEvents;
  if (protection.maxEventsWithoutVariety > 0 &&
      lacksVariety(all, rows, protection.maxEventsWithoutVariety))
    return ProtectionRule::eventsWithoutVariety;
  return ProtectionRule::none;
}

}  // namespace

void applyBotRules(const Dataset& data, const Protection& protection,
                   std::vector<ProtectionRule>& rules) {
  const Interactions& all = data.interactions;
  std::vector<uint32_t> rows;
  for (uint32_t row = 0; row < all.size(); ++row)
    if (all.origin[row].source != 0 && !all.origin[row].verified) rows.push_back(row);
  const auto key = [&](uint32_t row) { return std::pair(all.user[row], all.origin[row].day); };
  std::stable_sort(rows.begin(), rows.end(),
                   [&](uint32_t a, uint32_t b) { return key(a) < key(b); });
  for (size_t begin = 0, end = 0; begin < rows.size(); begin = end) {
    while (end < rows.size() && key(rows[end]) == key(rows[begin])) ++end;
    const Rows day(rows.data() + begin, end - begin);
    const ProtectionRule rule = ruleFor(all, day, protection);
    for (const uint32_t row : day) rules[row] = rule;
  }
}

}  // namespace attune::trainer
