#include "runtime/bundle/section_checks.h"

#include <cstring>

#include "runtime/base/utf8.h"

// Loops over plain pointers: compiled for few bytes, calls of small functions would not go away.
namespace attune {
namespace {

constexpr uint32_t kMagnitude = 0x7FFFFFFF;

template <typename T>
uint32_t largest(const T* numbers, size_t count, uint32_t mask = ~uint32_t{0}) {
  uint32_t most = 0;
  for (const T* end = numbers + count; numbers != end; ++numbers) {
    const uint32_t number = *numbers & mask;
    if (number > most) most = number;
  }
  return most;
}

/// Whether one string, which lies before the other in a text that ends at `end`, comes before it.
inline bool comesBefore(const char* one, size_t oneSize, const char* other, size_t otherSize,
                        const char* end) {
  const size_t shared = oneSize < otherSize ? oneSize : otherSize;
  for (size_t i = 0; i < shared;) {
    if (end - other >= static_cast<std::ptrdiff_t>(i + 8)) {
      uint64_t left, right;
      std::memcpy(&left, one + i, 8);
      std::memcpy(&right, other + i, 8);
      const uint64_t differing = left ^ right;
      i += differing == 0 ? 8 : static_cast<size_t>(__builtin_ctzll(differing)) / 8;
      if (differing == 0) continue;
      if (i >= shared) break;
    }
    const auto left = static_cast<uint8_t>(one[i]), right = static_cast<uint8_t>(other[i]);
    if (left != right) return left < right;
    ++i;
  }
  return oneSize < otherSize;
}

/// Calls check(offsets, count) for parts of the rows, each of which begins with the last row of the one
/// before, until it says no.
template <typename Check>
bool inParts(const RowsView& rows, const Check& check) {
  constexpr size_t kPart = 512;
  uint32_t scratch[kPart + 1];
  const size_t size = rows.size();
  for (size_t begin = 0; begin < size; begin += kPart - 1) {
    const size_t count = size - begin < kPart ? size - begin : kPart;
    if (!check(rows.offsetsOf(begin, count, scratch), count)) return false;
  }
  return true;
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
  const auto* bits = reinterpret_cast<const uint32_t*>(numbers.data());
  uint32_t most;
  std::memcpy(&most, &limit, sizeof most);
  return largest(bits, numbers.size(), kMagnitude) <= most;
}

bool hasInfinite(const NumberView& numbers) {
  if (numbers.type() < NumberView::Type::f32) return false;
  for (size_t i = 0; i < numbers.size(); ++i)
    if (__builtin_isinf(numbers[i])) return true;
  return false;
}

bool areMonotone(std::span<const uint32_t> numbers) {
  const uint32_t* number = numbers.data();
  uint32_t before = 0;
  for (const uint32_t* end = number + numbers.size(); number != end; ++number) {
    if (*number < before) return false;
    before = *number;
  }
  return true;
}

bool countUp(std::span<const uint32_t> numbers) {
  const uint32_t* number = numbers.data();
  const auto size = static_cast<uint32_t>(numbers.size());
  for (uint32_t i = 0; i < size; ++i)
    if (number[i] != i) return false;
  return true;
}

bool areMarked(std::span<const uint8_t> lengths, std::span<const uint32_t> marks, uint64_t end) {
  const uint8_t* length = lengths.data();
  const size_t size = lengths.size();
  if (marks.size() != (size + RowsView::kMarked - 1) / RowsView::kMarked) return false;
  const uint8_t* const last = length + size;
  uint64_t at = 0;
  for (const uint32_t mark : marks) {
    if (at != mark) return false;
    const auto left = static_cast<size_t>(last - length);
    for (const uint8_t* next = length + (left < RowsView::kMarked ? left : RowsView::kMarked);
         length != next; ++length)
      at += *length;
  }
  return at == end;
}

LengthRange lengthsOf(const RowsView& rows) {
  LengthRange range;
  inParts(rows, [&](const uint32_t* offset, size_t count) {
    for (size_t i = 1; i <= count; ++i) {
      const uint32_t length = offset[i] - offset[i - 1];
      if (length < range.least) range.least = length;
      if (length > range.most) range.most = length;
    }
    return true;
  });
  return range;
}

bool areUtf8(std::string_view text, const RowsView& rows) {
  if (!isUtf8(text)) return false;
  // None of them begins within a character.
  const char* begin = text.data();
  const size_t size = text.size();
  return inParts(rows, [&](const uint32_t* offset, size_t count) {
    for (const uint32_t* end = offset + count + 1; offset != end; ++offset)
      if (*offset < size && (static_cast<uint8_t>(begin[*offset]) & 0xC0) == 0x80) return false;
    return true;
  });
}

bool areAscending(std::string_view text, const RowsView& rows) {
  const char* begin = text.data();
  const char* end = begin + text.size();
  return inParts(rows, [&](const uint32_t* offset, size_t count) {
    for (size_t i = 2; i <= count; ++i) {
      const uint32_t one = offset[i - 2], other = offset[i - 1];
      if (!comesBefore(begin + one, other - one, begin + other, offset[i] - other, end))
        return false;
    }
    return true;
  });
}

}  // namespace attune
