#include "trainer/cli/tracker_command.h"

#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "trainer/base/errors.h"
#include "trainer/data/event_log.h"
#include "trainer/data/store.h"
#include "trainer/server/origin.h"
#include "trainer/server/write_key.h"

namespace attune::trainer {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMaxNameChars = 63;

/// The options as they are typed.
struct TrackerArguments {
  std::string store = "./attune.db";
  std::string create;
  std::vector<std::string> origins;
  std::string remove;
  bool json = false;
};

/// Personalize's rule for names.
void checkName(const std::string& name) {
  constexpr const char* kLetters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
  const bool isGood = name.size() <= kMaxNameChars && name[0] != '-' && name[0] != '_' &&
                      name.find_first_not_of(kLetters) == std::string::npos;
  if (!isGood)
    throw UserError("\"" + name +
                    "\" cannot be a tracker's name: letters, digits, - and _, at most 63, the "
                    "first a letter or digit");
}

Json describe(const EventTracker& tracker) {
  return {{"name", tracker.name}, {"key", fingerprint(tracker)}, {"origins", tracker.origins}};
}

void print(const TrackerArguments& arguments, const Json& trackers) {
  if (arguments.json) {
    std::cout << trackers.dump() << '\n';
    return;
  }
  for (const Json& tracker : trackers["eventTrackers"]) {
    std::cout << tracker["key"].get<std::string>() << "  " << tracker["name"].get<std::string>();
    for (const Json& origin : tracker["origins"]) std::cout << ' ' << origin.get<std::string>();
    std::cout << '\n';
  }
}

/// Does `work` in one transaction.
void change(EventLog& log, const std::function<void()>& work) {
  log.begin();
  try {
    work();
    log.commit();
  } catch (...) {
    log.rollback();
    throw;
  }
}

void create(const TrackerArguments& arguments, EventLog& log) {
  checkName(arguments.create);
  for (const std::string& origin : arguments.origins) checkOrigin(origin);
  const std::string key = newWriteKey();
  const EventTracker tracker{arguments.create, hashOfKey(key), arguments.origins};
  change(log, [&] { log.addTracker(tracker); });
  Json created = describe(tracker);
  created["trackingId"] = key;
  if (arguments.json) {
    std::cout << created.dump() << '\n';
    return;
  }
  std::cout << "trackingId " << key << "\n  of tracker " << tracker.name
            << "; it is shown this once, for the store keeps only its hash\n";
  if (tracker.origins.empty())
    std::cout << "  No page may use it: give --origin for each site that shall\n";
}

void remove(const TrackerArguments& arguments, EventLog& log) {
  std::vector<EventTracker> found;
  for (const EventTracker& tracker : log.trackers())
    if (fingerprint(tracker) == arguments.remove) found.push_back(tracker);
  if (found.empty())
    throw UserError("store " + storeName(arguments.store) + " has no key " + arguments.remove +
                    ": see attune tracker --store " + storeName(arguments.store));
  change(log, [&] {
    for (const EventTracker& tracker : found) log.removeTracker(tracker.keySha256);
  });
}

void runTracker(const TrackerArguments& arguments) {
  if (!arguments.origins.empty() && arguments.create.empty())
    throw UserError("--origin goes with --create");
  if (arguments.create.empty()) openStore(arguments.store, StoreAccess::read);  // which makes none
  const auto log = openEventLog(arguments.store);
  if (!arguments.create.empty()) return create(arguments, *log);
  if (!arguments.remove.empty()) remove(arguments, *log);
  Json all{{"eventTrackers", Json::array()}};
  for (const EventTracker& tracker : log->trackers())
    all["eventTrackers"].push_back(describe(tracker));
  print(arguments, all);
}

}  // namespace

void addTrackerCommand(CLI::App& app, std::function<void()>& run) {
  auto arguments = std::make_shared<TrackerArguments>();
  CLI::App* command = app.add_subcommand(
      "tracker", "Event trackers: who may send events to attune serve. Lists them by default");
  command->add_option("--store", arguments->store, std::string("The store: ") + kStoreForms)
      ->capture_default_str();
  CLI::Option* create = command->add_option(
      "--create", arguments->create,
      "Make a key for a tracker of this name; of one name there may be several, old and new");
  command->add_option("--origin", arguments->origins,
                      "With --create: a site whose pages may use it, https://shop.example; repeat");
  command->add_option("--remove", arguments->remove, "Make a key useless, by what the list shows")
      ->excludes(create);
  command->add_flag("--json", arguments->json, "Print one JSON document");
  command->callback([arguments, &run] { run = [arguments] { runTracker(*arguments); }; });
}

}  // namespace attune::trainer
