#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace attune::trainer {

/// The number of characters (code points) of `text`, or nothing when it is not strict UTF-8 (no
/// overlong forms, no surrogates, nothing above U+10FFFF).
std::optional<size_t> utf8Length(std::string_view text);

inline bool isValidUtf8(std::string_view text) { return utf8Length(text).has_value(); }

/// Characters of text known to be valid.
size_t countCharacters(std::string_view text);

/// The first `characters` characters of text known to be valid.
std::string_view firstCharacters(std::string_view text, size_t characters);

}  // namespace attune::trainer
