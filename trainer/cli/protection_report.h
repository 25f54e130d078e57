#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "trainer/data/protection.h"

namespace attune::trainer {

/// For a report: `{"collected","verified","leftOut":{rule: events}}`; names nobody.
nlohmann::ordered_json toJson(const ProtectionReport& report);

/// One sentence, or "" when nothing was left out.
std::string toText(const ProtectionReport& report);

/// Writes what was left out, one JSON object a line: `{"rule","userId" or "itemId","day","events"}`.
/// The file names users, so it is not part of the report.
void writeLeftOut(const ProtectionReport& report, const std::string& path);

/// The numbers that the configuration's `protection` may set, for help.
std::string protectionHelp();

}  // namespace attune::trainer
