#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace attune::trainer {

/// Users' items, oldest first, one user after another: user u has items[offsets[u]] ..
/// items[offsets[u + 1] - 1].
struct Sequences {
  std::vector<uint32_t> items;
  std::vector<uint8_t> newSession;      // (items) not 0 where a session begins; empty: one a user
  std::vector<float> weights;           // (items) of an item as a target; empty: 1 each
  std::vector<uint64_t> offsets = {0};  // (users + 1)

  size_t users() const { return offsets.size() - 1; }
  std::span<const uint32_t> of(size_t user) const {
    return {items.data() + offsets[user], static_cast<size_t>(offsets[user + 1] - offsets[user])};
  }
  /// Adds a user. REQUIRES: newSession and weights are empty
  void add(std::span<const uint32_t> history);
  /// Adds a user with the first `count` events of another sequences' user.
  void addFrom(const Sequences& from, size_t user, size_t count);
};

/// Sequences end to end without padding, each token with the item that came next.
struct PackedBatch {
  std::vector<uint32_t> items;          // (tokens)
  std::vector<uint8_t> newSession;      // (tokens) as in Sequences, or empty
  std::vector<uint32_t> targets;        // (tokens), or empty when nothing is trained
  std::vector<float> weights;           // (tokens) of the targets, or empty for 1 each
  std::vector<uint32_t> offsets = {0};  // (sequences + 1)

  size_t tokens() const { return items.size(); }
  size_t sequences() const { return offsets.size() - 1; }
  void clear();
  /// Appends a sequence of the places [begin, end) of `sequences`, without targets.
  void add(const Sequences& sequences, uint64_t begin, uint64_t end);
};

/// Part of a user's history to train on: items[begin, end) are inputs, items[begin + 1, end + 1)
/// the targets, as places in Sequences::items.
struct Window {
  uint64_t begin = 0;
  uint64_t end = 0;

  uint64_t tokens() const { return end - begin; }
};

/// Which parts of histories longer than the window are trained on.
enum class LongHistories {
  latest,  ///< the latest window alone
  all,     ///< cut into windows from the end backwards
};

/// The windows of all users with at least two items, in user order; none has more than `maxHistory`
/// inputs. REQUIRES: maxHistory > 0
std::vector<Window> cutWindows(const Sequences& sequences, size_t maxHistory, LongHistories which);

/// One epoch's order of windows: a function of (seed, epoch) alone.
std::vector<Window> shuffled(std::vector<Window> windows, uint64_t seed, uint64_t epoch);

/// Hands out the windows in batches of about `tokensPerBatch` tokens: as many windows as fit, and
/// at least one.
class BatchReader {
 public:
  BatchReader(const Sequences& sequences, std::span<const Window> windows, size_t tokensPerBatch)
      : sequences_(sequences), windows_(windows), tokensPerBatch_(tokensPerBatch) {}

  /// False, with nothing in the batch, when all windows have been read.
  bool next(PackedBatch& batch);

 private:
  const Sequences& sequences_;
  std::span<const Window> windows_;
  size_t tokensPerBatch_;
  size_t read_ = 0;
};

}  // namespace attune::trainer
