// libFuzzer target: deltas, applied to a file that is not theirs. A first byte of 0 says that what
// follows is a delta as it lies in a file. Else it is numbers of runs, steps, ranges and records, a
// byte each, the tables as words of 16 bits, the last 256 of which mean the largest words, and what
// is added and inserted: so the fuzzer need not find out how to compress and what lengths agree.
#include <zlib.h>

#include <cstdlib>
#include <span>
#include <vector>

#include "trainer/export/delta.h"

using namespace attune::trainer;

namespace {

using Bytes = std::vector<uint8_t>;

constexpr uint32_t kLength = 300, kMagic = 0x32445441;
constexpr size_t kWordsAnEntry = 3;

/// Small numbers of four bytes each, as deltas may renumber them.
const Bytes& older() {
  static const Bytes bytes = [] {
    Bytes made(400);
    for (size_t i = 0; i < made.size(); i += 4) made[i] = static_cast<uint8_t>(i / 4);
    return made;
  }();
  return bytes;
}

void apply(std::span<const uint8_t> delta) {
  const auto made = applyDelta(older(), delta, kLength);
  if (made && made->size() != kLength) std::abort();
}

Bytes compressed(const Bytes& bytes) {
  uLongf length = compressBound(static_cast<uLong>(bytes.size()));
  Bytes out(length);
  if (compress2(out.data(), &length, bytes.data(), static_cast<uLong>(bytes.size()), 1) != Z_OK)
    std::abort();
  out.resize(length);
  return out;
}

/// Takes the input from its front; 0 when it has ended.
class Input {
 public:
  explicit Input(std::span<const uint8_t> bytes) : bytes_(bytes) {}
  uint8_t byte() {
    if (bytes_.empty()) return 0;
    const uint8_t first = bytes_[0];
    bytes_ = bytes_.subspan(1);
    return first;
  }
  uint32_t word() {
    const uint32_t low = byte(), all = low | uint32_t{byte()} << 8;
    return all < 0xff00 ? all : 0xffffff00 | low;
  }

 private:
  std::span<const uint8_t> bytes_;
};

Bytes deltaOf(Input input) {
  Bytes bytes;
  const auto put = [&](uint32_t word) {
    for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<uint8_t>(word >> shift));
  };
  put(kMagic), put(kLength);
  size_t entries = 0;
  for (int table = 0; table < 4; ++table) {
    const uint32_t count = input.byte();
    put(count);
    entries += count;
  }
  for (size_t i = 0; i < entries * kWordsAnEntry; ++i) put(input.word());
  for (uint32_t i = 0; i < kLength; ++i) bytes.push_back(input.byte());
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::span<const uint8_t> rest(data + 1, size - 1);
  if (data[0] == 0)
    apply(rest);
  else
    apply(compressed(deltaOf(Input(rest))));
  return 0;
}
