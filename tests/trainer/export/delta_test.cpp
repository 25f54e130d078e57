#include "trainer/export/delta.h"

#include <catch2/catch.hpp>
#include <random>

using namespace attune::trainer;

namespace {

using Bytes = std::vector<uint8_t>;

Bytes randomBytes(size_t count, uint32_t seed) {
  std::mt19937 draw(seed);
  Bytes bytes(count);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(draw());
  return bytes;
}

/// Rows of 64 weights as int8, of which a share is trained anew.
Bytes withChangedRows(Bytes bytes, double share, uint32_t seed) {
  std::mt19937 draw(seed);
  for (size_t row = 0; row + 64 <= bytes.size(); row += 64)
    if (std::uniform_real_distribution<>()(draw) < share)
      for (size_t i = 0; i < 64; ++i) bytes[row + i] = static_cast<uint8_t>(draw());
  return bytes;
}

void checkRebuilt(const Bytes& older, const Bytes& newer, const Bytes& delta) {
  const auto rebuilt = applyDelta(older, delta, newer.size());
  REQUIRE(rebuilt);
  CHECK(*rebuilt == newer);
}

}  // namespace

TEST_CASE("a twentieth of the rows changed makes a delta of at most a tenth") {
  const Bytes older = randomBytes(1 << 20, 1);
  const Bytes newer = withChangedRows(older, 0.05, 2);
  const Bytes delta = makeDelta(older, newer);
  CHECK(delta.size() <= newer.size() / 10);
  checkRebuilt(older, newer, delta);
}

TEST_CASE("weights that all moved a little, and items put in between, still make a small delta") {
  const Bytes older = randomBytes(1 << 18, 3);
  std::mt19937 draw(4);
  Bytes newer = older;
  for (uint8_t& byte : newer)
    if (draw() % 3 == 0) byte = static_cast<uint8_t>(byte + draw() % 3 - 1);
  CHECK(makeDelta(older, newer).size() < newer.size() / 3);
  checkRebuilt(older, newer, makeDelta(older, newer));

  newer = older;
  for (size_t at = 0; at < newer.size(); at += 5000) {
    const Bytes item = randomBytes(37, static_cast<uint32_t>(at));
    newer.insert(newer.begin() + static_cast<long>(at), item.begin(), item.end());
  }
  CHECK(makeDelta(older, newer).size() < newer.size() / 20);
  checkRebuilt(older, newer, makeDelta(older, newer));
}

TEST_CASE("any pair of files is rebuilt byte by byte") {
  std::mt19937 draw(5);
  for (uint32_t trial = 0; trial < 500; ++trial) {
    // Few values, so that blocks recur and places compete.
    const auto some = [&](size_t most, uint8_t values) {
      Bytes bytes(draw() % most);
      for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(draw() % values);
      return bytes;
    };
    const auto values = static_cast<uint8_t>(1 + draw() % 4);
    const Bytes older = some(3000, values);
    Bytes newer = some(600, values);
    for (int piece = 0; piece < 5 && !older.empty(); ++piece) {
      const size_t begin = draw() % older.size(), end = begin + draw() % (older.size() - begin + 1);
      const auto at = newer.begin() + static_cast<long>(draw() % (newer.size() + 1));
      newer.insert(at, older.begin() + static_cast<long>(begin),
                   older.begin() + static_cast<long>(end));
    }
    checkRebuilt(older, newer, makeDelta(older, newer));
  }
  const Bytes zeros(10000, 0);
  checkRebuilt(zeros, randomBytes(10000, 6), makeDelta(zeros, randomBytes(10000, 6)));
  checkRebuilt({}, zeros, makeDelta({}, zeros));
  checkRebuilt(zeros, {}, makeDelta(zeros, {}));
  CHECK(makeDelta(zeros, zeros).size() < 100);
}

TEST_CASE("a delta that was changed, cut off or is for something else is refused or gives other bytes") {
  const Bytes older = randomBytes(4000, 7);
  const Bytes newer = withChangedRows(older, 0.2, 8);
  const Bytes delta = makeDelta(older, newer);
  for (size_t length = 0; length < delta.size(); ++length)
    CHECK_FALSE(applyDelta(older, std::span(delta).first(length), newer.size()));
  CHECK_FALSE(applyDelta(older, delta, newer.size() + 1));
  CHECK_FALSE(applyDelta(older, delta, newer.size() - 1));
  CHECK_FALSE(applyDelta(std::span(older).first(3000), delta, newer.size()));
  CHECK_FALSE(applyDelta(older, newer, newer.size()));
  std::mt19937 draw(9);
  for (int trial = 0; trial < 5000; ++trial) {
    Bytes bad = delta;
    for (int flips = 0; flips < 3; ++flips)
      bad[draw() % bad.size()] ^= static_cast<uint8_t>(1 << draw() % 8);
    const auto made = applyDelta(older, bad, newer.size());
    CHECK((!made || made->size() == newer.size()));
  }
}
