#include "trainer/cli/off_policy_options.h"

#include <algorithm>

#include "trainer/base/errors.h"
#include "trainer/eval/off_policy_log.h"
#include "trainer/eval/policy_source.h"

namespace attune::trainer {
namespace {

constexpr uint32_t kFewestResamples = 100;
constexpr uint32_t kMostResamples = 1'000'000;

constexpr const char* kOfTraining[] = {"--store",    "--recipe",    "--config", "--set",
                                       "--protocol", "--keep-seen", "--threads"};
constexpr const char* kOfLogs[] = {"--policy", "--cluster", "--max-weight", "--bootstrap",
                                   "--folds"};

void checkNumbers(const OffPolicyCommand& command) {
  if (!(command.maxWeight > 0)) throw UserError("--max-weight must be a number above 0");
  if (command.resamples != 0 &&
      (command.resamples < kFewestResamples || command.resamples > kMostResamples))
    throw UserError("--bootstrap must be from 100 to 1000000 resamples; 2000 will do");
  if (command.folds < 2 || command.folds > 100) throw UserError("--folds must be from 2 to 100");
  if (command.cluster != "list" && command.cluster != "user")
    throw UserError("--cluster must be list or user, not \"" + command.cluster + "\"");
}

void checkOverlap(const OffPolicyLog& log) {
  if (log.rounds < 2) throw UserError(log.file + ": one round only; an interval needs two or more");
  const bool any = std::any_of(log.actions.begin(), log.actions.end(),
                               [](const auto& action) { return action.evaluationPropensity > 0; });
  if (!any)
    throw UserError(log.file +
                    ": the policy never shows what the log shows, so the log says nothing "
                    "about it");
}

}  // namespace

void addOffPolicyOptions(CLI::App& evaluate, OffPolicyCommand& command) {
  evaluate.add_option("--off-policy", command.log,
                      "Train nothing: estimate from this log of shown lists with propensities what "
                      "another policy would have earned. JSON lines, or the Open Bandit Dataset's "
                      "CSV; trainer/eval/README.md has the fields");
  evaluate.add_option("--policy", command.policy,
                      "The policy to judge: uniform, a file of probabilities, or another log; "
                      "without it each item's \"evaluationPropensity\" in the log");
  evaluate
      .add_option("--cluster", command.cluster,
                  "What is independent of each other: each list, or each user")
      ->capture_default_str();
  evaluate.add_option("--max-weight", command.maxWeight,
                      "Cut larger weights to this: less spread, some bias, which is reported");
  evaluate.add_option("--bootstrap", command.resamples,
                      "Intervals from so many resamples of the rounds instead of the normal "
                      "approximation");
  evaluate
      .add_option("--folds", command.folds,
                  "Folds of the reward model: no round is predicted by what was learned from it")
      ->capture_default_str();
}

void checkOffPolicyOptions(const CLI::App& evaluate, const OffPolicyCommand& command) {
  const bool wanted = evaluate.get_option("--off-policy")->count() > 0;
  if (!wanted) {
    for (const char* name : kOfLogs)
      if (evaluate.get_option(name)->count() > 0)
        throw UserError(std::string(name) + " is for judging a log: it needs --off-policy LOG");
    return;
  }
  if (command.log.empty()) throw UserError("--off-policy needs the name of a file");
  for (const char* name : kOfTraining)
    if (evaluate.get_option(name)->count() > 0)
      throw UserError(
          std::string(name) +
          " is for training: --off-policy judges a log and trains nothing; leave one of "
          "them out");
  checkNumbers(command);
}

OffPolicyReport judgeLog(const OffPolicyCommand& command, uint64_t seed) {
  ItemNames items;
  OffPolicyLog log = readOffPolicyLog(
      command.log,
      {.roundsAreUsers = command.cluster == "user", .readEvaluation = command.policy.empty()},
      items);
  OffPolicyReport report{.log = command.log,
                         .policy = command.policy,
                         .cluster = command.cluster,
                         .rounds = log.rounds,
                         .actions = log.actions.size(),
                         .items = items.size(),
                         .options = {command.maxWeight, command.resamples, seed}};
  if (!command.policy.empty()) {
    const ContextFreePolicy policy = readPolicy(command.policy, log, items);
    applyPolicy(policy, log);
    report.unseenShare = unseenShare(policy, log);
    report.model = {.folds = command.folds, .seed = seed};
    predictRates(log.actions, policy, items.size(), *report.model);
  }
  checkOverlap(log);
  report.result = evaluateOffPolicy(log.actions, log.rounds, report.options);
  return report;
}

}  // namespace attune::trainer
