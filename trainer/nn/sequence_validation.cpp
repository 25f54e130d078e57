#include "trainer/nn/sequence_validation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "runtime/base/random.h"
#include "trainer/nn/gemm.h"

namespace attune::trainer {
namespace {

constexpr uint64_t kSampleStream = uint64_t{1} << 48;
constexpr size_t kUsersPerTask = 64;

float lastWeight(const Sequences& sequences, size_t user) {
  return sequences.weights.empty() ? 1 : sequences.weights[sequences.offsets[user + 1] - 1];
}

std::vector<uint32_t> drawUsers(const Sequences& sequences, size_t maxUsers, uint64_t seed) {
  std::vector<uint32_t> users;
  for (size_t user = 0; user < sequences.users(); ++user)
    if (sequences.of(user).size() >= 2 && lastWeight(sequences, user) > 0)
      users.push_back(static_cast<uint32_t>(user));
  if (users.size() <= maxUsers) return users;
  Random random(seed, kSampleStream);
  for (size_t i = 0; i < maxUsers; ++i)
    std::swap(users[i], users[i + random.below(static_cast<uint32_t>(users.size() - i))]);
  users.resize(maxUsers);
  std::sort(users.begin(), users.end());
  return users;
}

/// What is known of a user and of the circumstances of one event.
std::vector<uint32_t> queryRowsOf(const Sequences& sequences, size_t user, uint64_t event) {
  std::vector<uint32_t> rows;
  const auto append = [&](const RowLists& lists, size_t thing) {
    if (lists.empty()) return;
    const std::span<const uint32_t> own = lists.of(thing);
    rows.insert(rows.end(), own.begin(), own.end());
  };
  append(sequences.userRows, user);
  append(sequences.contextRows, event);
  return rows;
}

/// The state after the last token of each sequence of the batch goes to the rows of `hidden` from
/// `firstRow` on that are not of empty histories.
void keepLastStates(const PackedBatch& batch, ConstMatrix states, std::span<const size_t> rows,
                    Matrix hidden) {
  for (size_t s = 0; s < batch.sequences(); ++s)
    std::copy_n(states.row(batch.offsets[s + 1] - 1), hidden.columns, hidden.row(rows[s]));
}

/// Where the target stands, from 1.
size_t rankOf(uint32_t target, std::span<const float> scores) {
  const float own = scores[target];
  size_t above = 0;
  for (const float score : scores) above += !(score < own);
  return above;  // the target itself is counted too
}

void addRank(size_t rank, double weight, RankingQuality& sum) {
  if (rank > 100) return;
  const double gain = weight / std::log2(1 + static_cast<double>(rank));
  sum.ndcgAt100 += gain;
  if (rank > 10) return;
  sum.ndcgAt10 += gain;
  sum.hitRateAt10 += weight;
}

}  // namespace

HeldOut holdOutLast(const Sequences& sequences, size_t maxUsers, uint64_t seed) {
  HeldOut held;
  held.users = drawUsers(sequences, maxUsers, seed);
  size_t next = 0;
  for (size_t user = 0; user < sequences.users(); ++user) {
    size_t events = sequences.of(user).size();
    if (next < held.users.size() && held.users[next] == user) {
      held.targets.push_back(sequences.of(user)[--events]);
      if (!sequences.weights.empty()) held.weights.push_back(lastWeight(sequences, user));
      held.queryRows.add(queryRowsOf(sequences, user, sequences.offsets[user] + events));
      ++next;
    }
    held.training.addFrom(sequences, user, events);
  }
  return held;
}

std::vector<PointedItems> encodeHistories(const SequenceModel& model, const float* values,
                                          ConstMatrix itemVectors, const Sequences& sequences,
                                          std::span<const uint32_t> users, GemmThreads* threads,
                                          Matrix hidden) {
  SequencePass pass(model, threads);
  PointerPass pointer(model.pointer, threads);
  std::vector<PointedItems> pointed(model.pointer.empty() ? 0 : users.size());
  Workspace states;
  PackedBatch batch;
  std::vector<size_t> rows;
  const auto flush = [&] {
    const Matrix all = states.matrix(batch.tokens(), hidden.columns);
    pass.forward(batch, values, itemVectors, {}, all);
    keepLastStates(batch, all, rows, hidden);
    if (!pointed.empty()) {
      pointer.forward(batch, values, all);
      for (size_t s = 0; s < rows.size(); ++s) pointed[rows[s]] = pointer.last(batch, s);
    }
    batch.clear();
    rows.clear();
  };
  for (size_t i = 0; i < users.size(); ++i) {
    const size_t events = std::min(sequences.of(users[i]).size(), model.config().maxHistory);
    std::fill_n(hidden.row(i), hidden.columns, 0.0f);
    if (events == 0) continue;
    const uint64_t end = sequences.offsets[users[i] + 1];
    batch.add(sequences, end - events, end);
    rows.push_back(i);
    if (batch.tokens() >= kValidationTokens) flush();
  }
  if (batch.tokens() > 0) flush();
  return pointed;
}

RankingQuality validate(const SequenceModel& model, const float* values, ConstMatrix itemVectors,
                        const HeldOut& heldOut, bool excludeSeen, GemmThreads* threads) {
  const size_t users = heldOut.users.size(), d = itemVectors.columns, items = itemVectors.rows;
  if (users == 0) return {};
  std::vector<float> hiddenNumbers(users * d);
  const Matrix hidden(hiddenNumbers.data(), users, d);
  const std::vector<PointedItems> pointed =
      encodeHistories(model, values, itemVectors, heldOut.training, heldOut.users, threads, hidden);
  addQueryFeatures(model.queryVectors.in(values), heldOut.queryRows, {}, hidden, threads);

  std::vector<size_t> ranks(users);
  runTasks(threads, (users + kUsersPerTask - 1) / kUsersPerTask, [&](size_t task) {
    const size_t begin = task * kUsersPerTask, count = std::min(kUsersPerTask, users - begin);
    std::vector<float> scores(count * items);
    gemm({count, items, d}, {hidden.row(begin), d}, {itemVectors.data, itemVectors.stride, true},
         {scores.data(), items});
    for (size_t i = 0; i < count; ++i) {
      const std::span<float> own(&scores[i * items], items);
      const float* bias = values + model.itemBias.offset;
      for (size_t v = 0; v < model.itemBias.columns; ++v) own[v] += bias[v];
      if (!pointed.empty()) addPointed(pointed[begin + i], own);
      const uint32_t target = heldOut.targets[begin + i];
      if (excludeSeen)
        for (const uint32_t seen : heldOut.training.of(heldOut.users[begin + i]))
          own[seen] = seen == target ? own[seen] : -std::numeric_limits<float>::infinity();
      ranks[begin + i] = rankOf(target, own);
    }
  });

  RankingQuality quality;
  double weights = 0;
  for (size_t i = 0; i < users; ++i) {
    const double weight = heldOut.weights.empty() ? 1 : static_cast<double>(heldOut.weights[i]);
    addRank(ranks[i], weight, quality);
    weights += weight;
  }
  quality.ndcgAt10 /= weights;
  quality.hitRateAt10 /= weights;
  quality.ndcgAt100 /= weights;
  return quality;
}

}  // namespace attune::trainer
