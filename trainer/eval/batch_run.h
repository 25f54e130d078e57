#pragma once

#include <cstdint>
#include <functional>
#include <istream>
#include <string_view>

#include "trainer/eval/batch_answer.h"

namespace attune::trainer {

struct BatchCounts {
  uint64_t lines = 0;   ///< blank ones are not counted
  uint64_t errors = 0;  ///< lines that got an error for an answer
};

/// The longest line that is read; a longer one gets an error for an answer.
constexpr size_t kMaxBatchLineBytes = size_t{16} << 20;

/// Answers every line of `in`, in order; `write` gets output text with its line breaks, piece after
/// piece. Blank lines are skipped, as JSON Lines readers do. Memory does not grow with the number
/// of lines. The text does not depend on `threads`; 0 is one for each core.
BatchCounts answerLines(const BatchAnswerer& answerer, unsigned threads, std::istream& in,
                        const std::function<void(std::string_view)>& write);

}  // namespace attune::trainer
