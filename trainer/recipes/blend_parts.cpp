#include "trainer/recipes/blend_parts.h"

#include <cmath>

#include "trainer/recipes/recency.h"

namespace attune::trainer {
namespace {

void addItems(SectionKind kind, const std::vector<float>& values, const ItemOrder& order,
              BundleBuilder& bundle) {
  if (values.empty()) return;
  std::vector<float> ordered;
  for (const uint32_t item : order.toDataset) ordered.push_back(values[item]);
  bundle.add(kind, ordered);
}

}  // namespace

bool BlendParts::any() const {
  return weights.sequence != 1 || weights.neighbours != 0 || weights.repeat != 0 ||
         !prior.empty() || !coldPrior.empty();
}

void BlendParts::write(const ItemOrder& order, BundlePrecision precision,
                       BundleBuilder& bundle) const {
  if (!any()) return;
  bundle.setBlend({weights.sequence, weights.neighbours, weights.neighbourScale,
                   weights.recencyDecay, weights.repeat});
  if (weights.neighbours != 0)
    writeNeighbours(neighbours, order, precision, bundle, neighbourScales);
  addItems(SectionKind::ItemPrior, prior, order, bundle);
  addItems(SectionKind::ColdPrior, coldPrior, order, bundle);
}

BlendParts learnBlendParts(const Dataset& data, const Sequences& sequences,
                           const SequenceChoices& choices, const ItemCounts& counts,
                           bool recencyBias, unsigned threads) {
  BlendParts parts;
  parts.weights = choices.blend;
  const auto items = static_cast<uint32_t>(data.items.size());
  if (parts.weights.neighbours != 0)
    parts.neighbours = blendNeighbours(sequences, items, choices.listLength, threads);
  if (recencyBias) {
    const PopularityDrift drift = measureDrift(data.interactions, items);
    if (drift.gain >= kDriftThatCounts)
      parts.prior = driftCorrection(data.interactions, items, drift.halfLifeSeconds);
    parts.coldPrior = parts.prior;
  }
  if (parts.weights.popularity == 0) return parts;
  parts.prior.resize(items);
  for (uint32_t item = 0; item < items; ++item)
    parts.prior[item] +=
        parts.weights.popularity * std::log(static_cast<float>(counts.usersOfItem[item]) + 0.5f);
  return parts;
}

}  // namespace attune::trainer
