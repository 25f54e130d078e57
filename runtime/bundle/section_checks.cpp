#include "runtime/bundle/section_checks.h"

#include <cstring>
#include <type_traits>

#include "runtime/base/utf8.h"

// Loops over plain pointers, many numbers a step: compiled for few bytes, calls of small functions would
// not go away, and what runs often in a fresh process is compiled a second time while it opens its bundle.
namespace attune {
namespace {

constexpr uint32_t kMagnitude = 0x7FFFFFFF;

template <typename T>
struct Vector {
  typedef T Type __attribute__((vector_size(16)));
  static constexpr size_t kLanes = 16 / sizeof(T);
};

template <typename T>
typename Vector<T>::Type load(const T* from) {
  typename Vector<T>::Type vector;
  std::memcpy(&vector, from, sizeof vector);
  return vector;
}

template <typename T>
typename Vector<T>::Type larger(typename Vector<T>::Type a, typename Vector<T>::Type b) {
  return a > b ? a : b;
}

template <typename T>
bool isAnySet(typename Vector<T>::Type bits) {
  uint64_t halves[2];
  std::memcpy(halves, &bits, sizeof halves);
  return (halves[0] | halves[1]) != 0;
}

/// Calls step(vector) for all numbers: of the first ones, which fill no four vectors, for some more than once.
template <typename T, typename Step>
[[gnu::always_inline]] inline void inVectors(const T* numbers, size_t count, const Step& step) {
  constexpr size_t kLanes = Vector<T>::kLanes;
  const size_t rest = count % (4 * kLanes);
  for (size_t i = 0; i < rest; i += kLanes) {
    T some[kLanes];
    for (size_t j = 0; j < kLanes; ++j) some[j] = numbers[i + j < rest ? i + j : i];
    step(load(some));
  }
  const T* const end = numbers + count;
  for (numbers += rest; numbers != end; numbers += 4 * kLanes) {
    step(load(numbers));
    step(load(numbers + kLanes));
    step(load(numbers + 2 * kLanes));
    step(load(numbers + 3 * kLanes));
  }
}

/// Calls step(vector, vector of the numbers behind those) for all numbers that have one behind them.
template <typename Step>
[[gnu::always_inline]] inline void inPairs(const uint32_t* numbers, size_t count, const Step& step) {
  using Words = Vector<uint32_t>::Type;
  if (count == 0) return;
  const uint32_t* const end = numbers + count - 1;
  for (size_t rest = (count - 1) % 8; rest > 0; --rest, ++numbers) {
    const uint32_t one = numbers[0], next = numbers[1];
    step(Words{one, one, one, one}, Words{next, next, next, next});
  }
  for (; numbers != end; numbers += 8) {
    step(load(numbers), load(numbers + 1));
    step(load(numbers + 4), load(numbers + 5));
  }
}

template <typename T>
uint32_t largestLane(typename Vector<T>::Type vector) {
  uint32_t most = 0;
  for (size_t i = 0; i < Vector<T>::kLanes; ++i)
    if (vector[i] > most) most = vector[i];
  return most;
}

template <typename T>
uint32_t largest(const T* numbers, size_t count, T mask = static_cast<T>(~T{0})) {
  typename Vector<T>::Type lanes = {};
  inVectors(numbers, count, [&](auto vector) __attribute__((always_inline)) { lanes = larger<T>(vector & mask, lanes); });
  return largestLane<T>(lanes);
}

/// The least and the largest of many numbers.
template <typename T>
struct Extremes {
  typename Vector<T>::Type most = {}, lacking = {};  // lacking: to the largest T

  void add(typename Vector<T>::Type vector) {
    most = larger<T>(vector, most);
    lacking = larger<T>(~vector, lacking);
  }
  LengthRange range() const {
    return {static_cast<T>(~largestLane<T>(lacking)), largestLane<T>(most)};
  }
};

/// Whether a magnitude is that of infinity.
template <typename Bits>
bool hasInfinite(const Bits* numbers, size_t count, Bits infinity) {
  const Bits magnitude = static_cast<Bits>(~Bits{0}) >> 1;
  typename Vector<Bits>::Type found = {};
  inVectors(numbers, count, [&](auto vector) __attribute__((always_inline)) {
    found |= (typename Vector<Bits>::Type)((vector & magnitude) == infinity);
  });
  return isAnySet<Bits>(found);
}

/// The last row, from `row` on and before `end`, up to which each string comes behind the one before it and
/// its first eight bytes tell so. REQUIRES: eight bytes of the text from each row's begin on
[[gnu::noinline]] const uint32_t* ascendingUpTo(const char* text, const uint32_t* row, const uint32_t* end) {
  uint64_t before;
  std::memcpy(&before, text + *row, sizeof before);
  uint32_t begin = *++row;
  while (row != end) {
    uint64_t head;
    std::memcpy(&head, text + begin, sizeof head);
    // The lowest byte is the first one. What lies behind the string before is this one: if that is a part
    // of it, `mask` says so or does not know.
    const auto differing = static_cast<uint32_t>(__builtin_ctzll((head ^ before) | uint64_t{1} << 63));
    const uint64_t mask = uint64_t{255} << (differing & 56);
    const uint32_t next = *++row;
    if ((head & mask) <= (before & mask) || differing >= 8 * (next - begin)) return row - 2;
    before = head;
    begin = next;
  }
  return row - 1;
}

/// Whether each of `count` strings comes, in byte order, before the next one.
bool areAscending(std::string_view text, const uint32_t* offset, size_t count) {
  size_t whole = count;  // rows with eight bytes behind their begin
  while (whole > 0 && offset[whole - 1] + 8 > text.size()) --whole;
  for (size_t i = 0; i + 1 < count; ++i) {
    if (i < whole)
      i = static_cast<size_t>(ascendingUpTo(text.data(), offset + i, offset + whole) - offset);
    if (i + 1 < count && text.substr(offset[i], offset[i + 1] - offset[i]) >=
                             text.substr(offset[i + 1], offset[i + 2] - offset[i + 1]))
      return false;
  }
  return true;
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
  bool found = false;
  numbers.withNumbers([&](const auto* each) {
    using Number = std::remove_cvref_t<decltype(*each)>;
    if constexpr (std::is_same_v<Number, float>)
      found = hasInfinite<uint32_t>(reinterpret_cast<const uint32_t*>(each), numbers.size(),
                                    0x7F800000);
    else if constexpr (std::is_same_v<Number, double>)
      found = hasInfinite<uint64_t>(reinterpret_cast<const uint64_t*>(each), numbers.size(),
                                    0x7FF0000000000000);
  });
  return found;
}

bool areMonotone(std::span<const uint32_t> numbers) {
  Vector<uint32_t>::Type wrong = {};
  inPairs(numbers.data(), numbers.size(),
          [&](auto one, auto next) __attribute__((always_inline)) { wrong |= (Vector<uint32_t>::Type)(next < one); });
  return !isAnySet<uint32_t>(wrong);
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
  if (rows.areOneEach()) return {1, 1};
  if (rows.lengths() != nullptr) {
    Extremes<uint8_t> extremes;
    inVectors(rows.lengths(), rows.size(), [&](auto vector) __attribute__((always_inline)) { extremes.add(vector); });
    return extremes.range();
  }
  Extremes<uint32_t> extremes;
  inPairs(rows.offsets(), size_t{rows.size()} + 1, [&](auto one, auto next) __attribute__((always_inline)) { extremes.add(next - one); });
  return extremes.range();
}

bool isAscii(std::string_view text) {
  Vector<uint8_t>::Type bits = {};
  inVectors(reinterpret_cast<const uint8_t*>(text.data()), text.size(), [&](auto vector) __attribute__((always_inline)) { bits |= vector; });
  return !isAnySet<uint8_t>(bits & uint8_t{0x80});
}

bool areUtf8(std::string_view text, const RowsView& rows) {
  if (isAscii(text)) return true;
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
  return inParts(rows, [&](const uint32_t* offset, size_t count) { return areAscending(text, offset, count); });
}

}  // namespace attune
