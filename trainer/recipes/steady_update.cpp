#include "trainer/recipes/steady_update.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "runtime/bundle/vocabulary.h"
#include "runtime/models/neighbour_table.h"
#include "trainer/base/errors.h"

namespace attune::trainer {
namespace {

constexpr float kListTolerance = 0.1f;
/// All weights of a list together may move less than one of them, before its scale moves.
constexpr float kScaleTolerance = kListTolerance / 2;
constexpr float kPriorTolerance = 0.01f;
/// Stored weights from which on a list has bits enough, if that is what its largest one is.
constexpr float kLargestByte = 255, kLeastLargestByte = 128;

template <typename T>
T valueOf(Result<T> result) {
  if (!result.ok()) throw UserError(std::string("the bundle is damaged: ") + result.error().what);
  return std::move(result.value());
}

/// One list of a bundle, by the numbers of the newer data; what these do not have is left out.
struct StoredList {
  std::vector<Neighbour> neighbours;
  float scale = 0;  ///< 0: weights are floats
};

class StoredLists {
 public:
  StoredLists(const Bundle& bundle, const KnownItems& known)
      : known_(known), table_(valueOf(NeighbourTable::open(bundle))) {
    if (bundle.has(SectionKind::NeighbourScales))
      scales_ = valueOf(bundle.floats(SectionKind::NeighbourScales, bundle.itemCount()));
  }

  bool scaled() const { return !scales_.empty(); }

  /// Of an item of the data that the bundle knows.
  StoredList of(uint32_t item) const {
    const uint32_t row = known_.inBundle[item];
    StoredList list;
    if (scaled()) list.scale = scales_[row];
    table_.forNeighbours(row, 1, [&](uint32_t neighbour, float weight) {
      const uint32_t number = known_.inData[neighbour];
      if (number != kUnknownItem && weight > 0) list.neighbours.push_back({number, weight});
    });
    return list;
  }

 private:
  const KnownItems& known_;
  NeighbourTable table_;
  std::span<const float> scales_;
};

/// Makes one list after another of what a bundle has and what the data say.
class Steadying {
 public:
  Steadying(size_t items, size_t length) : length_(length), fresh_(items), stored_(items) {}

  /// The list and its scale: nothing where the list of the data must be taken as it is.
  std::optional<StoredList> steadied(const StoredList& old, const std::vector<Neighbour>& fresh) {
    for (const Neighbour& one : fresh) fresh_[one.item] = one.weight;
    const float move = moveOf(old);
    for (const Neighbour& one : old.neighbours) stored_[one.item] = one.weight * move;
    StoredList list{inPlace(old.neighbours, chosen(fresh)), old.scale * move};
    for (const Neighbour& one : old.neighbours) stored_[one.item] = 0;
    for (const Neighbour& one : fresh) fresh_[one.item] = 0;
    if (list.neighbours.empty() || (old.scale > 0 && !fits(list))) return std::nullopt;
    return list;
  }

 private:
  /// How much all weights went up or down together, where it is more than a little.
  float moveOf(const StoredList& old) const {
    double before = 0, now = 0;
    for (const Neighbour& one : old.neighbours) {
      if (fresh_[one.item] == 0) continue;
      before += one.weight;
      now += fresh_[one.item];
    }
    const auto move = static_cast<float>(before > 0 ? now / before : 1);
    return std::fabs(move - 1) > kScaleTolerance ? move : 1.0f;
  }

  /// The nearest by what the data say, where those in the old list have a little advantage.
  std::vector<Neighbour> chosen(std::vector<Neighbour> fresh) const {
    const auto favoured = [&](const Neighbour& one) {
      return stored_[one.item] > 0 ? one.weight * (1 + kListTolerance) : one.weight;
    };
    std::stable_sort(fresh.begin(), fresh.end(), [&](const Neighbour& a, const Neighbour& b) {
      return favoured(a) > favoured(b);
    });
    fresh.resize(std::min(fresh.size(), length_));
    for (Neighbour& one : fresh) {
      const float stored = stored_[one.item];
      if (std::fabs(stored - one.weight) <= kListTolerance * one.weight) one.weight = stored;
    }
    return fresh;
  }

  /// Those that were there stay in their places and the others take what is free; the nearest goes
  /// to the first.
  static std::vector<Neighbour> inPlace(const std::vector<Neighbour>& old,
                                        const std::vector<Neighbour>& chosen) {
    const auto at = [](const std::vector<Neighbour>& list, uint32_t item) {
      return std::find_if(list.begin(), list.end(),
                          [&](const Neighbour& one) { return one.item == item; });
    };
    std::vector<Neighbour> others, list;
    for (const Neighbour& one : chosen)
      if (at(old, one.item) == old.end()) others.push_back(one);
    auto next = others.begin();
    for (const Neighbour& one : old) {
      const auto kept = at(chosen, one.item);
      if (kept != chosen.end())
        list.push_back(*kept);
      else if (next != others.end())
        list.push_back(*next++);
    }
    list.insert(list.end(), next, others.end());
    if (!list.empty())
      std::iter_swap(list.begin(), std::max_element(list.begin(), list.end(), byWeight));
    return list;
  }

  static bool byWeight(const Neighbour& a, const Neighbour& b) { return a.weight < b.weight; }

  static bool fits(const StoredList& list) {
    const float byte = std::round(list.neighbours.front().weight / list.scale);
    return byte >= kLeastLargestByte && byte <= kLargestByte;
  }

  size_t length_;
  std::vector<float> fresh_, stored_;  // (items) weights in the lists at hand, else 0
};

}  // namespace

KnownItems::KnownItems(const Bundle& bundle, const StringTable& items) {
  const Vocabulary ids = valueOf(Vocabulary::open(bundle));
  inData.assign(ids.size(), kUnknownItem);
  for (uint32_t item = 0; item < items.size(); ++item) {
    inBundle.push_back(ids.find(items[item]));
    if (inBundle[item] != kUnknownItem) inData[inBundle[item]] = item;
  }
}

SteadyLists steadyLists(const Bundle& bundle, const KnownItems& known, NeighbourLists fresh,
                        size_t length) {
  const StoredLists stored(bundle, known);
  Steadying steadying(fresh.size(), length);
  SteadyLists steady{std::move(fresh), {}};
  if (stored.scaled()) steady.scales.resize(steady.lists.size());
  for (uint32_t item = 0; item < steady.lists.size(); ++item) {
    std::vector<Neighbour>& list = steady.lists[item];
    if (known.inBundle[item] != kUnknownItem)
      if (auto kept = steadying.steadied(stored.of(item), list)) {
        list = std::move(kept->neighbours);
        if (stored.scaled()) steady.scales[item] = kept->scale;
        continue;
      }
    list.resize(std::min(list.size(), length));
  }
  return steady;
}

void steadyPrior(const Bundle& bundle, const KnownItems& known, SectionKind kind,
                 std::vector<float>& prior) {
  if (prior.empty() || !bundle.has(kind)) return;
  const auto stored = valueOf(bundle.floats(kind, bundle.itemCount()));
  for (size_t item = 0; item < prior.size(); ++item) {
    if (known.inBundle[item] == kUnknownItem) continue;
    const float old = stored[known.inBundle[item]];
    if (std::fabs(old - prior[item]) < kPriorTolerance) prior[item] = old;
  }
}

}  // namespace attune::trainer
