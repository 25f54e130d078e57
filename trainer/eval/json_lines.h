#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

namespace attune::trainer {

/// Calls `take(object, line)` for every line of a file of JSON objects, packed or not, until it
/// returns false; blank lines are counted but left out. Throws UserError for a line that is no
/// object.
void forEachJsonLine(const std::string& file,
                     const std::function<bool(const nlohmann::json& object, uint64_t line)>& take);

/// `FILE:LINE: `, where an error message says what is wrong there.
std::string placeOf(const std::string& file, uint64_t line);

}  // namespace attune::trainer
