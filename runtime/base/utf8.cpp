#include "runtime/base/utf8.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace attune {
namespace {

bool isContinuation(uint8_t byte) { return (byte & 0xC0) == 0x80; }

/// How many continuation bytes a lead byte wants, and the range of the first of them.
struct Lead {
  int more;
  uint8_t low, high;
};

/// Whether the eight bytes from `at` on are there and all ASCII.
bool eightAscii(std::string_view text, size_t at) {
  uint64_t word;
  if (text.size() - at < sizeof word) return false;
  std::memcpy(&word, text.data() + at, sizeof word);
  return (word & 0x8080808080808080u) == 0;
}

Lead leadOf(uint8_t byte) {
  if (byte >= 0xC2 && byte <= 0xDF) return {1, 0x80, 0xBF};
  if (byte == 0xE0) return {2, 0xA0, 0xBF};
  if (byte == 0xED) return {2, 0x80, 0x9F};
  if (byte >= 0xE1 && byte <= 0xEF) return {2, 0x80, 0xBF};
  if (byte == 0xF0) return {3, 0x90, 0xBF};
  if (byte >= 0xF1 && byte <= 0xF3) return {3, 0x80, 0xBF};
  if (byte == 0xF4) return {3, 0x80, 0x8F};
  return {-1, 0, 0};
}

}  // namespace

bool isUtf8(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (eightAscii(text, i)) {
      i += 7;
      continue;
    }
    const auto byte = static_cast<uint8_t>(text[i]);
    if (byte < 0x80) continue;
    const Lead lead = leadOf(byte);
    if (lead.more < 0 || text.size() - i <= static_cast<size_t>(lead.more)) return false;
    const auto first = static_cast<uint8_t>(text[i + 1]);
    if (first < lead.low || first > lead.high) return false;
    for (int j = 2; j <= lead.more; ++j)
      if (!isContinuation(static_cast<uint8_t>(text[i + static_cast<size_t>(j)]))) return false;
    i += static_cast<size_t>(lead.more);
  }
  return true;
}

}  // namespace attune
