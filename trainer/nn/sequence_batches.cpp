#include "trainer/nn/sequence_batches.h"

#include <algorithm>
#include <utility>

#include "runtime/base/random.h"

namespace attune::trainer {
namespace {

/// Streams of random numbers below this one belong to the weights.
constexpr uint64_t kShuffleStream = uint64_t{1} << 32;

/// Appends from[begin, end) to `to`; nothing if there is nothing in `from`.
template <typename Number>
void append(const std::vector<Number>& from, uint64_t begin, uint64_t end,
            std::vector<Number>& to) {
  if (from.empty()) return;
  to.insert(to.end(), from.begin() + static_cast<std::ptrdiff_t>(begin),
            from.begin() + static_cast<std::ptrdiff_t>(end));
}

/// Makes events [begin, end) of a user targets.
void appendTargets(const Sequences& sequences, uint32_t user, uint64_t begin, uint64_t end,
                   PackedBatch& batch) {
  append(sequences.items, begin, end, batch.targets);
  append(sequences.weights, begin, end, batch.weights);
  for (uint64_t event = begin; event < end; ++event) {
    if (!sequences.userRows.empty()) batch.userRows.add(sequences.userRows.of(user));
    if (!sequences.contextRows.empty()) batch.contextRows.add(sequences.contextRows.of(event));
  }
}

void appendStart(const Sequences& sequences, const Window& window, PackedBatch& batch) {
  const uint64_t first = sequences.offsets[window.user];
  appendTargets(sequences, window.user, first, first + 1, batch);
}

}  // namespace

void Sequences::add(std::span<const uint32_t> history) {
  items.insert(items.end(), history.begin(), history.end());
  offsets.push_back(items.size());
}

void Sequences::addFrom(const Sequences& from, size_t user, size_t count) {
  const uint64_t begin = from.offsets[user];
  append(from.items, begin, begin + count, items);
  append(from.newSession, begin, begin + count, newSession);
  append(from.weights, begin, begin + count, weights);
  if (!from.userRows.empty()) userRows.add(from.userRows.of(user));
  if (!from.contextRows.empty())
    for (uint64_t event = begin; event < begin + count; ++event)
      contextRows.add(from.contextRows.of(event));
  offsets.push_back(items.size());
}

void PackedBatch::clear() {
  items.clear();
  newSession.clear();
  targets.clear();
  offsets.assign(1, 0);
  weights.clear();
  userRows.clear();
  contextRows.clear();
}

void PackedBatch::add(const Sequences& sequences, uint64_t begin, uint64_t end) {
  append(sequences.items, begin, end, items);
  append(sequences.newSession, begin, end, newSession);
  offsets.push_back(static_cast<uint32_t>(items.size()));
}

std::vector<Window> cutWindows(const Sequences& sequences, size_t maxHistory, LongHistories which) {
  std::vector<Window> windows;
  for (size_t user = 0; user < sequences.users(); ++user) {
    const uint64_t begin = sequences.offsets[user];
    uint64_t end = sequences.offsets[user + 1];
    while (end >= begin + 2) {
      const uint64_t inputs = std::min<uint64_t>(end - 1 - begin, maxHistory);
      windows.push_back({end - 1 - inputs, end - 1, static_cast<uint32_t>(user)});
      end -= inputs;
      if (which == LongHistories::latest) break;
    }
    if (!windows.empty() && windows.back().user == user) windows.back().isFirst = true;
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
  const size_t first = read_;
  while (read_ < windows_.size()) {
    const Window& window = windows_[read_];
    if (batch.tokens() > 0 && batch.tokens() + window.tokens() > tokensPerBatch_) break;
    batch.add(sequences_, window.begin, window.end);
    appendTargets(sequences_, window.user, window.begin + 1, window.end + 1, batch);
    ++read_;
  }
  if (starts_)
    for (const Window& window : windows_.subspan(first, read_ - first))
      if (window.isFirst) appendStart(sequences_, window, batch);
  return batch.tokens() > 0;
}

}  // namespace attune::trainer
