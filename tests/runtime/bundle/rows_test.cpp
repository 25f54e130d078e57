#include "runtime/bundle/rows.h"

#include <catch2/catch.hpp>
#include <vector>

#include "runtime/bundle/section_checks.h"

using namespace attune;

namespace {

/// Rows of different lengths, in the two forms that can hold them.
struct Lists {
  explicit Lists(size_t count) {
    for (size_t row = 0; row < count; ++row) {
      if (row % RowsView::kMarked == 0) marks.push_back(offsets.back());
      lengths.push_back(static_cast<uint8_t>(row * 37 % 256));
      offsets.push_back(offsets.back() + lengths.back());
    }
  }
  RowsView byOffsets() const { return RowsView(offsets); }
  RowsView byLengths() const { return RowsView(lengths, marks); }

  std::vector<uint8_t> lengths;
  std::vector<uint32_t> marks, offsets{0};
};

}  // namespace

TEST_CASE("rows lie where their offsets say, also where only their lengths are known") {
  for (const size_t count : {1, 15, 16, 17, 100}) {
    const Lists lists(count);
    for (const RowsView& rows : {lists.byOffsets(), lists.byLengths()}) {
      REQUIRE(rows.size() == count);
      CHECK_FALSE(rows.areOneEach());
      for (size_t row = 0; row < count; ++row) {
        CHECK(rows[row].begin == lists.offsets[row]);
        CHECK(rows[row].end == lists.offsets[row + 1]);
      }
    }
  }
}

TEST_CASE("rows of one element each need nothing that says so") {
  const RowsView rows = RowsView::oneEach(5);
  CHECK(rows.areOneEach());
  CHECK(rows.size() == 5);
  CHECK(rows[4].begin == 4);
  CHECK(rows[4].end == 5);
  CHECK(RowsView().size() == 0);
}

TEST_CASE("the offsets of some rows are those of all, whatever form they are in") {
  const Lists lists(100);
  uint32_t scratch[101];
  for (const RowsView& rows : {lists.byOffsets(), lists.byLengths()})
    for (const size_t begin : {0, 1, 16, 31, 99})
      for (const size_t count : {size_t{1}, 100 - begin}) {
        const uint32_t* offsets = rows.offsetsOf(begin, count, scratch);
        for (size_t i = 0; i <= count; ++i) CHECK(offsets[i] == lists.offsets[begin + i]);
      }
  const uint32_t* offsets = RowsView::oneEach(9).offsetsOf(3, 6, scratch);
  for (uint32_t i = 0; i <= 6; ++i) CHECK(offsets[i] == 3 + i);
}

TEST_CASE("marks and lengths fit when every mark is where its row begins and the end is the end") {
  const Lists lists(100);
  const uint32_t end = lists.offsets.back();
  CHECK(areMarked(lists.lengths, lists.marks, end));
  CHECK(areMarked({}, {}, 0));
  CHECK_FALSE(areMarked(lists.lengths, lists.marks, end + 1));
  CHECK_FALSE(areMarked(lists.lengths, std::span(lists.marks).first(6), end));
  for (size_t mark = 0; mark < lists.marks.size(); ++mark) {
    std::vector<uint32_t> changed = lists.marks;
    ++changed[mark];
    CHECK_FALSE(areMarked(lists.lengths, changed, end));
  }
  for (size_t row = 0; row < lists.lengths.size(); ++row) {
    std::vector<uint8_t> changed = lists.lengths;
    changed[row] ^= 1;
    CHECK_FALSE(areMarked(changed, lists.marks, end));
  }
}
