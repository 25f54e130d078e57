#include "trainer/nn/sequence_batches.h"

#include <algorithm>
#include <utility>

#include "runtime/base/random.h"

namespace attune::trainer {
namespace {

/// Streams of random numbers below this one belong to the weights.
constexpr uint64_t kShuffleStream = uint64_t{1} << 32;

void append(const Sequences& sequences, const Window& window, PackedBatch& batch) {
  const auto items = sequences.items.begin();
  const auto begin = static_cast<std::ptrdiff_t>(window.begin);
  const auto end = static_cast<std::ptrdiff_t>(window.end);
  batch.items.insert(batch.items.end(), items + begin, items + end);
  batch.targets.insert(batch.targets.end(), items + begin + 1, items + end + 1);
  batch.offsets.push_back(static_cast<uint32_t>(batch.items.size()));
}

}  // namespace

void Sequences::add(std::span<const uint32_t> history) {
  items.insert(items.end(), history.begin(), history.end());
  offsets.push_back(items.size());
}

void PackedBatch::clear() {
  items.clear();
  targets.clear();
  offsets.assign(1, 0);
}

std::vector<Window> cutWindows(const Sequences& sequences, size_t maxHistory, LongHistories which) {
  std::vector<Window> windows;
  for (size_t user = 0; user < sequences.users(); ++user) {
    const uint64_t begin = sequences.offsets[user];
    uint64_t end = sequences.offsets[user + 1];
    while (end >= begin + 2) {
      const uint64_t inputs = std::min<uint64_t>(end - 1 - begin, maxHistory);
      windows.push_back({end - 1 - inputs, end - 1});
      end -= inputs;
      if (which == LongHistories::latest) break;
    }
  }
  return windows;
}

std::vector<Window> shuffled(std::vector<Window> windows, uint64_t seed, uint64_t epoch) {
  Random random(seed, kShuffleStream + epoch);
  for (size_t i = windows.size(); i > 1; --i)
    std::swap(windows[i - 1], windows[random.below(static_cast<uint32_t>(i))]);
  return windows;
}

bool BatchReader::next(PackedBatch& batch) {
  batch.clear();
  while (read_ < windows_.size()) {
    const Window& window = windows_[read_];
    if (batch.tokens() > 0 && batch.tokens() + window.tokens() > tokensPerBatch_) break;
    append(sequences_, window, batch);
    ++read_;
  }
  return batch.tokens() > 0;
}

}  // namespace attune::trainer
