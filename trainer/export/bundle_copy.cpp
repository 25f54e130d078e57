// Reading a bundle back into the parts it was written from.
#include "trainer/export/bundle_builder.h"

namespace attune::trainer {
namespace {

TransformerConfig configOf(const schema::Transformer& table) {
  return {.dimension = table.dimension(),
          .layers = table.layers(),
          .heads = table.heads(),
          .feedForward = table.feed_forward(),
          .window = table.window(),
          .normEpsilon = table.norm_epsilon(),
          .inputScale = table.input_scale(),
          .pointer = table.pointer()};
}

RecurrentConfig configOf(const schema::Recurrent& table) {
  return {.dimension = table.dimension(),
          .window = table.window(),
          .sessionGapSeconds = table.session_gap(),
          .normEpsilon = table.norm_epsilon(),
          .inputScale = table.input_scale()};
}

BlendConfig configOf(const schema::Blend& table) {
  return {.sequence = table.sequence(),
          .neighbours = table.neighbours(),
          .neighbourScale = table.neighbour_scale(),
          .recencyDecay = table.recency_decay(),
          .repeat = table.repeat()};
}

/// Adds the structs of a vector that may be missing.
template <typename T>
void append(const flatbuffers::Vector<const T*>* from, std::vector<T>& to) {
  if (from == nullptr) return;
  for (const T* one : *from) to.push_back(*one);
}

}  // namespace

BundleBuilder BundleBuilder::copyOf(const Bundle& bundle) {
  const schema::Bundle& header = bundle.header();
  BundleBuilder copy(header.item_count(), std::string(bundle.recipe()), header.model());
  copy.formatMinor_ = header.format_minor();
  copy.hasRowsWithoutOffsets_ = (header.required_features() & BundleLimits::kRowsFeature) != 0;
  for (const schema::Section* section : *header.sections()) copy.take(*section, header);
  if (header.names() != nullptr) copy.names_.assign(header.names()->begin(), header.names()->end());
  append(header.columns(), copy.columns_);
  append(header.query_columns(), copy.queryColumns_);
  if (const auto* table = header.popularity()) copy.setPopularity(table->user_count());
  if (const auto* table = header.neighbours())
    copy.setNeighbours(table->recency_decay(), table->popularity_blend());
  if (const auto* table = header.transformer()) copy.setTransformer(configOf(*table));
  if (const auto* table = header.blend()) copy.setBlend(configOf(*table));
  if (const auto* table = header.recurrent()) copy.setRecurrent(configOf(*table));
  copy.setShortlist(header.shortlist());
  copy.setProvenance(std::string(bundle.provenance()));
  return copy;
}

void BundleBuilder::take(const schema::Section& section, const schema::Bundle& header) {
  const std::span bytes(header.data()->data() + section.offset(), section.length());
  add(section.kind(), section.element(), std::as_bytes(bytes), section.column());
  parts_[{section.kind(), section.column()}].flags = section.flags();
}

void BundleBuilder::takeWeights(const Bundle& bundle) {
  const schema::Bundle& header = bundle.header();
  for (const schema::Section* section : *header.sections())
    if (section->kind() >= SectionKind::AttentionNorm && section->kind() <= SectionKind::StartVector)
      take(*section, header);
  if (header.query_columns() != nullptr)
    for (const schema::QueryColumn* column : *header.query_columns()) {
      const auto* name = header.names()->data() + column->name_offset();
      addQueryColumn({reinterpret_cast<const char*>(name), column->name_length()}, column->kind(),
                     column->type());
    }
  if (const auto* table = header.transformer()) setTransformer(configOf(*table));
  if (const auto* table = header.recurrent()) setRecurrent(configOf(*table));
}

}  // namespace attune::trainer
