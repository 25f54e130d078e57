#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "runtime/base/result.h"
#include "runtime/bundle/tensor.h"
#include "bundle_generated.h"

namespace attune {

using schema::ColumnType;
using schema::Element;
using schema::ModelKind;
using schema::SectionKind;

/// Limits a bundle must keep; they bound what opening one can cost.
struct BundleLimits {
  static constexpr uint16_t kFormatMajor = 1;
  static constexpr uint16_t kFormatMinor = 1;
  static constexpr uint64_t kBlendFeature = 1;  ///< the score has further parts: table Blend
  static constexpr uint64_t kAutomaticFeature = 2;  ///< query columns that the time alone fills
  static constexpr uint64_t kRowsFeature = 4;  ///< rows may be without offsets: RowSections
  static constexpr uint64_t kPointerFeature = 8;  ///< a transformer that points back
  static constexpr uint64_t kKnownFeatures =
      kBlendFeature | kAutomaticFeature | kRowsFeature | kPointerFeature;
  static constexpr uint32_t kByteOrder = 0x01020304;
  static constexpr uint64_t kMaxBytes = uint64_t{1} << 30;
  static constexpr uint32_t kMaxItems = uint32_t{1} << 26;
  static constexpr uint32_t kMaxSections = 4096;
  static constexpr uint32_t kMaxColumns = 1000;
  static constexpr uint32_t kMaxIdBytes = 1024;  // 256 characters of UTF-8
};

/// The sections that say where rows begin: offsets or, with the feature kRowsFeature and if kinds of
/// sections for it are named, lengths and marks, or none where each row has one element.
struct RowSections {
  SectionKind offsets;
  SectionKind lengths = SectionKind::None;
  SectionKind marks = SectionKind::None;
};
constexpr RowSections kItemIdRows{SectionKind::ItemIdOffsets, SectionKind::ItemIdLengths,
                                  SectionKind::ItemIdMarks};
constexpr RowSections kColumnCodeRows{SectionKind::ColumnCodeOffsets,
                                      SectionKind::ColumnCodeLengths,
                                      SectionKind::ColumnCodeMarks};

/// What strings() demands of each string, beyond offsets that fit.
struct StringRules {
  uint32_t maxBytes = ~uint32_t{0};
  bool allowEmpty = true;
  bool ascending = false;  ///< strictly, in byte order; so none is there twice
};

/// The outer shape of a bundle: header and sections, each checked once, before any number in it is
/// used. Whoever reads a section states what must be in it. Borrows the bytes, which must outlive
/// it and be aligned to 16. Immutable, thread-safe.
class Bundle {
 public:
  /// Errors: NotABundle, UnsupportedVersion, CorruptBundle (at = byte of the file where known;
  /// for the contents of a section, where the section begins).
  static Result<Bundle> open(std::span<const uint8_t> bytes);

  uint32_t itemCount() const { return root_->item_count(); }
  const schema::Bundle& header() const { return *root_; }
  std::string_view recipe() const;
  std::string_view provenance() const;
  /// A part of the names, which must be UTF-8 and not empty. Error: CorruptBundle.
  Result<std::string_view> name(uint32_t offset, uint32_t length) const;

  bool has(SectionKind kind, uint32_t column = 0) const { return find(kind, column) != nullptr; }
  /// A section's raw bytes. Error: CorruptBundle if it is missing.
  Result<std::span<const uint8_t>> bytes(SectionKind kind, uint32_t column = 0) const;
  /// `count` 32-bit floats, none of a larger magnitude than `limit`.
  Result<std::span<const float>> floats(SectionKind kind, size_t count, uint32_t column = 0,
                                        float limit = 1e6f) const;
  /// `count` signed bytes.
  Result<std::span<const int8_t>> signedBytes(SectionKind kind, size_t count,
                                              uint32_t column = 0) const;
  /// `count` unsigned 32-bit numbers.
  Result<std::span<const uint32_t>> words(SectionKind kind, size_t count,
                                          uint32_t column = 0) const;
  /// count + 1 offsets: from 0, monotone, the last one being `end`.
  Result<std::span<const uint32_t>> offsets(SectionKind kind, size_t count, uint64_t end,
                                            uint32_t column = 0) const;
  /// Any number of unsigned numbers of 8, 16 or 32 bits, all below `bound`.
  Result<IndexView> indexes(SectionKind kind, uint32_t bound, uint32_t column = 0) const;
  /// `count` numbers of any type; NaN is allowed, infinity is not.
  Result<NumberView> numbers(SectionKind kind, size_t count, uint32_t column = 0) const;
  /// `count` strings of valid UTF-8.
  Result<StringsView> strings(SectionKind text, const RowSections& rows, size_t count,
                              const StringRules& rules, uint32_t column = 0) const;
  /// `count` rows of `end` elements together.
  Result<RowsView> rows(const RowSections& sections, size_t count, uint64_t end,
                        uint32_t column = 0) const;

 private:
  Bundle(const uint8_t* file, const schema::Bundle* root) : file_(file), root_(root) {}
  Status checkHeader(std::span<const uint8_t> bytes) const;
  Status checkSections() const;
  const schema::Section* find(SectionKind kind, uint32_t column) const;
  Error corruptIn(const char* what, SectionKind kind, uint32_t column) const;

  const uint8_t* file_;
  const schema::Bundle* root_;
};

/// Bytes of one number.
uint32_t elementSize(Element element);

}  // namespace attune
