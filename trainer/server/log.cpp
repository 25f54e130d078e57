#include "trainer/server/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "trainer/base/errors.h"
#include "trainer/base/suggest.h"

namespace attune::trainer {
namespace {

using Json = nlohmann::ordered_json;

spdlog::level::level_enum levelOf(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::shared_ptr<spdlog::logger>& logger() {
  static auto one = [] {
    auto made = std::make_shared<spdlog::logger>("attune",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})",
                      spdlog::pattern_time_type::utc);
    made->set_level(spdlog::level::off);
    made->flush_on(spdlog::level::debug);
    return made;
  }();
  return one;
}

}  // namespace

LogLevel parseLogLevel(const std::string& name) {
  if (name == "debug") return LogLevel::debug;
  if (name == "info") return LogLevel::info;
  if (name == "warning") return LogLevel::warning;
  if (name == "error") return LogLevel::error;
  throw UserError("unknown --log-level \"" + name + "\": use debug, info, warning or error");
}

void startLog(LogLevel level) { logger()->set_level(levelOf(level)); }

void logLine(LogLevel level, const std::string& event, const Json& details) {
  if (!logger()->should_log(levelOf(level))) return;
  Json line{{"event", event}};
  if (details.is_object()) line.update(details);
  const std::string text = line.dump(-1, ' ', false, Json::error_handler_t::replace);
  logger()->log(levelOf(level), std::string_view(text).substr(1, text.size() - 2));
}

void logLine(LogLevel level, const std::string& event) { logLine(level, event, Json::object()); }

}  // namespace attune::trainer
