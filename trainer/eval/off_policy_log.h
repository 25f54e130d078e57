#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "trainer/eval/off_policy.h"

namespace attune::trainer {

/// Names with numbers in the order of their first coming.
class ItemNames {
 public:
  uint32_t numberOf(const std::string& name);
  const std::string& operator[](uint32_t item) const { return names_[item]; }
  size_t size() const { return names_.size(); }

 private:
  std::vector<std::string> names_;
  std::unordered_map<std::string, uint32_t> numbers_;
};

/// What was shown, with which propensities, and what it earned.
struct OffPolicyLog {
  std::string file;
  std::vector<LoggedAction> actions;
  std::vector<uint64_t> lines;  ///< (actions) of the file, from 1
  uint32_t rounds = 0;
  bool hasPredictions = false;
};

struct LogOptions {
  /// Lists of one user are one round: for logs in which users come back and keep their habits.
  bool roundsAreUsers = false;
  /// Read "evaluationPropensity", "prediction" and "policyPrediction"; without it they are ignored.
  bool readEvaluation = false;
};

/// Reads a log, packed or not: a file named .csv (.csv.gz, .csv.xz) as the Open Bandit Dataset's,
/// with the columns item_id, position, click and propensity_score among others, each row a round;
/// any other as JSON lines, a shown list each (trainer/eval/README.md has the fields). Items are
/// numbered in `items`. Throws UserError, with file and line, for the first thing that is wrong.
OffPolicyLog readOffPolicyLog(const std::string& file, const LogOptions& options, ItemNames& items);

/// True when a file is a log, of either form, by its name or the itemList of its first line.
bool isOffPolicyLog(const std::string& file);

}  // namespace attune::trainer
