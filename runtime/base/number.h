#pragma once

#include <optional>
#include <string_view>

namespace attune {

/// The number a text like `-12.5e3` writes, or nothing for any other text, hexadecimal, infinity and
/// NaN included. The same bits natively and in wasm; exact where the digits fit in 53 bits and the
/// power of ten is at most 22, else within some units of the last place.
std::optional<double> parseNumber(std::string_view text);

}  // namespace attune
