#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "trainer/data/dataset.h"

namespace attune::trainer {

/// One past event of a user; the numbers are those of a Dataset's tables.
struct HistoryEvent {
  uint32_t item = 0;
  uint32_t eventType = StringTable::kNone;  ///< kNone for none
  int64_t timestamp = 0;                    ///< seconds since 1970
  float value = 0;                          ///< NaN for none
};

/// The event of one row of interactions.
HistoryEvent historyEvent(const Interactions& interactions, uint32_t row);

/// What a user did, and what the user did next. All numbers are those of the full dataset.
struct TestCase {
  uint32_t user = 0;
  std::vector<HistoryEvent> history;  ///< oldest first
  /// The right answers: different items in time order, at least one; without those in the history
  /// where seen items are excluded.
  std::vector<uint32_t> truth;
  uint32_t truthRow = 0;  ///< the interaction of the first right answer, in whose context is asked
  bool cold = false;  ///< the history is empty
};

/// What to train on and what to ask.
struct Split {
  Dataset train;  ///< see selectInteractions: as if the held-back rows had never been imported
  std::vector<TestCase> cases;  ///< by ascending user number
  bool excludeSeen = true;
  std::string protocol;
};

struct SplitOptions {
  /// `personalize`: one in ten of the users with two or more interactions is a test user, chosen by
  ///   a hash of seed and user id, so that neither order nor the other data matter. None of a test
  ///   user's interactions is trained on. The oldest 90 % (rounded down, at least one) are the
  ///   input, the newest 10 % the right answers.
  /// `leave-one-out`: each user's last interaction is held back and is the right answer, all before
  ///   are trained on and are the input; users with one interaction only train. A case whose answer
  ///   the user had before is dropped where seen items are excluded; its row stays held back.
  /// `temporal`: one cut in time for all, at the timestamp of row floor(0.9 n). Rows before it are
  ///   trained on and are the input; what users do from then on are the right answers. Users
  ///   without a row before the cut are cold.
  /// `none`: everything is trained on, nothing is asked.
  /// Among equal timestamps the order of import counts.
  std::string protocol = "personalize";
  bool excludeSeen = true;  ///< an item of the history is never a right answer
  uint64_t seed = 1;        ///< chooses the test users of `personalize`
};

/// The names SplitOptions::protocol takes.
std::vector<std::string> protocolNames();

/// Holds back a part of the data. Where a protocol would leave nothing to train on, nothing is held
/// back and there are no cases. Throws UserError for an unknown protocol.
Split splitDataset(const Dataset& dataset, const SplitOptions& options);

}  // namespace attune::trainer
