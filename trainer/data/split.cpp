#include "trainer/data/split.h"

#include <algorithm>
#include <span>
#include <string_view>

#include "trainer/base/errors.h"
#include "trainer/data/rows_by_user.h"
#include "trainer/data/select_rows.h"

namespace attune::trainer {
namespace {

constexpr double kTrainedShare = 0.9;

using Rows = std::span<const uint32_t>;

/// What a protocol decides: the rows that stay, and the cases.
class Plan {
 public:
  Plan(const Dataset& dataset, const SplitOptions& options)
      : data(dataset),
        seed(options.seed),
        rowsByUser(dataset),
        excludeSeen_(options.excludeSeen),
        met_(dataset.items.size(), 0),
        kept_(dataset.interactions.size(), 1) {}

  const Dataset& data;
  const uint64_t seed;
  const RowsByUser rowsByUser;

  void holdBack(Rows rows) {
    for (const uint32_t row : rows) kept_[row] = 0;
  }

  /// Asks for the items of the later rows, unless none is left to ask for.
  void ask(uint32_t user, Rows before, Rows later) {
    ++now_;
    for (const uint32_t row : before)
      if (excludeSeen_) met_[data.interactions.item[row]] = now_;
    TestCase one;
    for (const uint32_t row : later) addTruth(row, one);
    if (one.truth.empty()) return;
    one.user = user;
    one.cold = before.empty();
    one.history.reserve(before.size());
    for (const uint32_t row : before) one.history.push_back(historyEvent(data.interactions, row));
    cases_.push_back(std::move(one));
  }

  /// Makes `split` of it; when no row would be left to train on, holds nothing back.
  void carryOut(Split& split) {
    const bool trains = std::find(kept_.begin(), kept_.end(), 1) != kept_.end();
    split.train = trains ? selectInteractions(data, kept_) : data;
    if (trains) split.cases = std::move(cases_);
  }

 private:
  void addTruth(uint32_t row, TestCase& one) {
    const uint32_t item = data.interactions.item[row];
    if (met_[item] == now_) return;
    met_[item] = now_;
    if (one.truth.empty()) one.truthRow = row;
    one.truth.push_back(item);
  }

  bool excludeSeen_;
  std::vector<uint32_t> met_;  // (items) the number of the last case that met the item
  uint32_t now_ = 0;
  std::vector<uint8_t> kept_;  // (interactions)
  std::vector<TestCase> cases_;
};

/// A well-mixed number of a user's id: FNV-1a, then the finaliser of SplitMix64.
uint64_t lotOf(std::string_view id, uint64_t seed) {
  uint64_t hash = 0xcbf29ce484222325 ^ (seed * 0x9e3779b97f4a7c15);
  for (const char byte : id) hash = (hash ^ static_cast<uint8_t>(byte)) * 0x100000001b3;
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111eb;
  return hash ^ (hash >> 31);
}

/// A tenth of the users that have two or more interactions, at least one: those with the lowest
/// lots. In ascending order.
std::vector<uint32_t> drawTestUsers(const Plan& plan) {
  std::vector<std::pair<uint64_t, uint32_t>> lots;
  for (uint32_t user = 0; user < plan.data.users.size(); ++user)
    if (plan.rowsByUser[user].size() > 1)
      lots.emplace_back(lotOf(plan.data.users[user], plan.seed), user);
  const size_t count = std::min(lots.size(), std::max<size_t>(1, lots.size() / 10));
  std::nth_element(lots.begin(), lots.begin() + static_cast<ptrdiff_t>(count), lots.end());
  std::vector<uint32_t> users;
  for (size_t i = 0; i < count; ++i) users.push_back(lots[i].second);
  std::sort(users.begin(), users.end());
  return users;
}

void personalize(Plan& plan) {
  for (const uint32_t user : drawTestUsers(plan)) {
    const Rows rows = plan.rowsByUser[user];
    const size_t input = rows.size() * 9 / 10;
    plan.holdBack(rows);
    plan.ask(user, rows.first(input), rows.subspan(input));
  }
}

void leaveOneOut(Plan& plan) {
  for (uint32_t user = 0; user < plan.data.users.size(); ++user) {
    const Rows rows = plan.rowsByUser[user];
    if (rows.size() < 2) continue;
    plan.holdBack(rows.last(1));
    plan.ask(user, rows.first(rows.size() - 1), rows.last(1));
  }
}

void temporal(Plan& plan) {
  const std::vector<int64_t>& times = plan.data.interactions.timestamp;
  const int64_t cut = times[static_cast<size_t>(kTrainedShare * static_cast<double>(times.size()))];
  const auto firstHeld = std::lower_bound(times.begin(), times.end(), cut);
  const uint32_t trained = static_cast<uint32_t>(firstHeld - times.begin());
  for (uint32_t user = 0; user < plan.data.users.size(); ++user) {
    const Rows rows = plan.rowsByUser[user];
    const auto split = std::lower_bound(rows.begin(), rows.end(), trained);
    const size_t before = static_cast<size_t>(split - rows.begin());
    plan.holdBack(rows.subspan(before));
    plan.ask(user, rows.first(before), rows.subspan(before));
  }
}

void none(Plan&) {}

struct Protocol {
  const char* name;
  void (*apply)(Plan&);
};
constexpr Protocol kProtocols[] = {{"personalize", personalize},
                                   {"leave-one-out", leaveOneOut},
                                   {"temporal", temporal},
                                   {"none", none}};

const Protocol& findProtocol(const std::string& name) {
  std::string known;
  for (const Protocol& protocol : kProtocols) {
    if (name == protocol.name) return protocol;
    known += (known.empty() ? "" : ", ") + std::string(protocol.name);
  }
  throw UserError("unknown protocol \"" + name + "\": choose one of " + known);
}

}  // namespace

HistoryEvent historyEvent(const Interactions& interactions, uint32_t row) {
  return {interactions.item[row], interactions.eventType[row], interactions.timestamp[row],
          interactions.eventValue[row]};
}

std::vector<std::string> protocolNames() {
  std::vector<std::string> names;
  for (const Protocol& protocol : kProtocols) names.emplace_back(protocol.name);
  return names;
}

Split splitDataset(const Dataset& dataset, const SplitOptions& options) {
  const Protocol& protocol = findProtocol(options.protocol);
  Split split;
  split.excludeSeen = options.excludeSeen;
  split.protocol = protocol.name;
  Plan plan(dataset, options);
  if (dataset.interactions.size() > 0) protocol.apply(plan);
  plan.carryOut(split);
  return split;
}

}  // namespace attune::trainer
