#include "trainer/cli/protection_report.h"

#include <cstdio>
#include <ctime>
#include <numeric>

#include "trainer/base/files.h"

namespace attune::trainer {
namespace {

using nlohmann::ordered_json;

constexpr std::time_t kDaySeconds = 86'400;

uint64_t total(const ProtectionReport& report) {
  return std::accumulate(report.leftOut.begin(), report.leftOut.end(), uint64_t{0});
}

std::string dateText(int32_t day) {
  const std::time_t time = day * kDaySeconds;
  char text[16] = {};
  std::strftime(text, sizeof text, "%Y-%m-%d", std::gmtime(&time));
  return text;
}

std::string numberText(double value) {
  char text[32] = {};
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

}  // namespace

ordered_json toJson(const ProtectionReport& report) {
  ordered_json leftOut = ordered_json::object();
  for (size_t rule = 1; rule < kProtectionRules; ++rule)
    leftOut[ruleName(static_cast<ProtectionRule>(rule))] = report.leftOut[rule];
  return {{"collected", report.collected}, {"verified", report.verified}, {"leftOut", leftOut}};
}

std::string toText(const ProtectionReport& report) {
  if (total(report) == 0) return "";
  std::string text = "protection leaves out " + std::to_string(total(report)) + " interactions:";
  const char* separator = " ";
  for (size_t rule = 1; rule < kProtectionRules; ++rule) {
    if (report.leftOut[rule] == 0) continue;
    text += separator + std::to_string(report.leftOut[rule]) + " by " +
            ruleName(static_cast<ProtectionRule>(rule));
    separator = ", ";
  }
  return text;
}

void writeLeftOut(const ProtectionReport& report, const std::string& path) {
  AtomicFile file(path);
  for (const LeftOut& one : report.details) {
    const ordered_json line = {{"rule", ruleName(one.rule)},
                               {one.isOfItem ? "itemId" : "userId", one.id},
                               {"day", dateText(one.day)},
                               {"events", one.events}};
    file.write(line.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n");
  }
  file.commit();
}

std::string protectionHelp() {
  std::string help =
      "Protection against poisoning, \"protection\" in --config: an object with some of these\n"
      "numbers, 0 for no limit, or false. For imported interactions only the first holds, and users\n"
      "that a token proves (attune tracker) are exempt from those on networks, growth and bots:\n";
  for (const ProtectionInfo& info : protectionTable())
    help += std::string("      ") + info.name + "=" + numberText(Protection{}.*info.value) + "\n" +
            "          " + info.summary + "\n";
  return help;
}

}  // namespace attune::trainer
