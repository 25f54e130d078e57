#include "trainer/eval/policy_source.h"

#include <cmath>
#include <cstdio>
#include <optional>

#include "trainer/base/errors.h"
#include "trainer/eval/json_lines.h"

namespace attune::trainer {
namespace {

using nlohmann::json;

// Probabilities written with four digits or more pass.
constexpr double kSumTolerance = 1e-4;
constexpr double kUnsaid = std::numeric_limits<double>::quiet_NaN();

ContextFreePolicy uniformOver(size_t items) {
  return {{}, std::vector<double>(items, 1.0 / static_cast<double>(items))};
}

ContextFreePolicy sharesOf(const OffPolicyLog& shown, size_t items) {
  std::map<uint32_t, double> views;
  ContextFreePolicy policy;
  for (const LoggedAction& action : shown.actions) {
    std::vector<double>& counts = policy.byPosition[action.position];
    counts.resize(items, 0.0);
    ++counts[action.item];
    ++views[action.position];
  }
  for (auto& [position, counts] : policy.byPosition)
    for (double& count : counts) count /= views[position];
  return policy;
}

/// Reads {"itemId", "position"?, "probability"} a line.
class PolicyFile {
 public:
  PolicyFile(const std::string& file, ItemNames& items) : file_(file), items_(items) {}

  ContextFreePolicy read() && {
    forEachJsonLine(file_, [&](const json& entry, uint64_t line) {
      add(entry, placeOf(file_, line));
      return true;
    });
    if (!hasPositions_)
      throw UserError(file_ + R"(: no probabilities; a line is {"itemId":"42","position":1,)"
                              R"("probability":0.1}, position where they differ by it)");
    for (auto& [position, probabilities] : policy_.byPosition)
      finish(probabilities, " at position " + std::to_string(position));
    if (!*hasPositions_) finish(policy_.elsewhere, "");
    return std::move(policy_);
  }

 private:
  void add(const json& entry, const std::string& place) {
    const auto id = entry.find("itemId");
    if (id == entry.end() || !id->is_string()) throw UserError(place + "itemId must be a string");
    const auto probability = entry.find("probability");
    const bool isProbability = probability != entry.end() && probability->is_number() &&
                               probability->get<double>() >= 0 && probability->get<double>() <= 1;
    if (!isProbability) throw UserError(place + "probability must be a number from 0 to 1");
    std::vector<double>& probabilities = placeFor(entry, place);
    const uint32_t item = items_.numberOf(id->get<std::string>());
    if (probabilities.size() <= item) probabilities.resize(item + 1, kUnsaid);
    if (!std::isnan(probabilities[item]))
      throw UserError(place + "item " + id->dump() + " has its probability already");
    probabilities[item] = probability->get<double>();
  }

  std::vector<double>& placeFor(const json& entry, const std::string& place) {
    const auto position = entry.find("position");
    const bool positioned = position != entry.end();
    if (!hasPositions_) hasPositions_ = positioned;
    if (*hasPositions_ != positioned)
      throw UserError(place + "position must be in all lines or in none");
    if (!positioned) return policy_.elsewhere;
    if (!position->is_number_unsigned() || position->get<uint64_t>() == 0 ||
        position->get<uint64_t>() > std::numeric_limits<uint32_t>::max())
      throw UserError(place + "position must be a whole number from 1");
    return policy_.byPosition[position->get<uint32_t>()];
  }

  void finish(std::vector<double>& probabilities, const std::string& where) const {
    double sum = 0;
    for (const double probability : probabilities) sum += std::isnan(probability) ? 0 : probability;
    if (std::abs(sum - 1) <= kSumTolerance) return;
    char text[32];
    std::snprintf(text, sizeof text, "%.6g", sum);
    throw UserError(file_ + ": probabilities" + where + " sum to " + text + ", not to 1");
  }

  std::string file_;
  ItemNames& items_;
  ContextFreePolicy policy_;
  std::optional<bool> hasPositions_;
};

/// Every item of the log must have a probability where the log shows it. Then silence means 0.
void complete(ContextFreePolicy& policy, const std::string& source, const OffPolicyLog& log,
              const ItemNames& items) {
  policy.elsewhere.resize(policy.elsewhere.empty() ? 0 : items.size(), kUnsaid);
  for (auto& [position, probabilities] : policy.byPosition)
    probabilities.resize(items.size(), kUnsaid);
  for (size_t i = 0; i < log.actions.size(); ++i) {
    const LoggedAction& action = log.actions[i];
    const std::span<const double> here = policy.at(action.position);
    if (!here.empty() && !std::isnan(here[action.item])) continue;
    const std::string shown =
        ", which line " + std::to_string(log.lines[i]) + " of " + log.file + " shows";
    const std::string position = " at position " + std::to_string(action.position);
    throw UserError(source + ": no probability " +
                    (here.empty() ? "for anything" + position + shown
                                  : "of item \"" + items[action.item] + "\"" + position + shown +
                                        "; write 0 for what the policy never shows"));
  }
  for (double& probability : policy.elsewhere)
    if (std::isnan(probability)) probability = 0;
  for (auto& [position, probabilities] : policy.byPosition)
    for (double& probability : probabilities)
      if (std::isnan(probability)) probability = 0;
}

}  // namespace

ContextFreePolicy readPolicy(const std::string& source, const OffPolicyLog& log, ItemNames& items) {
  if (source == "uniform") return uniformOver(items.size());
  ContextFreePolicy policy;
  if (isOffPolicyLog(source)) {
    const OffPolicyLog other = readOffPolicyLog(source, {}, items);
    policy = sharesOf(other, items.size());
  } else {
    policy = PolicyFile(source, items).read();
  }
  complete(policy, source, log, items);
  return policy;
}

void applyPolicy(const ContextFreePolicy& policy, OffPolicyLog& log) {
  for (LoggedAction& action : log.actions)
    action.evaluationPropensity = policy.at(action.position)[action.item];
}

double unseenShare(const ContextFreePolicy& policy, const OffPolicyLog& log) {
  std::map<uint32_t, std::vector<bool>> seen;  // (items) by position
  std::map<uint32_t, double> views;
  for (const LoggedAction& action : log.actions) {
    std::vector<bool>& here = seen[action.position];
    here.resize(policy.at(action.position).size());
    here[action.item] = true;
    ++views[action.position];
  }
  double unseen = 0;
  for (const auto& [position, here] : seen) {
    const std::span<const double> probabilities = policy.at(position);
    double missed = 0;
    for (size_t item = 0; item < here.size(); ++item)
      if (!here[item]) missed += probabilities[item];
    unseen += missed * views[position] / static_cast<double>(log.actions.size());
  }
  return unseen;
}

}  // namespace attune::trainer
