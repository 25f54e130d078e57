#include "runtime/bundle/rows.h"

namespace attune {

RowsView::Row RowsView::operator[](size_t index) const {
  const auto row = static_cast<uint32_t>(index);
  if (areOneEach()) return {row, row + 1};
  if (lengths_ == nullptr) return {marks_[row], marks_[row + 1]};
  const uint8_t* length = lengths_ + row / kMarked * kMarked;
  uint32_t begin = marks_[row / kMarked];
  for (const uint8_t* own = lengths_ + row; length != own; ++length) begin += *length;
  return {begin, begin + *length};
}

const uint32_t* RowsView::offsetsOf(size_t begin, size_t count, uint32_t* scratch) const {
  if (!areOneEach() && lengths_ == nullptr) return marks_ + begin;
  uint32_t at = (*this)[begin].begin;
  uint32_t* offset = scratch;
  *offset = at;
  if (areOneEach()) {
    while (offset != scratch + count) *++offset = ++at;
    return scratch;
  }
  const uint8_t* length = lengths_ + begin;
  while (offset != scratch + count) *++offset = at += *length++;
  return scratch;
}

}  // namespace attune
