#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace attune::trainer {

/// How many bad rows an import bears: a share of the rows read (`1%`) or a number (`100`).
struct BadRowLimit {
  bool isPercent = true;
  double value = 1;

  /// Throws UserError unless `text` is a number at least 0, or a percentage from 0 to 100.
  static BadRowLimit parse(std::string_view text);
  bool isExceeded(uint64_t badRows, uint64_t rowsRead) const;
  /// `1%` or `100 rows`.
  std::string text() const;
};

}  // namespace attune::trainer
