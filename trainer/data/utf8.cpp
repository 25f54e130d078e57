#include "trainer/data/utf8.h"

#include <cstdint>
#include <cstring>

namespace attune::trainer {
namespace {

bool isContinuation(unsigned char c) { return (c & 0xC0) == 0x80; }

/// The bytes of the character at `p`, or 0 when it is malformed.
size_t sequenceLength(const unsigned char* p, const unsigned char* end) {
  const auto left = static_cast<size_t>(end - p);
  if (p[0] < 0x80) return 1;
  if (p[0] < 0xC2 || p[0] > 0xF4) return 0;
  const size_t length = p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
  if (left < length) return 0;
  for (size_t i = 1; i < length; ++i)
    if (!isContinuation(p[i])) return 0;
  if (p[0] == 0xE0 && p[1] < 0xA0) return 0;  // overlong
  if (p[0] == 0xED && p[1] > 0x9F) return 0;  // surrogate
  if (p[0] == 0xF0 && p[1] < 0x90) return 0;  // overlong
  if (p[0] == 0xF4 && p[1] > 0x8F) return 0;  // above U+10FFFF
  return length;
}

bool eightAscii(const unsigned char* p) {
  uint64_t word;
  std::memcpy(&word, p, sizeof word);
  return (word & 0x8080808080808080u) == 0;
}

}  // namespace

std::optional<size_t> utf8Length(std::string_view text) {
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  const auto* end = p + text.size();
  size_t characters = 0;
  while (p < end) {
    if (end - p >= 8 && eightAscii(p)) {
      p += 8;
      characters += 8;
      continue;
    }
    const size_t length = sequenceLength(p, end);
    if (length == 0) return std::nullopt;
    p += length;
    ++characters;
  }
  return characters;
}

size_t countCharacters(std::string_view text) {
  size_t characters = 0;
  for (unsigned char c : text) characters += isContinuation(c) ? 0 : 1;
  return characters;
}

std::string_view firstCharacters(std::string_view text, size_t characters) {
  size_t at = 0;
  for (; at < text.size(); ++at) {
    if (isContinuation(static_cast<unsigned char>(text[at]))) continue;
    if (characters-- == 0) break;
  }
  return text.substr(0, at);
}

}  // namespace attune::trainer
