#include "trainer/nn/sequence_batches.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <utility>
#include <vector>

using namespace attune::trainer;

namespace {

/// Users with these many items, numbered through: an item's number is its place.
Sequences usersOf(const std::vector<size_t>& lengths) {
  Sequences sequences;
  uint32_t next = 0;
  for (const size_t length : lengths) {
    std::vector<uint32_t> history(length);
    for (uint32_t& item : history) item = next++;
    sequences.add(history);
  }
  return sequences;
}

std::vector<std::pair<uint64_t, uint64_t>> cut(const Sequences& sequences, size_t maxHistory,
                                               LongHistories which) {
  std::vector<std::pair<uint64_t, uint64_t>> found;
  for (const Window& window : cutWindows(sequences, maxHistory, which))
    found.emplace_back(window.begin, window.end);
  return found;
}

using Windows = std::vector<std::pair<uint64_t, uint64_t>>;

}  // namespace

TEST_CASE("the latest window ends before the last item and users with one item have none") {
  const Sequences sequences = usersOf({3, 1, 0, 8, 2});
  CHECK(cut(sequences, 4, LongHistories::latest) == Windows{{0, 2}, {7, 11}, {12, 13}});
}

TEST_CASE("all windows together make each item but a user's first a target once") {
  const Sequences sequences = usersOf({3, 1, 11, 5});
  CHECK(cut(sequences, 4, LongHistories::all) ==
        Windows{{0, 2}, {10, 14}, {6, 10}, {4, 6}, {15, 19}});
  std::map<uint64_t, int> targets;
  for (const Window& window : cutWindows(sequences, 4, LongHistories::all))
    for (uint64_t place = window.begin + 1; place <= window.end; ++place) ++targets[place];
  CHECK(targets.size() == 2 + 10 + 4);
  for (const auto& [place, count] : targets) CHECK(count == 1);
}

TEST_CASE("batches pack windows end to end, each token with the item that came next") {
  const Sequences sequences = usersOf({4, 3, 6});
  const auto windows = cutWindows(sequences, 10, LongHistories::latest);
  BatchReader reader(sequences, windows, 5);
  PackedBatch batch;
  REQUIRE(reader.next(batch));
  CHECK(batch.items == std::vector<uint32_t>{0, 1, 2, 4, 5});
  CHECK(batch.targets == std::vector<uint32_t>{1, 2, 3, 5, 6});
  CHECK(batch.offsets == std::vector<uint32_t>{0, 3, 5});
  REQUIRE(reader.next(batch));
  CHECK(batch.items == std::vector<uint32_t>{7, 8, 9, 10, 11});
  CHECK_FALSE(reader.next(batch));
  CHECK(batch.tokens() == 0);
}

TEST_CASE("sessions and weights go with their items, weights as targets") {
  Sequences sequences = usersOf({3, 4});
  sequences.newSession = {1, 0, 1, 1, 0, 1, 0};
  sequences.weights = {10, 11, 12, 13, 14, 15, 16};
  const auto windows = cutWindows(sequences, 2, LongHistories::latest);
  BatchReader reader(sequences, windows, 100);
  PackedBatch batch;
  REQUIRE(reader.next(batch));
  CHECK(batch.items == std::vector<uint32_t>{0, 1, 4, 5});
  CHECK(batch.newSession == std::vector<uint8_t>{1, 0, 0, 1});
  CHECK(batch.weights == std::vector<float>{11, 12, 15, 16});
  Sequences fewer;
  fewer.addFrom(sequences, 1, 2);
  CHECK(fewer.items == std::vector<uint32_t>{3, 4});
  CHECK(fewer.newSession == std::vector<uint8_t>{1, 0});
  CHECK(fewer.weights == std::vector<float>{13, 14});
  batch.clear();
  CHECK(batch.newSession.empty());
  CHECK(batch.weights.empty());
}

TEST_CASE("a window longer than a batch is a batch of its own") {
  const Sequences sequences = usersOf({9, 2});
  const auto windows = cutWindows(sequences, 100, LongHistories::latest);
  BatchReader reader(sequences, windows, 4);
  PackedBatch batch;
  REQUIRE(reader.next(batch));
  CHECK(batch.tokens() == 8);
  REQUIRE(reader.next(batch));
  CHECK(batch.tokens() == 1);
}

TEST_CASE("shuffling keeps the windows and depends on seed and epoch alone") {
  const auto windows = cutWindows(usersOf(std::vector<size_t>(50, 3)), 4, LongHistories::latest);
  const auto begins = [](const std::vector<Window>& of) {
    std::vector<uint64_t> found;
    for (const Window& window : of) found.push_back(window.begin);
    return found;
  };
  const auto once = begins(shuffled(windows, 1, 1));
  CHECK(once == begins(shuffled(windows, 1, 1)));
  CHECK(once != begins(shuffled(windows, 1, 2)));
  CHECK(once != begins(shuffled(windows, 2, 1)));
  auto sorted = once;
  std::sort(sorted.begin(), sorted.end());
  CHECK(sorted == begins(windows));
}
