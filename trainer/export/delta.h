#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

/// The difference of two bundles, for devices that have the old one. A delta is a zlib stream
/// (RFC 1950) of, all numbers uint32 little-endian:
///   "ATDL", bytes of the new bundle, number of records,
///   records of: bytes to copy, where from in the old bundle, bytes to insert,
///   for each copied byte what to add to it (modulo 256), then the inserted bytes.
/// Copies may be of what is only similar: models trained on move many weights a little, and then
/// most differences are zero or small and compress well (Percival, Naive differences of executable
/// code, 2003; here the places that fit are found by hashes of blocks instead of a suffix array).
namespace attune::trainer {

/// Makes one. Repeatable. REQUIRES: both shorter than 2^31 bytes.
std::vector<uint8_t> makeDelta(std::span<const uint8_t> older, std::span<const uint8_t> newer);

/// What a delta makes of the old bundle, of just `length` bytes; nothing for a delta that is none
/// or does not fit. Safe for any bytes: takes memory of at most about 3 times `length`.
std::optional<std::vector<uint8_t>> applyDelta(std::span<const uint8_t> older,
                                               std::span<const uint8_t> delta, size_t length);

}  // namespace attune::trainer
