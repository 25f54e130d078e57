#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "runtime/bundle/tensor.h"

/// The passes over all numbers of a section that opening a bundle makes: what a large bundle's opening
/// takes is these.
namespace attune {

/// The largest number; 0 of none.
uint32_t largestOf(const IndexView& numbers);
uint32_t largestOf(std::span<const uint32_t> numbers);
/// Whether all magnitudes are at most `limit`; NaN is above any.
bool areWithin(std::span<const float> numbers, float limit);
/// Whether one is infinite; NaN is not.
bool hasInfinite(const NumberView& numbers);
/// Whether no number is less than the one before it.
bool areMonotone(std::span<const uint32_t> numbers);

/// Whether all rows of these lengths have `end` elements together and the marks are where every
/// 16th begins.
bool areMarked(std::span<const uint8_t> lengths, std::span<const uint32_t> marks, uint64_t end);

/// How many elements the rows have: the shortest and the longest.
struct LengthRange {
  uint32_t least = ~uint32_t{0};
  uint32_t most = 0;
};
LengthRange lengthsOf(const RowsView& rows);
bool isAscii(std::string_view text);
/// Whether a text and each of the strings that it consists of is UTF-8.
/// REQUIRES: the rows' elements are the bytes of the text
bool areUtf8(std::string_view text, const RowsView& rows);
/// Whether each string comes, in byte order, before the next one. REQUIRES: as above
bool areAscending(std::string_view text, const RowsView& rows);

}  // namespace attune
