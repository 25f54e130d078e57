#include "trainer/data/synthetic.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>

#include "trainer/base/errors.h"
#include "trainer/data/synthetic_files.h"

using namespace attune::trainer;

namespace {

constexpr SyntheticWorldKind kKinds[] = {SyntheticWorldKind::checkerboard,
                                         SyntheticWorldKind::markov, SyntheticWorldKind::shop};

std::string rendered(SyntheticWorldKind kind, const SyntheticOptions& options) {
  const SyntheticWorld world = makeSyntheticWorld(kind, options);
  std::string all;
  for (const SyntheticFile& file : kSyntheticFiles) all += file.render(world);
  return all;
}

uint64_t fnv1a(const std::string& text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

double shareOf(const SyntheticWorld& world, bool (*holds)(const SyntheticInteraction&)) {
  const auto count = std::count_if(world.interactions.begin(), world.interactions.end(), holds);
  return static_cast<double>(count) / static_cast<double>(world.interactions.size());
}

}  // namespace

TEST_CASE("the same options give the same bytes and another seed gives others") {
  for (const SyntheticWorldKind kind : kKinds) {
    const SyntheticOptions options{.users = 50, .items = 40, .interactions = 2'000, .seed = 7};
    SyntheticOptions other = options;
    other.seed = 8;
    CHECK(rendered(kind, options) == rendered(kind, options));
    CHECK(rendered(kind, options) != rendered(kind, other));
  }
}

TEST_CASE("the bytes of a seed are these, on every platform") {
  const SyntheticOptions options{.users = 50, .items = 40, .interactions = 2'000, .seed = 7};
  CHECK(fnv1a(rendered(SyntheticWorldKind::checkerboard, options)) == 0x9c1fd06dcff9d979);
  CHECK(fnv1a(rendered(SyntheticWorldKind::markov, options)) == 0x743895968d3a549f);
  CHECK(fnv1a(rendered(SyntheticWorldKind::shop, options)) == 0x840a81765f739113);
}

TEST_CASE("every world has the rows asked for, in time order, with known users and items") {
  for (const SyntheticWorldKind kind : kKinds) {
    const SyntheticOptions options{.users = 31, .items = 17, .interactions = 1'003};
    const SyntheticWorld world = makeSyntheticWorld(kind, options);
    REQUIRE(world.interactions.size() == 1'003);
    CHECK(world.items.size() == 17);
    CHECK(world.memberships.size() == 31);
    int64_t last = 0;
    bool sane = true;
    for (const SyntheticInteraction& row : world.interactions) {
      sane = sane && row.user < 31 && row.item < 17 && row.timestamp >= last &&
             row.eventType < world.eventTypes.size() &&
             row.timestamp > world.items[row.item].creationTimestamp;
      last = row.timestamp;
    }
    CHECK(sane);
  }
}

TEST_CASE("the smallest worlds can be made") {
  for (const SyntheticWorldKind kind : kKinds) {
    const SyntheticOptions smallest{.users = 2, .items = 2, .interactions = 1};
    CHECK(makeSyntheticWorld(kind, smallest).interactions.size() == 1);
    const SyntheticOptions crowded{.users = 2, .items = 2, .interactions = 500};
    CHECK(makeSyntheticWorld(kind, crowded).interactions.size() == 500);
  }
}

TEST_CASE("checkerboard users keep to their colour save for little noise") {
  const SyntheticWorld world = makeSyntheticWorld(
      SyntheticWorldKind::checkerboard, {.users = 100, .items = 60, .interactions = 20'000});
  const double own = shareOf(world, [](const auto& row) { return row.user % 2 == row.item % 2; });
  CHECK(own > 0.98);
  CHECK(own < 1.0);
}

TEST_CASE("checkerboard popularity tells the colours apart no better than a coin") {
  const SyntheticWorld world = makeSyntheticWorld(
      SyntheticWorldKind::checkerboard, {.users = 100, .items = 60, .interactions = 20'000});
  const double even = shareOf(world, [](const auto& row) { return row.item % 2 == 0; });
  CHECK(even == Approx(0.5).margin(0.01));
}

TEST_CASE("a checkerboard user takes every item of the own colour before one comes again") {
  // 40 users with 20 picks each, of 20 items of the own colour: all of them once, save for noise.
  const SyntheticWorld world = makeSyntheticWorld(SyntheticWorldKind::checkerboard,
                                                  {.users = 40, .items = 40, .interactions = 800});
  std::set<std::pair<uint32_t, uint32_t>> different;
  for (const SyntheticInteraction& row : world.interactions) {
    if (row.user % 2 == row.item % 2) different.emplace(row.user, row.item);
  }
  const double own = shareOf(world, [](const auto& row) { return row.user % 2 == row.item % 2; });
  CHECK(static_cast<double>(different.size()) >= own * 800 - 16);
  CHECK(different.size() > 760);
}

TEST_CASE("the markov successors are one cycle through all items") {
  const std::vector<uint32_t> successors = markovSuccessors({.items = 101, .seed = 3});
  std::set<uint32_t> visited;
  uint32_t at = 0;
  for (int step = 0; step < 101; ++step) visited.insert(at = successors[at]);
  CHECK(visited.size() == 101);
  CHECK(at == 0);
}

TEST_CASE("markov users follow the planted successor nine times in ten") {
  const SyntheticOptions options{.users = 20, .items = 50, .interactions = 20'020, .seed = 5};
  const std::vector<uint32_t> successors = markovSuccessors(options);
  std::map<uint32_t, uint32_t> at;
  int followed = 0;
  for (const auto& row : makeSyntheticWorld(SyntheticWorldKind::markov, options).interactions) {
    if (at.contains(row.user) && successors[at[row.user]] == row.item) ++followed;
    at[row.user] = row.item;
  }
  CHECK(followed / 20'000.0 == Approx(0.9 + 0.1 / 50).margin(0.01));
}

TEST_CASE("shop rows go from views to fewer carts to fewer purchases, which carry a value") {
  const SyntheticWorld world = makeSyntheticWorld(
      SyntheticWorldKind::shop, {.users = 300, .items = 200, .interactions = 30'000});
  REQUIRE(world.eventTypes == std::vector<std::string>{"View", "AddToCart", "Purchase"});
  std::map<uint32_t, int> rows;
  bool valuesFit = true;
  for (const SyntheticInteraction& row : world.interactions) {
    ++rows[row.eventType];
    const int64_t expected = row.eventType == 2 ? world.items[row.item].priceCents : 0;
    valuesFit = valuesFit && row.valueCents == expected;
  }
  CHECK(rows[0] > 3 * rows[1]);
  CHECK(rows[1] > rows[2]);
  CHECK(rows[2] > 1'000);
  CHECK(valuesFit);
}

TEST_CASE("shop popularity has a long tail and every user a favourite category") {
  const SyntheticWorld world = makeSyntheticWorld(
      SyntheticWorldKind::shop, {.users = 40, .items = 400, .interactions = 40'000});
  std::map<uint32_t, int> byItem;
  std::map<uint32_t, std::map<std::string, int>> byUser;
  for (const SyntheticInteraction& row : world.interactions) {
    ++byItem[row.item];
    ++byUser[row.user][world.items[row.item].category];
  }
  std::vector<int> counts;
  for (const auto& [item, count] : byItem) counts.push_back(count);
  std::sort(counts.rbegin(), counts.rend());
  int head = 0;
  for (int place = 0; place < 40; ++place) head += counts[place];
  CHECK(head > 20'000);  // a tenth of the items has more than half of the rows
  for (auto& [user, categories] : byUser) {
    int favourite = 0;
    int total = 0;
    for (const auto& [name, count] : categories) {
      favourite = std::max(favourite, count);
      total += count;
    }
    CHECK(favourite > total / 4);  // an eighth would be no favourite
  }
}

TEST_CASE("the products of a shop have names of their own, styles, stock and for whom they are") {
  const SyntheticWorld world = makeSyntheticWorld(
      SyntheticWorldKind::shop, {.users = 10, .items = 8'000, .interactions = 100});
  std::set<std::string> titles, styles, genders;
  int promoted = 0, soldOut = 0, fresh = 0;
  for (const SyntheticItem& item : world.items) {
    titles.insert(item.title);
    styles.insert(item.category + "/" + item.style);
    genders.insert(item.gender);
    promoted += item.promoted;
    soldOut += item.stock == 0;
    fresh += item.creationTimestamp > SyntheticOptions{}.end - 30 * 86'400;
    if (item.category == "kitchen") CHECK(item.gender.empty());
    CHECK(item.priceCents % 100 == 95);
    CHECK(item.description.find(',') == std::string::npos);  // the CSV has no quotes
  }
  CHECK(titles.size() == 8'000);
  CHECK(styles.size() == 40);
  CHECK(genders == std::set<std::string>{"", "F", "M"});
  CHECK(promoted / 8'000.0 == Approx(1 / 12.0).margin(0.02));
  CHECK(soldOut / 8'000.0 == Approx(1 / 12.0).margin(0.02));
  CHECK(fresh == 8'000 / 11);
}

TEST_CASE("shop users keep to a style in a category, and to what is for them") {
  const SyntheticWorld world = makeSyntheticWorld(
      SyntheticWorldKind::shop, {.users = 40, .items = 400, .interactions = 40'000});
  std::map<std::pair<uint32_t, std::string>, std::map<std::string, int>> byUser;
  int own = 0, other = 0;
  for (const SyntheticInteraction& row : world.interactions) {
    const SyntheticItem& item = world.items[row.item];
    ++byUser[{row.user, item.category}][item.style];
    if (!item.gender.empty()) ++(item.gender == world.genders[row.user] ? own : other);
  }
  CHECK(own > 4 * other);
  double favourites = 0, all = 0;
  for (const auto& [key, styles] : byUser) {
    int favourite = 0;
    for (const auto& [style, count] : styles) {
      favourite = std::max(favourite, count);
      all += count;
    }
    favourites += favourite;
  }
  CHECK(favourites / all > 0.45);  // a fifth would be no favourite
}

TEST_CASE("a world ends when it is told to") {
  const SyntheticOptions later{.interactions = 500, .end = 1'800'000'000};
  for (const SyntheticWorldKind kind : kKinds) {
    const SyntheticWorld world = makeSyntheticWorld(kind, later);
    CHECK(world.interactions.back().timestamp < later.end);
    CHECK(world.interactions.back().timestamp > later.end - 86'400);
    CHECK(world.interactions.front().timestamp == later.end - 365 * 86'400);
  }
}

TEST_CASE("options below their minimum and unknown worlds are refused in one clear line") {
  CHECK_THROWS_WITH(makeSyntheticWorld(SyntheticWorldKind::shop, {.users = 1}),
                    "synth: users is 1, it must be at least 2");
  CHECK_THROWS_WITH(makeSyntheticWorld(SyntheticWorldKind::shop, {.items = 0}),
                    "synth: items is 0, it must be at least 2");
  CHECK_THROWS_WITH(markovSuccessors({.interactions = 0}),
                    "synth: interactions is 0, it must be at least 1");
  CHECK_THROWS_WITH(makeSyntheticWorld(SyntheticWorldKind::markov, {.end = 5}),
                    Catch::StartsWith("synth: end is 5, it must be seconds since 1970 from "));
  CHECK_THROWS_WITH(syntheticWorldKind("chess"),
                    "synth: unknown world \"chess\", the worlds are checkerboard, markov and shop");
  CHECK(syntheticWorldKind("markov") == SyntheticWorldKind::markov);
}

TEST_CASE("a world becomes a Dataset with the same numbers and its metadata by row") {
  const SyntheticOptions options{.users = 10, .items = 9, .interactions = 300, .seed = 2};
  const SyntheticWorld world = makeSyntheticWorld(SyntheticWorldKind::shop, options);
  const Dataset dataset = shopWorld(options);
  REQUIRE(dataset.users.size() == 10);
  REQUIRE(dataset.items.size() == 9);
  CHECK(dataset.listedItems == 9);
  CHECK(dataset.items[4] == "i4");
  CHECK(dataset.users.find("u7") == 7);
  REQUIRE(dataset.interactions.size() == 300);
  REQUIRE(dataset.itemColumns.size() == 9);
  CHECK(dataset.itemColumns[0].texts[3] == world.items[3].title);
  const Column& category = dataset.itemColumns[1];
  CHECK(category.values[category.codes[category.offsets[8]]] == world.items[8].category);
  CHECK(category.offsets.size() == 10);
  CHECK(dataset.itemColumns[2].numbers[5] * 100 == Approx(world.items[5].priceCents));
  CHECK(dataset.userColumns[0].offsets.size() == 11);
  bool valuesFit = true;
  for (size_t row = 0; row < 300; ++row) {
    const bool isNull = std::isnan(dataset.interactions.eventValue[row]);
    valuesFit = valuesFit && isNull == (world.interactions[row].valueCents == 0);
  }
  CHECK(valuesFit);
}

TEST_CASE("a world is written as CSV files with their schemas") {
  const auto folder = std::filesystem::temp_directory_path() / "attune_synthetic_test";
  std::filesystem::remove_all(folder);
  const SyntheticWorld world =
      makeSyntheticWorld(SyntheticWorldKind::shop, {.users = 5, .items = 4, .interactions = 60});
  writeSyntheticWorld(world, folder / "deeper");
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "deeper")) {
    names.insert(entry.path().filename().string());
  }
  CHECK(names == std::set<std::string>{"interactions.avsc", "interactions.csv", "items.avsc",
                                       "items.csv", "users.avsc", "users.csv"});
  std::ifstream file(folder / "deeper" / "interactions.csv", std::ios::binary);
  const std::string csv{std::istreambuf_iterator<char>(file), {}};
  CHECK(csv.starts_with("USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE\nu"));
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 61);
  std::filesystem::remove_all(folder);
}

TEST_CASE("a folder that cannot be made is the user's error and names the path") {
  const auto file = std::filesystem::temp_directory_path() / "attune_synthetic_file";
  std::ofstream(file) << "in the way";
  const SyntheticWorld world =
      makeSyntheticWorld(SyntheticWorldKind::markov, {.users = 2, .items = 2, .interactions = 2});
  CHECK_THROWS_AS(writeSyntheticWorld(world, file / "below"), UserError);
  CHECK_THROWS_WITH(writeSyntheticWorld(world, file / "below"), Catch::Contains(file.string()));
  std::filesystem::remove(file);
}
