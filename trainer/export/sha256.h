#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace attune::trainer {

using Sha256 = std::array<uint8_t, 32>;

/// SHA-256 of the bytes (OpenSSL's).
Sha256 sha256(std::span<const uint8_t> bytes);

/// In lower-case hexadecimal digits.
std::string toHex(const Sha256& hash);
/// The hash of 64 such digits; false for any other text.
bool fromHex(std::string_view text, Sha256& hash);

}  // namespace attune::trainer
