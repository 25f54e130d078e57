#include "tests/support/attacked_shop.h"

#include <algorithm>
#include <limits>
#include <string>

namespace attune::testing {
namespace {

using trainer::Dataset;
using trainer::Split;
using trainer::StringTable;
using trainer::TestCase;

constexpr int64_t kDaySeconds = 86'400;
constexpr int32_t kFirstDay = 19'700;
constexpr int32_t kNewItemsDay = kFirstDay + 10;
constexpr uint32_t kVisits = 3;

}  // namespace

AttackedShop::AttackedShop(const AttackedShopOptions& options)
    : options_(options), random_(options.seed, 0), users_(options.users) {
  for (uint32_t user = 0; user < options_.users; ++user) addHonest(user);
}

/// The product of two even draws: the first items of a segment are the popular ones. Every eighth
/// item is new on kNewItemsDay.
uint32_t AttackedShop::itemFor(uint32_t segment, int32_t day) {
  const uint32_t many = options_.itemsOfSegment;
  const uint32_t rank = random_.below(many) * random_.below(many) / many;
  if (rank % 8 == 3 && day < kNewItemsDay) return segment * many + rank - 1;
  return segment * many + rank;
}

/// Of five groups of users the first two share networks: of five users one after the other, or of
/// five times all segments.
uint32_t AttackedShop::networkOf(uint32_t user) const {
  const uint32_t group = options_.networksFollowSegments ? 1 : options_.segments;
  const uint32_t place = user / group % 5;
  if (place >= 2) return 1'000'000 + user;
  const uint32_t shared = user / (5 * group) * 2 * group + place * group + user % group;
  return shared / options_.usersOfSharedNetwork;
}

void AttackedShop::addHonest(uint32_t user) {
  const uint32_t network = networkOf(user);
  const uint32_t segment = user % options_.segments;
  for (uint32_t visit = 0; visit < kVisits; ++visit) {
    const auto day = kFirstDay + static_cast<int32_t>(random_.below(options_.days));
    int64_t time = day * kDaySeconds + random_.below(80'000);
    for (uint32_t i = 0; i < options_.eventsOfUser / kVisits; ++i) {
      const bool strays = random_.below(5) == 0;
      const uint32_t from = strays ? random_.below(options_.segments) : segment;
      sent_.push_back({time, user, itemFor(from, day), network});
      time += 20 + random_.below(300);
    }
  }
}

void AttackedShop::addFakeUsers(uint32_t count, uint32_t networks, uint32_t days) {
  for (uint32_t fake = 0; fake < count; ++fake) {
    const auto day = kAttackDay + static_cast<int32_t>(fake % days);
    int64_t time = day * kDaySeconds + random_.below(80'000);
    for (uint32_t i = 0; i < options_.eventsOfUser; ++i) {
      const uint32_t item = i % 4 == 3 ? target() : itemFor(0, day);
      sent_.push_back({time, users_, item, nextNetwork_ + fake % networks});
      time += 20 + random_.below(300);
    }
    ++users_;
  }
  nextNetwork_ += networks;
}

void AttackedShop::addFlood(uint32_t count) {
  for (uint32_t i = 0; i < count; ++i)
    sent_.push_back({kAttackDay * kDaySeconds + i / 100, users_, target(), nextNetwork_});
  ++users_;
  ++nextNetwork_;
}

void AttackedShop::addSwarm(uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    const int64_t time = kAttackDay * kDaySeconds + i % 80'000;
    sent_.push_back({time, users_, itemFor(i % options_.segments, kAttackDay), nextNetwork_});
    sent_.push_back({time + 60, users_, target(), nextNetwork_});
    ++users_;
  }
  ++nextNetwork_;
}

Dataset AttackedShop::dataset() const {
  std::vector<Sent> sorted = sent_;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Sent& a, const Sent& b) { return a.time < b.time; });
  Dataset data;
  for (uint32_t item = 0; item < items(); ++item) data.items.add("item-" + std::to_string(item));
  data.items.add("target");
  data.listedItems = data.items.size();
  for (uint32_t user = 0; user < users_; ++user) data.users.add("user-" + std::to_string(user));
  std::map<std::pair<uint32_t, int32_t>, uint32_t> sources;
  trainer::Interactions& events = data.interactions;
  for (const Sent& one : sorted) {
    const auto day = static_cast<int32_t>(one.time / kDaySeconds);
    const auto number = static_cast<uint32_t>(sources.size() + 1);
    events.user.push_back(one.user);
    events.item.push_back(one.item);
    events.timestamp.push_back(one.time);
    events.eventType.push_back(StringTable::kNone);
    events.eventValue.push_back(std::numeric_limits<float>::quiet_NaN());
    const int32_t period = day / options_.daysOfSource;
    events.origin.push_back(
        {sources.try_emplace({one.network, period}, number).first->second, day, false});
  }
  return data;
}

Split AttackedShop::reachOfSegment(const Dataset& data) const { return reach(data, 1, false); }

Split AttackedShop::reachOfAll(const Dataset& data) const {
  return reach(data, options_.segments, true);
}

Split AttackedShop::reach(const Dataset& data, uint32_t segments, bool stranger) const {
  std::vector<TestCase> cases(options_.users);
  for (uint32_t row = 0; row < data.interactions.size(); ++row)
    if (const uint32_t user = data.interactions.user[row]; user < options_.users)
      cases[user].history.push_back(historyEvent(data.interactions, row));
  Split split;
  split.protocol = "leave-one-out";
  split.train = data;
  if (stranger) cases.emplace_back();
  for (uint32_t i = 0; i < cases.size(); ++i) {
    if (i < options_.users && i % options_.segments >= segments) continue;
    cases[i].user = std::min(i, options_.users - 1);
    cases[i].truth = {target()};
    split.cases.push_back(std::move(cases[i]));
  }
  return split;
}

}  // namespace attune::testing
