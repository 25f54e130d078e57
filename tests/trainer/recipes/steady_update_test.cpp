#include "trainer/recipes/steady_update.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "trainer/base/errors.h"

using namespace attune;
using namespace attune::trainer;

namespace {

using Ids = std::vector<std::string>;

StringTable tableOf(const Ids& ids) {
  StringTable table;
  for (const std::string& id : ids) table.add(id);
  return table;
}

/// A bundle of these items, whose only list is that of the first one.
class ListBundle {
 public:
  ListBundle(const Ids& ids, std::vector<Neighbour> list,
             BundlePrecision precision = BundlePrecision::int8)
      : bytes_(written(ids, std::move(list), precision)), bundle_(Bundle::open(bytes_).value()) {}

  const Bundle& operator*() const { return bundle_; }
  float scale() const { return bundle_.floats(SectionKind::NeighbourScales, bundle_.itemCount()).value()[0]; }

  /// The list after an update by the data's `fresh` one, with `ids` as the data number them.
  SteadyLists updated(const Ids& ids, std::vector<Neighbour> fresh, size_t length) const {
    NeighbourLists lists(ids.size());
    lists[0] = std::move(fresh);
    return steadyLists(bundle_, KnownItems(bundle_, tableOf(ids)), std::move(lists), length);
  }

 private:
  static std::vector<uint8_t> written(const Ids& ids, std::vector<Neighbour> list,
                                      BundlePrecision precision) {
    BundleBuilder builder(static_cast<uint32_t>(ids.size()), "sims", ModelKind::Neighbours);
    builder.addStrings(SectionKind::ItemIdText, SectionKind::ItemIdOffsets, ids);
    builder.add(SectionKind::ItemUserCounts, std::vector<uint32_t>(ids.size(), 1));
    builder.add(SectionKind::ItemPrior, std::vector<float>(ids.size(), 1.0f));
    builder.setPopularity(5);
    builder.setNeighbours(0.5f, 0.001f);
    NeighbourLists lists(ids.size());
    lists[0] = std::move(list);
    writeNeighbours(lists, ItemOrder(tableOf(ids)), precision, builder);
    return builder.finish();
  }

  std::vector<uint8_t> bytes_;
  Bundle bundle_;
};

std::vector<uint32_t> itemsOf(const std::vector<Neighbour>& list) {
  std::vector<uint32_t> items;
  for (const Neighbour& one : list) items.push_back(one.item);
  return items;
}

const Ids kIds = {"a", "b", "c", "d", "e"};
const std::vector<Neighbour> kList = {{1, 1.0f}, {2, 0.8f}, {3, 0.6f}};

}  // namespace

TEST_CASE("weights that moved by less than a tenth stay, in a list with its old scale") {
  const ListBundle bundle(kIds, kList);
  const auto steady = bundle.updated(kIds, {{1, 1.05f}, {2, 0.75f}, {3, 0.62f}}, 3);
  CHECK(itemsOf(steady.lists[0]) == std::vector<uint32_t>{1, 2, 3});
  CHECK(steady.scales[0] == bundle.scale());
  CHECK(steady.lists[0][0].weight == Approx(1.0).epsilon(1e-6));
  CHECK(steady.lists[0][1].weight == Approx(0.8).epsilon(0.003));
  CHECK(steady.lists[0][2].weight == Approx(0.6).epsilon(0.003));
}

TEST_CASE("a weight that moved by more is taken from the data, and the others stay") {
  const ListBundle bundle(kIds, kList);
  const auto steady = bundle.updated(kIds, {{1, 1.0f}, {2, 0.8f}, {3, 0.7f}}, 3);
  CHECK(steady.lists[0][2].weight == 0.7f);
  CHECK(steady.lists[0][1].weight == Approx(0.8).epsilon(0.003));
  CHECK(steady.scales[0] == bundle.scale());
}

TEST_CASE("an item that is only a little nearer replaces none, one that is much nearer takes its place") {
  const ListBundle bundle(kIds, kList);
  const auto little = bundle.updated(kIds, {{1, 1.0f}, {2, 0.8f}, {4, 0.63f}, {3, 0.6f}}, 3);
  CHECK(itemsOf(little.lists[0]) == std::vector<uint32_t>{1, 2, 3});
  // The places of the others stay: whoever has the old list loads one number.
  const auto much = bundle.updated(kIds, {{1, 1.0f}, {4, 0.9f}, {3, 0.6f}, {2, 0.5f}}, 3);
  CHECK(itemsOf(much.lists[0]) == std::vector<uint32_t>{1, 4, 3});
  CHECK(much.lists[0][1].weight == 0.9f);
}

TEST_CASE("the nearest neighbour is the first one, also where another became it") {
  const ListBundle bundle(kIds, kList);
  const auto steady = bundle.updated(kIds, {{2, 1.0f}, {1, 0.9f}, {3, 0.4f}}, 3);
  CHECK(itemsOf(steady.lists[0]) == std::vector<uint32_t>{2, 1, 3});
}

TEST_CASE("where all weights moved alike only the scale does") {
  const ListBundle bundle(kIds, kList);
  const auto steady = bundle.updated(kIds, {{1, 1.4f}, {2, 1.12f}, {3, 0.84f}}, 3);
  CHECK(steady.scales[0] == Approx(1.4 * bundle.scale()).epsilon(0.01));
  for (size_t i = 0; i < 3; ++i)
    CHECK(std::round(steady.lists[0][i].weight / steady.scales[0]) ==
          std::round(kList[i].weight * 255));
}

TEST_CASE("a list that would not fit its scale is written anew") {
  const ListBundle bundle(kIds, kList);
  // Together they are as they were, but one is far too large for a byte.
  const auto larger = bundle.updated(kIds, {{1, 2.0f}, {2, 0.3f}, {3, 0.1f}}, 3);
  CHECK(larger.scales[0] == 0);
  CHECK(larger.lists[0][0].weight == 2.0f);
  const auto gone = bundle.updated(kIds, {}, 3);
  CHECK(gone.scales[0] == 0);
  CHECK(gone.lists[0].empty());
}

TEST_CASE("numbers are those of the data, where items have come and gone") {
  const ListBundle bundle(kIds, kList);
  const Ids now = {"a", "aa", "d", "c", "f"};  // b and e are gone
  const auto steady = bundle.updated(now, {{3, 0.8f}, {2, 0.6f}, {4, 0.5f}, {1, 0.4f}}, 3);
  // c became the nearest, d keeps its place after it, and f has what b had.
  CHECK(itemsOf(steady.lists[0]) == std::vector<uint32_t>{3, 2, 4});
  CHECK(steady.lists[0][1].weight == Approx(0.6).epsilon(0.003));
  const KnownItems known(*bundle, tableOf(now));
  CHECK(known.inBundle == std::vector<uint32_t>{0, kUnknownItem, 3, 2, kUnknownItem});
  CHECK(known.inData == std::vector<uint32_t>{0, kUnknownItem, 3, 2, kUnknownItem});
}

TEST_CASE("an update after an update changes nothing more, and errors do not add up") {
  std::vector<Neighbour> fresh = kList;
  auto list = std::make_unique<ListBundle>(kIds, kList);
  for (int step = 0; step < 20; ++step) {
    for (Neighbour& one : fresh) one.weight *= 1.04f;
    const auto steady = list->updated(kIds, fresh, 3);
    for (size_t i = 0; i < 3; ++i)
      CHECK(steady.lists[0][i].weight == Approx(fresh[i].weight).epsilon(0.11));
    list = std::make_unique<ListBundle>(kIds, steady.lists[0]);
  }
  CHECK(list->updated(kIds, fresh, 3).scales[0] == list->scale());
}

TEST_CASE("weights as floats stay as well, and there are no scales") {
  const ListBundle bundle(kIds, kList, BundlePrecision::float32);
  const auto steady = bundle.updated(kIds, {{1, 1.05f}, {2, 0.75f}, {3, 0.7f}}, 3);
  CHECK(steady.scales.empty());
  CHECK(steady.lists[0][0].weight == 1.0f);
  CHECK(steady.lists[0][1].weight == 0.8f);
  CHECK(steady.lists[0][2].weight == 0.7f);
}

TEST_CASE("new items have the list of the data, as long as lists are") {
  const ListBundle bundle({"b", "c"}, {{1, 1.0f}});
  const auto steady = bundle.updated({"a", "b", "c"}, {{1, 0.5f}, {2, 0.4f}}, 1);
  CHECK(itemsOf(steady.lists[0]) == std::vector<uint32_t>{1});
  CHECK(steady.lists[0][0].weight == 0.5f);
  CHECK(steady.scales[0] == 0);
}

TEST_CASE("a prior that hardly moved stays, one of a new item or of a model without any is the data's") {
  const ListBundle bundle(kIds, kList);
  const KnownItems known(*bundle, tableOf({"a", "aa", "b"}));
  std::vector<float> prior = {1.009f, 1.009f, 1.02f};
  steadyPrior(*bundle, known, SectionKind::ItemPrior, prior);
  CHECK(prior == std::vector<float>{1.0f, 1.009f, 1.02f});
  steadyPrior(*bundle, known, SectionKind::ColdPrior, prior);
  CHECK(prior == std::vector<float>{1.0f, 1.009f, 1.02f});
}

TEST_CASE("lists of a bundle that has none are refused") {
  BundleBuilder builder(1, "popularity-count", ModelKind::Popularity);
  builder.addStrings(SectionKind::ItemIdText, SectionKind::ItemIdOffsets, Ids{"a"});
  const auto bytes = builder.finish();
  const Bundle bundle = Bundle::open(bytes).value();
  CHECK_THROWS_AS(steadyLists(bundle, KnownItems(bundle, tableOf({"a"})), NeighbourLists(1), 3),
                  UserError);
}
