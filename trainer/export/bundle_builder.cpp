#include "trainer/export/bundle_builder.h"

#include <algorithm>

#include "trainer/base/errors.h"
#include "trainer/export/sha256.h"

namespace attune::trainer {
namespace {

constexpr size_t kAlignment = 16;

size_t aligned(size_t offset) { return (offset + kAlignment - 1) / kAlignment * kAlignment; }

/// A reader that does not know the items' codes, what is known of users and requests, or named
/// filters, may leave it out.
uint8_t flagsOf(SectionKind kind) {
  const bool ofQueries = kind >= SectionKind::QueryValueText && kind <= SectionKind::StartVector;
  const bool ofCodes = kind >= SectionKind::ItemCodes && kind <= SectionKind::ItemCodePoints;
  const bool ofFilters = kind >= SectionKind::FilterNameText && kind <= SectionKind::FilterOffsets;
  return ofCodes || ofQueries || ofFilters ? 1 : 0;
}

template <typename T>
std::vector<T> narrowed(std::span<const uint32_t> values) {
  return {values.begin(), values.end()};
}

flatbuffers::Offset<flatbuffers::Vector<uint8_t>> textVector(flatbuffers::FlatBufferBuilder& out,
                                                             const std::string& text) {
  return out.CreateVector(reinterpret_cast<const uint8_t*>(text.data()), text.size());
}

flatbuffers::Offset<schema::Transformer> createTransformer(flatbuffers::FlatBufferBuilder& out,
                                                           const TransformerConfig& config) {
  const auto number = [](size_t value) { return static_cast<uint32_t>(value); };
  return schema::CreateTransformer(out, number(config.dimension), number(config.layers),
                                   number(config.heads), number(config.feedForward),
                                   number(config.window), config.normEpsilon, config.inputScale,
                                   number(config.pointer));
}

flatbuffers::Offset<schema::Recurrent> createRecurrent(flatbuffers::FlatBufferBuilder& out,
                                                       const RecurrentConfig& config) {
  return schema::CreateRecurrent(out, static_cast<uint32_t>(config.dimension),
                                 static_cast<uint32_t>(config.window), config.sessionGapSeconds,
                                 config.normEpsilon, config.inputScale);
}

}  // namespace

void BundleBuilder::add(SectionKind kind, Element element, std::span<const std::byte> bytes,
                        uint32_t column) {
  parts_[{kind, column}] = {element, flagsOf(kind), {bytes.begin(), bytes.end()}};
}

void BundleBuilder::addIndexes(SectionKind kind, std::span<const uint32_t> values, uint32_t bound,
                               uint32_t column) {
  if (bound <= 256)
    add(kind, narrowed<uint8_t>(values), column);
  else if (bound <= 65536)
    add(kind, narrowed<uint16_t>(values), column);
  else
    add(kind, values, column);
}

void BundleBuilder::addRows(const RowSections& sections, std::span<const uint32_t> lengths,
                            uint32_t column) {
  std::vector<uint32_t> offsets{0}, marks;
  for (const uint32_t length : lengths) {
    if (offsets.size() % RowsView::kMarked == 1) marks.push_back(offsets.back());
    offsets.push_back(offsets.back() + length);
  }
  const auto [least, most] = std::minmax_element(lengths.begin(), lengths.end());
  const bool mayLackOffsets =
      sections.lengths != SectionKind::None && !lengths.empty() && *most <= 255;
  hasRowsWithoutOffsets_ |= mayLackOffsets;
  if (!mayLackOffsets) return add(sections.offsets, offsets, column);
  if (*least == 1 && *most == 1) return;
  add(sections.lengths, narrowed<uint8_t>(lengths), column);
  add(sections.marks, marks, column);
}

void BundleBuilder::addStrings(SectionKind text, const RowSections& rows,
                               std::span<const std::string> strings, uint32_t column) {
  std::string all;
  std::vector<uint32_t> lengths;
  for (const std::string& one : strings) {
    all += one;
    lengths.push_back(static_cast<uint32_t>(one.size()));
  }
  add(text, Element::U8, std::as_bytes(std::span(all)), column);
  addRows(rows, lengths, column);
}

uint32_t BundleBuilder::addColumn(const std::string& name, ColumnType type, double nullNumber) {
  columns_.emplace_back(static_cast<uint32_t>(names_.size()), static_cast<uint16_t>(name.size()),
                        type, uint8_t{0}, nullNumber);
  names_ += name;
  return static_cast<uint32_t>(columns_.size() - 1);
}

uint32_t BundleBuilder::addQueryColumn(const std::string& name, QueryKind kind, ColumnType type) {
  queryColumns_.emplace_back(static_cast<uint32_t>(names_.size()),
                             static_cast<uint16_t>(name.size()), type, kind);
  names_ += name;
  return static_cast<uint32_t>(queryColumns_.size() - 1);
}

uint64_t BundleBuilder::requiredFeatures() const {
  const bool automatic =
      std::any_of(queryColumns_.begin(), queryColumns_.end(),
                  [](const schema::QueryColumn& column) { return isAutomatic(column.kind()); });
  return (blend_ ? BundleLimits::kBlendFeature : 0) |
         (automatic ? BundleLimits::kAutomaticFeature : 0) |
         (hasRowsWithoutOffsets_ ? BundleLimits::kRowsFeature : 0) |
         (transformer_ && transformer_->pointer > 0 ? BundleLimits::kPointerFeature : 0);
}

std::vector<uint8_t> BundleBuilder::finish() const {
  std::vector<uint8_t> data;
  std::vector<schema::Section> sections;
  for (const auto& [key, part] : parts_) {
    const size_t offset = aligned(data.size());
    data.resize(aligned(offset + part.bytes.size()));
    std::transform(part.bytes.begin(), part.bytes.end(), data.begin() + static_cast<long>(offset),
                   [](std::byte byte) { return static_cast<uint8_t>(byte); });
    const Sha256 hash = sha256({data.data() + offset, part.bytes.size()});
    sections.emplace_back(key.first, part.element, part.flags, key.second, offset,
                          part.bytes.size(), flatbuffers::span<const uint8_t, 32>(hash));
  }
  if (data.size() > BundleLimits::kMaxBytes - (uint64_t{1} << 24))
    throw UserError("the bundle would exceed 1 GiB: leave out text columns (--include-text)");

  // FlatBuffers are written from the end: the data come first, so that the header opens the file.
  flatbuffers::FlatBufferBuilder out(data.size() + 65536);
  out.ForceVectorAlignment(data.size(), 1, kAlignment);
  const auto dataVector = out.CreateVector(data);
  const auto provenance = textVector(out, provenance_);
  const auto sectionVector = out.CreateVectorOfStructs(sections);
  const auto columnVector = out.CreateVectorOfStructs(columns_);
  const auto queryColumnVector =
      queryColumns_.empty() ? 0 : out.CreateVectorOfStructs(queryColumns_);
  const auto names = textVector(out, names_);
  const auto recipe = textVector(out, recipe_);
  const auto popularity = schema::CreatePopularity(out, userCount_);
  const auto neighbours =
      hasNeighbours_ ? schema::CreateNeighbours(out, recencyDecay_, popularityBlend_) : 0;
  const auto transformer = transformer_ ? createTransformer(out, *transformer_) : 0;
  const auto blend =
      blend_ ? schema::CreateBlend(out, blend_->sequence, blend_->neighbours,
                                   blend_->neighbourScale, blend_->recencyDecay, blend_->repeat)
             : 0;
  const auto recurrent = recurrent_ ? createRecurrent(out, *recurrent_) : 0;
  schema::FinishBundleBuffer(
      out, schema::CreateBundle(out, BundleLimits::kByteOrder, BundleLimits::kFormatMajor,
                                formatMinor_, requiredFeatures(), itemCount_, model_,
                                recipe, names, columnVector, sectionVector, popularity, neighbours,
                                transformer, provenance, dataVector, blend, recurrent,
                                queryColumnVector, shortlist_));
  return {out.GetBufferPointer(), out.GetBufferPointer() + out.GetSize()};
}

}  // namespace attune::trainer
