#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace attune {

/// Where rows of any number of elements lie that are stored one behind the other. In large catalogues
/// an offset of four bytes a row would be more than what it points to, so there are three forms: an
/// offset a row, a length of a byte a row with a mark where every 16th begins, or nothing at all where
/// each row has just one element. A view: borrows the bundle's bytes. Thread-safe.
class RowsView {
 public:
  static constexpr size_t kMarked = 16;  ///< rows from one mark to the next

  /// The elements of a row: from `begin` to below `end`.
  struct Row {
    uint32_t begin, end;
  };

  /// No rows.
  RowsView() = default;
  /// REQUIRES: offsets has at least one entry and is monotone
  explicit RowsView(std::span<const uint32_t> offsets)
      : marks_(offsets.data()), count_(static_cast<uint32_t>(offsets.size() - 1)) {}
  /// REQUIRES: areMarked(lengths, marks, ...), see section_checks.h
  RowsView(std::span<const uint8_t> lengths, std::span<const uint32_t> marks)
      : marks_(marks.data()),
        lengths_(lengths.data()),
        count_(static_cast<uint32_t>(lengths.size())) {}
  /// Rows of one element each.
  static RowsView oneEach(uint32_t count) {
    RowsView rows;
    rows.count_ = count;
    return rows;
  }

  uint32_t size() const { return count_; }
  bool areOneEach() const { return marks_ == nullptr; }
  /// How many elements each row has, if that is stored; or where each begins and the last one ends, if that is.
  const uint8_t* lengths() const { return lengths_; }
  const uint32_t* offsets() const { return lengths_ == nullptr ? marks_ : nullptr; }
  /// REQUIRES: row < size()
  Row operator[](size_t row) const;
  /// Where `count` rows from row `begin` on begin, and the end of the last one: count + 1 offsets, which
  /// are in `scratch` unless the bundle has them. REQUIRES: begin + count <= size(), count > 0
  const uint32_t* offsetsOf(size_t begin, size_t count, uint32_t* scratch) const;

 private:
  const uint32_t* marks_ = nullptr;  // offsets (rows + 1), or marks (rows / 16 rounded up)
  const uint8_t* lengths_ = nullptr;
  uint32_t count_ = 0;
};

}  // namespace attune
