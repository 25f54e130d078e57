#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "trainer/data/dataset.h"

// Worlds with a planted truth: the same options give the same rows on every platform, so tests know
// the right answer and anybody can repeat a figure. All random numbers come from a counter and all
// weights are made with + - * / alone.

namespace attune::trainer {

struct SyntheticOptions {
  uint32_t users = 200;            ///< at least 2
  uint32_t items = 100;            ///< at least 2
  uint64_t interactions = 10'000;  ///< at least 1
  uint64_t seed = 1;
  int64_t end = 1'731'536'000;  ///< 2024-11-13: seconds since 1970 just after the last row, a year
                                ///< after the first
};

enum class SyntheticWorldKind : uint8_t {
  /// Users of an even number take items of an even number, odd take odd, save 1 in 50. Every user
  /// takes all items of the own colour before one comes again. Popularity tells nothing.
  checkerboard,
  /// Every item has one successor (markovSuccessors); users walk there 9 times in 10, else
  /// anywhere.
  markov,
  /// A shop: categories with a season, products with styles and prices, Zipf-shaped popularity, two
  /// favourite categories and a favourite style a user, products for women or men, some that are
  /// new,
  /// and View rows of which some are followed by AddToCart and Purchase.
  shop,
};

struct SyntheticItem {
  std::string title;
  std::string category;
  int64_t priceCents = 0;
  int64_t creationTimestamp = 0;  ///< seconds since 1970, before the item's first interaction
  // Of a shop's items only.
  std::string style;   ///< what it is within its category, such as "boots"
  std::string gender;  ///< "F" or "M" for whom it is; empty for everybody
  bool promoted = false;
  uint32_t stock = 0;       ///< pieces
  std::string description;  ///< two sentences
};

struct SyntheticInteraction {
  uint32_t user = 0;       ///< [0, users)
  uint32_t item = 0;       ///< [0, items)
  int64_t timestamp = 0;   ///< seconds since 1970, never decreasing from row to row
  uint32_t eventType = 0;  ///< index into SyntheticWorld::eventTypes
  int64_t valueCents = 0;  ///< EVENT_VALUE in hundredths; 0 is null
};

struct SyntheticWorld {
  std::vector<std::string> memberships;  ///< (users) MEMBERSHIP: basic, silver or gold
  std::vector<std::string> genders;      ///< (users) GENDER of a shop's users, F or M; else empty
  std::vector<SyntheticItem> items;      ///< (items)
  std::vector<std::string> eventTypes;
  std::vector<SyntheticInteraction> interactions;
};

/// checkerboard, markov or shop; throws UserError for any other name.
SyntheticWorldKind syntheticWorldKind(std::string_view name);

/// Makes the world. Throws UserError when an option is below its minimum.
SyntheticWorld makeSyntheticWorld(SyntheticWorldKind kind, const SyntheticOptions& options);

/// The item that follows item i in the markov world of these options: one cycle through all items.
std::vector<uint32_t> markovSuccessors(const SyntheticOptions& options);

/// "u0", "u1" ...; "i0", "i1" ...: the numbers of a world as the ids of its files and Dataset.
std::string syntheticUserId(uint32_t user);
std::string syntheticItemId(uint32_t item);

/// The world as import would load it: user and item numbers are the Dataset's, item columns TITLE,
/// CATEGORY_L1, PRICE and CREATION_TIMESTAMP, user column MEMBERSHIP; of a shop also CATEGORY_L2
/// (the style), GENDER, PROMOTED, STOCK and PRODUCT_DESCRIPTION, and the users' GENDER.
Dataset toDataset(const SyntheticWorld& world);

Dataset checkerboardWorld(const SyntheticOptions& options);
Dataset markovWorld(const SyntheticOptions& options);
Dataset shopWorld(const SyntheticOptions& options);

}  // namespace attune::trainer
