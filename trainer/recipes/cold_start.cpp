#include "trainer/recipes/cold_start.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <string>

#include "trainer/base/errors.h"

namespace attune::trainer {
namespace {

constexpr double kSecondsPerDay = 86400;
constexpr double kUnknown = std::numeric_limits<double>::infinity();  // newer than everything

/// (items) when each item came: CREATION_TIMESTAMP, else its first interaction, else kUnknown.
std::vector<double> timesOf(const Dataset& data) {
  std::vector<double> times(data.items.size(), kUnknown);
  const Interactions& events = data.interactions;
  for (size_t i = 0; i < events.size(); ++i)
    times[events.item[i]] =
        std::min(times[events.item[i]], static_cast<double>(events.timestamp[i]));
  for (const Column& column : data.itemColumns) {
    if (column.name != "CREATION_TIMESTAMP") continue;
    for (size_t item = 0; item < column.numbers.size(); ++item)
      if (std::isfinite(column.numbers[item])) times[item] = column.numbers[item];
  }
  return times;
}

double latestOf(const std::vector<double>& times) {
  double latest = -kUnknown;
  for (const double time : times)
    if (time != kUnknown) latest = std::max(latest, time);
  return latest;
}

int64_t secondsNow() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

ColdItemRule coldItemRuleOf(const Parameters& p) {
  return {.maxInteractions = static_cast<uint64_t>(p.integer("cold_start_max_interactions")),
          .maxAgeDays = p.number("cold_start_max_duration"),
          .now = secondsNow(),
          .fromLatest = p.text("cold_start_relative_from") == "latestItem"};
}

std::vector<uint8_t> coldItems(const Dataset& data, const ColdItemRule& rule) {
  std::vector<uint64_t> interactions(data.items.size());
  for (const uint32_t item : data.interactions.item) ++interactions[item];
  const std::vector<double> times = timesOf(data);
  const double newest = rule.fromLatest ? latestOf(times) : static_cast<double>(rule.now);
  const double oldest = newest - rule.maxAgeDays * kSecondsPerDay;
  std::vector<uint8_t> cold(data.items.size());
  size_t few = 0, young = 0;
  for (size_t item = 0; item < cold.size(); ++item) {
    const bool isFew = interactions[item] <= rule.maxInteractions;
    const bool isYoung = times[item] >= oldest;
    few += isFew;
    young += isYoung;
    cold[item] = isFew && isYoung;
  }
  if (std::find(cold.begin(), cold.end(), 1) == cold.end())
    throw UserError("no item is cold: of " + std::to_string(cold.size()) + " items " +
                    std::to_string(few) + " have few enough interactions and " +
                    std::to_string(young) +
                    " are young enough, but none is both; raise cold_start_max_interactions or "
                    "cold_start_max_duration, or use hrnn-metadata");
  return cold;
}

void writeAllowed(const std::vector<uint8_t>& allowed, const ItemOrder& order,
                  BundleBuilder& bundle) {
  if (allowed.empty()) return;
  std::vector<uint8_t> ordered;
  for (const uint32_t item : order.toDataset) ordered.push_back(allowed[item]);
  bundle.add(SectionKind::ItemAllowed, ordered);
}

}  // namespace attune::trainer
