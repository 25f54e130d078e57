#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace attune::trainer {

/// The candidate closest to `word` (edit distance with swaps, at most a third of its length) as
/// "; did you mean X?", or "" when none is close. For the end of an error message.
std::string didYouMean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace attune::trainer
