#include "trainer/base/parallel.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <mutex>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using attune::trainer::chunkCount;
using attune::trainer::parallelFor;

namespace {

using Chunk = std::pair<size_t, size_t>;

std::multiset<Chunk> chunksOf(size_t count, size_t chunkSize, unsigned threads) {
  std::mutex mutex;
  std::multiset<Chunk> chunks;
  parallelFor(count, chunkSize, threads, [&](size_t begin, size_t end, unsigned) {
    const std::lock_guard lock(mutex);
    chunks.emplace(begin, end);
  });
  return chunks;
}

// A sum whose rounding shows in which order it was added: one partial sum a chunk, joined in order.
float chunkedSum(unsigned threads) {
  std::vector<float> values(10'007);
  for (size_t i = 0; i < values.size(); ++i) values[i] = 1.0f / static_cast<float>(i + 1);
  std::vector<float> partial(chunkCount(values.size(), 64));
  parallelFor(values.size(), 64, threads, [&](size_t begin, size_t end, unsigned) {
    for (size_t i = begin; i < end; ++i) partial[begin / 64] += values[i];
  });
  return std::accumulate(partial.begin(), partial.end(), 0.0f);
}

}  // namespace

TEST_CASE("the chunks cover every index once and depend on count and size alone") {
  const std::multiset<Chunk> expected = {{0, 4}, {4, 8}, {8, 10}};
  for (const unsigned threads : {0u, 1u, 2u, 3u, 16u}) {
    CHECK(chunksOf(10, 4, threads) == expected);
  }
  CHECK(chunkCount(10, 4) == 3);
  CHECK(chunkCount(8, 4) == 2);
  CHECK(chunkCount(0, 4) == 0);
}

TEST_CASE("a chunk larger than the count is one chunk, and nothing to do is no call") {
  CHECK(chunksOf(3, 100, 4) == std::multiset<Chunk>{{0, 3}});
  CHECK(chunksOf(0, 100, 4).empty());
  const size_t huge = ~size_t{0};
  CHECK(chunksOf(huge, huge, 2) == std::multiset<Chunk>{{0, huge}});
}

TEST_CASE("a sum joined in chunk order has the same bits on one, two and eight threads") {
  const float alone = chunkedSum(1);
  CHECK(chunkedSum(2) == alone);
  CHECK(chunkedSum(8) == alone);
}

TEST_CASE("one thread runs inline and in order, as worker 0") {
  std::vector<size_t> begins;
  parallelFor(9, 2, 1, [&, caller = std::this_thread::get_id()](size_t begin, size_t, unsigned w) {
    CHECK(std::this_thread::get_id() == caller);
    CHECK(w == 0);
    begins.push_back(begin);
  });
  CHECK(begins == std::vector<size_t>{0, 2, 4, 6, 8});
}

TEST_CASE("workers are numbered below the thread count and never share a number at one time") {
  std::vector<std::atomic<int>> busy(4);
  std::atomic<bool> shared{false};
  std::atomic<unsigned> highest{0};
  parallelFor(400, 1, 4, [&](size_t, size_t, unsigned worker) {
    if (worker >= busy.size()) {
      highest = worker;
      return;
    }
    if (busy[worker].fetch_add(1) != 0) shared = true;
    std::this_thread::yield();
    busy[worker].fetch_sub(1);
  });
  CHECK(highest == 0);
  CHECK_FALSE(shared);
}

TEST_CASE("two threads really work at the same time") {
  std::atomic<int> started{0};
  std::atomic<bool> met{false};
  parallelFor(2, 1, 2, [&](size_t, size_t, unsigned) {
    ++started;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (started < 2 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    if (started == 2) met = true;
  });
  CHECK(met);
}

TEST_CASE("of several exceptions the one of the first chunk arrives") {
  for (const unsigned threads : {1u, 2u, 4u}) {
    std::string what;
    try {
      parallelFor(100, 1, threads, [](size_t begin, size_t, unsigned) {
        if (begin == 3) std::this_thread::sleep_for(std::chrono::milliseconds(20));
        if (begin >= 3) throw std::runtime_error(std::to_string(begin));
      });
    } catch (const std::runtime_error& error) {
      what = error.what();
    }
    CHECK(what == "3");
  }
}

TEST_CASE("after an exception no further chunks are started") {
  std::atomic<size_t> calls{0};
  const auto work = [&](size_t, size_t, unsigned) {
    ++calls;
    throw std::runtime_error("stop");
  };
  CHECK_THROWS_AS(parallelFor(1'000'000, 1, 2, work), std::runtime_error);
  CHECK(calls <= 2);
}
