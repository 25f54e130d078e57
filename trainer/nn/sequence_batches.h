#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "trainer/nn/query_features.h"

namespace attune::trainer {

/// Users' items, oldest first, one user after another: user u has items[offsets[u]] ..
/// items[offsets[u + 1] - 1]. What else is known of events and users is optional.
struct Sequences {
  std::vector<uint32_t> items;
  std::vector<uint8_t> newSession;      // (items) not 0 where a session begins; empty: one a user
  std::vector<uint64_t> offsets = {0};  // (users + 1)
  std::vector<float> weights;           // (events) in the loss, as targets; empty: 1 each
  RowLists userRows;                    // (users) query features, or empty
  RowLists contextRows;                 // (events) query features, or empty

  size_t users() const { return offsets.size() - 1; }
  std::span<const uint32_t> of(size_t user) const {
    return {items.data() + offsets[user], static_cast<size_t>(offsets[user + 1] - offsets[user])};
  }
  /// Adds a user of whom nothing else is known. REQUIRES: nothing else is known of others
  void add(std::span<const uint32_t> history);
  /// Adds a user with the first `count` events of another sequences' user and all known of them.
  void addFrom(const Sequences& from, size_t user, size_t count);
};

/// Sequences end to end without padding, each token with the item that came next. Behind the tokens
/// there may be starts: targets without any item before them, the first ones of users.
struct PackedBatch {
  std::vector<uint32_t> items;          // (tokens)
  std::vector<uint8_t> newSession;      // (tokens) as in Sequences, or empty
  std::vector<uint32_t> targets;        // (tokens), or empty when nothing is trained
  std::vector<uint32_t> offsets = {0};  // (sequences + 1)
  std::vector<float> weights;           // (tokens + starts) of the targets, or empty
  RowLists userRows;                    // (tokens + starts) of the targets' users, or empty
  RowLists contextRows;                 // (tokens + starts) of the targets, or empty

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
  uint32_t user = 0;
  bool isFirst = false;  ///< the earliest window of its user

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
/// at least one. With `starts`, the very first item of each user is a target too.
class BatchReader {
 public:
  BatchReader(const Sequences& sequences, std::span<const Window> windows, size_t tokensPerBatch,
              bool starts = false)
      : sequences_(sequences),
        windows_(windows),
        tokensPerBatch_(tokensPerBatch),
        starts_(starts) {}

  /// False, with nothing in the batch, when all windows have been read.
  bool next(PackedBatch& batch);

 private:
  const Sequences& sequences_;
  std::span<const Window> windows_;
  size_t tokensPerBatch_;
  bool starts_;
  size_t read_ = 0;
};

}  // namespace attune::trainer
