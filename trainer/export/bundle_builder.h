#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "runtime/bundle/bundle.h"
#include "runtime/models/blend.h"
#include "runtime/models/recurrent.h"
#include "runtime/bundle/query_columns.h"
#include "runtime/models/transformer.h"

namespace attune::trainer {

/// Collects the parts of a bundle and writes them as one file. The bytes depend on the parts alone,
/// not on the order in which they were added, the machine or the time.
class BundleBuilder {
 public:
  BundleBuilder(uint32_t itemCount, std::string recipe, ModelKind model)
      : itemCount_(itemCount), recipe_(std::move(recipe)), model_(model) {}

  /// The parts of a bundle, to write it anew with some of them changed; finish() without a change
  /// gives the same bytes. Its own file lists what a header holds: bundle_copy.cpp.
  static BundleBuilder copyOf(const Bundle& bundle);

  /// Takes over what a bundle holds that speaks of no single item: its model's weights and
  /// configuration, and the columns of users and requests. After the item columns were added.
  void takeWeights(const Bundle& bundle);

  /// Adds a section; T is int8_t, uint8_t, uint16_t, int32_t, uint32_t, float or double.
  template <typename T>
  void add(SectionKind kind, std::span<const T> values, uint32_t column = 0) {
    add(kind, elementOf(T{}), std::as_bytes(values), column);
  }
  template <typename T>
  void add(SectionKind kind, const std::vector<T>& values, uint32_t column = 0) {
    add(kind, std::span<const T>(values), column);
  }
  /// Adds indexes below `bound` in the narrowest type that holds them.
  void addIndexes(SectionKind kind, std::span<const uint32_t> values, uint32_t bound,
                  uint32_t column = 0);
  /// Adds where rows of so many elements begin, in as few bytes as that takes.
  void addRows(const RowSections& sections, std::span<const uint32_t> lengths, uint32_t column = 0);
  /// Adds strings as one text and where in it they begin, as addRows does it.
  void addStrings(SectionKind text, const RowSections& rows, std::span<const std::string> strings,
                  uint32_t column = 0);
  /// Adds strings as one text and its offsets.
  void addStrings(SectionKind text, SectionKind offsets, std::span<const std::string> strings,
                  uint32_t column = 0) {
    addStrings(text, RowSections{offsets}, strings, column);
  }
  void remove(SectionKind kind, uint32_t column = 0) { parts_.erase({kind, column}); }
  bool has(SectionKind kind, uint32_t column = 0) const { return parts_.contains({kind, column}); }
  /// REQUIRES: has(kind, column)
  std::span<const std::byte> bytesOf(SectionKind kind, uint32_t column = 0) const {
    return parts_.at({kind, column}).bytes;
  }
  /// Adds a metadata column and returns its number.
  uint32_t addColumn(const std::string& name, ColumnType type, double nullNumber);

  /// Adds a column of users or requests and returns its number; its features follow those of the
  /// columns before it.
  uint32_t addQueryColumn(const std::string& name, QueryKind kind, ColumnType type);

  void setPopularity(uint32_t userCount) { userCount_ = userCount; }
  void setNeighbours(float recencyDecay, float popularityBlend) {
    hasNeighbours_ = true;
    recencyDecay_ = recencyDecay;
    popularityBlend_ = popularityBlend;
  }
  void setTransformer(const TransformerConfig& config) { transformer_ = config; }
  void setBlend(const BlendConfig& config) { blend_ = config; }
  void setRecurrent(const RecurrentConfig& config) { recurrent_ = config; }
  /// With codes of the items: how many of the best by them are scored exactly. 0 = no codes.
  void setShortlist(uint32_t items) { shortlist_ = items; }
  void setProvenance(std::string json) { provenance_ = std::move(json); }

  uint32_t itemCount() const { return itemCount_; }
  /// Of the item vectors; 0 for a model without them.
  size_t dimension() const {
    return transformer_ ? transformer_->dimension : recurrent_ ? recurrent_->dimension : 0;
  }

  /// The file's bytes. Throws UserError when they would exceed 1 GiB.
  std::vector<uint8_t> finish() const;

 private:
  struct Part {
    Element element;
    uint8_t flags;
    std::vector<std::byte> bytes;
  };
  static constexpr Element elementOf(int8_t) { return Element::I8; }
  static constexpr Element elementOf(uint8_t) { return Element::U8; }
  static constexpr Element elementOf(uint16_t) { return Element::U16; }
  static constexpr Element elementOf(int32_t) { return Element::I32; }
  static constexpr Element elementOf(uint32_t) { return Element::U32; }
  static constexpr Element elementOf(float) { return Element::F32; }
  static constexpr Element elementOf(double) { return Element::F64; }
  void add(SectionKind kind, Element element, std::span<const std::byte> bytes, uint32_t column);
  void take(const schema::Section& section, const schema::Bundle& header);
  uint64_t requiredFeatures() const;

  uint32_t itemCount_;
  std::string recipe_;
  ModelKind model_;
  uint16_t formatMinor_ = BundleLimits::kFormatMinor;
  std::map<std::pair<SectionKind, uint32_t>, Part> parts_;  // in the order the format wants
  std::string names_;
  std::vector<schema::Column> columns_;
  std::vector<schema::QueryColumn> queryColumns_;
  uint32_t userCount_ = 0;
  bool hasNeighbours_ = false;
  float recencyDecay_ = 0;
  float popularityBlend_ = 0;
  std::optional<TransformerConfig> transformer_;
  std::optional<BlendConfig> blend_;
  std::optional<RecurrentConfig> recurrent_;
  uint32_t shortlist_ = 0;
  bool hasRowsWithoutOffsets_ = false;
  std::string provenance_;
};

}  // namespace attune::trainer
