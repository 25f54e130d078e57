#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "trainer/data/split.h"
#include "trainer/eval/metrics.h"

namespace attune::trainer {

struct EvaluateOptions {
  unsigned threads = 0;      ///< 0: one for each core; never changes a result
  uint32_t numResults = 50;  ///< length of the lists asked for, at least the largest K of a metric
};

/// One group of test cases and how well they were answered.
struct EvaluationSection {
  std::string name;  ///< "metrics", "next" or "cold"; see Evaluation
  size_t cases = 0;
  std::vector<NamedEstimate> metrics;

  /// REQUIRES: there is a metric of that name.
  const Estimate& operator[](const std::string& metric) const;
};

/// Sections without cases are left out.
///   metrics   users with a history: all their right answers
///   next      the same lists, only the first right answer being right (temporal alone)
///   cold      users without a history (temporal alone)
struct Evaluation {
  std::vector<EvaluationSection> sections;
  double seconds = 0;  ///< of opening the bundle and answering all cases

  /// Null when there is no such section.
  const EvaluationSection* find(const std::string& name) const;
};

/// One answered case: the list, in the bundle's numbers, and where the right items are in it.
struct Answer {
  std::vector<uint32_t> list;
  Hits hits;
  Hits next;  ///< of the first right item alone
};

class ServedBundle;

/// The answers of an opened bundle to some of the test cases, in their order; as evaluateBundle()
/// asks.
std::vector<Answer> answerCases(const ServedBundle& served, const Dataset& full,
                                std::span<const TestCase> cases, bool excludeSeen,
                                const EvaluateOptions& options);

/// Asks the runtime's engine for every test case of `split`, as a device would, with the user's
/// metadata and the context of the first right answer, and compares with what the users did. `full` is the dataset that was split; ids connect it with the bundle. A
/// right answer that the bundle does not have is a miss. Throws UserError when the bundle is not
/// sound.
Evaluation evaluateBundle(std::span<const uint8_t> bundle, const Dataset& full, const Split& split,
                          const EvaluateOptions& options = {});

}  // namespace attune::trainer
