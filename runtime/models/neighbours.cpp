#include "runtime/models/neighbours.h"

#include <algorithm>

namespace attune {
namespace {

/// How like the nearest neighbour is, where 1 is an item itself. With it a diversity of a half makes
/// lists about as much less alike as those of the sequence models (tests/bench/diversity.mjs).
constexpr float kNearest = 0.2f;

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

Status NeighbourModel::score(const Query& query, ModelScratch& scratch,
                             std::span<float> scores) const {
  counts_.fill(popularityBlend_, scores);
  ATTUNE_TRY(scratch.marks.resize(scores.size()));
  table_.forHistory(query.session.events(), recencyDecay_, scratch.marks.span(),
                    [&](uint32_t neighbour, float share) { scores[neighbour] += share; });
  return {};
}

Status NeighbourModel::scoreRelated(uint32_t item, ModelScratch&, std::span<float> scores) const {
  counts_.fill(popularityBlend_, scores);
  table_.forNeighbours(item, 1,
                       [&](uint32_t neighbour, float share) { scores[neighbour] += share; });
  return {};
}

float NeighbourModel::similarity(uint32_t a, uint32_t b) const {
  float found = 0;
  const auto look = [&](uint32_t from, uint32_t to) {
    float nearest = 0;
    table_.forNeighbours(from, 1, [&](uint32_t neighbour, float weight) {
      nearest = std::max(nearest, weight);
      if (neighbour == to && nearest > 0) found = std::max(found, kNearest * weight / nearest);
    });
  };
  look(a, b), look(b, a);
  return found;
}

}  // namespace attune
