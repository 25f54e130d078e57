#include "runtime/models/neighbours.h"

namespace attune {
namespace {

/// Past items that weigh less than this change no list.
constexpr float kLeastWeight = 1e-6f;

Error corrupt(const char* what) { return {ErrorCode::CorruptBundle, what}; }

Status openWeights(const Bundle& bundle, NeighbourModel::Weights& weights) {
  const size_t links = weights.items.size();
  if (!bundle.has(SectionKind::NeighbourScales)) {
    const auto floats = bundle.floats(SectionKind::NeighbourWeights, links);
    ATTUNE_TRY(floats);
    weights.floats = floats.value();
    return {};
  }
  const auto bytes = bundle.bytes(SectionKind::NeighbourWeights);
  ATTUNE_TRY(bytes);
  if (bytes.value().size() != links) return corrupt("neighbours and their weights do not match");
  const auto scales = bundle.floats(SectionKind::NeighbourScales, bundle.itemCount());
  ATTUNE_TRY(scales);
  for (const float scale : scales.value())
    if (scale < 0 || scale > 1e6f) return corrupt("a neighbour scale is out of range");
  weights.bytes = bytes.value();
  weights.scales = scales.value();
  return {};
}

}  // namespace

Result<Owned<Model>> NeighbourModel::open(const Bundle& bundle) {
  const auto* config = bundle.header().neighbours();
  if (config == nullptr) return corrupt("the neighbour model has no configuration");
  Weights weights;
  weights.recencyDecay = config->recency_decay();
  weights.popularityBlend = config->popularity_blend();
  if (!(weights.recencyDecay > 0 && weights.recencyDecay <= 1) ||
      !(weights.popularityBlend >= 0 && weights.popularityBlend <= 1))
    return corrupt("a parameter of the neighbour model is out of range");
  const auto items = bundle.indexes(SectionKind::NeighbourItems, bundle.itemCount());
  ATTUNE_TRY(items);
  weights.items = items.value();
  const auto offsets =
      bundle.offsets(SectionKind::NeighbourOffsets, bundle.itemCount(), items.value().size());
  ATTUNE_TRY(offsets);
  weights.offsets = offsets.value();
  ATTUNE_TRY(openWeights(bundle, weights));
  const auto counts = PopularityCounts::open(bundle);
  ATTUNE_TRY(counts);
  Owned<Model> model = makeOwned<NeighbourModel>(weights, counts.value());
  if (!model) return Error{ErrorCode::OutOfMemory, "out of memory"};
  return model;
}

Status NeighbourModel::score(const Query& query, Scratch& scratch,
                             std::span<float> scores) const {
  const std::span<const SessionEvent> history = query.session.events();
  counts_.fill(weights_.popularityBlend, scores);
  ATTUNE_TRY(scratch.marks.resize(scores.size()));
  float weight = 1;
  for (size_t i = history.size(); i-- > 0 && weight >= kLeastWeight;) {
    const uint32_t item = history[i].item;
    if (item == kUnknownItem || scratch.marks[item] != 0) continue;
    scratch.marks[item] = 1;
    addNeighbours(item, weight, scores);
    weight *= weights_.recencyDecay;
  }
  for (const SessionEvent& event : history)
    if (event.item != kUnknownItem) scratch.marks[event.item] = 0;
  return {};
}

Status NeighbourModel::scoreRelated(uint32_t item, Scratch&, std::span<float> scores) const {
  counts_.fill(weights_.popularityBlend, scores);
  addNeighbours(item, 1.0f, scores);
  return {};
}

void NeighbourModel::addNeighbours(uint32_t item, float weight, std::span<float> scores) const {
  const uint32_t begin = weights_.offsets[item];
  const uint32_t end = weights_.offsets[item + 1];
  if (weights_.scales.empty()) {
    for (uint32_t i = begin; i < end; ++i) scores[weights_.items[i]] += weight * weights_.floats[i];
    return;
  }
  const float scale = weight * weights_.scales[item];
  for (uint32_t i = begin; i < end; ++i)
    scores[weights_.items[i]] += scale * static_cast<float>(weights_.bytes[i]);
}

}  // namespace attune
