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
/// Whether the numbers are 0, 1, 2 and so on.
bool countUp(std::span<const uint32_t> numbers);

/// Lengths of the strings that begin and end at monotone offsets: the shortest and the longest.
struct LengthRange {
  uint32_t least = ~uint32_t{0};
  uint32_t most = 0;
};
LengthRange lengthsOf(std::span<const uint32_t> offsets);
/// Whether a text and each of the strings that it consists of is UTF-8.
/// REQUIRES: offsets are monotone, from 0 to text.size()
bool areUtf8(std::string_view text, std::span<const uint32_t> offsets);
/// Whether each string comes, in byte order, before the next one. REQUIRES: as above
bool areAscending(std::string_view text, std::span<const uint32_t> offsets);

}  // namespace attune
