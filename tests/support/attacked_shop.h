#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "runtime/base/random.h"
#include "trainer/data/dataset.h"
#include "trainer/data/split.h"

/// A shop whose users belong to segments, and who would make one item of it known.
namespace attune::testing {

struct AttackedShopOptions {
  uint32_t users = 6000;
  uint32_t segments = 10;
  uint32_t itemsOfSegment = 40;
  uint32_t eventsOfUser = 12;
  uint32_t days = 30;
  /// Two users in five come from networks that they share with as many others, as those of mobile
  /// carriers are; the others from one of their own.
  uint32_t usersOfSharedNetwork = 60;
  /// Whether those are all of some segments, as where a carrier has a region and a language to
  /// itself, or the same share of each.
  bool networksFollowSegments = false;
  int32_t daysOfSource = 7;  ///< how long the collector's name of a network lasts
  uint64_t seed = 1;
};

/// What the collector brought in some weeks: everything unverified, from a network and day each.
/// Users take four in five items from their segment, popular ones more often, on three days; some
/// items are new after ten days. Nobody has the target. Then attackers add what they like.
class AttackedShop {
 public:
  static constexpr int32_t kAttackDay = 19'720;

  explicit AttackedShop(const AttackedShopOptions& options = {});

  /// `count` users who act like people of segment 0, each some of its items and three times the
  /// target, spread over `networks` networks and `days` days from kAttackDay on.
  void addFakeUsers(uint32_t count, uint32_t networks, uint32_t days = 1);
  /// One user who sends `count` events with the target, a hundred a second.
  void addFlood(uint32_t count);
  /// One network that sends `count` users, each with a popular item and then the target.
  void addSwarm(uint32_t count);

  /// All events in the order of time.
  trainer::Dataset dataset() const;
  /// Asks for the target: the honest users of segment 0, or all and a stranger. The share of lists
  /// that have it is the hit rate.
  trainer::Split reachOfSegment(const trainer::Dataset& data) const;
  trainer::Split reachOfAll(const trainer::Dataset& data) const;

 private:
  struct Sent {
    int64_t time;
    uint32_t user, item, network;
  };

  uint32_t items() const { return options_.segments * options_.itemsOfSegment; }
  uint32_t target() const { return items(); }
  uint32_t itemFor(uint32_t segment, int32_t day);
  uint32_t networkOf(uint32_t user) const;
  void addHonest(uint32_t user);
  trainer::Split reach(const trainer::Dataset& data, uint32_t segments, bool stranger) const;

  AttackedShopOptions options_;
  Random random_;
  std::vector<Sent> sent_;
  uint32_t users_ = 0;
  uint32_t nextNetwork_ = 100'000'000;
};

}  // namespace attune::testing
