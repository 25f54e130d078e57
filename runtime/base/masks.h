#pragma once

#include <cstdint>
#include <span>

namespace attune {

/// Truths as bytes, 0 or 1, many at a time: what filters are run with. Spans of one call have one
/// size and do not overlap.

/// out |= in
void orInto(std::span<const uint8_t> in, std::span<uint8_t> out);
/// out &= in
void andInto(std::span<const uint8_t> in, std::span<uint8_t> out);
/// out = 1 - out
void negate(std::span<uint8_t> out);
/// out = (out or `all`) and not excluded
void keepUnless(std::span<const uint8_t> excluded, bool all, std::span<uint8_t> out);
/// Where a mark is 2 out becomes 0, where it is 3 it becomes 1; 0 leaves it.
void overrideMarked(std::span<const uint8_t> marks, std::span<uint8_t> out);

/// out |= low <= value <= high and value != null. NaN is in no interval. REQUIRES: the null of
/// whole numbers is one of 32 bits
void markWithin(std::span<const uint8_t> values, double low, double high, double null,
                std::span<uint8_t> out);
void markWithin(std::span<const uint16_t> values, double low, double high, double null,
                std::span<uint8_t> out);
void markWithin(std::span<const int32_t> values, double low, double high, double null,
                std::span<uint8_t> out);
void markWithin(std::span<const float> values, double low, double high, double null,
                std::span<uint8_t> out);
void markWithin(std::span<const double> values, double low, double high, double null,
                std::span<uint8_t> out);

}  // namespace attune
