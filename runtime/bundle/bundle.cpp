#include "runtime/bundle/bundle.h"

#include <algorithm>
#include <iterator>

#include "runtime/base/utf8.h"
#include "runtime/bundle/section_checks.h"

namespace attune {
namespace {

Error corrupt(const char* what, uint64_t at = Error::kNowhere) {
  return {ErrorCode::CorruptBundle, what, at};
}

std::string_view textOf(const flatbuffers::Vector<uint8_t>* bytes) {
  if (bytes == nullptr) return {};
  return {reinterpret_cast<const char*>(bytes->data()), bytes->size()};
}

/// Whether a vector of structs lies as their numbers need it; the verifier does not look.
template <typename T>
bool isAligned(const flatbuffers::Vector<const T*>* structs) {
  return structs == nullptr || structs->size() == 0 ||
         reinterpret_cast<uintptr_t>(structs->Data()) % alignof(T) == 0;
}

/// A section's place in listing order; a strictly growing one means no section is listed twice.
uint64_t rankOf(const schema::Section& section) {
  return uint64_t{static_cast<uint16_t>(section.kind())} << 32 | section.column();
}

/// `at` in errors: where the section would begin in the data.
Status checkPlace(const schema::Section& section, uint64_t previousEnd, uint64_t dataLength) {
  if (section.offset() % 16 != 0) return corrupt("a section is not aligned", section.offset());
  if (section.offset() < previousEnd) return corrupt("sections overlap", section.offset());
  if (section.offset() > dataLength || section.length() > dataLength - section.offset())
    return corrupt("a section ends behind the file's end", section.offset());
  const uint32_t size = elementSize(section.element());
  if (size == 0) return corrupt("a section holds an unknown type of number", section.offset());
  if (section.length() % size != 0)
    return corrupt("a section holds a part of a number", section.offset());
  return {};
}

}  // namespace

uint32_t elementSize(Element element) {
  switch (element) {
    case Element::U8:
    case Element::I8:
      return 1;
    case Element::U16:
      return 2;
    case Element::I32:
    case Element::U32:
    case Element::F32:
      return 4;
    case Element::F64:
      return 8;
  }
  return 0;
}

// Nothing is read before the check that
// makes reading it safe, and nothing is allocated at all.
Result<Bundle> Bundle::open(std::span<const uint8_t> bytes) {
  if (bytes.size() < 64) return Error{ErrorCode::NotABundle, "too short to be a bundle"};
  if (bytes.size() > BundleLimits::kMaxBytes)
    return Error{ErrorCode::NotABundle, "larger than 1 GiB"};
  if (reinterpret_cast<uintptr_t>(bytes.data()) % 16 != 0)
    return Error{ErrorCode::InvalidArgument, "the bundle's memory must be aligned to 16 bytes"};
  if (!schema::BundleBufferHasIdentifier(bytes.data()))
    return Error{ErrorCode::NotABundle, "the bytes are not an Attune bundle (no ATTN mark)", 4};
  flatbuffers::Verifier verifier(bytes.data(), bytes.size(), /*max_depth=*/8, /*max_tables=*/64);
  if (!schema::VerifyBundleBuffer(verifier)) return corrupt("the header is damaged or cut off");
  const Bundle bundle(bytes.data(), schema::GetBundle(bytes.data()));
  ATTUNE_TRY(bundle.checkHeader(bytes));
  ATTUNE_TRY(bundle.checkSections());
  return bundle;
}

Status Bundle::checkHeader(std::span<const uint8_t> bytes) const {
  if (root_->byte_order() != BundleLimits::kByteOrder) return corrupt("wrong byte order");
  if (root_->format_major() != BundleLimits::kFormatMajor)
    return Error{ErrorCode::UnsupportedVersion,
                 "made for another version of the bundle format; train it anew or update "
                 "Attune"};
  if ((root_->required_features() & ~BundleLimits::kKnownFeatures) != 0)
    return Error{ErrorCode::UnsupportedVersion,
                 "needs features this version of Attune does not have; update Attune"};
  if (root_->item_count() == 0 || root_->item_count() > BundleLimits::kMaxItems)
    return corrupt("the number of items is out of range");
  if (root_->recipe() == nullptr || root_->sections() == nullptr || root_->data() == nullptr)
    return corrupt("a part of the header is missing");
  if (!isAligned(root_->columns()) || !isAligned(root_->sections()) ||
      !isAligned(root_->query_columns()))
    return corrupt("the header's tables are not aligned");
  if ((root_->columns() != nullptr && root_->columns()->size() > BundleLimits::kMaxColumns) ||
      (root_->query_columns() != nullptr &&
       root_->query_columns()->size() > BundleLimits::kMaxColumns))
    return corrupt("too many columns");
  if (root_->sections()->size() > BundleLimits::kMaxSections) return corrupt("too many sections");
  const auto* data = root_->data();
  if (reinterpret_cast<uintptr_t>(data->data()) % 16 != 0)
    return corrupt("the data are not aligned");
  if (data->data() + data->size() != bytes.data() + bytes.size())
    return corrupt("the file goes on behind its data");
  return {};
}

Status Bundle::checkSections() const {
  uint64_t end = 0;
  uint64_t previousRank = 0;
  for (const schema::Section* section : *root_->sections()) {
    if (rankOf(*section) <= previousRank) return corrupt("sections are out of order", end);
    ATTUNE_TRY(checkPlace(*section, end, root_->data()->size()));
    previousRank = rankOf(*section);
    end = section->offset() + section->length();
    // By their numbers: the names of all kinds would be a kilobyte of the module.
    const auto& kinds = schema::EnumValuesSectionKind();
    const bool known =
        std::find(std::begin(kinds), std::end(kinds), section->kind()) != std::end(kinds);
    if (!known && (section->flags() & 1) == 0)
      return Error{ErrorCode::UnsupportedVersion,
                   "has a section this version of Attune does not know; update Attune"};
  }
  return {};
}

std::string_view Bundle::recipe() const { return textOf(root_->recipe()); }
std::string_view Bundle::provenance() const { return textOf(root_->provenance()); }

Result<std::string_view> Bundle::name(uint32_t offset, uint32_t length) const {
  const std::string_view names = textOf(root_->names());
  if (length == 0 || offset > names.size() || length > names.size() - offset)
    return corrupt("a column has no name");
  const std::string_view name = names.substr(offset, length);
  if (!isUtf8(name)) return corrupt("a column's name is not UTF-8");
  return name;
}

const schema::Section* Bundle::find(SectionKind kind, uint32_t column) const {
  if (kind == SectionKind::None) return nullptr;
  for (const schema::Section* section : *root_->sections())
    if (section->kind() == kind && section->column() == column) return section;
  return nullptr;
}

Error Bundle::corruptIn(const char* what, SectionKind kind, uint32_t column) const {
  const uint8_t* begin = root_->data()->data() + find(kind, column)->offset();
  return corrupt(what, static_cast<uint64_t>(begin - file_));
}

Result<std::span<const uint8_t>> Bundle::bytes(SectionKind kind, uint32_t column) const {
  const schema::Section* section = find(kind, column);
  if (section == nullptr) return corrupt("a section is missing");
  return std::span(root_->data()->data() + section->offset(), section->length());
}

Result<std::span<const float>> Bundle::floats(SectionKind kind, size_t count, uint32_t column,
                                              float limit) const {
  const auto raw = bytes(kind, column);
  ATTUNE_TRY(raw);
  if (find(kind, column)->element() != Element::F32 || raw.value().size() / 4 != count)
    return corruptIn("a section of floats has the wrong type or size", kind, column);
  const std::span values(reinterpret_cast<const float*>(raw.value().data()), count);
  if (!areWithin(values, limit)) return corruptIn("a number is too large", kind, column);
  return values;
}

Result<std::span<const int8_t>> Bundle::signedBytes(SectionKind kind, size_t count,
                                                    uint32_t column) const {
  const auto raw = bytes(kind, column);
  ATTUNE_TRY(raw);
  if (find(kind, column)->element() != Element::I8 || raw.value().size() != count)
    return corruptIn("a section of bytes has the wrong type or size", kind, column);
  return std::span(reinterpret_cast<const int8_t*>(raw.value().data()), count);
}

Result<std::span<const uint32_t>> Bundle::words(SectionKind kind, size_t count,
                                                uint32_t column) const {
  const auto raw = bytes(kind, column);
  ATTUNE_TRY(raw);
  if (find(kind, column)->element() != Element::U32 || raw.value().size() / 4 != count)
    return corruptIn("a section of numbers has the wrong type or size", kind, column);
  return std::span(reinterpret_cast<const uint32_t*>(raw.value().data()), count);
}

Result<std::span<const uint32_t>> Bundle::offsets(SectionKind kind, size_t count, uint64_t end,
                                                  uint32_t column) const {
  const auto found = words(kind, count + 1, column);
  ATTUNE_TRY(found);
  const std::span<const uint32_t> offsets = found.value();
  if (offsets.front() != 0 || offsets.back() != end)
    return corruptIn("offsets do not span their section", kind, column);
  if (!areMonotone(offsets)) return corruptIn("offsets go backwards", kind, column);
  return offsets;
}

Result<IndexView> Bundle::indexes(SectionKind kind, uint32_t bound, uint32_t column) const {
  const auto raw = bytes(kind, column);
  ATTUNE_TRY(raw);
  const Element element = find(kind, column)->element();
  if (element != Element::U8 && element != Element::U16 && element != Element::U32)
    return corruptIn("a section of indexes has the wrong type", kind, column);
  const uint32_t width = elementSize(element);
  const IndexView view(raw.value().data(), raw.value().size() / width, width);
  if (view.size() > 0 && largestOf(view) >= bound)
    return corruptIn("an index is out of range", kind, column);
  return view;
}

Result<NumberView> Bundle::numbers(SectionKind kind, size_t count, uint32_t column) const {
  const auto raw = bytes(kind, column);
  ATTUNE_TRY(raw);
  NumberView::Type type;
  switch (find(kind, column)->element()) {
    case Element::U8:
      type = NumberView::Type::u8;
      break;
    case Element::U16:
      type = NumberView::Type::u16;
      break;
    case Element::I32:
      type = NumberView::Type::i32;
      break;
    case Element::F32:
      type = NumberView::Type::f32;
      break;
    case Element::F64:
      type = NumberView::Type::f64;
      break;
    default:
      return corruptIn("a column of numbers has the wrong type", kind, column);
  }
  if (raw.value().size() / elementSize(find(kind, column)->element()) != count)
    return corruptIn("a column has the wrong size", kind, column);
  const NumberView view(raw.value().data(), count, type);
  if (hasInfinite(view)) return corruptIn("a number is not finite", kind, column);
  return view;
}

Result<RowsView> Bundle::rows(const RowSections& sections, size_t count, uint64_t end,
                              uint32_t column) const {
  const bool mayLackOffsets = (root_->required_features() & BundleLimits::kRowsFeature) != 0 &&
                              sections.lengths != SectionKind::None;
  if (!mayLackOffsets || has(sections.offsets, column)) {
    const auto found = offsets(sections.offsets, count, end, column);
    ATTUNE_TRY(found);
    const RowsView rows(found.value());
    const LengthRange lengths = lengthsOf(rows);
    if (lengths.least == 1 && lengths.most == 1) return RowsView::oneEach(rows.size());
    return rows;
  }
  if (!has(sections.lengths, column)) {
    if (end != count) return corrupt("not one element each");
    return RowsView::oneEach(static_cast<uint32_t>(count));
  }
  const auto lengths = bytes(sections.lengths, column);
  const auto marks = words(sections.marks, (count + RowsView::kMarked - 1) / RowsView::kMarked, column);
  ATTUNE_TRY(lengths);
  ATTUNE_TRY(marks);
  if (find(sections.lengths, column)->element() != Element::U8 || lengths.value().size() != count ||
      !areMarked(lengths.value(), marks.value(), end))
    return corruptIn("lengths do not fit", sections.lengths, column);
  return RowsView(lengths.value(), marks.value());
}

Result<StringsView> Bundle::strings(SectionKind text, const RowSections& rows, size_t count,
                                    const StringRules& rules, uint32_t column) const {
  const auto blob = bytes(text, column);
  ATTUNE_TRY(blob);
  const auto found = this->rows(rows, count, blob.value().size(), column);
  ATTUNE_TRY(found);
  const std::string_view all(reinterpret_cast<const char*>(blob.value().data()),
                             blob.value().size());
  const LengthRange lengths = lengthsOf(found.value());
  if (lengths.most > rules.maxBytes || (lengths.least == 0 && !rules.allowEmpty))
    return corruptIn("a text has a wrong length", text, column);
  if (!areUtf8(all, found.value())) return corruptIn("a text is not UTF-8", text, column);
  if (rules.ascending && !areAscending(all, found.value()))
    return corruptIn("texts are out of order", text, column);
  return StringsView(all, found.value());
}

}  // namespace attune
