#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "runtime/serve/filter_fields.h"

namespace attune::trainer {

/// A compiled filter for people to read, a line a step:
///   INCLUDE ItemID
///     0 Items.GENRE IN ("Comedy", $G)
///     1 Items.PRICE < 20
///     2 both
///   IF
///     3 CurrentUser.AGE > 20
std::vector<std::string> programLines(const FilterProgram& program);

/// Adds `valid`, `error` and `column` of an expression to its line of output.
void addVerdict(const Status& status, const FilterHint& hint, nlohmann::ordered_json& line);

}  // namespace attune::trainer
