#include "trainer/export/first_pass.h"

#include <algorithm>

#include "runtime/serve/engine.h"
#include "trainer/base/errors.h"
#include "trainer/export/item_codes.h"

namespace attune::trainer {
namespace {

constexpr uint32_t kResults = 25;
constexpr uint32_t kShortest = 256;
/// More than a sixteenth of the items are not found and scored in less time than all are.
constexpr uint32_t kLargestShare = 16;

void check(const Status& status) {
  if (!status.ok()) throw UserError(std::string("the first pass over the items: ") + status.error().what);
}

/// For each history the places, from 1, that the exact best items have by their codes.
std::vector<uint32_t> placesOf(const Engine& engine,
                               const std::vector<std::vector<uint32_t>>& histories) {
  std::vector<uint32_t> places;
  Scratch scratch;
  for (const std::vector<uint32_t>& history : histories) {
    Session session(engine.items(), static_cast<uint32_t>(history.size()));
    int64_t time = 0;
    for (const uint32_t item : history) {
      const auto recorded = session.record(engine.items()[item], "click", ++time, 0);
      if (!recorded.ok()) check(recorded.error());
    }
    ListRequest request{.numResults = std::min(kResults, engine.items().size())};
    request.exact = true;
    check(engine.recommend(session, request, scratch));
    std::vector<uint32_t> best;
    for (const Scored& one : scratch.ranked) best.push_back(one.item);
    check(engine.model().score({session}, scratch, scratch.scores.span()));
    std::vector<float> sorted(scratch.scores.begin(), scratch.scores.end());
    std::sort(sorted.begin(), sorted.end(), std::greater<>());
    for (const uint32_t item : best) {
      const auto end = std::upper_bound(sorted.begin(), sorted.end(), scratch.scores[item],
                                        std::greater<>());
      places.push_back(static_cast<uint32_t>(end - sorted.begin()));
    }
  }
  return places;
}

void addCodes(BundleBuilder& bundle) {
  const auto rows = bundle.bytesOf(SectionKind::ItemVectors);
  const size_t stride = rows.size() / bundle.itemCount();
  const ItemCodes codes = codeItems({reinterpret_cast<const int8_t*>(rows.data()), rows.size()},
                                    bundle.dimension(), stride);
  bundle.add(SectionKind::ItemCodes, codes.codes);
  bundle.add(SectionKind::ItemCodePoints, codes.points);
  bundle.setShortlist(1);
}

/// The shortest list with the recall that is asked for, or the longest that may be.
FirstPass measure(const BundleBuilder& bundle,
                  const std::vector<std::vector<uint32_t>>& histories) {
  const std::vector<uint8_t> file = bundle.finish();
  Buffer<uint8_t> bytes;  // aligned
  check(bytes.append(std::span<const uint8_t>(file)));
  const auto engine = Engine::open(bytes.span());
  if (!engine.ok()) check(engine.error());
  const std::vector<uint32_t> places = placesOf(*engine.value(), histories);
  FirstPass pass{.queries = static_cast<uint32_t>(histories.size())};
  for (uint32_t longer = kShortest;;) {
    pass.shortlist = longer;
    const auto within = std::count_if(places.begin(), places.end(), [&](uint32_t place) {
      return place <= pass.shortlist;
    });
    pass.recallAt25 = static_cast<double>(within) / static_cast<double>(places.size());
    longer += longer / 8;
    if (pass.recallAt25 >= kFirstPassRecall ||
        uint64_t{longer} * kLargestShare > bundle.itemCount())
      return pass;
  }
}

}  // namespace

std::optional<FirstPass> addFirstPass(const std::vector<std::vector<uint32_t>>& histories,
                                      BundleBuilder& bundle) {
  if (!bundle.has(SectionKind::ItemVectorScales)) return std::nullopt;
  addCodes(bundle);
  const FirstPass pass = measure(bundle, histories);
  if (pass.recallAt25 < kFirstPassRecall) {
    bundle.remove(SectionKind::ItemCodes);
    bundle.remove(SectionKind::ItemCodePoints);
    bundle.setShortlist(0);
    return std::nullopt;
  }
  bundle.setShortlist(pass.shortlist);
  return pass;
}

}  // namespace attune::trainer
