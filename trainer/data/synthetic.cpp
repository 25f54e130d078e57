#include "trainer/data/synthetic.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "trainer/base/errors.h"
#include "trainer/data/synthetic_parts.h"

namespace attune::trainer {

using namespace synthetic;  // this file is one of its parts

namespace {

// A year of rows, and items that were made the year before, all after 1970; and 2100.
constexpr int64_t kEarliestEnd = 3 * kSpanSeconds;
constexpr int64_t kLatestEnd = 4'102'444'800;

void check(const SyntheticOptions& options) {
  const auto atLeast = [](const char* name, uint64_t value, uint64_t minimum) {
    if (value >= minimum) return;
    throw UserError("synth: " + std::string(name) + " is " + std::to_string(value) +
                    ", it must be at least " + std::to_string(minimum));
  };
  atLeast("users", options.users, 2);
  atLeast("items", options.items, 2);
  atLeast("interactions", options.interactions, 1);
  if (options.end < kEarliestEnd || options.end > kLatestEnd)
    throw UserError("synth: end is " + std::to_string(options.end) +
                    ", it must be seconds since 1970 from " + std::to_string(kEarliestEnd) +
                    " to " + std::to_string(kLatestEnd));
}

constexpr std::array<const char*, 8> kAdjectives = {"Quiet",  "Bright", "Linen", "Northern",
                                                    "Little", "Amber",  "Plain", "Evening"};

SyntheticItem makeItem(const SyntheticOptions& options, uint32_t item) {
  Random random(options.seed, kItemStream, item);
  const Category& category = kCategories[item % kCategories.size()];
  SyntheticItem made;
  made.title = std::string(kAdjectives[random.below(kAdjectives.size())]) + " " + category.noun +
               " " + std::to_string(item);
  made.category = category.name;
  made.priceCents =
      category.priceCents / 2 + random.below(static_cast<uint32_t>(category.priceCents));
  made.creationTimestamp = startOf(options) - kSecondsPerDay * (1 + random.below(365));
  return made;
}

std::string makeMembership(const SyntheticOptions& options, uint32_t user) {
  const uint32_t tenth = Random(options.seed, kUserStream, user).below(10);
  return tenth < 6 ? "basic" : tenth < 9 ? "silver" : "gold";
}

SyntheticWorld makeInventory(const SyntheticOptions& options, bool isShop) {
  SyntheticWorld world;
  for (uint32_t user = 0; user < options.users; ++user) {
    world.memberships.push_back(makeMembership(options, user));
    if (isShop) world.genders.push_back(makeGender(options, user));
  }
  for (uint32_t item = 0; item < options.items; ++item) {
    world.items.push_back(isShop ? makeProduct(options, item) : makeItem(options, item));
  }
  world.interactions.reserve(options.interactions);
  return world;
}

// ---- checkerboard

/// Hands one user the items of one colour in a random order, and over again when all are taken.
class ColourDeck {
 public:
  ColourDeck(uint32_t colour, uint32_t items) {
    for (uint32_t item = colour; item < items; item += 2) items_.push_back(item);
  }

  /// The pick number `pick` (from 0, in turn) of the present user.
  uint32_t deal(uint64_t pick, Random& random) {
    const auto size = static_cast<uint32_t>(items_.size());
    const auto slot = static_cast<uint32_t>(pick % size);
    std::swap(items_[slot], items_[slot + random.below(size - slot)]);
    return items_[slot];
  }

 private:
  std::vector<uint32_t> items_;  // the order left by the last user: as good a start as any
};

constexpr double kColourNoise = 0.02;

// Row k * users + u is the pick k of user u, so users take turns.
void playCheckerboard(const SyntheticOptions& options, SyntheticWorld& world) {
  world.eventTypes = {"Click"};
  for (uint32_t i = 0; i < options.items; ++i) world.items[i].category = i % 2 ? "black" : "white";
  world.interactions.resize(options.interactions);
  std::array<ColourDeck, 2> decks = {ColourDeck(0, options.items), ColourDeck(1, options.items)};
  for (uint32_t user = 0; user < options.users; ++user) {
    Random random(options.seed, kRowStream, user);
    uint64_t pick = 0;
    for (uint64_t row = user; row < options.interactions; row += options.users, ++pick) {
      uint32_t item = decks[user % 2].deal(pick, random);
      if (random.chance(kColourNoise)) item = random.below(options.items);
      world.interactions[row] = {user, item, timestampOf(row, options)};
    }
  }
}

// ---- markov

constexpr double kFollowProbability = 0.9;

void playMarkov(const SyntheticOptions& options, SyntheticWorld& world) {
  world.eventTypes = {"Click"};
  const std::vector<uint32_t> successors = markovSuccessors(options);
  std::vector<uint32_t> at(options.users);
  Random random(options.seed, kRowStream);
  for (uint64_t row = 0; row < options.interactions; ++row) {
    const auto user = static_cast<uint32_t>(row % options.users);
    const bool follow = row >= options.users && random.chance(kFollowProbability);
    at[user] = follow ? successors[at[user]] : random.below(options.items);
    world.interactions.push_back({user, at[user], timestampOf(row, options)});
  }
}

}  // namespace

SyntheticWorldKind syntheticWorldKind(std::string_view name) {
  if (name == "checkerboard") return SyntheticWorldKind::checkerboard;
  if (name == "markov") return SyntheticWorldKind::markov;
  if (name == "shop") return SyntheticWorldKind::shop;
  throw UserError("synth: unknown world \"" + std::string(name) +
                  "\", the worlds are checkerboard, markov and shop");
}

std::vector<uint32_t> markovSuccessors(const SyntheticOptions& options) {
  check(options);
  // Sattolo's shuffle: swapping only with an earlier place leaves one single cycle.
  std::vector<uint32_t> successors(options.items);
  std::iota(successors.begin(), successors.end(), 0u);
  Random random(options.seed, kSuccessorStream);
  for (uint32_t i = options.items - 1; i > 0; --i) {
    std::swap(successors[i], successors[random.below(i)]);
  }
  return successors;
}

SyntheticWorld makeSyntheticWorld(SyntheticWorldKind kind, const SyntheticOptions& options) {
  check(options);
  SyntheticWorld world = makeInventory(options, kind == SyntheticWorldKind::shop);
  switch (kind) {
    case SyntheticWorldKind::checkerboard:
      playCheckerboard(options, world);
      break;
    case SyntheticWorldKind::markov:
      playMarkov(options, world);
      break;
    case SyntheticWorldKind::shop:
      playShop(options, world);
      break;
  }
  return world;
}

}  // namespace attune::trainer
