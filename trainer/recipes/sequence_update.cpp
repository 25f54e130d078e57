#include "trainer/recipes/sequence_update.h"

#include <algorithm>
#include <cmath>

#include "runtime/models/item_vectors.h"
#include "trainer/base/errors.h"
#include "trainer/recipes/cold_start.h"
#include "trainer/recipes/new_item_popularity.h"
#include "trainer/recipes/new_item_vectors.h"
#include "trainer/recipes/sequence_recipe.h"
#include "trainer/recipes/steady_update.h"

namespace attune::trainer {
namespace {

template <typename T>
T& valueOf(Result<T>&& result) {
  if (!result.ok()) throw UserError(std::string("the bundle is damaged: ") + result.error().what);
  return result.value();
}

size_t dimensionOf(const Bundle& bundle) {
  const schema::Bundle& header = bundle.header();
  return header.model() == ModelKind::Recurrent ? header.recurrent()->dimension()
                                                : header.transformer()->dimension();
}

/// Lets new items compete by what their popularity promises.
void liftNewItems(const Dataset& data, const std::vector<uint8_t>& known,
                  SequenceUpdateParts& parts) {
  const float weight = parts.blend.weights.popularity;
  if (weight == 0) return;
  const std::vector<float> promised = extrapolatedCounts(data.interactions, parts.counts, known);
  for (uint32_t item = 0; item < known.size(); ++item)
    if (known[item] == 0)
      parts.blend.prior[item] +=
          weight * (std::log(promised[item] + 0.5f) -
                    std::log(static_cast<float>(parts.counts.usersOfItem[item]) + 0.5f));
}

/// Leaves of the blend what still holds.
void steadyBlend(const Bundle& bundle, const KnownItems& known, SequenceUpdateParts& parts) {
  BlendParts& blend = parts.blend;
  if (blend.weights.neighbours != 0) {
    SteadyLists steady =
        steadyLists(bundle, known, std::move(blend.neighbours), parts.listLength);
    blend.neighbours = std::move(steady.lists);
    blend.neighbourScales = std::move(steady.scales);
  }
  steadyPrior(bundle, known, SectionKind::ItemPrior, blend.prior);
  steadyPrior(bundle, known, SectionKind::ColdPrior, blend.coldPrior);
}

class UpdatedSequenceModel : public TrainedModel {
 public:
  UpdatedSequenceModel(const Bundle& bundle, ItemVectors old, std::vector<uint32_t> oldNumbers,
                       ItemVectorTable table, SequenceUpdateParts parts, nlohmann::json choices)
      : bundle_(bundle),
        old_(old),
        oldNumbers_(std::move(oldNumbers)),
        table_(std::move(table)),
        parts_(std::move(parts)),
        choices_(std::move(choices)) {}

  ModelKind kind() const override { return bundle_.header().model(); }
  nlohmann::json choices() const override { return choices_; }

  void write(const ItemOrder& order, BundlePrecision precision,
             BundleBuilder& bundle) const override {
    bundle.takeWeights(bundle_);
    writeVectors(order, bundle);
    writeAllowed(parts_.allowed, order, bundle);
    writeCounts(parts_.counts, order, bundle);
    parts_.blend.write(order, precision, bundle);
  }

 private:
  void writeVectors(const ItemOrder& order, BundleBuilder& bundle) const {
    if (!old_.floats.empty())
      return writeItemVectors(table_.vectors, table_.dimension, order, BundlePrecision::float32,
                              bundle);
    const size_t stride = old_.bytes.stride;
    std::vector<int8_t> rows;
    std::vector<float> scales;
    for (const uint32_t item : order.toDataset) {
      const uint32_t old = oldNumbers_[item];
      // Rounded anew, a known row might come out otherwise, and every device would load it again.
      const QuantisedRows fresh = old == kUnknownItem
                                      ? quantiseRows(vectorOf(item), table_.dimension, stride)
                                      : QuantisedRows{};
      const std::span<const int8_t> row =
          old == kUnknownItem ? std::span<const int8_t>(fresh.bytes) : old_.bytes.row(old);
      rows.insert(rows.end(), row.begin(), row.end());
      scales.push_back(old == kUnknownItem ? fresh.scales[0] : old_.bytes.scales[old]);
    }
    bundle.add(SectionKind::ItemVectors, rows);
    bundle.add(SectionKind::ItemVectorScales, scales);
  }

  std::span<const float> vectorOf(uint32_t item) const {
    return std::span(table_.vectors).subspan(item * table_.dimension, table_.dimension);
  }

  const Bundle& bundle_;
  ItemVectors old_;
  std::vector<uint32_t> oldNumbers_;  // (items) in the bundle, or kUnknownItem
  ItemVectorTable table_;
  SequenceUpdateParts parts_;
  nlohmann::json choices_;
};

}  // namespace

std::unique_ptr<TrainedModel> updateSequenceModel(const Bundle& bundle, const Dataset& data,
                                                  const Sequences& sequences,
                                                  SequenceUpdateParts parts,
                                                  const TrainOptions& options) {
  KnownItems known(bundle, data.items);
  ItemVectorTable table;
  table.dimension = dimensionOf(bundle);
  const ItemVectors old = valueOf(readItemVectors(bundle, table.dimension));
  const uint32_t items = data.items.size();
  table.vectors.resize(items * table.dimension);
  for (uint32_t item = 0; item < items; ++item) {
    table.known.push_back(known.inBundle[item] != kUnknownItem);
    if (table.known[item] != 0)
      old.copy(known.inBundle[item],
               std::span(table.vectors).subspan(item * table.dimension, table.dimension));
  }
  if (std::find(table.known.begin(), table.known.end(), 1) == table.known.end())
    throw UserError("the bundle knows none of the store's " + std::to_string(items) +
                    " items: it was trained on another catalogue");
  liftNewItems(data, table.known, parts);
  steadyBlend(bundle, known, parts);
  fillNewItemVectors(parts.features, parts.counts, Baskets(sequences, items), options.threads,
                     table);
  return std::make_unique<UpdatedSequenceModel>(bundle, old, std::move(known.inBundle),
                                                std::move(table), std::move(parts),
                                                options.choices);
}

}  // namespace attune::trainer
