#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

/// The difference of two bundles, for devices that have the old one. A delta is a zlib stream
/// (RFC 1950) of, all numbers uint32 little-endian:
///   "ATD2", bytes of the new bundle, numbers of runs, of steps, of ranges and of records,
///   runs (kept, gone, added), steps (kind, width, count) and ranges of offsets (at, count, 0), which
///   say how to rearrange the old bundle (rearrangement.h),
///   records (bytes to copy, where from in the old bundle rearranged, bytes to insert; delta_records.h),
///   for each record what to add to each copied byte (modulo 256), then the inserted bytes.
/// At last the ranges of what this makes are summed up. Readers of the first format ("ATDL", without
/// rearranging) load the whole bundle instead.
namespace attune::trainer {

/// Makes one. Repeatable. REQUIRES: both aligned to 16 and shorter than 2^31 bytes.
std::vector<uint8_t> makeDelta(std::span<const uint8_t> older, std::span<const uint8_t> newer);

/// What a delta makes of the old bundle, of just `length` bytes; nothing for a delta that is none
/// or does not fit. Safe for any bytes: takes memory of at most about 6 times `length` and once that
/// of the old bundle.
std::optional<std::vector<uint8_t>> applyDelta(std::span<const uint8_t> older,
                                               std::span<const uint8_t> delta, size_t length);

}  // namespace attune::trainer
