#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace attune::trainer {

enum class LogLevel { debug, info, warning, error };

/// Throws UserError for anything but debug, info, warning or error.
LogLevel parseLogLevel(const std::string& name);

/// From now on lines of that level and above are written to standard error; before, none is.
void startLog(LogLevel level);

/// Writes one JSON line: time, level, `event` (what happened, in words) and the fields of
/// `details`. Neither write keys nor ids of users may be among them. From any thread.
void logLine(LogLevel level, const std::string& event, const nlohmann::ordered_json& details);
void logLine(LogLevel level, const std::string& event);

}  // namespace attune::trainer
