#include "runtime/bundle/section_checks.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <limits>
#include <string>
#include <vector>

using namespace attune;

namespace {

/// A text and where the strings in it begin and end.
struct Strings {
  explicit Strings(const std::vector<std::string>& strings) {
    for (const std::string& one : strings) {
      text += one;
      offsets.push_back(static_cast<uint32_t>(text.size()));
    }
  }
  std::string text;
  std::vector<uint32_t> offsets{0};

  RowsView rows() const { return RowsView(offsets); }
  bool ascend() const { return areAscending(text, rows()); }
  bool utf8() const { return areUtf8(text, rows()); }
};

IndexView bytesOf(const std::vector<uint8_t>& numbers) { return {numbers.data(), numbers.size(), 1}; }

}  // namespace

TEST_CASE("the largest number is found wherever it stands, in every width") {
  for (size_t at = 0; at < 37; ++at) {
    std::vector<uint8_t> bytes(37, 3);
    bytes[at] = 200;
    CHECK(largestOf(bytesOf(bytes)) == 200);
    std::vector<uint16_t> halves(37, 3);
    halves[at] = 40'000;
    CHECK(largestOf(IndexView(reinterpret_cast<uint8_t*>(halves.data()), 37, 2)) == 40'000);
    std::vector<uint32_t> words(37, 3);
    words[at] = 4'000'000'000;
    CHECK(largestOf(IndexView(reinterpret_cast<uint8_t*>(words.data()), 37, 4)) == 4'000'000'000);
    CHECK(largestOf(words) == 4'000'000'000);
  }
  CHECK(largestOf(IndexView()) == 0);
}

TEST_CASE("a float beyond the limit, of either sign, infinite or no number at all is found") {
  std::vector<float> numbers(37, -1.5f);
  CHECK(areWithin(numbers, 1.5f));
  CHECK(areWithin({}, 0));
  const float infinity = std::numeric_limits<float>::infinity();
  for (const float bad : {1.6f, -1.6f, infinity, -infinity, std::numeric_limits<float>::quiet_NaN(),
                          -std::numeric_limits<float>::quiet_NaN()}) {
    for (size_t at = 0; at < numbers.size(); ++at) {
      std::vector<float> changed = numbers;
      changed[at] = bad;
      CHECK_FALSE(areWithin(changed, 1.5f));
    }
  }
}

TEST_CASE("infinite numbers of a column are found, and missing ones let pass") {
  const auto infinite = [](auto bad, NumberView::Type type) {
    std::vector<decltype(bad)> numbers(41, 1);
    size_t found = 0;
    for (size_t at = 0; at < numbers.size(); ++at) {
      auto changed = numbers;
      changed[at] = bad;
      found += hasInfinite({reinterpret_cast<uint8_t*>(changed.data()), changed.size(), type});
    }
    CHECK((found == 0 || found == numbers.size()));
    return found > 0;
  };
  const float infinity = std::numeric_limits<float>::infinity();
  const float none = std::numeric_limits<float>::quiet_NaN();
  CHECK(infinite(infinity, NumberView::Type::f32));
  CHECK(infinite(-infinity, NumberView::Type::f32));
  CHECK_FALSE(infinite(none, NumberView::Type::f32));
  CHECK(infinite(-static_cast<double>(infinity), NumberView::Type::f64));
  CHECK_FALSE(infinite(static_cast<double>(none), NumberView::Type::f64));
  CHECK_FALSE(infinite(std::numeric_limits<double>::max(), NumberView::Type::f64));
  CHECK_FALSE(infinite(int32_t{0x7F800000}, NumberView::Type::i32));
}

TEST_CASE("offsets that go back anywhere are found") {
  std::vector<uint32_t> offsets;
  for (uint32_t i = 0; i < 37; ++i) offsets.push_back(i / 2);
  CHECK(areMonotone(offsets));
  CHECK(areMonotone({}));
  for (size_t at = 1; at < offsets.size(); ++at) {
    std::vector<uint32_t> changed = offsets;
    changed[at - 1] = offsets[at] + 1;
    CHECK_FALSE(areMonotone(changed));
  }
}

TEST_CASE("the shortest and the longest row are found wherever they are, by offsets and by lengths") {
  const LengthRange range = lengthsOf(Strings({"aaa", "b", "cccccc", "dd"}).rows());
  CHECK(range.least == 1);
  CHECK(range.most == 6);
  CHECK(lengthsOf(Strings({"a", ""}).rows()).least == 0);
  for (size_t at = 1; at < 150; ++at) {
    std::vector<uint8_t> lengths(150, 7);
    lengths[at - 1] = 200;
    lengths[at] = 3;
    std::vector<uint32_t> offsets{0}, marks;
    for (size_t i = 0; i < lengths.size(); ++i) {
      if (i % RowsView::kMarked == 0) marks.push_back(offsets.back());
      offsets.push_back(offsets.back() + lengths[i]);
    }
    for (const RowsView& rows : {RowsView(offsets), RowsView(lengths, marks)}) {
      CHECK(lengthsOf(rows).least == 3);
      CHECK(lengthsOf(rows).most == 200);
    }
  }
  CHECK(lengthsOf(RowsView::oneEach(5)).least == 1);
  CHECK(lengthsOf(RowsView::oneEach(5)).most == 1);
}

TEST_CASE("a byte that is not ASCII is found wherever it is") {
  CHECK(isAscii(""));
  for (size_t at = 0; at < 150; ++at) {
    std::string text(150, 'a');
    CHECK(isAscii(text));
    text[at] = '\x80';
    CHECK_FALSE(isAscii(text));
  }
}

TEST_CASE("strings are in order when each comes before the next, byte by byte without signs") {
  CHECK(Strings({"a", "ab", "abcdefgh", "abcdefghi", "abcdefghj", "b"}).ascend());
  CHECK(Strings({"1", "10", "100", "1000000000", "11"}).ascend());
  CHECK(Strings({"z", "\xC3\xA9"}).ascend());
  CHECK(Strings({"only"}).ascend());
  CHECK(Strings({}).ascend());
}

TEST_CASE("strings out of order or there twice are found, whatever they share") {
  CHECK_FALSE(Strings({"b", "a"}).ascend());
  CHECK_FALSE(Strings({"\xC3\xA9", "z"}).ascend());
  for (size_t shared = 0; shared < 20; ++shared) {
    const std::string same(shared, 'x');
    for (const char* tail : {"", "tail", "a longer tail than eight"}) {
      CHECK_FALSE(Strings({same + "b" + tail, same + "a" + tail, "z"}).ascend());
      CHECK_FALSE(Strings({same + tail + "q", same + tail, "z"}).ascend());
      CHECK_FALSE(Strings({same + tail + "q", same + tail + "q", "z"}).ascend());
      CHECK(Strings({same + "a" + tail, same + "b" + tail, "z"}).ascend());
    }
  }
}

TEST_CASE("a text is UTF-8 when it is as a whole and none of its strings begins within a character") {
  CHECK(Strings({"plain", "caf\xC3\xA9", "", "\xF0\x9F\x8E\xAC"}).utf8());
  CHECK_FALSE(Strings({"plain", "caf\xC3"}).utf8());
  CHECK_FALSE(Strings({"caf\xC3", "\xA9 au lait"}).utf8());
  CHECK_FALSE(Strings({"ends with \xC3", "\xA9"}).utf8());
}

TEST_CASE("a string out of order, cut within a character or empty is found wherever it is among many") {
  std::vector<std::string> many;
  for (int i = 1000; i < 3000; ++i) many.push_back(std::to_string(i) + "\xC3\xA9");
  CHECK(Strings(many).ascend());
  CHECK(Strings(many).utf8());
  CHECK(lengthsOf(Strings(many).rows()).least == 6);
  for (size_t at = 1; at < many.size(); ++at) {
    Strings swapped = Strings(many), cut = swapped;
    std::swap_ranges(&swapped.text[6 * at], &swapped.text[6 * at + 6], &swapped.text[6 * at - 6]);
    --cut.offsets[at];
    REQUIRE_FALSE(swapped.ascend());
    REQUIRE_FALSE(cut.utf8());
    REQUIRE(lengthsOf(cut.rows()).least == 5);
  }
}
