#include "runtime/models/neighbours.h"

namespace attune {
namespace {

/// Past items that weigh less than this change no list.
constexpr float kLeastWeight = 1e-6f;

Error corrupt(const char* what) { return {ErrorCode::CorruptBundle, what}; }

}  // namespace

Result<Owned<Model>> NeighbourModel::open(const Bundle& bundle) {
  const auto* config = bundle.header().neighbours();
  if (config == nullptr) return corrupt("the neighbour model has no configuration");
  const float decay = config->recency_decay();
  const float blend = config->popularity_blend();
  if (!(decay > 0 && decay <= 1) || !(blend >= 0 && blend <= 1))
    return corrupt("a parameter of the neighbour model is out of range");
  const auto table = NeighbourTable::open(bundle);
  ATTUNE_TRY(table);
  const auto counts = PopularityCounts::open(bundle);
  ATTUNE_TRY(counts);
  Owned<Model> model =
      makeOwned<NeighbourModel>(table.value(), counts.value(), decay, blend);
  if (!model) return Error{ErrorCode::OutOfMemory, "out of memory"};
  return model;
}

Status NeighbourModel::score(const Query& query, Scratch& scratch,
                             std::span<float> scores) const {
  const std::span<const SessionEvent> history = query.session.events();
  counts_.fill(popularityBlend_, scores);
  ATTUNE_TRY(scratch.marks.resize(scores.size()));
  float weight = 1;
  for (size_t i = history.size(); i-- > 0 && weight >= kLeastWeight;) {
    const uint32_t item = history[i].item;
    if (item == kUnknownItem || scratch.marks[item] != 0) continue;
    scratch.marks[item] = 1;
    addNeighbours(item, weight, scores);
    weight *= recencyDecay_;
  }
  for (const SessionEvent& event : history)
    if (event.item != kUnknownItem) scratch.marks[event.item] = 0;
  return {};
}

Status NeighbourModel::scoreRelated(uint32_t item, Scratch&, std::span<float> scores) const {
  counts_.fill(popularityBlend_, scores);
  addNeighbours(item, 1.0f, scores);
  return {};
}

void NeighbourModel::addNeighbours(uint32_t item, float weight, std::span<float> scores) const {
  table_.forNeighbours(item, weight,
                       [&](uint32_t neighbour, float share) { scores[neighbour] += share; });
}

}  // namespace attune
