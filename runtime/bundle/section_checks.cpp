#include "runtime/bundle/section_checks.h"

#include <algorithm>
#include <cstring>

#include "runtime/base/utf8.h"

namespace attune {
namespace {

constexpr uint32_t kMagnitude = 0x7FFFFFFF;

uint32_t bitsOf(float number) {
  uint32_t bits;
  std::memcpy(&bits, &number, sizeof bits);
  return bits;
}

/// Without a way out of the loop, so that compilers take many numbers at once; so are all below.
template <typename T>
T largest(const T* numbers, size_t count) {
  T most = 0;
  for (size_t i = 0; i < count; ++i) most = std::max(most, numbers[i]);
  return most;
}

/// Whether one string, which lies before the other in a text that ends at `end`, comes before it.
bool comesBefore(std::string_view one, std::string_view other, const char* end) {
  const size_t shared = std::min(one.size(), other.size());
  for (size_t i = 0; i < shared;) {
    if (end - (other.data() + i) >= 8) {
      uint64_t left, right;
      std::memcpy(&left, one.data() + i, 8);
      std::memcpy(&right, other.data() + i, 8);
      const uint64_t differing = left ^ right;
      i += differing == 0 ? 8 : static_cast<size_t>(__builtin_ctzll(differing)) / 8;
      if (differing == 0) continue;
      if (i >= shared) break;
    }
    const auto left = static_cast<uint8_t>(one[i]), right = static_cast<uint8_t>(other[i]);
    if (left != right) return left < right;
    ++i;
  }
  return one.size() < other.size();
}

}  // namespace

uint32_t largestOf(std::span<const uint32_t> numbers) {
  return largest(numbers.data(), numbers.size());
}

uint32_t largestOf(const IndexView& numbers) {
  uint32_t most = 0;
  numbers.withNumbers([&](const auto* each) { most = largest(each, numbers.size()); });
  return most;
}

bool areWithin(std::span<const float> numbers, float limit) {
  // Without their signs, floats have the order of their bits, infinity and NaN at its end.
  uint32_t most = 0;
  for (const float number : numbers) most = std::max(most, bitsOf(number) & kMagnitude);
  return most <= bitsOf(limit);
}

bool hasInfinite(const NumberView& numbers) {
  if (numbers.type() < NumberView::Type::f32) return false;
  for (size_t i = 0; i < numbers.size(); ++i)
    if (__builtin_isinf(numbers[i])) return true;
  return false;
}

bool areMonotone(std::span<const uint32_t> numbers) {
  uint32_t falls = 0;
  for (size_t i = 1; i < numbers.size(); ++i) falls |= numbers[i - 1] > numbers[i];
  return falls == 0;
}

bool countUp(std::span<const uint32_t> numbers) {
  uint32_t differing = 0;
  for (uint32_t i = 0; i < numbers.size(); ++i) differing |= numbers[i] ^ i;
  return differing == 0;
}

LengthRange lengthsOf(std::span<const uint32_t> offsets) {
  LengthRange range;
  for (size_t i = 1; i < offsets.size(); ++i) {
    const uint32_t length = offsets[i] - offsets[i - 1];
    range = {std::min(range.least, length), std::max(range.most, length)};
  }
  return range;
}

bool areUtf8(std::string_view text, std::span<const uint32_t> offsets) {
  if (!isUtf8(text)) return false;
  // None of them begins within a character.
  for (const uint32_t offset : offsets)
    if (offset < text.size() && (static_cast<uint8_t>(text[offset]) & 0xC0) == 0x80) return false;
  return true;
}

bool areAscending(std::string_view text, std::span<const uint32_t> offsets) {
  const char* begin = text.data();
  for (size_t i = 2; i < offsets.size(); ++i)
    if (!comesBefore({begin + offsets[i - 2], offsets[i - 1] - offsets[i - 2]},
                     {begin + offsets[i - 1], offsets[i] - offsets[i - 1]}, begin + text.size()))
      return false;
  return true;
}

}  // namespace attune
