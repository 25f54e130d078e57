// attune update: a bundle for newer data that keeps its weights, asked through the engine.
#include <algorithm>
#include <catch2/catch.hpp>

#include "runtime/models/item_vectors.h"
#include "trainer/data/select_rows.h"
#include "trainer/eval/served_bundle.h"
#include "trainer/recipes/new_item_popularity.h"
#include "trainer/recipes/update.h"

using namespace attune;
using namespace attune::trainer;

namespace {

constexpr uint32_t kUsers = 120;

/// Items red-0, blue-0, red-1 ...; even users have red items, odd ones blue ones, in a circle. Of
/// the items the last `unseen` of each colour are listed but nobody has them.
Dataset colours(uint32_t each, uint32_t unseen) {
  Dataset data;
  Column colour;
  colour.name = "COLOUR";
  colour.kind = ColumnKind::categorical;
  colour.offsets.push_back(0);
  for (uint32_t i = 0; i < each; ++i)
    for (const std::string name : {"red", "blue"}) {
      data.items.add(name + "-" + std::to_string(i));
      colour.codes.push_back(colour.values.add(name));
      colour.offsets.push_back(static_cast<uint32_t>(colour.codes.size()));
    }
  data.itemColumns.push_back(std::move(colour));
  data.listedItems = data.items.size();
  const uint32_t watched = data.eventTypes.add("watched"), hidden = data.eventTypes.add("hidden");
  Interactions& events = data.interactions;
  const uint32_t seen = each - unseen;
  for (uint32_t step = 0; step < 10; ++step)
    for (uint32_t user = 0; user < kUsers; ++user) {
      data.users.add("u" + std::to_string(user));
      events.user.push_back(user);
      events.item.push_back(2 * ((user / 2 + step) % seen) + user % 2);
      events.timestamp.push_back(1000 * step + user);
      events.eventType.push_back(step == 5 ? hidden : watched);
      events.eventValue.push_back(1);
    }
  return data;
}

TrainRequest requestOf(const std::string& recipe) {
  TrainRequest request{Parameters(findRecipe(recipe))};
  for (const auto& [name, value] : {std::pair{"hidden_dimension", "32"}, {"epochs", "12"},
                                    {"learning_rate", "0.01"}, {"weight_averaging", "0.9"},
                                    {"cold_start_max_interactions", "1000000"},
                                    {"cold_start_max_duration", "36500"}})
    if (request.parameters.has(name)) request.parameters.set(name, value);
  return request;
}

std::vector<uint8_t> trained(const Dataset& data, const std::string& recipe) {
  return trainBundle(data, requestOf(recipe));
}

UpdatedBundle updated(const std::vector<uint8_t>& bytes, const Dataset& data,
                      unsigned threads = 1) {
  const ServedBundle before(bytes, "before");
  return updateBundle(before.engine().bundle(), "before", data, threads);
}

/// A section's bytes by kind and column.
std::map<std::pair<uint16_t, uint32_t>, std::vector<uint8_t>> sectionsOf(const Bundle& bundle) {
  std::map<std::pair<uint16_t, uint32_t>, std::vector<uint8_t>> sections;
  for (const schema::Section* one : *bundle.header().sections()) {
    const uint8_t* start = bundle.header().data()->data() + one->offset();
    sections[{static_cast<uint16_t>(one->kind()), one->column()}] = {start, start + one->length()};
  }
  return sections;
}

/// An item's place in the list of a user who had these items.
size_t placeOf(const std::vector<uint8_t>& bytes, const std::string& item,
               const std::vector<std::string>& history) {
  const ServedBundle served(bytes, "updated");
  Session session(served.engine().items(), 10);
  int64_t time = 0;
  for (const std::string& past : history) REQUIRE(session.record(past, "watched", ++time, 1).ok());
  Scratch scratch;
  ListRequest request;
  request.numResults = served.engine().items().size();
  REQUIRE(served.engine().recommend(session, request, scratch).ok());
  for (size_t i = 0; i < scratch.ranked.size(); ++i)
    if (served.engine().items()[scratch.ranked[i].item] == item) return i;
  FAIL("not in the list: " + item);
  return 0;
}

}  // namespace

TEST_CASE("an update with the same data changes no section of any recipe's bundle") {
  const Dataset data = colours(8, 0);
  for (const char* recipe : {"user-personalization", "hrnn", "hrnn-metadata", "hrnn-coldstart",
                             "sims", "popularity-count"}) {
    CAPTURE(recipe);
    const auto before = trained(data, recipe);
    const UpdatedBundle after = updated(before, data);
    const ServedBundle one(before, "before"), other(after.bytes, "after");
    const auto left = sectionsOf(one.engine().bundle()), right = sectionsOf(other.engine().bundle());
    CHECK(left.size() == right.size());
    for (const auto& [key, bytes] : left) {
      CAPTURE(key.first, key.second);
      const bool same = right.at(key) == bytes;  // not kilobytes of output
      CHECK(same);
    }
    CHECK(after.items.known == 16);
    CHECK(after.items.added + after.items.removed == 0);
  }
}

TEST_CASE("an update gives new items a place among what resembles them, and keeps the others' vectors") {
  const auto before = trained(colours(8, 0), "user-personalization");
  const UpdatedBundle after = updated(before, colours(10, 2));
  CHECK(after.items.known == 16);
  CHECK(after.items.added == 4);
  CHECK(after.items.addedUnseen == 4);
  // By its colour alone, for nobody had it yet.
  const size_t items = 20;
  CHECK(placeOf(after.bytes, "red-9", {"red-1", "red-2"}) < items / 2);
  CHECK(placeOf(after.bytes, "red-9", {"blue-1", "blue-2"}) >= items / 2);

  const ServedBundle one(before, "before"), other(after.bytes, "after");
  const auto old = readItemVectors(one.engine().bundle(), 32).value();
  const auto now = readItemVectors(other.engine().bundle(), 32).value();
  for (uint32_t item = 0; item < one.engine().items().size(); ++item) {
    const uint32_t number = other.engine().items().find(one.engine().items()[item]);
    const auto left = old.bytes.row(item), right = now.bytes.row(number);
    CHECK(std::equal(left.begin(), left.end(), right.begin(), right.end()));
    CHECK(old.bytes.scales[item] == now.bytes.scales[number]);
  }
}

TEST_CASE("without metadata a new item finds its place by the items its users had") {
  Dataset old = colours(8, 0), now = colours(10, 0);
  old.itemColumns.clear();
  now.itemColumns.clear();
  const UpdatedBundle after = updated(trained(old, "hrnn"), now);
  CHECK(after.items.added == 4);
  CHECK(after.items.addedUnseen == 0);
  CHECK(placeOf(after.bytes, "blue-9", {"blue-1", "blue-2"}) <
        placeOf(after.bytes, "blue-9", {"red-1", "red-2"}));
}

TEST_CASE("items that have left the store leave the bundle, and their users' other items stay") {
  const UpdatedBundle after =
      updated(trained(colours(10, 0), "user-personalization"), colours(8, 0));
  CHECK(after.items.removed == 4);
  CHECK(after.items.known == 16);
  const ServedBundle served(after.bytes, "after");
  CHECK(served.engine().items().find("red-9") == kUnknownItem);
}

TEST_CASE("an update is the same whatever the threads, and can be updated again") {
  const auto before = trained(colours(8, 0), "user-personalization");
  const UpdatedBundle once = updated(before, colours(10, 2), 1);
  const bool same = updated(before, colours(10, 2), 3).bytes == once.bytes;  // not megabytes of output
  CHECK(same);
  const auto twice = updated(once.bytes, colours(10, 2));
  CHECK(twice.items.added == 0);
}

TEST_CASE("a bundle with floats stays one") {
  TrainRequest request = requestOf("user-personalization");
  request.precision = BundlePrecision::float32;
  const auto before = trainBundle(colours(8, 0), request);
  const ServedBundle served(updated(before, colours(10, 2)).bytes, "after");
  CHECK(!served.engine().bundle().has(SectionKind::ItemVectorScales));
}

TEST_CASE("the events a bundle was trained on are those it is updated with") {
  const Dataset data = colours(8, 0);
  for (const char* config :
       {R"({"recipe": "sims", "eventType": "watched", "eventValueThreshold": "0.5"})",
        R"({"recipe": "sims", "eventsConfig": {"eventParametersList": [
            {"eventType": "watched", "weight": 0.25, "eventValueThreshold": "0.5"}]}})"}) {
    const Solution solution = readSolution(nlohmann::json::parse(config), "config");
    TrainRequest request{solution.parameters};
    request.events = eventsToJson(solution);
    const ServedBundle served(trainBundle(selectEvents(data, solution), request), "before");
    const Solution again = solutionOfBundle(served.engine().bundle(), "before");
    CHECK(eventsToJson(again) == eventsToJson(solution));
    CHECK(selectEvents(data, again).interactions.size() == 9 * kUsers);
  }
}

TEST_CASE("a bundle of another catalogue, and one that does not say how it was made, are refused") {
  Dataset other = colours(8, 0);
  StringTable renamed;
  for (uint32_t item = 0; item < other.items.size(); ++item) renamed.add("x" + other.items[item]);
  other.items = std::move(renamed);
  const auto before = trained(colours(8, 0), "user-personalization");
  CHECK_THROWS_WITH(updated(before, other), Catch::Contains("knows none of the store's 16 items"));

  const ServedBundle served(before, "before");
  BundleBuilder builder = BundleBuilder::copyOf(served.engine().bundle());
  builder.setProvenance("made by hand");
  CHECK_THROWS_WITH(updated(builder.finish(), colours(8, 0)),
                    Catch::Contains("does not say what it was trained with"));
}

TEST_CASE("a new item is taken for as popular as its time allows, one without events for average") {
  Interactions events;
  for (uint32_t i = 0; i < 100; ++i) {
    events.user.push_back(i);
    events.item.push_back(i < 90 ? i % 2 : 2);  // item 2 from the 91st event on, 3 never
    events.timestamp.push_back(i);
  }
  const ItemCounts counts{{45, 45, 10, 0}, 100};
  const std::vector<float> promised = extrapolatedCounts(events, counts, {1, 1, 0, 0});
  CHECK(promised[0] == 45);
  CHECK(promised[1] == 45);
  CHECK(promised[2] > 60);
  CHECK(promised[2] < 100);
  CHECK(promised[3] == Approx(45));
}
